"""Liveness and readiness. Open to strangers: booleans only, no names, no versions.

They are asked by machines that know no name of the site and are no proxy, at the moment when
something is away; so they answer before anything looks at Host, session or database.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from facio_site import trouble
from facio_site.logs import tell
from providers import broker

GetResponse = Callable[[HttpRequest], HttpResponseBase]
LEAST_FREE: Final = 2_000_000  # bytes; SQLite needs more for its journal than for the row
WRITES_EVERY: Final = 5.0  # seconds: strangers may ask as often as they like
_written_at = -WRITES_EVERY
_writing = threading.Lock()


def answered(get_response: GetResponse) -> GetResponse:
    """Middleware: both addresses, under the path of PUBLIC_URL and without it."""
    views = {"/healthz": healthz, "/readyz": readyz}

    def middleware(request: HttpRequest) -> HttpResponseBase:
        view = views.get(request.path.removeprefix(settings.BASE_PATH))
        return view(request) if view else get_response(request)

    return middleware


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. No I/O."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, broker and a worker are there, else 503."""
    asked = {"database": _database, "broker": broker.is_up, "worker": broker.has_worker}
    state = {name: _holds(ask) for name, ask in asked.items()}
    return JsonResponse(state, status=200 if all(state.values()) else 503)


def _holds(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except Exception:  # noqa: BLE001 - whatever is wrong, it is not ready, and the answer is JSON
        return False


def _database() -> bool:
    """Whether it answers and takes what is written."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _write()
    except DatabaseError as error:
        if not connection.in_atomic_block:
            connection.close()  # a broken one is not kept for the next question
        found = trouble.of_database(error)
        if found == trouble.BUSY:
            return True
        if found:
            tell(f"database {found}", trouble.SENTENCES[found])
        return False
    return True


def _write() -> None:
    """One row of the cache, every few seconds in each process. Raises DatabaseError."""
    global _written_at
    name = connection.settings_dict["NAME"]
    is_file = connection.vendor == "sqlite"
    if is_file and shutil.disk_usage(Path(name).parent).free < LEAST_FREE:
        raise OperationalError("database or disk is full")
    with _writing, _patient() if is_file else nullcontext():
        if time.monotonic() - _written_at < WRITES_EVERY:
            return
        table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (cache_key, value, expires) "  # noqa: S608 - our own name
                "VALUES ('facio:ready', '', CURRENT_TIMESTAMP) "
                "ON CONFLICT (cache_key) DO UPDATE SET expires = excluded.expires"
            )
        _written_at = time.monotonic()


@contextmanager
def _patient() -> Iterator[None]:
    """For a second: whoever holds SQLite's lock shows that it takes what is written."""
    usual = int(connection.settings_dict["OPTIONS"]["timeout"])
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 1000")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual * 1000}")
