"""Pages of channels: list, form, test, end; and what the overview says of alerts that are lost."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from facio_site.audit.models import AuditEntry
from routing.models import Channel, Delivery
from routing.watch import tasks
from routing.watch.alerts.forms import ChannelForm
from tests.conftest import signed_in
from tests.desk import HTMX
from tests.markup import flat
from tests.routing.watch.alerts.desk import OUTSIDE, alert, filled, made
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


def test_a_test_under_way_asks_again_and_works_without_scripts(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
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


def test_mail_that_does_not_reach_everybody_is_not_told_as_lost(site: Client) -> None:
    channel = made("slack", name="Ops")
    Channel.objects.update(fault="bad_request:some_refused", fault_at=timezone.now())
    overview, row, page = (site.get(path) for path in ("/", LIST, page_of(channel)))
    assert "Alerts to Ops do not reach everybody" in flat(overview)
    assert "were lost" not in flat(overview)
    assert 'data-tone="warn">Does not reach everybody' in flat(row)
    assert "Alerts do not reach everybody." in flat(page)
    assert "not arriving" not in flat(page).lower()


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


# Two tabs -----------------------------------------------------------------------------------------

OTHER, TYPED = "https://other.example", "tk_typed0123"


class Desk:
    """A channel that somebody else saves while its form is open here."""

    def __init__(self, site: Client) -> None:
        self.site, self.channel = site, made("ntfy", name="Ops")
        self.page = page_of(self.channel)
        found = {"name": "Ops", "language": "en", "is_on": "on", "server": OUTSIDE}
        self.open = {**found, "topic": "", "token": "", "seen": seen_in(site.get(self.page))}

    def save_theirs(self, **theirs: str) -> None:
        assert self.site.post(self.page, {**self.open, "seen": "", **theirs}).status_code == 302

    def save(self, **mine: str) -> Any:
        """By a press here; the form is what came back of it."""
        self.open |= mine
        answer = self.site.post(self.page, self.open)
        self.channel.refresh_from_db()
        if answer.status_code == 409:
            self.open["seen"] = seen_in(answer)
        return answer


def seen_in(answer: Any) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', answer.content.decode())
    assert found
    return unescape(found[1])


def rows_in(answer: Any) -> dict[str, str]:
    return dict(re.findall(r'<tr data-field="(\w+)">(.*?)</tr>', flat(answer)))


@pytest.mark.parametrize("pick", ["Mine", "Theirs"])
def test_s78_the_second_to_save_sees_both_versions_of_a_channel(site: Client, pick: str) -> None:
    desk = Desk(site)
    desk.save_theirs(name="Theirs", language="de", token=TYPED)
    answer = desk.save(name="Mine")
    assert answer.status_code == 409
    assert "Someone else saved this channel in the meantime." in flat(answer)
    assert TYPED not in flat(answer)
    rows = rows_in(answer)
    assert list(rows) == ["name", "language", "token"]
    assert "Mine" in rows["name"]
    assert "Theirs" in rows["name"]
    assert rows["name"].count('name="pick-name"') == 2
    assert "German" in rows["language"]
    assert "changed" in rows["token"]
    assert rows["language"].count("taken over") == rows["token"].count("taken over") == 1
    assert desk.channel.name == "Theirs"
    assert desk.save(**{"language": "de", "pick-name": pick.lower()}).status_code == 302
    assert (desk.channel.name, desk.channel.language) == (pick, "de")
    assert desk.channel.unseal("token") == TYPED


def test_s78_a_typed_secret_of_a_channel_goes_to_no_address_that_was_not_looked_at(
    site: Client,
) -> None:
    desk = Desk(site)
    desk.save_theirs(server=OTHER, topic="theirs", token="tk_theirs0123")
    answer = desk.save(token=TYPED)
    assert answer.status_code == 409
    rows = rows_in(answer)
    assert OTHER in rows["server"]
    assert re.search("set.*changed", rows["token"])
    assert TYPED not in flat(answer)
    assert "Type this again: it was not kept." in flat(answer)
    form = flat(answer).partition('id="channel-form"')[2].partition("</form>")[0]
    assert "autofocus" not in form  # the page begins at the two versions
    assert desk.channel.unseal("token") == "tk_theirs0123"
    assert desk.save(server=OTHER, token=TYPED).status_code == 302
    assert desk.channel.unseal("token") == TYPED
    assert desk.channel.sealed["token"]["bound"] == OTHER


@pytest.mark.parametrize(("pick", "is_left"), [("mine", False), ("theirs", True)])
def test_s78_a_secret_that_one_removed_and_another_replaced_is_chosen_between(
    site: Client, pick: str, is_left: bool
) -> None:
    desk = Desk(site)
    desk.save_theirs(token=TYPED)
    answer = desk.save(clear_token="on")
    assert re.search("removed.*changed", rows_in(answer)["clear_token"])
    assert 'name="clear_token" value="on"' in flat(answer)  # its own box is closed meanwhile
    assert "token" in desk.channel.sealed
    assert desk.save(**{"pick-clear_token": pick}).status_code == 302
    assert ("token" in desk.channel.sealed) is is_left


def test_s78_a_third_to_save_is_seen_as_well(site: Client) -> None:
    desk = Desk(site)
    desk.save_theirs(name="Theirs")
    assert desk.save(name="Mine").status_code == 409
    desk.save_theirs(name="Third")
    answer = desk.save(**{"pick-name": "theirs"})
    assert answer.status_code == 409
    assert "Third" in rows_in(answer)["name"]


def test_s78_who_saves_while_a_channel_is_checked_is_seen_as_well(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, clean = Desk(site), ChannelForm.clean

    def meanwhile(form: ChannelForm) -> dict[str, Any]:
        Channel.objects.update(name="Theirs")
        return clean(form)

    monkeypatch.setattr(ChannelForm, "clean", meanwhile)
    answer = desk.save(name="Mine")
    assert answer.status_code == 409
    assert list(rows_in(answer)) == ["name"]
    assert desk.channel.name == "Theirs"


def test_two_who_saved_the_same_are_not_asked(site: Client) -> None:
    desk = Desk(site)
    desk.save_theirs(name="Both")
    assert desk.save(name="Both").status_code == 302


@pytest.mark.parametrize("text", ["{", "[" * 5000, "[1, 2]", "null", '{"name": [1]}'])
def test_what_no_page_of_ours_has_sent_counts_as_touched(site: Client, text: str) -> None:
    desk = Desk(site)
    answer = desk.save(name="Mine", seen=text)
    assert answer.status_code == 409
    assert rows_in(answer)["name"].count('name="pick-name"') == 2
    assert desk.channel.name == "Ops"


def test_a_channel_that_leads_elsewhere_now_has_no_old_test_and_tries_at_once(
    site: Client,
) -> None:
    channel = made("slack", name="Ops")
    alert(1)
    late = timezone.now() + timedelta(minutes=15)
    Delivery.objects.update(next_at=late, attempts=3)
    Channel.objects.update(trial={"state": "done", "outcome": "ok", "at": late.isoformat()})
    same = {"name": "Ops 2", "language": "en", "is_on": "on", "url": ""}
    site.post(page_of(channel), same)
    assert Delivery.objects.get().next_at == late
    assert Channel.objects.get().trial != {}
    site.post(page_of(channel), {**same, "url": "https://receiver.example/services/T0/B0/new"})
    assert Delivery.objects.get().next_at < late
    assert Channel.objects.get().trial == {}


def test_a_test_that_ends_while_somebody_saves_keeps_its_result(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, apply = made("json", name="Ops"), ChannelForm.apply

    def meanwhile(form: ChannelForm) -> list[str]:
        Channel.objects.filter(pk=channel.pk).update(trial={"state": "done", "id": "x"})
        return apply(form)

    monkeypatch.setattr(ChannelForm, "apply", meanwhile)
    data = {"name": "Ops 2", "language": "en", "is_on": "on", "url": "", "signing": ""}
    assert site.post(page_of(channel), data).status_code == 302
    channel.refresh_from_db()
    assert (channel.name, channel.trial) == ("Ops 2", {"state": "done", "id": "x"})


def test_a_secret_that_is_sealed_anew_while_somebody_saves_stays_so(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, clean = made("json", name="Ops"), ChannelForm.clean
    sealed = {name: {**item, "box": f"anew {name}"} for name, item in channel.sealed.items()}

    def meanwhile(form: ChannelForm) -> dict[str, Any]:
        Channel.objects.filter(pk=channel.pk).update(sealed=sealed)
        return clean(form)

    monkeypatch.setattr(ChannelForm, "clean", meanwhile)
    data = {"name": "Ops 2", "language": "en", "is_on": "on", "url": "", "signing": ""}
    assert site.post(page_of(channel), data).status_code == 302
    channel.refresh_from_db()
    assert channel.sealed == sealed


def test_who_saves_what_was_removed_meanwhile_is_told_so(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, clean = made("json", name="Ops"), ChannelForm.clean

    def meanwhile(form: ChannelForm) -> dict[str, Any]:
        Channel.objects.filter(pk=channel.pk).delete()
        return clean(form)

    monkeypatch.setattr(ChannelForm, "clean", meanwhile)
    data = {"name": "Ops 2", "language": "en", "is_on": "on", "url": "", "signing": ""}
    assert site.post(page_of(channel), data).status_code == 404
    assert not Channel.objects.exists()
