"""Pages of channels: list, form, test, end; and what the overview says of alerts that are lost."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from facio_site.audit.models import AuditEntry
from routing.models import Channel, Delivery
from routing.watch import tasks
from tests.conftest import signed_in
from tests.desk import HTMX
from tests.markup import flat
from tests.routing.watch.alerts.desk import alert, filled, made
from tests.security.sweep import CANARY

pytestmark = [pytest.mark.django_db, pytest.mark.battery, pytest.mark.alike]
LIST = "/alerts/channels/"


def page_of(channel: Channel) -> str:
    return f"{LIST}{channel.pk}/"


def entries() -> list[tuple[str, str]]:
    found = AuditEntry.objects.filter(action__startswith="channel.").order_by("pk")
    return list(found.values_list("action", "target"))


def test_a_channel_is_added_changed_and_removed(site: Client) -> None:
    added = site.post(f"{LIST}new/slack/", filled("slack", name="Ops"))
    channel = Channel.objects.get()
    assert added.headers["Location"] == page_of(channel)
    changed = site.post(page_of(channel), {"name": "Ops 2", "language": "de", "url": ""})
    assert changed.status_code == 302
    channel.refresh_from_db()
    assert (channel.name, channel.language, channel.is_on) == ("Ops 2", "de", False)
    assert "url" in channel.sealed
    assert "Remove Ops 2" in site.get(f"{page_of(channel)}remove/").content.decode()
    assert site.post(f"{page_of(channel)}remove/").headers["Location"] == LIST
    assert not Channel.objects.exists()
    assert entries() == [
        *(("channel.added", "Ops"), ("channel.changed", "Ops 2"), ("channel.removed", "Ops 2"))
    ]
    assert CANARY not in repr(list(AuditEntry.objects.values()))


def test_what_was_typed_comes_back_but_for_secrets(site: Client) -> None:
    data = filled("ntfy", name="", topic=f"bad topic {CANARY}")
    answer = site.post(f"{LIST}new/ntfy/", data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "https://receiver.example" in page
    assert CANARY not in page
    assert "letters, digits, hyphens" in page
    assert 'id="id_topic_helptext">Type this again: it was not kept.' in flat(answer)
    assert "Type this again" not in flat(
        site.post(f"{LIST}new/ntfy/", data | {"topic": "", "token": ""})
    )
    assert not Channel.objects.exists()


def test_two_channels_have_two_names(site: Client) -> None:
    made("json", name="Ops")
    answer = site.post(f"{LIST}new/json/", filled("json", name=" Ops "))
    assert answer.status_code == 422
    assert "Another channel has this name" in answer.content.decode()


def test_mail_is_offered_only_where_a_server_is_set(site: Client, settings: Any) -> None:
    assert "SMTP_HOST" in site.get(f"{LIST}new/").content.decode()
    assert site.get(f"{LIST}new/email/").status_code == 404
    settings.SMTP_HOST = "mail.example"
    assert "SMTP_HOST" not in site.get(f"{LIST}new/").content.decode()
    assert site.get(f"{LIST}new/email/").status_code == 200


def test_the_list_shows_scheme_and_host_of_a_webhook_only(site: Client) -> None:
    made("slack", name="Ops")
    page = site.get(LIST).content.decode()
    assert "https://receiver.example/…" in page
    assert "services" not in page


def test_the_list_is_in_order_and_tells_of_the_last_test(site: Client) -> None:
    for name in ("Pager", "Ops", "Chat"):
        made("json", name=name)
    at = timezone.now().isoformat()
    limited = {"state": "done", "outcome": "rate_limited", "params": {"retry_after_s": 20}}
    Channel.objects.filter(name="Ops").update(trial={**limited, "at": at})
    Channel.objects.filter(name="Chat").update(trial={**limited, "outcome": "ok", "at": at})
    html = flat(site.get(LIST))
    chat, ops, pager = re.findall(r'<tr data-channel="\w+">.*?</tr>', html)
    assert "Chat" in chat
    assert "Last test" not in chat
    assert "Not tested" not in chat
    assert "Last test: The receiver takes no more for now. Send the test again in 20 s." in ops
    assert "Not tested yet" in pager


def test_without_a_channel_there_is_no_empty_table(site: Client) -> None:
    html = flat(site.get(LIST))
    assert "No channel yet" in html
    assert html.count(f'href="{LIST}new/"') == 1  # above it
    assert "<table" not in html


def test_a_new_form_has_nothing_unsaved_and_says_what_it_needs(site: Client) -> None:
    page = site.get(f"{LIST}new/json/").content.decode()
    assert 'data-unsaved="0"' in page
    (url,) = re.findall(r'<input[^>]*name="url"[^>]*>', page)
    (signing,) = re.findall(r'<input[^>]*name="signing"[^>]*>', page)
    assert " required" in url
    assert " required" not in signing
    empty = site.post(f"{LIST}new/json/", filled("json", url="")).content.decode()
    assert "Fill this in." in empty
    channel = made("json", name="Ops")
    (url,) = re.findall(r'<input[^>]*name="url"[^>]*>', site.get(page_of(channel)).content.decode())
    assert " required" not in url  # it is stored


def test_a_second_one_of_a_kind_is_offered_a_name_of_its_own(site: Client) -> None:
    for name in ("Slack", "Slack 2"):
        assert f'value="{name}"' in site.get(f"{LIST}new/slack/").content.decode()
        made("slack", name=name)
    assert 'value="Slack 3"' in site.get(f"{LIST}new/slack/").content.decode()


def test_a_receiver_is_not_called_a_provider(site: Client) -> None:
    channel = made("json", name="Ops")
    rung = {"step": "message", "outcome": "server_error", "params": {"status": 500}}
    told = {"state": "done", "outcome": "server_error", "at": timezone.now().isoformat()}
    Channel.objects.update(trial={**told, "rungs": [rung]})
    html = flat(site.get(page_of(channel)))
    assert html.count("Receiver error") == 2
    assert "Provider error" not in html
    assert 'data-outcome="server_error"' in html


def test_a_viewer_looks_and_changes_nothing(viewer: Any) -> None:
    channel, client = made("json", name="Ops"), signed_in(viewer)
    assert client.get(LIST).status_code == 200
    assert client.get(page_of(channel)).status_code == 200
    for path, data in (
        (page_of(channel), filled("json")),
        (f"{page_of(channel)}test/", {}),
        (f"{page_of(channel)}seen/", {}),
        (f"{page_of(channel)}remove/", {}),
        (f"{LIST}new/json/", filled("json", name="x")),
    ):
        assert client.post(path, data).status_code == 403, path
    assert [row.name for row in Channel.objects.all()] == ["Ops"]


def test_a_test_without_a_broker_says_so_and_is_recorded(site: Client) -> None:
    channel = made("json", name="Ops")
    part = site.post(f"{page_of(channel)}test/", headers=HTMX).content.decode()
    assert 'data-state="done"' in part
    assert "broker" in part
    assert "every 1s" not in part
    assert entries() == [("channel.tested", "Ops")]


def test_a_test_without_a_worker_says_so_at_once(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("providers.broker.workers", set)
    monkeypatch.setattr("routing.watch.tasks.try_channel.apply_async", asked.append)
    channel = made("json", name="Ops")
    part = flat(site.post(f"{page_of(channel)}test/", headers=HTMX))
    assert 'data-state="done" data-outcome="no_worker"' in part
    assert "No worker was running, so nothing was sent." in part
    assert not asked


def test_a_test_under_way_asks_again_and_works_without_scripts(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("providers.broker.workers", lambda: {"worker-1"})
    monkeypatch.setattr(
        "routing.watch.tasks.try_channel.apply_async",
        lambda args, **more: asked.append((*args, more["expires"])),
    )
    channel = made("json", name="Ops")
    assert site.post(f"{page_of(channel)}test/").headers["Location"] == f"{page_of(channel)}#trial"
    site.post(f"{page_of(channel)}test/")
    assert asked == [(str(channel.pk), tasks.EXPIRES_SECONDS)]
    page = site.get(page_of(channel)).content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert "Reload to see the result" in page
    part = site.get(f"{page_of(channel)}trial/", headers=HTMX).content.decode()
    assert part.lstrip().startswith("<section")
    assert 'data-state="queued"' in part


def test_switching_off_drops_what_waits_and_says_so(site: Client) -> None:
    channel = made("json", name="Ops")
    alert(1)
    alert(2)
    Channel.objects.update(fault="timeout", fault_at=timezone.now())
    data = {**filled("json", name="Ops"), "url": "", "signing": ""}
    del data["is_on"]
    page = site.post(page_of(channel), data, follow=True).content.decode()
    assert "2 alerts that waited are not sent any more." in page
    assert "Alerts are not arriving" not in page
    Channel.objects.update(fault="timeout", fault_at=timezone.now(), is_on=True)
    assert "lost so far" not in site.get(page_of(channel)).content.decode()  # a person's own will
    assert set(Delivery.objects.values_list("status", flat=True)) == {"lost"}


def test_s96_alerts_that_do_not_arrive_are_told_on_the_overview_until_seen(site: Client) -> None:
    channel = made("slack", name="Ops")
    alert(1)
    assert "Ops" not in site.get("/").content.decode()
    Channel.objects.update(fault="bad_endpoint", fault_at=timezone.now())
    page = site.get("/").content.decode()
    assert "Alerts to Ops are not arriving" in page
    assert "no such webhook" in page
    Channel.objects.update(fault="bad_endpoint:redirected")
    assert "points to another address" in site.get("/").content.decode()
    assert page_of(channel) in page
    Delivery.objects.update(status="lost", first_tried_at=timezone.now())
    assert "Alerts to Ops were lost" in site.get("/").content.decode()
    assert "1 alert was lost so far." in " ".join(
        site.get(page_of(channel)).content.decode().split()
    )
    site.post(f"{page_of(channel)}seen/")
    assert "Alerts to Ops" not in site.get("/").content.decode()
    assert entries() == [("channel.seen", "Ops")]
    Channel.objects.update(fault="timeout")  # the next one does not count it once more
    assert "lost so far" not in site.get(page_of(channel)).content.decode()


def test_alerts_that_were_lost_are_told_alike_everywhere(site: Client) -> None:
    channel = made("slack", name="Ops")
    alert(1)
    Channel.objects.update(fault="timeout", fault_at=timezone.now())
    assert state_of(site) == "Not arriving"
    assert "Alerts are not arriving." in flat(site.get(page_of(channel)))
    Delivery.objects.update(status="lost", first_tried_at=timezone.now())
    assert "Alerts to Ops were lost" in flat(site.get("/"))
    assert state_of(site) == "Alerts were lost"
    page = flat(site.get(page_of(channel)))
    assert "Alerts were lost." in page
    assert "not arriving" not in page


def test_a_channel_that_is_off_is_not_said_to_fail_now(site: Client) -> None:
    channel = made("slack", name="Ops")
    Channel.objects.update(is_on=False, fault="timeout", fault_at=timezone.now())
    assert state_of(site) == "Off"
    page = flat(site.get(page_of(channel)))
    assert "This channel is off. The last alert was not taken." in page
    assert "not arriving" not in page
    assert 'id="fault"' not in page


def test_a_channel_whose_kind_is_gone_leads_nowhere_but_to_its_end(
    site: Client, viewer: Any
) -> None:
    channel = made("slack", name="Ops")
    Channel.objects.update(kind="pigeon", fault="timeout", fault_at=timezone.now())
    for path in ("/", LIST):
        html = flat(site.get(path))
        assert "Ops" in html
        assert f'href="{page_of(channel)}"' not in html
    assert site.get(f"{page_of(channel)}remove/").status_code == 200
    assert f"{page_of(channel)}remove/" in flat(site.get(LIST))
    assert page_of(channel) not in flat(signed_in(viewer).get(LIST))


def state_of(site: Client) -> str:
    """The words of the only channel's pill."""
    (words,) = re.findall(r'<span class="pill"[^>]*>([^<]*)', site.get(LIST).content.decode())
    return str(words)


def test_a_channel_arrives_only_while_its_last_message_was_taken(site: Client) -> None:
    channel, now = made("slack", name="Ops"), timezone.now()
    before = now - timedelta(days=20)
    Channel.objects.update(sent_at=before)
    assert state_of(site) == "Arrives"
    Channel.objects.update(fault="timeout", fault_at=now)
    site.post(f"{page_of(channel)}seen/")
    assert state_of(site) == "Last alert not taken"
    Channel.objects.update(fault="bad_request:some_refused", fault_at=before)
    site.post(f"{page_of(channel)}seen/")
    assert state_of(site) == "Does not reach everybody"
    assert "Alerts to Ops" not in site.get("/").content.decode()


def test_a_channel_that_was_off_for_a_while_does_not_arrive_by_that(site: Client) -> None:
    channel, now = made("slack", name="Ops"), timezone.now()
    Channel.objects.update(sent_at=now - timedelta(days=20), fault="timeout", fault_at=now)
    for switch, words in ({}, "Off"), ({"is_on": "on"}, "Last alert not taken"):
        site.post(page_of(channel), {"name": "Ops", "language": "en", "url": "", **switch})
        assert state_of(site) == words


@pytest.mark.parametrize("fault", ["", "timeout"])
def test_a_channel_that_leads_elsewhere_has_sent_nothing_there(site: Client, fault: str) -> None:
    channel, now = made("slack", name="Ops"), timezone.now()
    Channel.objects.update(sent_at=now, fault=fault, fault_at=now if fault else None)
    site.post(page_of(channel), filled("slack", "https://other.example", name="Ops"))
    channel.refresh_from_db()
    assert (channel.sent_at, channel.fault, channel.fault_at) == (None, "", None)
    assert state_of(site) == "No alert sent yet"
    assert "Alerts are not arriving" not in site.get(page_of(channel)).content.decode()


def test_mail_that_does_not_reach_everybody_is_not_told_as_lost(site: Client) -> None:
    channel = made("slack", name="Ops")
    Channel.objects.update(fault="bad_request:some_refused", fault_at=timezone.now())
    overview, row, page = (site.get(path) for path in ("/", LIST, page_of(channel)))
    assert "Alerts to Ops do not reach everybody" in flat(overview)
    assert "were lost" not in flat(overview)
    assert 'data-tone="warn">Does not reach everybody' in flat(row)
    assert "Alerts do not reach everybody." in flat(page)
    assert "not arriving" not in flat(page).lower()


@pytest.mark.usefixtures("one_minute")
def test_removing_locks_a_channel_before_its_deliveries(site: Client) -> None:
    """As whoever sends does: else the two would wait for each other on PostgreSQL."""
    channel = made("json")
    alert(1)
    with CaptureQueriesContext(connection) as asked:
        site.post(f"{page_of(channel)}remove/")
    texts = [one["sql"] for one in asked.captured_queries]
    end = next(i for i, text in enumerate(texts) if text.startswith('DELETE FROM "routing_deliv'))
    begin = max(i for i, text in enumerate(texts[:end]) if text.startswith("SAVEPOINT"))
    assert 'FROM "routing_channel"' in texts[begin + 1]


def test_removing_asks_first_and_says_what_still_waits(site: Client) -> None:
    channel = made("json", name="Ops")
    alert(1)
    page = " ".join(site.get(f"{page_of(channel)}remove/").content.decode().split())
    assert "1 alert still waits" in page


@pytest.mark.parametrize("path", ["new/pager/", "00000000-0000-0000-0000-000000000001/"])
def test_what_is_not_there_is_not_found(site: Client, path: str) -> None:
    assert site.get(f"{LIST}{path}").status_code == 404


def test_a_kind_of_another_version_is_listed_and_harms_nothing(site: Client) -> None:
    channel = Channel.objects.create(name="Old", kind="pager")
    assert "Old" in site.get(LIST).content.decode()
    assert site.get(page_of(channel)).status_code == 404
    assert site.get(f"{page_of(channel)}remove/").status_code == 200
