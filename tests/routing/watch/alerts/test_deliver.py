"""Deliveries by a clock that tests give: once, in order, tried again, taken over, given up."""

from datetime import timedelta
from typing import Any

import pytest

from providers.spec.outcomes import Outcome, Verdict
from routing.models import Alert, Channel, Delivery, WatchSettings
from routing.watch.alerts import deliver as delivery
from routing.watch.alerts import raise_alert
from routing.watch.alerts.answers import of_fault
from routing.watch.alerts.deliver import deliver, deliver_all, due_channels
from routing.watch.alerts.spec import Message
from tests.routing.watch.alerts.desk import NOW, alert, made
from tests.routing.watch.alerts.receiver import DOWN, HOUR, OK, Receiver, later, statuses

pytestmark = [pytest.mark.django_db, pytest.mark.battery, pytest.mark.lane]


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
