"""Alerts on their way: claimed, sent, tried again, given up. One sender a channel, in order.

A message is one alert, or all that are due where they are more than MOST_APART. What is sent
together is tried again together, as the very same message with the same id: `first_tried_at` holds
it together. A claim is a lease. A sender that dies is taken over when it ends; if it died between
the receiver's answer and the row, the receiver gets the same id once more.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from facio_site import sealing
from providers.spec.outcomes import Outcome, Verdict
from routing.models import Alert, Channel, Delivery, WatchSettings
from routing.models.alerts import OUTCOME_LENGTH
from routing.watch.alerts.answers import LASTING, fault_of
from routing.watch.alerts.message import MOST_APART, make
from routing.watch.alerts.sending import fault, send
from routing.watch.schedule import quiet_until

GRACE = timedelta(seconds=15)  # beyond the deadline of a call, before its sender counts as dead
TRIED_FOR = timedelta(hours=1)
PAUSES = (10, 30, 60, 120, 240, 480, 900)  # seconds after each try; the last for all that follow
LONG_PAUSES = (300, 900)  # after what only a person can mend
MOST_TOGETHER = 200  # alerts of one message
MOST_MESSAGES = 20  # of one call of `deliver`
FAR = timedelta(hours=2)  # nothing waits so long: a clock was wrong
LATE = timedelta(minutes=1)  # nobody was there to try, or it was quiet
NEWS = timedelta(days=7)  # what was lost longer ago is none any more
MOST_TRIES = 30  # of one alert; what was lost after so many is not sent later
# Without a detail: one that is known, such as a wrong chat ID, is of the channel
OF_THE_MESSAGE = (Outcome.BAD_REQUEST, Outcome.INTERNAL_ERROR)
_BEGINS = (Alert.Kind.FAILS, Alert.Kind.STILL_FAILS, Alert.Kind.PART_GONE)
_ENDS = (Alert.Kind.WORKS_AGAIN, Alert.Kind.PART_BACK)

Status = Delivery.Status


def due_channels(now: datetime) -> list[uuid.UUID]:
    """Ids of the channels that have something to send now; none in quiet hours."""
    if quiet_until(WatchSettings.read(), now):
        return []
    first = _in_order(Delivery.objects.filter(channel=OuterRef("pk")))
    rows = Channel.objects.filter(is_on=True).annotate(
        next_at=Subquery(first.values("next_at")[:1])
    )
    due = rows.filter(Q(next_at__lte=now) | Q(next_at__gt=now + FAR))
    return list(due.order_by("name").values_list("pk", flat=True))


def deliver_all(now: datetime) -> int:
    """All that is due, channel by channel, in this process; returns how many alerts arrived."""
    return sum(deliver(channel_id, now) for channel_id in due_channels(now))


def deliver(channel_id: uuid.UUID, now: datetime) -> int:
    """Send what is due for one channel, as long as it is taken; returns how many alerts were. A
    machine without the site's keys leaves it to others: it stays due."""
    began, sent = time.monotonic(), 0
    if not sealing.master_keys(now=True):
        return 0

    def moment() -> datetime:
        return now + timedelta(seconds=int(time.monotonic() - began))

    for _message in range(MOST_MESSAGES):
        channel = Channel.objects.filter(pk=channel_id, is_on=True).first()
        if channel is None or quiet_until(WatchSettings.read(), moment()):
            break
        batch = _claim(channel, moment())
        if not batch:
            break
        verdict = _send(channel, batch)
        if _settle(channel, batch, verdict, moment()) is Status.WAITING:
            break
        sent += len(batch) if verdict.outcome is Outcome.OK else 0
    return sent


def _send(channel: Channel, batch: Sequence[Delivery]) -> Verdict:
    try:
        message = make([row.alert for row in batch], channel, _message_id(channel, batch))
    except Exception as error:  # noqa: BLE001 - it has to end as a try, or nobody would hear of it
        return fault(error)
    return send(channel, message)


def _in_order(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """What is under way, then the oldest alert."""
    under_way = F("first_tried_at").asc(nulls_last=True)
    return rows.filter(status__in=Delivery.PENDING).order_by(under_way, "alert__at", "pk")


def _claim(channel: Channel, at: datetime) -> list[Delivery]:
    """What makes up the next message, taken by this sender; [] when nothing is due, or another
    sender has it."""
    with transaction.atomic():
        # One sender reads and takes at a time: what another one has read before may be sent by now.
        list(Channel.objects.select_for_update(no_key=True).filter(pk=channel.pk).values_list("pk"))
        rows = _in_order(Delivery.objects.filter(channel=channel)).select_related("alert")
        pending = list(rows[:MOST_TOGETHER])
        if not pending or not _is_due(pending[0], at):
            return []
        first = pending[0]
        batch = _together(pending, at)
        began = first.first_tried_at or at
        if first.first_tried_at and at - first.next_at > LATE:
            began += at - first.next_at  # the hour is one in which it could be tried
        began = min(began, at)  # whatever the clock has done
        lease = at + timedelta(seconds=settings.ALERT_SECONDS) + GRACE
        as_read = {"status": first.status, "next_at": first.next_at, "attempts": first.attempts}
        new: dict[str, Any] = {
            "status": Status.SENDING,
            "attempts": F("attempts") + 1,
            "first_tried_at": began,
            "next_at": lease,
        }
        if not Delivery.objects.filter(pk=first.pk, **as_read).update(**new):
            return []
        rest = [row.pk for row in batch[1:]]
        Delivery.objects.filter(pk__in=rest, status__in=Delivery.PENDING).update(**new)
    for row in batch:
        row.attempts, row.first_tried_at, row.next_at = first.attempts + 1, began, lease
    return batch


def _is_due(row: Delivery, at: datetime) -> bool:
    return row.next_at <= at or row.next_at > at + FAR


def _together(pending: Sequence[Delivery], at: datetime) -> list[Delivery]:
    """As it was tried before, or a new message."""
    first = pending[0]
    if first.first_tried_at:
        return [row for row in pending if row.first_tried_at == first.first_tried_at]
    new = [row for row in pending if _is_due(row, at)]
    return new if len(new) > MOST_APART else [first]


def _message_id(channel: Channel, batch: Sequence[Delivery]) -> str:
    """The same alerts to the same channel have the same one, at every try."""
    return str(uuid.uuid5(channel.pk, " ".join(str(row.alert_id) for row in batch)))


def _settle(
    channel: Channel, batch: Sequence[Delivery], verdict: Verdict, at: datetime
) -> Delivery.Status:
    """Put down what came of a try; returns what its rows are now. A sender whose lease was taken
    over changes nothing."""
    first = batch[0]
    keys = [row.pk for row in batch]
    rows = Delivery.objects.filter(pk__in=keys, status=Status.SENDING, next_at=first.next_at)
    told: dict[str, Any]
    changes: dict[str, Any]
    if verdict.outcome is Outcome.OK:
        new = Status.SENT
        changes = {"sent_at": at, "outcome": Outcome.OK}
        told = {"sent_at": at, "fault": "", "fault_at": None}
        if verdict.detail:  # taken, but not for everybody
            told |= {"fault": fault_of(verdict), "fault_at": at}
    else:
        next_at = _next_at(first, verdict, at)
        new = Status.WAITING if next_at else Status.LOST
        changes = {"next_at": next_at} if next_at else {}
        changes["outcome"] = fault_of(verdict)[:OUTCOME_LENGTH]
        told = {"fault": fault_of(verdict), "fault_at": at}
    with transaction.atomic():
        # Before its deliveries, as everybody does: else two would wait for each other.
        stored = Channel.objects.select_for_update(no_key=True).filter(pk=channel.pk).first()
        if stored and not stored.is_on and new is not Status.SENT:  # switched off meanwhile
            new, changes = Status.LOST, {"outcome": Outcome.CANCELLED}
            told = {"fault_at": at}
        if stored and (stored.values, stored.sealed) != (channel.values, channel.sealed):
            told = {}  # it leads elsewhere since
        if rows.update(status=new, **changes):
            if new is Status.SENT and told:
                _send_lost(channel, at)
            if told:
                Channel.objects.filter(pk=channel.pk).update(**told)
            return new
    return Status.WAITING  # somebody else's by now


def _send_lost(channel: Channel, at: datetime) -> None:
    """The channel takes messages again, so what it lost comes now: an outage of ours may be longer
    than the hour, and nobody would ever hear of what fails since then. Left out is what somebody
    has seen, what is over by now, and what the receiver would not take by itself: that is noted.
    """
    has_taken = Q(fault="", sent_at__isnull=False)  # where it leads now, since it lost any
    if Channel.objects.filter(has_taken, pk=channel.pk).exists():
        return
    later = Alert.objects.filter(about=OuterRef("alert__about"), at__gt=OuterRef("alert__at"))
    is_over = Q(alert__kind__in=_BEGINS) & Exists(later.filter(kind__in=_ENDS))
    rows = Delivery.objects.filter(channel=channel)
    lost = rows.lost().filter(~is_over, alert__at__gte=at - NEWS, attempts__lt=MOST_TRIES)
    lost = lost.exclude(outcome__in=OF_THE_MESSAGE)
    lost.update(status=Status.WAITING, next_at=at, first_tried_at=None)
    rows.note()


def _next_at(row: Delivery, verdict: Verdict, at: datetime) -> datetime | None:
    """When it is tried again; None = the hour is over. The last try is at its end."""
    end = (row.first_tried_at or at) + TRIED_FOR
    if at >= end:
        return None
    pauses = LONG_PAUSES if verdict.outcome in LASTING else PAUSES
    pause = pauses[min(row.attempts, len(pauses)) - 1]
    wait = max(pause, int(verdict.params.get("retry_after_s", 0)))
    return min(at + timedelta(seconds=wait), end)
