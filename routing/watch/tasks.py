"""What beat brings about every ten seconds: what ended is judged, conditions are looked at, what is
due is asked, alerts are sent.

Each is a step of its own: a fault in one leaves the others. The steps are loaded by whoever takes
them, which the web server never does. Kept out: what a step does.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime

from celery import shared_task
from django.db import close_old_connections, connection

from facio_site import clock

SHOWN_FRAMES = 4
# Of a task that nobody took. Whoever takes it goes by his own machine's clock: one that is ahead by
# so much would drop every alert without a word. A task that comes late finds nothing to do.
EXPIRES_SECONDS = 600

log = logging.getLogger(__name__)


@shared_task(name="routing.tasks.watch", ignore_result=True)
def watch() -> None:
    tick(clock.now())


@shared_task(name="routing.tasks.deliver", ignore_result=True)
def deliver(channel_id: str) -> None:
    """What waits for one channel: a slow receiver holds up nobody else."""
    attempt(lambda now: _deliver_to(uuid.UUID(channel_id), now), clock.now())


@shared_task(name="routing.tasks.try_channel", ignore_result=True)
def try_channel(channel_id: str) -> None:
    """The test of a channel that somebody wants."""
    attempt(lambda _now: _try(uuid.UUID(channel_id)), clock.now())


def tick(now: datetime) -> None:
    """All of it, the calls and the sending by other tasks."""
    for step in (judge, look, start, hand_over_alerts):
        attempt(step, now)


def attempt(step: Callable[[datetime], object], now: datetime) -> bool:
    """Whether the step went well. Of a fault type and place are logged, never its text: that may
    quote what was sent."""
    try:
        step(now)
    except Exception as error:  # noqa: BLE001 - the other steps have to be taken
        frames, trace = [], error.__traceback__
        while trace:
            frames.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
            trace = trace.tb_next
        log.error("watching: %s at %s", type(error).__name__, frames[-SHOWN_FRAMES:])
        if not connection.in_atomic_block:
            close_old_connections()  # one that broke is no use to the next step
        return False
    return True


def judge(now: datetime) -> None:
    from routing.watch.judging import judge_ended

    judge_ended(now)


def look(now: datetime) -> None:
    """Once a minute, which the other side sees to: whoever fetched a list may hasten it."""
    from routing.watch.conditions import look as look_at

    look_at(now)


def start(now: datetime) -> None:
    from routing.watch.due import start_due

    start_due(now)


def hand_over_alerts(now: datetime) -> None:
    """A task for each channel for which something waits."""
    from routing.watch.alerts.deliver import due_channels

    for channel_id in due_channels(now):
        # what nobody took until the next look is handed over again then
        deliver.apply_async((str(channel_id),), retry=False, expires=EXPIRES_SECONDS)


def _deliver_to(channel_id: uuid.UUID, now: datetime) -> None:
    from routing.watch.alerts.deliver import deliver as send

    send(channel_id, now)


def _try(channel_id: uuid.UUID) -> None:
    from routing.watch.alerts.trial import run_trial

    run_trial(channel_id)
