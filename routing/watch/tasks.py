"""What beat brings about every ten seconds: what ended is judged, conditions are looked at, what is
due is asked, alerts are sent.

Each is a step of its own: a fault in one leaves the others. Kept out: what a step does.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime

from celery import shared_task
from django.db import close_old_connections, connection

from facio_site import clock, faults, trouble
from facio_site.logs import tell
from routing.watch import conditions, due, judging
from routing.watch.alerts import deliver as sender
from routing.watch.alerts import trial

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
    attempt(lambda now: sender.deliver(uuid.UUID(channel_id), now), clock.now())


@shared_task(name="routing.tasks.try_channel", ignore_result=True)
def try_channel(channel_id: str) -> None:
    """The test of a channel that somebody wants."""
    attempt(lambda _now: trial.run_trial(uuid.UUID(channel_id)), clock.now())


def tick(now: datetime) -> None:
    """All of it, the calls and the sending by other tasks."""
    for step in (judging.judge_ended, conditions.look, due.start_due, _hand_over_alerts):
        attempt(step, now)


def attempt(step: Callable[[datetime], object], now: datetime) -> bool:
    """Whether the step went well."""
    try:
        step(now)
    except Exception as error:  # noqa: BLE001 - the other steps have to be taken
        if found := trouble.of_database(error):
            tell(f"database {found}", trouble.SENTENCES[found])
        else:
            log.error("watching: %s", faults.told(error))
        if not connection.in_atomic_block:
            close_old_connections()  # one that broke is no use to the next step
        return False
    return True


def _hand_over_alerts(now: datetime) -> None:
    """A task for each channel for which something waits."""
    for channel_id in sender.due_channels(now):
        # what nobody took until the next look is handed over again then
        deliver.apply_async((str(channel_id),), retry=False, expires=EXPIRES_SECONDS)
