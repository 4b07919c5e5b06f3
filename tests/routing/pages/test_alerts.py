"""The list of alerts: what is new to whom, whether it arrived, and who moves the mark."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from routing.models import Alert, AlertVisit, Channel, Delivery, Watch, WatchSettings
from routing.pages.alerts import ROWS
from routing.watch.alerts import raise_alert
from tests.conftest import signed_in
from tests.desk import HTMX, saved
from tests.markup import flat
from tests.routing.pages.test_bell import alert, bell

pytestmark = [pytest.mark.alike, pytest.mark.django_db]
PAGE, SEEN = "/alerts/", "/alerts/seen/"


def until(html: str) -> str:
    """What the page posts once it is shown; "" = nothing."""
    found = re.search(r'name="until" value="([^"]+)"', html)
    return found[1] if found else ""


def test_the_newest_comes_first_by_day(site: Client) -> None:
    alert(1, ago=60 * 24)
    alert(2)
    html = flat(site.get(PAGE))
    assert re.findall(r'<h2 id="day-\d">(\w+)</h2>', html) == ["Today", "Yesterday"]


def test_a_day_begins_where_the_schedule_says(site: Client) -> None:
    WatchSettings.objects.create(pk=WatchSettings.ONLY, zone="Pacific/Kiritimati")
    at = timezone.now().replace(hour=12, minute=0) - timedelta(days=7)
    Alert.objects.create(kind="fails", about="config", mark="one", at=at)
    heading = re.findall(r'<h2 id="day-1">([^<]+)</h2>', flat(site.get(PAGE)))[0]
    there = at + timedelta(days=1)  # it is 14 hours later there
    assert heading.endswith(f" {there.day}, {there.year}")


def test_looking_at_the_page_moves_nothing(site: Client) -> None:
    alert()
    for _time in range(2):
        assert "data-new" in flat(site.get(PAGE))
    assert not AlertVisit.objects.exists()


def test_the_page_says_that_it_was_seen_and_the_bell_falls_silent(site: Client) -> None:
    alert(1)
    alert(2)
    html = flat(site.get(PAGE))
    assert html.count("data-new") == 2
    assert 'hx-trigger="load delay:1s"' in html
    answer = site.post(SEEN, {"until": until(html)}, headers=HTMX)
    assert answer.status_code == 200
    assert 'id="bell"' in flat(answer)
    assert bell(site) == "Alerts"
    html = flat(site.get(PAGE))
    assert "data-new" not in html
    assert until(html) == ""


def test_what_came_after_the_page_was_drawn_stays_new(site: Client) -> None:
    alert(1)
    html = flat(site.get(PAGE))
    alert(2)
    site.post(SEEN, {"until": until(html)}, headers=HTMX)
    assert bell(site) == "Alerts, 1 new"


def test_what_a_tick_raises_after_somebody_looked_stays_new(site: Client) -> None:
    now = timezone.now()
    for number in (1, 2):
        raise_alert(Alert.Kind.FAILS, "config", f"fails:{number}", {}, now)
        html = flat(site.get(PAGE))
        assert html.count("data-new") == 1
        site.post(SEEN, {"until": until(html)}, headers=HTMX)
        assert bell(site) == "Alerts"


def test_an_alert_of_a_clock_that_was_wrong_draws_no_other_after_it(site: Client) -> None:
    now = timezone.now()
    alert(1, ago=-120)
    raised = raise_alert(Alert.Kind.FAILS, "config", "fails:2", {}, now)
    assert raised
    assert raised.at == now


def test_without_scripts_a_button_marks_them(site: Client) -> None:
    alert()
    html = flat(site.get(PAGE))
    assert "Mark as seen" in html
    answer = site.post(SEEN, {"until": until(html)})
    assert (answer.status_code, answer.url) == (302, PAGE)
    assert bell(site) == "Alerts"


def test_a_viewer_marks_for_themself_alone(site: Client, viewer: Any) -> None:
    alert()
    other = signed_in(viewer)
    other.post(SEEN, {"until": until(flat(other.get(PAGE)))})
    assert bell(other) == "Alerts"
    assert bell(site) == "Alerts, 1 new"


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "2026-01-01", "2026-13-41T00:00:00Z", "2026-01-01T00:00:00", "\0", "9" * 400),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_a_moment_that_no_page_has_sent_hides_nothing_that_comes(
    site: Client, owner: Any, text: str
) -> None:
    assert site.post(SEEN, {"until": text}).status_code == 302
    alert(1, ago=-1)
    assert bell(site) == "Alerts, 1 new"


def test_a_filtered_list_does_not_mark_what_it_leaves_out(site: Client) -> None:
    alert(1)
    Alert.objects.create(kind="file_drifted", about="config", mark="other")
    html = flat(site.get(PAGE, {"about": "config"}))
    assert re.findall(r'data-about="([^"]+)"', html) == ["config"]
    assert until(html) == ""
    assert '<option value="config" selected>config.json</option>' in html


def test_what_became_of_it_is_told_of_each_channel(site: Client) -> None:
    one = alert()
    for name, status, outcome in (
        ("Chat", Delivery.Status.SENT, "ok"),
        ("Mail", Delivery.Status.LOST, "timeout"),
        ("Group", Delivery.Status.LOST, "bad_request:no_chat"),
        ("Phone", Delivery.Status.WAITING, ""),
        ("Pager", Delivery.Status.WAITING, "timeout"),
    ):
        channel = Channel.objects.create(name=name, kind="email")
        tried = {"outcome": outcome, "attempts": int(bool(outcome))}
        Delivery.objects.create(alert=one, channel=channel, status=status, **tried)
    html = flat(site.get(PAGE))
    assert "sent to Chat" in html
    assert "not sent to Mail: Timed out" in html
    assert "not sent to Group: Request refused" in html
    assert "waits for Phone" in html
    assert "not taken yet by Pager, tried again" in html
    assert "no current channel received it" not in html


def test_without_a_channel_it_stands_in_the_list_only(site: Client) -> None:
    alert()
    assert "no current channel received it" in flat(site.get(PAGE))
    Channel.objects.create(name="Later", kind="email")
    assert "no current channel received it" in flat(site.get(PAGE))


def test_an_alert_leads_to_what_mends_it(site: Client) -> None:
    saved("groq")
    alert()
    assert '<a href="/providers/groq/">' in flat(site.get(PAGE))


def test_fifty_stand_on_a_page(site: Client) -> None:
    for number in range(ROWS + 1):
        alert(number)
    html = flat(site.get(PAGE))
    assert html.count("data-kind") == ROWS
    assert "Page 1 of 2" in html
    html = flat(site.get(PAGE, {"page": 2}))
    assert html.count("data-kind") == 1
    assert until(html) == ""


def test_an_empty_list_shows_the_way_on(site: Client) -> None:
    html = flat(site.get(PAGE))
    assert 'href="/schedule/">Open the schedule' in html
    assert "No test runs by itself" in html
    Watch.objects.create(about="provider:groq", every=60)
    html = flat(site.get(PAGE))
    assert "No alert is kept" in html
    assert "Open the schedule" not in html
    assert "No alert about it" in flat(site.get(PAGE, {"about": "provider:groq"}))
    WatchSettings.objects.create(pk=WatchSettings.ONLY, is_on=False)
    html = flat(site.get(PAGE))
    assert "Scheduled checks are off" in html
    assert "Choose what is checked" not in html


@pytest.mark.usefixtures("one_minute")
def test_more_alerts_take_no_more_queries(site: Client) -> None:
    channel = Channel.objects.create(name="Chat", kind="email")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            site.get(PAGE)
        return len([one for one in captured if re.search("routing_|providers_pro", one["sql"])])

    def told(number: int) -> None:
        params = {"outcome": "timeout", "since": timezone.now().isoformat()}
        one = alert(number)
        Alert.objects.filter(pk=one.pk).update(about=f"provider:own{number}", params=params)
        Delivery.objects.create(alert=one, channel=channel)

    told(1)
    queries()
    before = queries()
    for number in range(2, 30):
        told(number)
    assert queries() == before


def test_the_list_speaks_german(site: Client) -> None:
    alert()
    site.cookies["language"] = "de"
    html = flat(site.get(PAGE))
    assert "<h1>Meldungen</h1>" in html
    assert "Mark as seen" not in html
    assert "Today" not in html
