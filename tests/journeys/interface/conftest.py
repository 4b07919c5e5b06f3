"""A furnished site of these tests' own: every provider entered and tested, a route, a version."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests import stores
from tests.journeys.stack import Stack, running
from tests.journeys.tab import PASSWORD, Tab, agree, make_owner, opened
from tests.lived import live
from tests.simulators import Simulators
from tests.simulators.entries import BASES, KEYS, LOCAL, NEEDS, demo_key

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 780}
MAX_NODES = 1_200
RECENT_SECONDS = 180  # the site asks again after 300
CONFIGURED = len(KEYS)  # every kind that has something to enter


def whole_config() -> dict[str, Any]:
    """A config.json with every provider that can be entered; DeepSeek's key is wrong."""
    words = {"deepseek": "bad"}
    hosted = {kind: {"apiKey": demo_key(kind, words.get(kind, "good"))} for kind in KEYS}
    local = {kind: {"apiBase": BASES[kind].format("")} for kind in LOCAL}
    more = {"azure_openai": {"apiBase": NEEDS["azure_openai"]["apiBase"]}}
    more["bedrock"] = {"region": NEEDS["bedrock"]["region"]}
    route = {"model": "openai/gpt-oss-120b", "provider": "groq"}
    entries = {kind: {**hosted[kind], **more.get(kind, {})} for kind in hosted} | local
    return {"providers": entries, "agents": {"defaults": route}}


def furnish(tab: Tab) -> None:
    """An owner with every provider, their tests, a few models, a route, a version."""
    for document in ({"agents": {"defaults": {"model": "gpt-5"}}}, whole_config()):
        tab.go("/config/import/")
        tab.fill("Or paste it here", json.dumps(document))
        tab.press("Import")
        agree(tab)  # the second keeps a version of what was before it
    tab.go("/providers/azure_openai/")
    tab.fill("Deployment name", "gpt-prod")
    tab.fill("API key", demo_key("azure_openai"))
    tab.press("Save")
    expect(tab.page.get_by_text("saved.")).to_be_visible()
    tab.go("/providers/")
    tab.press("Test all")
    works = f"Last round: {CONFIGURED - 1} of {CONFIGURED} work"
    expect(tab.page.get_by_text(works)).to_be_visible(timeout=30_000)
    for kind in ("groq", "anthropic", "openrouter", "bedrock"):
        tab.go(f"/providers/{kind}/")
        tab.press("Fetch models")
        tab.catalog()
    confirm(tab)


def confirm(tab: Tab) -> None:
    """What was asked for the password a while ago asks again."""
    tab.go("/accounts/reauthenticate/")
    tab.fill("Password", PASSWORD)
    tab.press("Confirm")
    expect(tab.page).not_to_have_url(re.compile("reauthenticate"))


@pytest.fixture(scope="package")
def furnished(
    browser: Browser,
    simulators: Simulators,
    first_start: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Stack, Any]]:
    """A site of this folder's own, and what its owner's browser keeps."""
    state = stores.copy(first_start, tmp_path_factory.mktemp("interface") / "state")
    with running(state, simulators=simulators, TESTS_PER_MINUTE="1000") as stack:
        with opened(browser, stack) as tab:
            make_owner(tab, stack.link)
            furnish(tab)
            live(state, simulators, **stack.broker)
            signed_in = tab.page.context.storage_state()
        yield stack, signed_in


@pytest.fixture(scope="package")
def confirmed() -> dict[str, float]:
    """When the owner typed the password last."""
    return {"at": time.monotonic()}


@pytest.fixture
def visit(
    browser: Browser, furnished: tuple[Stack, Any], confirmed: dict[str, float]
) -> Callable[..., Any]:
    """Opens a tab of the owner's; no page may complain while it is open."""
    stack, signed_in = furnished
    if time.monotonic() - confirmed["at"] > RECENT_SECONDS:
        with opened(browser, stack, storage_state=signed_in) as tab:
            confirm(tab)
            signed_in |= tab.page.context.storage_state()
        confirmed["at"] = time.monotonic()

    @contextmanager
    def another(**choices: Any) -> Iterator[Tab]:
        choices.setdefault("storage_state", signed_in)
        with opened(browser, stack, **choices) as tab:
            yield tab
            assert tab.watch.complaints == []

    return another
