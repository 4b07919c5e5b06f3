"""Channels that somebody else changes, removes or tests meanwhile: both versions, what ends."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from routing.models import Channel, Delivery
from routing.watch.alerts.forms import ChannelForm
from tests.markup import flat
from tests.routing.watch.alerts.desk import OUTSIDE, alert, made

pytestmark = [pytest.mark.django_db, pytest.mark.battery, pytest.mark.alike]
LIST = "/alerts/channels/"


def page_of(channel: Channel) -> str:
    return f"{LIST}{channel.pk}/"


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
