"""Calls under way in this process, and who ends them early: a newer one for the same provider, or
whoever cancelled the job, started another one or removed its provider, in whatever process."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import Error, close_old_connections, connection

from providers.http import Door
from providers.models import Job, Status

LOOK_SECONDS = 0.4  # between two looks at the rows of all calls under way

_lock = threading.Lock()
_newest: dict[tuple[Any, str], tuple[datetime, Door]] = {}
_watched: dict[uuid.UUID, Door] = {}
_is_watching = False


@contextmanager
def only_call(job: Job, door: Door) -> Iterator[None]:
    """While inside, no older job calls the same provider for the same task from here, and the call
    ends when its row does."""
    key, mine = (job.provider_id, job.task), (job.created_at, door)
    with _lock:
        other = _newest.get(key)
        older = min(other, mine, key=lambda held: held[0]) if other else None
        if older is not mine:
            _newest[key] = mine
        _watched[job.pk] = door
    if older:
        older[1].hang_up()
    _watch()
    try:
        yield
    finally:
        with _lock:
            _watched.pop(job.pk, None)
            if _newest.get(key) == mine:
                del _newest[key]


def _watch() -> None:
    """One thread for all calls, which lasts as long as there are any."""
    global _is_watching
    with _lock:
        if not _is_watching:
            threading.Thread(target=_look_again, name="calls", daemon=True).start()
            _is_watching = True


def _look_again() -> None:
    global _is_watching
    seen: set[uuid.UUID] = set()  # running; a row that never was is in a transaction yet
    try:
        while True:
            time.sleep(LOOK_SECONDS)
            with _lock:
                calls = dict(_watched)
                _is_watching = bool(calls)
            if not calls:
                return
            seen = _hang_up(calls, seen)
    finally:
        connection.close()


def _hang_up(calls: dict[uuid.UUID, Door], seen: set[uuid.UUID]) -> set[uuid.UUID]:
    """End those whose job is over or gone; returns what still runs."""
    try:
        close_old_connections()
        rows = dict(Job.objects.filter(pk__in=calls).values_list("pk", "status"))
    except Error:  # the database is away, and the calls have deadlines of their own
        return seen
    for pk, door in calls.items():
        if rows.get(pk, Status.DONE if pk in seen else Status.RUNNING) != Status.RUNNING:
            door.hang_up()
    return {pk for pk, status in rows.items() if status == Status.RUNNING}
