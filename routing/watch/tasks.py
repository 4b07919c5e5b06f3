"""Celery's side of the watch. Takes ids only, and returns nothing."""

import uuid

from celery import shared_task

from facio_site import clock, sealing
from providers.spec.outcomes import Outcome
from routing.watch import deliver as delivery
from routing.watch import trial


@shared_task(name="routing.tasks.deliver", ignore_result=True)
def deliver(channel_id: str) -> None:
    """Send what is due for one channel. A machine without the site's keys leaves it to others: it
    stays due."""
    if sealing.master_keys(now=True):
        delivery.deliver(uuid.UUID(channel_id), clock.now())


@shared_task(name="routing.tasks.try_channel", ignore_result=True)
def try_channel(channel_id: str) -> None:
    """Make the test of a channel that is wanted."""
    if sealing.master_keys(now=True):
        trial.run_trial(uuid.UUID(channel_id))
    else:
        trial.give_up(uuid.UUID(channel_id), Outcome.NO_KEY)
