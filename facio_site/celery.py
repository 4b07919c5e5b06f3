"""The Celery app. Tasks are found when Django's apps are ready."""

import os
from logging.config import dictConfig
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun, worker_ready
from celery.worker import state

from facio_site.memory import leave_imports_alone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "facio_site.settings")

LOOK_SECONDS, LOOKS = 0.01, 100
_loop: Any = None  # of this process, once it is a worker

app = Celery("facio")
app.config_from_object("django.conf:settings", namespace="CELERY")


@setup_logging.connect
def log_as_the_site_does(**_kwargs: object) -> None:
    """Without this, Celery adds handlers of its own, which mask nothing."""
    from django.conf import settings

    dictConfig(settings.LOGGING)


@worker_ready.connect
def settle(sender: Any, **_kwargs: object) -> None:
    global _loop
    _loop = sender.hub  # Celery's own name for it is lost with the first lost connection
    leave_imports_alone()


@task_prerun.connect
def renew_connection(**_kwargs: object) -> None:
    """As at each request: a thread keeps its connection to the database as long as that is good."""
    from django.db import close_old_connections

    close_old_connections()


@task_postrun.connect
def take_the_next(task_id: str, **_kwargs: object) -> None:
    """A worker takes no more than it has threads, so that what waits is there for any other one.
    Its loop does not hear of an end in a thread, and would look for the next message up to a
    second later."""
    if _loop:
        _loop.call_soon(_look, task_id, LOOKS)


def _look(task_id: str, looks: int) -> None:
    """The loop looks for messages after whatever it does, and takes one as soon as Celery no longer
    counts the task, which is a little after its signal."""
    if looks and task_id in state.requests:
        _loop.call_later(LOOK_SECONDS, _look, task_id, looks - 1)
