"""The schedule: what is refused, and two editors at once."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from providers.models import Provider
from routing.models import Watch, WatchSettings
from tests.conftest import signed_in
from tests.desk import saved
from tests.markup import flat
from tests.routing.pages.scheduled import PAGE, form, opened, put, rates

pytestmark = [pytest.mark.alike, pytest.mark.django_db, pytest.mark.battery]


# What is refused


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"zone": "Mars/Olympus"}, "No time zone has this name"),
        ({"zone": "../../etc/passwd"}, "No time zone has this name"),
        ({"quiet_from": "22:00"}, "Say when the quiet hours end"),
        ({"quiet_until": "22:00"}, "Say when the quiet hours begin"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "end at another time"),
        ({"quiet_from": "25:00", "quiet_until": "06:00"}, "Enter a valid time"),
        ({"completions_a_day": "-1"}, "greater than or equal to 0"),
        ({"completions_a_day": "100001"}, "less than or equal to 100000"),
        ({"completions_a_day": "1.5"}, "Enter a whole number"),
        ({"completions_a_day": ""}, "This field is required"),
        ({"provider:groq": "7"}, "Select a valid choice"),
    ],
)
def test_a_mistake_stands_at_its_field_and_nothing_typed_is_lost(
    site: Client, groq: Provider, changes: dict[str, str], words: str
) -> None:
    answer = put(site, {"catalog:groq": "1440", **changes})
    page = flat(answer)
    assert answer.status_code == 422
    assert words in page
    assert not Watch.objects.exists()
    again = opened(page)
    kept = {name: text for name, text in changes.items() if name != "provider:groq"}
    assert {name: again[name] for name in kept} == kept
    assert again["catalog:groq"] == "1440"


def test_a_viewer_sees_closed_fields_and_may_save_nothing(
    site: Client, groq: Provider, viewer: Any
) -> None:
    sent = form(site, **{"provider:groq": "60"})
    client = signed_in(viewer)
    page = flat(client.get(PAGE))
    selects = re.findall(r'<select name="[^"]+"[^>]*>', page)
    assert selects
    assert all(" disabled" in one for one in selects)
    assert 'id="savebar"' not in page
    assert client.post(PAGE, sent).status_code == 403
    assert not Watch.objects.exists()


# Two editors at once


def test_s78_what_nobody_touched_here_follows_what_is_saved(site: Client, groq: Provider) -> None:
    mine = form(site, **{"catalog:groq": "60"})
    put(site, {"provider:groq": "15", "zone": "Europe/Berlin"})
    assert site.post(PAGE, mine).status_code == 302
    assert rates() == {"provider:groq": 15, "catalog:groq": 60}
    assert WatchSettings.read().zone == "Europe/Berlin"


@pytest.mark.parametrize(("pick", "every"), [("mine", 60), ("theirs", 15)])
def test_s78_what_both_changed_is_chosen_between(
    site: Client, groq: Provider, pick: str, every: int
) -> None:
    mine = form(site, **{"provider:groq": "60", "catalog:groq": "60", "completions_a_day": "9"})
    put(site, {"provider:groq": "15", "zone": "Europe/Berlin"})
    answer = site.post(PAGE, mine)
    page = flat(answer)
    assert answer.status_code == 409
    assert rates() == {"provider:groq": 15}
    told = re.search(r'data-field="provider:groq".*?</tr>', page)
    assert told
    assert "Every hour" in told[0]
    assert "Every 15 minutes" in told[0]
    assert re.search(r'data-field="zone".*?Europe/Berlin.*?taken over', page)
    again = opened(page)
    assert again["provider:groq"] == "60"
    assert site.post(PAGE, {**again, "pick-provider:groq": pick}).status_code == 302
    assert rates() == {"provider:groq": every, "catalog:groq": 60}
    found = WatchSettings.read()
    assert (found.zone, found.completions_a_day) == ("Europe/Berlin", 9)


@pytest.mark.parametrize(("pick", "is_on"), [("mine", False), ("theirs", True)])
def test_s78_a_switch_is_chosen_between(
    site: Client, groq: Provider, pick: str, is_on: bool
) -> None:
    WatchSettings.objects.create(pk=WatchSettings.ONLY, is_on=True, reminds=False)
    mine = form(site, reminds="on")
    mine["was"] = json.dumps({**json.loads(mine["was"]), "is_on": "?"})  # of another state
    del mine["is_on"]
    page = flat(site.post(PAGE, mine))
    assert 'name="pick-is_on"' in page
    assert site.post(PAGE, {**opened(page), "pick-is_on": pick}).status_code == 302
    assert WatchSettings.read().is_on is is_on
    assert WatchSettings.read().reminds is True


def test_s78_a_group_overwrites_nothing_that_was_saved_meanwhile(
    site: Client, groq: Provider
) -> None:
    saved("mistral")
    mine = form(site, **{"all:provider": "60"})
    put(site, {"provider:groq": "15"})
    page = flat(site.post(PAGE, mine))
    assert rates() == {"provider:groq": 15}
    again = {**opened(page), "pick-provider:groq": "theirs"}
    assert again["all:provider"] == "60"
    assert site.post(PAGE, again).status_code == 302
    assert rates() == {"provider:groq": 15, "provider:mistral": 60}


@pytest.mark.parametrize("text", ["", "{", "[" * 5000, "[1, 2]", '"x"', "null", '{"zone": 5}'])
def test_what_no_page_of_ours_has_sent_overwrites_nothing(
    site: Client, groq: Provider, text: str
) -> None:
    Watch.objects.create(about="provider:groq", every=15)
    sent = form(site, **{"provider:groq": "60", "was": text})
    assert site.post(PAGE, sent).status_code == 409
    assert rates() == {"provider:groq": 15}
