"""The overview in a real browser, where its words are long and the screen is not."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from providers.models import Provider
from routing.models import Route
from tests import desk

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}


def test_what_needs_attention_fits_on_a_phone_in_german(opened: Callable[..., Page]) -> None:
    row = desk.saved("groq")
    failed = {"check_outcome": "unreachable", "checked_at": timezone.now()}
    Provider.objects.filter(pk=row.pk).update(kind="groq", **failed)
    for slot in ("subagent", "vision", "image"):
        values = {"model": "some-model", "provider": "groq"}
        Route.objects.update_or_create(slot=slot, defaults=values)
    tab = opened(viewport=PHONE, locale="de-DE")
    tab.goto("/")
    expect(tab.locator("#attention")).to_contain_text("bedient Subagenten")
    expect(tab.locator("#attention .pill").first).to_have_text("Nicht erreichbar")
    assert tab.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("width", [360, 1280])
def test_long_names_beside_long_states_stay_in_their_cards(
    opened: Callable[..., Page], width: int
) -> None:
    row = desk.saved("custom", name="research", api_base="https://llm.example.com/v1")
    told = {"check_outcome": "reachable_unverified", "checked_at": timezone.now()}
    label = "Sehr langer Anzeigename der Forschungsabteilung"
    Provider.objects.filter(pk=row.pk).update(values={"display_name": label})
    desk.saved("groq")
    Provider.objects.update(**told)
    for slot in ("main", "subagent"):
        values = {"model": f"groq/{'x' * 60}", "provider": "auto"}
        Route.objects.update_or_create(slot=slot, defaults=values)
    tab = opened(viewport={"width": width, "height": 844})
    tab.goto("/")
    expect(tab.locator("#attention")).to_contain_text("Forschungsabteilung")
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    cut = "all => all.some(one => one.scrollWidth > one.clientWidth)"
    assert not tab.locator(".table-wrap, #attention .list").evaluate_all(cut)
