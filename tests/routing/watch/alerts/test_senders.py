"""Several senders: locks, leases, the same id from another one, each alert once."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from facio_site import clock
from providers.spec.outcomes import Verdict
from routing.models import Channel, Delivery
from routing.pages.channels import _drop_waiting
from routing.watch.alerts import deliver as delivery
from routing.watch.alerts.deliver import deliver, deliver_all, due_channels
from tests.routing.watch.alerts.desk import NOW, alert, made
from tests.routing.watch.alerts.receiver import DOWN, OK, Receiver, later, statuses

pytestmark = [pytest.mark.django_db, pytest.mark.battery]


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
    assert (channel.fault, channel.fault_at) == ("", later(4))
    assert not Delivery.objects.lost().exists()


@pytest.mark.parametrize(("answer", "status"), [(OK, "sent"), (DOWN, "waiting")])
def test_an_answer_of_where_a_channel_led_says_nothing_of_where_it_leads_now(
    receiver: Receiver, answer: Verdict, status: str
) -> None:
    channel = made("slack")
    alert(0)

    def moved() -> Verdict:
        channel.sealed = made("slack", "https://other.example", name="other").sealed
        channel.save(update_fields=["sealed"])
        return answer

    receiver.answers = [moved]
    deliver(channel.pk, NOW)
    assert statuses() == [status]
    channel.refresh_from_db()
    assert (channel.sent_at, channel.fault, channel.fault_at) == (None, "", None)


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
