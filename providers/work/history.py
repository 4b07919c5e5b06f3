"""When jobs go, and when everything that has outlived its time does: half a minute after a worker's
start and then by the clock of beat."""

import logging
import threading
import uuid
from collections.abc import Iterator

from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.db import Error, connection
from django.db.models import Q, QuerySet

from facio_site import history
from providers.models import Job, Task
from providers.models.jobs import PENDING

AFTER_START_SECONDS = 30.0

log = logging.getLogger(__name__)


def old() -> Iterator[history.Old]:
    """Jobs that have ended, one provider after the other; their name stands without any, too."""
    yield history.of_rows("jobs", Job.objects.none())
    providers = Job.objects.order_by().values_list("provider", flat=True).distinct()
    for provider in list(providers):
        jobs = Job.objects.filter(provider=provider)
        ended = jobs.exclude(status__in=PENDING).order_by("-created_at")
        shown = [pk for task in Task if (pk := _newest(ended, task))]
        most = settings.KEEP_JOBS_PER_PROVIDER
        edge = jobs.order_by("-created_at").values_list("created_at", flat=True)[most : most + 1]
        is_old = Q(created_at__lt=history.limit())
        for moment in edge:
            is_old |= Q(created_at__lte=moment)
        yield history.of_rows("jobs", ended.filter(is_old).exclude(pk__in=shown))


def _newest(ended: QuerySet[Job], task: Task) -> uuid.UUID | None:
    """The last one of stored values: its provider's page tells of it, however old it is."""
    return ended.filter(task=task, is_draft=False).values_list("pk", flat=True).first()


@shared_task(name="providers.tasks.prune", ignore_result=True)
def prune() -> None:
    """Hourly, and half a minute after a start."""
    history.prune()


@worker_ready.connect
def prune_soon(**_kwargs: object) -> None:
    timer = threading.Timer(AFTER_START_SECONDS, _prune_once)
    timer.daemon = True
    timer.start()


def _prune_once() -> None:
    try:
        history.prune()
    except Error as error:
        log.warning("old rows stay for now: %s", type(error).__name__)
    finally:
        connection.close()
