"""Celery's side of the watch. Takes ids only, and returns nothing."""

import uuid

from celery import shared_task

from facio_site import clock
from routing.watch import deliver as delivery
from routing.watch import trial


@shared_task(name="routing.tasks.deliver", ignore_result=True)
def deliver(channel_id: str) -> None:
    """Send what is due for one channel."""
    delivery.deliver(uuid.UUID(channel_id), clock.now())


@shared_task(name="routing.tasks.try_channel", ignore_result=True)
def try_channel(channel_id: str) -> None:
    """Make the test of a channel that is wanted."""
    trial.run_trial(uuid.UUID(channel_id))
