"""The bell: what is new to one person, on every page, at the cost of one query."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from facio_site.attention import counters
from routing.models import Alert, AlertVisit
from routing.pages.bell import MOST_COUNTED, see, unseen
from tests.conftest import signed_in
from tests.markup import flat

pytestmark = [pytest.mark.alike, pytest.mark.django_db]


def alert(number: int = 1, **values: Any) -> Alert:
    """One that was raised just now, or `ago` minutes ago."""
    at = timezone.now() - timedelta(minutes=values.pop("ago", 0))
    made: Alert = Alert.objects.create(
        kind="fails", about="provider:groq", mark=f"mark {number}", at=at, **values
    )
    return made


def bell(client: Client, path: str = "/accounts/") -> str:
    """What it is called."""
    found = re.search(r'id="bell".*?<span class="sr">(.*?)</span>', flat(client.get(path)))
    assert found
    return found[1].strip()


def test_without_alerts_the_bell_counts_nothing(site: Client) -> None:
    assert bell(site) == "Alerts"
    assert 'aria-hidden="true"><b>' not in flat(site.get("/accounts/"))


@pytest.mark.parametrize("path", ["/", "/providers/", "/catalog/", "/routing/", "/accounts/"])
def test_every_page_says_how_many_are_new(site: Client, path: str) -> None:
    for number in range(3):
        alert(number)
    assert bell(site, path) == "Alerts, 3 new"
    assert re.search(r'id="needed-alerts"> 3<span class="sr"> new </span>', flat(site.get(path)))


def test_each_person_has_seen_what_they_have_looked_at(owner: Any, viewer: Any) -> None:
    first = alert(1, ago=-1)
    see(owner, first.at)
    assert (unseen(owner), unseen(viewer)) == (0, 1)
    alert(2, ago=-2)
    assert (unseen(owner), unseen(viewer)) == (1, 2)


def test_what_was_told_before_somebody_joined_is_not_new_to_them(viewer: Any) -> None:
    alert(1, ago=60)
    assert unseen(viewer) == 0


def test_what_was_seen_stays_seen(owner: Any) -> None:
    now = timezone.now()
    see(owner, now)
    see(owner, now - timedelta(days=1))
    assert AlertVisit.objects.get(user=owner).seen_at == now


def test_more_than_a_page_can_tell_is_said_as_that(site: Client, owner: Any) -> None:
    rows = [
        Alert(kind="fails", about="config", mark=str(number), at=timezone.now())
        for number in range(MOST_COUNTED + 20)
    ]
    Alert.objects.bulk_create(rows)
    assert unseen(owner) == MOST_COUNTED
    assert bell(site) == "Alerts, more than 99 new"


@pytest.mark.usefixtures("one_minute")
def test_it_is_counted_in_one_query_by_the_index_of_the_newest(owner: Any) -> None:
    alert()
    with CaptureQueriesContext(connection) as captured:
        assert unseen(owner) == 1
    assert len(captured) == 1
    assert "ORDER BY" not in captured[0]["sql"]


def test_a_part_that_is_told_anew_brings_the_bell(owner: Any) -> None:
    alert()
    request = RequestFactory().get("/")
    request.user = owner
    html = " ".join(counters(request).split())
    assert 'id="bell"' in html
    assert "Alerts, 1 new" in html
    assert html.count('hx-swap-oob="true"') == 6


def test_a_stranger_is_told_nothing() -> None:
    alert()
    assert 'id="bell"' not in Client().get("/accounts/login/").content.decode()


def test_pages_that_are_kept_ring_at_once(site: Client, viewer: Any) -> None:
    other = signed_in(viewer)
    assert bell(site, "/providers/") == bell(other, "/providers/") == "Alerts"
    alert()
    assert bell(site, "/providers/") == bell(other, "/providers/") == "Alerts, 1 new"


def test_the_navigation_counts_no_further_than_the_bell(site: Client) -> None:
    for number in range(MOST_COUNTED + 1):
        alert(number)
    html = flat(site.get("/accounts/"))
    assert re.search(r'id="needed-alerts"[^>]*>\s*99\+<', html)
    assert "<b>99+</b>" in html
