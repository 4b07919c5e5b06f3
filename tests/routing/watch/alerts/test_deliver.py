"""Deliveries by a clock that tests give: once, in order, tried again, taken over, given up."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from facio_site import clock
from providers.spec.outcomes import Outcome, Verdict
from routing.models import Alert, Channel, Delivery, WatchSettings
from routing.pages.channels import _drop_waiting
from routing.watch.alerts import deliver as delivery
from routing.watch.alerts import raise_alert
from routing.watch.alerts.answers import of_fault
from routing.watch.alerts.deliver import deliver, deliver_all, due_channels
from routing.watch.alerts.spec import Message
from tests.routing.watch.alerts.desk import NOW, alert, made

pytestmark = [pytest.mark.django_db, pytest.mark.battery]
OK = Verdict(Outcome.OK)
DOWN = Verdict(Outcome.SERVER_ERROR, params={"status": 500})
HOUR = timedelta(hours=1)


class Receiver:
    """Answers by a list, then with the last of it; remembers what it took."""

    def __init__(self) -> None:
        self.answers: list[Any] = [OK]
        self.tried: list[tuple[str, Message]] = []

    def __call__(self, channel: Channel, message: Message, observe: Any = None) -> Verdict:
        self.tried.append((channel.name, message))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer()
        found: Verdict = answer
        return found

    @property
    def ids(self) -> list[str]:
        return [message.id for _name, message in self.tried]

    @property
    def counts(self) -> list[int]:
        return [len(message.lines) for _name, message in self.tried]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    found = Receiver()
    monkeypatch.setattr(delivery, "send", found)
    return found


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def statuses() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("status", flat=True))


def test_an_alert_is_raised_once_for_each_channel_that_is_on() -> None:
    made("json", name="one")
    made("json", name="two")
    off = made("json", name="three")
    Channel.objects.filter(pk=off.pk).update(is_on=False)
    assert alert(1)
    assert raise_alert(Alert.Kind.FAILS, "provider:groq", "fails:1", {}, NOW) is None
    assert Alert.objects.count() == 1
    names = Delivery.objects.values_list("channel__name", flat=True)
    assert sorted(names) == ["one", "two"]


def test_an_alert_arrives_once(receiver: Receiver) -> None:
    channel = made()
    alert(1)
    assert due_channels(NOW) == []
    assert due_channels(later(1)) == [channel.pk]
    assert deliver(channel.pk, later(1)) == 1
    assert deliver(channel.pk, later(2)) == 0
    assert due_channels(later(7200)) == []
    assert receiver.counts == [1]
    channel.refresh_from_db()
    assert (channel.sent_at, channel.fault) == (later(1), "")


def test_five_come_one_by_one_in_their_order(receiver: Receiver) -> None:
    channel = made()
    for number in (3, 1, 2, 5, 4):
        alert(number)
    assert deliver(channel.pk, later(10)) == 5
    assert receiver.counts == [1] * 5
    moments = [message.at for _name, message in receiver.tried]
    assert moments == sorted(moments)


def test_more_than_five_come_as_one(receiver: Receiver) -> None:
    channel = made()
    for number in range(6):
        alert(number)
    assert deliver(channel.pk, later(10)) == 6
    assert receiver.counts == [6]
    assert receiver.tried[0][1].kind == "digest"


def test_s96_pauses_grow_and_after_an_hour_it_is_lost(receiver: Receiver) -> None:
    channel = made()
    alert(0)
    receiver.answers = [DOWN]
    at, tries = NOW, []
    while statuses() != ["lost"]:
        assert at <= NOW + HOUR
        before = len(receiver.tried)
        deliver(channel.pk, at)
        if len(receiver.tried) > before:
            tries.append(int((at - NOW).total_seconds()))
        at += timedelta(seconds=10)
    assert tries == [0, 10, 40, 100, 220, 460, 940, 1840, 2740, 3600]
    assert len(set(receiver.ids)) == 1
    channel.refresh_from_db()
    assert (channel.fault, channel.fault_at) == ("server_error", NOW + HOUR)
    assert due_channels(NOW + 2 * HOUR) == []


def test_what_only_a_person_can_mend_is_tried_slowly(receiver: Receiver) -> None:
    channel = made()
    alert(0)
    receiver.answers = [Verdict(Outcome.BAD_ENDPOINT)]
    tries = [
        second
        for second in range(0, 3700, 10)
        if (before := len(receiver.tried)) is not None
        and deliver(channel.pk, later(second)) == 0
        and len(receiver.tried) > before
    ]
    assert tries == [0, 300, 1200, 2100, 3000, 3600]


def test_retry_after_is_waited_for_within_the_hour(receiver: Receiver) -> None:
    channel = made()
    alert(0)
    wait = Verdict(Outcome.RATE_LIMITED, params={"retry_after_s": 120})
    long = Verdict(Outcome.SERVER_ERROR, params={"retry_after_s": 86_400})
    receiver.answers = [wait, long, OK]
    deliver(channel.pk, NOW)
    assert Delivery.objects.get().next_at == later(120)
    assert deliver(channel.pk, later(119)) == 0
    deliver(channel.pk, later(120))
    assert Delivery.objects.get().next_at == NOW + HOUR
    assert deliver(channel.pk, NOW + HOUR) == 1


def test_what_waits_behind_a_failure_stays_in_order_and_keeps_its_own_hour(
    receiver: Receiver,
) -> None:
    channel = made()
    alert(0)
    receiver.answers = [DOWN, DOWN, OK]
    deliver(channel.pk, NOW)
    alert(5)
    assert deliver(channel.pk, later(6)) == 0
    assert receiver.counts == [1]
    assert due_channels(later(6)) == []
    deliver(channel.pk, later(10))
    assert deliver(channel.pk, later(40)) == 2
    first, *_tries, last = [message.at for _name, message in receiver.tried]
    assert (first, last) == (NOW, later(5))


def test_a_digest_is_tried_again_as_the_very_same_message(receiver: Receiver) -> None:
    channel = made()
    for number in range(6):
        alert(number)
    receiver.answers = [DOWN, OK]
    deliver(channel.pk, later(10))
    alert(12)
    assert deliver(channel.pk, later(20)) == 7
    assert receiver.counts == [6, 6, 1]
    assert receiver.ids[0] == receiver.ids[1] != receiver.ids[2]


def test_a_success_takes_the_fault_away(receiver: Receiver) -> None:
    channel = made()
    alert(0)
    receiver.answers = [DOWN, OK]
    deliver(channel.pk, NOW)
    channel.refresh_from_db()
    assert channel.fault == "server_error"
    deliver(channel.pk, later(10))
    channel.refresh_from_db()
    assert (channel.fault, channel.fault_at) == ("", None)


def test_after_a_lost_one_the_next_is_tried(receiver: Receiver) -> None:
    channel = made()
    alert(0)
    receiver.answers = [DOWN]
    deliver(channel.pk, NOW)
    alert(5)
    Delivery.objects.filter(alert__at=NOW).update(
        next_at=NOW + HOUR, first_tried_at=NOW, status="waiting"
    )
    receiver.answers = [Verdict(Outcome.BAD_REQUEST), OK]
    assert deliver(channel.pk, NOW + HOUR) == 1
    assert statuses() == ["lost", "sent"]


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


def test_what_is_being_sent_when_its_channel_is_switched_off_ends_as_its_answer_says(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    channel = made()
    alert(0)
    alert(1)

    def switched_off(answer: Verdict) -> Verdict:
        Channel.objects.update(is_on=False)
        _drop_waiting(channel)
        return answer

    receiver.answers = [lambda: switched_off(OK)]
    assert deliver(channel.pk, later(2)) == 1
    assert statuses() == ["sent", "lost"]
    Channel.objects.update(is_on=True)
    alert(3)
    receiver.answers = [lambda: switched_off(DOWN)]
    assert deliver(channel.pk, later(4)) == 0
    assert statuses() == ["sent", "lost", "lost"]  # it would come at some time
    channel.refresh_from_db()
    assert channel.fault == ""
    assert not Delivery.objects.lost().exists()


def test_a_channel_is_locked_before_its_deliveries(receiver: Receiver) -> None:
    """As its page does: else the two would wait for each other on PostgreSQL."""
    channel = made()
    alert(0)
    with CaptureQueriesContext(connection) as asked:
        begins: list[int] = []
        receiver.answers = [lambda: begins.append(len(asked)) or OK]
        deliver(channel.pk, NOW)
    texts = [one["sql"] for one in asked.captured_queries[begins[0] :]]
    tables = [re.search('"routing_(channel|delivery)"', text) for text in texts]
    assert [found[1] for found in tables if found][:2] == ["channel", "delivery"]


def test_another_sender_takes_nothing_that_is_being_sent(receiver: Receiver) -> None:
    channel = made()
    alert(0)
    alert(1)
    meanwhile: list[int] = []

    def at_the_same_time() -> Verdict:
        receiver.answers = [OK]
        meanwhile.append(deliver(channel.pk, later(3)))
        assert due_channels(later(3)) == []
        return OK

    receiver.answers = [at_the_same_time, OK]
    assert deliver(channel.pk, later(2)) == 2
    assert meanwhile == [0]
    assert receiver.counts == [1, 1]


class Killed(BaseException):
    pass


def test_s96_a_sender_that_was_killed_is_taken_over_with_the_same_id(
    receiver: Receiver, settings: Any
) -> None:
    """It died between the receiver's answer and the row: at least once, with an id to tell by."""
    channel = made()
    for number in range(6):
        alert(number)

    def killed() -> Verdict:
        raise Killed

    receiver.answers = [killed, OK]
    with pytest.raises(Killed):
        deliver(channel.pk, later(10))
    assert statuses() == ["sending"] * 6
    lease = settings.ALERT_SECONDS + 15
    assert deliver(channel.pk, later(10 + lease - 1)) == 0
    assert deliver(channel.pk, later(10 + lease)) == 6
    assert receiver.ids[0] == receiver.ids[1]
    assert receiver.counts == [6, 6]


def test_a_sender_that_comes_back_after_its_lease_changes_nothing(receiver: Receiver) -> None:
    channel = made()
    alert(0)

    def slow() -> Verdict:
        receiver.answers = [OK]
        assert deliver(channel.pk, later(50)) == 1
        return DOWN

    receiver.answers = [slow, OK]
    assert deliver(channel.pk, NOW) == 0
    assert statuses() == ["sent"]
    channel.refresh_from_db()
    assert channel.fault == ""


def test_one_channel_that_is_away_does_not_hold_up_another(receiver: Receiver) -> None:
    made("json", name="a")
    made("json", name="b")
    alert(0)
    receiver.answers = [DOWN, OK]
    assert deliver_all(NOW) == 1
    assert sorted(statuses()) == ["sent", "waiting"]


def test_a_channel_that_is_off_sends_nothing(receiver: Receiver) -> None:
    channel = made()
    alert(0)
    Channel.objects.update(is_on=False)
    assert due_channels(NOW) == []
    assert deliver(channel.pk, NOW) == 0
    assert receiver.tried == []


def quiet(start: str, end: str, zone: str = "UTC") -> None:
    WatchSettings.objects.create(
        pk=WatchSettings.ONLY, quiet_from=start, quiet_until=end, zone=zone
    )


def test_quiet_hours_over_midnight_hold_back_and_their_end_lets_go(receiver: Receiver) -> None:
    quiet("15:00", "07:00", "Europe/Berlin")  # NOW is 15:05 there
    channel = made()
    for number in range(7):
        alert(number)
    for hours in range(1, 16):
        assert deliver_all(NOW + hours * HOUR) == 0
    assert receiver.tried == []
    assert deliver(channel.pk, NOW + timedelta(hours=15, minutes=55)) == 7
    assert receiver.counts == [7]


def test_the_hour_of_tries_does_not_run_while_nobody_could_try(receiver: Receiver) -> None:
    channel = made()
    alert(0)
    receiver.answers = [DOWN, DOWN, OK]
    deliver(channel.pk, NOW)
    deliver(channel.pk, NOW + 9 * HOUR)
    assert statuses() == ["waiting"]
    assert deliver(channel.pk, NOW + 9 * HOUR + timedelta(minutes=1)) == 1


def test_a_clock_that_was_a_day_ahead_holds_nothing_back(receiver: Receiver) -> None:
    channel = made()
    alert(0)
    receiver.answers = [DOWN, OK]
    deliver(channel.pk, NOW + 24 * HOUR)
    assert due_channels(later(60)) == [channel.pk]
    assert deliver(channel.pk, later(60)) == 1


def test_an_alert_that_cannot_be_put_into_words_ends_as_a_fault_and_holds_up_nothing_for_ever(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = made()
    alert(0)

    def breaks(*_args: Any) -> Message:
        raise RuntimeError

    monkeypatch.setattr(delivery, "make", breaks)
    assert deliver(channel.pk, NOW) == 0
    assert statuses() == ["waiting"]
    channel.refresh_from_db()
    assert channel.fault == "internal_error"
    deliver(channel.pk, NOW + HOUR)
    monkeypatch.undo()
    assert receiver.tried == []


def test_a_mail_that_some_recipients_did_not_get_is_sent_and_told(receiver: Receiver) -> None:
    channel = made()
    alert(0)
    receiver.answers = [Verdict(Outcome.OK, "some_refused")]
    assert deliver(channel.pk, NOW) == 1
    channel.refresh_from_db()
    assert channel.fault == "bad_request:some_refused"
    assert of_fault(channel.fault).endswith("refused some of the recipients. Check them.")


def test_finding_what_is_due_is_one_question(django_assert_max_num_queries: Any) -> None:
    for number in range(10):
        made("json", name=str(number))
    for number in range(20):
        alert(number)
    with django_assert_max_num_queries(2):  # and one for the quiet hours
        assert len(due_channels(later(60))) == 10


@pytest.mark.django_db(transaction=True)
def test_four_senders_at_once_send_each_alert_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a real database, each with a connection of its own."""
    receiver = Receiver()

    def slow() -> Verdict:
        time.sleep(0.05)
        return OK

    receiver.answers = [slow]
    monkeypatch.setattr(delivery, "send", receiver)
    channel = made()
    for number in range(4):
        alert(number)

    def run(_number: int) -> int:
        try:
            return sum(deliver(channel.pk, later(10)) for _again in range(8))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 4
    assert len(set(receiver.ids)) == len(receiver.ids) == 4
    assert statuses() == ["sent"] * 4
