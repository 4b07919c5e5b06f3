"""Rows of the list that are ticked, in a real browser: style sheets count them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.desk import saved

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "an-endpoint-whose-name-is-as-long-as-a-name-may-ever-be-here"


def test_the_list_counts_what_is_ticked_and_its_names_hide_no_column(
    opened: Callable[..., Any],
) -> None:
    for kind in ("groq", "mistral", "zhipu"):
        saved(kind)
    saved("custom", name=LONG, api_base="https://llm.example.com/v1")
    tab = opened(viewport={"width": 1280, "height": 900})
    tab.goto("/providers/?view=list")
    for name in ("groq", LONG):
        tab.check(f"[name=name][value='{name}']")
    spoken = tab.context.new_cdp_session(tab).send("Accessibility.getFullAXTree")["nodes"]
    words = " ".join(one.get("name", {}).get("value", "") for one in spoken).split()
    assert words[words.index("Selected:") + 1] == "2"
    assert not tab.locator(".table-wrap").evaluate("at => at.scrollWidth > at.clientWidth")
