"""The Celery app and its one task: call the upstream once, over a connection of its own."""

import os
import ssl

import httpx  # noqa: TID251 - no part of the site; it calls this machine only
import redis
from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.floor.settings")
app = Celery("floor")
app.config_from_object("django.conf:settings", namespace="CELERY")
client = redis.Redis.from_url(settings.REDIS_URL)


@app.task
def call(row_id: int) -> None:
    from tests.bench.floor.models import Row

    answer = httpx.get(os.environ["FLOOR_UPSTREAM"], verify=_trust())
    Row.objects.filter(pk=row_id).update(state="done", text=f"HTTP {answer.status_code}")
    client.rpush(f"row:{row_id}", "done")


_contexts: list[ssl.SSLContext] = []


def _trust() -> ssl.SSLContext:
    """Made once: a new context a call would cost more than the call."""
    if not _contexts:
        _contexts.append(ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"]))
    return _contexts[0]
