"""What was lost: told once its channel takes messages again, unless it is no news any more."""

from datetime import datetime, timedelta

import pytest

from providers.spec.outcomes import Outcome, Verdict
from routing.models import Alert, Channel, Delivery
from routing.pages.channels import _begin_anew
from routing.watch.alerts import raise_alert
from routing.watch.alerts.deliver import deliver
from tests.routing.watch.alerts.desk import NOW, made
from tests.routing.watch.alerts.receiver import DOWN, HOUR, OK, Receiver, statuses

pytestmark = [pytest.mark.django_db, pytest.mark.battery, pytest.mark.lane]


def lose(channel: Channel, receiver: Receiver, at: datetime, answer: Verdict = DOWN) -> datetime:
    """All that waits, by trying until it is given up; returns when that was."""
    receiver.answers = [answer]
    while "waiting" in statuses():
        at += timedelta(minutes=1)
        deliver(channel.pk, at)
    return at


def told(kind: Alert.Kind, about: str, at: datetime) -> None:
    assert raise_alert(kind, about, f"{kind}:{about}", {}, at)


def test_what_was_lost_comes_once_the_channel_takes_messages_again(receiver: Receiver) -> None:
    """An outage of our own network is longer than an hour: the provider that fails since then has
    to be told all the same, once."""
    channel = made()
    told(Alert.Kind.FAILS, "provider:groq", NOW)
    at = lose(channel, receiver, NOW)
    receiver.answers, receiver.tried = [OK], []
    assert deliver(channel.pk, at + HOUR) == 0
    told(Alert.Kind.FAILS, "provider:openai", at + HOUR)
    assert deliver(channel.pk, at + HOUR) == 2
    assert deliver(channel.pk, at + 2 * HOUR) == 0
    assert [message.about for _name, message in receiver.tried] == [
        "provider:openai",
        "provider:groq",
    ]
    assert statuses() == ["sent", "sent"]


def test_what_was_lost_comes_where_the_channel_leads_now(receiver: Receiver) -> None:
    channel = made()
    told(Alert.Kind.FAILS, "provider:groq", NOW)
    at = lose(channel, receiver, NOW)
    _begin_anew(channel)
    told(Alert.Kind.FAILS, "provider:openai", at)
    receiver.answers = [OK]
    assert deliver(channel.pk, at) == 2
    assert statuses() == ["sent", "sent"]


def test_what_was_lost_and_is_over_is_told_by_its_end_alone(receiver: Receiver) -> None:
    channel = made()
    told(Alert.Kind.FAILS, "provider:groq", NOW)
    at = lose(channel, receiver, NOW)
    told(Alert.Kind.WORKS_AGAIN, "provider:groq", at)
    receiver.answers, receiver.tried = [OK], []
    assert deliver(channel.pk, at) == 1
    assert deliver(channel.pk, at + HOUR) == 0
    assert [message.kind for _name, message in receiver.tried] == ["works_again"]


@pytest.mark.parametrize("why", ["seen", "old", "refused", "dropped", "tried"])
def test_what_was_lost_and_is_no_news_stays_lost(why: str, receiver: Receiver) -> None:
    channel = made()
    told(Alert.Kind.FAILS, "provider:groq", NOW)
    at = lose(channel, receiver, NOW)
    if why == "seen":
        Delivery.objects.note()
    at += timedelta(days=8 if why == "old" else 0)
    changes = {"refused": "bad_request", "dropped": "cancelled"}
    Delivery.objects.update(
        outcome=changes.get(why, "server_error"), attempts=30 if why == "tried" else 9
    )
    told(Alert.Kind.FAILS, "provider:openai", at)
    receiver.answers = [OK]
    assert deliver(channel.pk, at) == 1
    assert statuses() == ["lost", "sent"]
    assert not Delivery.objects.lost().exists()  # and is counted at no fault to come


@pytest.mark.parametrize(
    "detail", ["no_chat", "chat_moved", "forum", "sender", "recipients_unsigned", "greeting"]
)
def test_what_was_refused_for_the_channels_own_settings_comes_once_they_are_mended(
    detail: str, receiver: Receiver
) -> None:
    channel = made()
    told(Alert.Kind.FAILS, "provider:groq", NOW)
    at = lose(channel, receiver, NOW, Verdict(Outcome.BAD_REQUEST, detail))
    assert statuses() == ["lost"]
    told(Alert.Kind.FAILS, "provider:openai", at)
    receiver.answers = [OK]
    assert deliver(channel.pk, at) == 2
    assert statuses() == ["sent", "sent"]
