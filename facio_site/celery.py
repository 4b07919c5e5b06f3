"""The Celery app. Tasks are found when Django's apps are ready."""

import os
from logging.config import dictConfig

from celery import Celery
from celery.signals import setup_logging, worker_ready

from facio_site.memory import leave_imports_alone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "facio_site.settings")

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
