"""The Celery app. Tasks are found when Django's apps are ready."""

import os
from logging.config import dictConfig

from celery import Celery
from celery.signals import setup_logging, task_postrun, worker_ready
from kombu.asynchronous import get_event_loop

from facio_site.memory import leave_imports_alone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "facio_site.settings")

ENDED_SECONDS = 0.01  # from the signal until Celery no longer counts the task

app = Celery("facio")
app.config_from_object("django.conf:settings", namespace="CELERY")


@setup_logging.connect
def log_as_the_site_does(**_kwargs: object) -> None:
    """Without this, Celery adds handlers of its own, which mask nothing."""
    from django.conf import settings

    dictConfig(settings.LOGGING)


@worker_ready.connect
def settle(**_kwargs: object) -> None:
    leave_imports_alone()


@task_postrun.connect
def take_the_next(**_kwargs: object) -> None:
    """A worker takes no more than it has threads, so that what waits is there for any other one.
    Its loop does not hear of an end in a thread, and would look for the next message a second
    later."""
    if loop := get_event_loop():
        loop.call_soon(loop.call_later, ENDED_SECONDS, _look)


def _look() -> None:
    """The loop looks for messages after whatever it does."""
