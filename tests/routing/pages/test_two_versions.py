"""Two tabs on the routes: what one typed and what another has saved, field by field."""

import html
import json
import re
from typing import Any

import pytest
from django.test import Client

from routing.models import Route, Slot
from tests.desk import saved
from tests.markup import flat

pytestmark = pytest.mark.django_db
PAGE = "/routing/"


def opened(page: str) -> dict[str, str]:
    """All that the page's form sends, as it stands."""
    found = {}
    for tag in re.findall(r"<input [^>]*>", page):
        said = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        is_ticked = said.get("type") != "radio" or " checked" in tag
        if said.get("form") == "routes" and is_ticked and " disabled" not in tag:
            found[html.unescape(said["name"])] = html.unescape(said.get("value", ""))
    for name, options in re.findall(r'<select name="([\w-]+-provider)"([^>]*>.*?)</select>', page):
        if " disabled" not in options.partition(">")[0]:
            chosen = re.search(r'value="([^"]*)" selected', options)
            found[name] = chosen[1] if chosen else "auto"
    return found


def ways(page: str, key: str) -> bool:
    return f'name="pick-{key}"' in page


def route(slot: str = "main") -> tuple[str, str]:
    row = Route.objects.get(slot=slot)
    return row.model, row.provider


def stored(slot: str, model: str, provider: str = "auto") -> Any:
    row = Route.objects.filter(slot=slot).first() or Route(slot=slot)
    row.model, row.provider = model, provider
    assert row.store()
    return row


def test_what_a_page_sends_is_read_here_as_a_browser_does(site: Client) -> None:
    stored("main", "one/model")
    sent = opened(flat(site.get(PAGE)))
    assert sent["main-model"] == "one/model"
    assert sent["main-version"] == "1"
    assert json.loads(sent["main-was"]) == ["one/model", "auto"]
    assert {f"{slot}-provider" for slot in Slot.values} <= set(sent)


def test_s78_a_route_that_nobody_touched_here_follows_what_is_saved(site: Client) -> None:
    mine = {**opened(flat(site.get(PAGE))), "vision-model": "mine/eyes"}
    stored("main", "theirs/model")
    assert site.post(PAGE, mine).status_code == 302
    assert route() == ("theirs/model", "auto")
    assert route("vision") == ("mine/eyes", "auto")


@pytest.mark.parametrize(("pick", "model"), [("mine", "mine/model"), ("theirs", "theirs/model")])
def test_s78_a_model_that_both_changed_is_chosen_between(
    site: Client, pick: str, model: str
) -> None:
    mine = {**opened(flat(site.get(PAGE))), "main-model": "mine/model"}
    stored("main", "theirs/model")
    answer = site.post(PAGE, mine)
    page = flat(answer)
    assert answer.status_code == 409
    assert "Main model" in page
    assert ways(page, "main-model")
    assert not ways(page, "main-provider")
    again = opened(page)
    assert again["main-model"] == "mine/model"  # sent along, its own field is closed meanwhile
    assert again["pick-main-model"] == "mine"
    assert site.post(PAGE, {**again, "pick-main-model": pick}).status_code == 302
    assert route()[0] == model


def test_s78_of_one_route_each_field_is_told_alone(site: Client) -> None:
    saved("groq", "gsk_0123456789abcdef")
    stored("main", "one/model")
    mine = {**opened(flat(site.get(PAGE))), "main-provider": "groq"}
    stored("main", "theirs/model")
    page = flat(site.post(PAGE, mine))
    assert ways(page, "main-provider")
    assert not ways(page, "main-model")
    assert re.search(r'data-field="main-model".*?theirs/model.*?taken over', page)
    assert site.post(PAGE, opened(page)).status_code == 302
    assert route() == ("theirs/model", "groq")


@pytest.mark.parametrize("text", ["{", "[" * 5000, "[1, 2]", '"x"', "null"])
def test_what_no_page_of_ours_has_sent_counts_as_touched(site: Client, text: str) -> None:
    stored("main", "theirs/model")
    sent = {f"{slot}-provider": "auto" for slot in Slot.values}
    answer = site.post(PAGE, {**sent, "main-version": "0", "main-was": text})
    assert answer.status_code == 409
    assert route()[0] == "theirs/model"
