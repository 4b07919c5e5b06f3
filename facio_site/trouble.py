"""A database that cannot be used, in words: full, read-only, busy or away.

Of an error only its class and code decide, and for SQLite its fixed texts; its own text names hosts
and is not repeated.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final, cast

from django.conf import settings
from django.db import (
    DatabaseError,
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
    transaction,
)

FULL, READ_ONLY, BUSY, NO_FILE, AWAY = "full", "read_only", "busy", "no_file", "away"
SENTENCES: Final = {
    FULL: "the database cannot be written: its disk is full",
    READ_ONLY: "the database cannot be written: it is read-only (a standby, or its rights)",
    BUSY: "the database was busy for too long",
    NO_FILE: "the database's file cannot be opened: is its folder there, and open to this user?",
    AWAY: "the database does not answer, or refuses this site",
}
LEAST_FREE: Final = 2_000_000  # bytes; SQLite needs more for its journal than for a row
WRITES_EVERY: Final = 5.0  # seconds: strangers may ask as often as they like
_written_at = -WRITES_EVERY
_writing = threading.Lock()
_BY_CODE = {"53100": FULL, "25006": READ_ONLY, "55P03": BUSY, "57014": BUSY, "40P01": BUSY}
_BY_TEXT = {
    "database or disk is full": FULL,
    "disk i/o error": FULL,
    "readonly database": READ_ONLY,
    "unable to open database file": NO_FILE,
    "database is locked": BUSY,
    "database table is locked": BUSY,
}


def of_database(error: BaseException | None) -> str:
    """What is wrong with the database, as somewhere in the chain of this error; "" = nothing."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, DatabaseError | InterfaceError) and (found := _judged(error)):
            return found
        error = error.__cause__ or error.__context__
    return ""


def _judged(error: BaseException) -> str:
    code = str(getattr(error.__cause__, "sqlstate", None) or "")
    if code in _BY_CODE:
        return _BY_CODE[code]
    text = str(error).lower()
    for words, found in _BY_TEXT.items():
        if words in text:
            return found
    is_unfit = isinstance(error, OperationalError | InterfaceError | InternalError)
    return AWAY if is_unfit and not _is_ours(text) else ""


def _is_ours(text: str) -> bool:
    """SQLite calls a missing table operational as well; that is no matter of reach."""
    return "no such " in text or "syntax error" in text


def look(*, afresh: bool = False) -> str:
    """What is wrong with the database right now, "" = it answers and takes what is written.

    It writes one row of the cache, every few seconds in each process unless `afresh`.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _write(0.0 if afresh else WRITES_EVERY)
    except (DatabaseError, InterfaceError) as error:
        if not connection.in_atomic_block:
            connection.close()  # a broken one is not kept for the next question
        return of_database(error) or AWAY
    return ""


def _write(every: float) -> None:
    global _written_at
    name = connection.settings_dict["NAME"]
    is_file = connection.vendor == "sqlite"
    if is_file and shutil.disk_usage(Path(name).parent).free < LEAST_FREE:
        raise OperationalError("database or disk is full")
    with _writing, _patient() if is_file else nullcontext():
        if time.monotonic() - _written_at < every:
            return
        cache = cast("dict[str, str]", settings.CACHES["default"])
        table = connection.ops.quote_name(cache["LOCATION"])
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (cache_key, value, expires) "  # noqa: S608 # nosec B608 - our own name
                "VALUES ('facio:ready', '', CURRENT_TIMESTAMP) "
                "ON CONFLICT (cache_key) DO UPDATE SET expires = excluded.expires"
            )
        _written_at = time.monotonic()


@contextmanager
def _patient() -> Iterator[None]:
    """For a second: whoever holds SQLite's lock shows that it takes what is written."""
    options = cast("dict[str, int]", connection.settings_dict["OPTIONS"])
    usual = options["timeout"]
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 1000")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual * 1000}")
