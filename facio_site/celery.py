"""The Celery app. Tasks are found when Django's apps are ready."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "facio_site.settings")

app = Celery("facio")
app.config_from_object("django.conf:settings", namespace="CELERY")
