"""The database as a whole: whether it is there, whether its tables are this version's, and the lock
round making them so.

On PostgreSQL the lock is held by a transaction of its own, so that a pooler in between which gives
each transaction another connection neither loses nor keeps it.
"""

from __future__ import annotations

import contextlib
import enum
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

WAIT_SECONDS = 60.0
LOOK_SECONDS = 0.5
CONNECT_SECONDS = 3
SQLITE = "sqlite"
_LOCK = 0x666163696F  # "facio", which nobody else on this database will have hit upon


class Refused(Exception):
    """It cannot be used as it is; the text is one sentence, without any password."""


class State(enum.Enum):
    """The tables beside those that this code knows."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


RUN_MIGRATE = "The database is not this version's: run migrate_site."
NEWER = "The database is of a newer release: install that, or restore a backup from before."


def place() -> str:
    """Where it is: host and port, or the file. Never the password."""
    found = connections[DEFAULT_DB_ALIAS].settings_dict
    if connections[DEFAULT_DB_ALIAS].vendor == SQLITE:
        return str(found["NAME"])
    host, port = found["HOST"] or "localhost", found["PORT"] or 5432
    return f"{host}:{port}"


def is_own_file() -> bool:
    """Whether it is a file in the state folder, so that no other machine uses it."""
    connection = connections[DEFAULT_DB_ALIAS]
    folder = Path(str(connection.settings_dict["NAME"])).parent
    return bool(connection.vendor == SQLITE) and folder == settings.STATE_DIR


def why_absent() -> str:
    """Why no connection comes about, in the server's own words; "" when one does."""
    if connections[DEFAULT_DB_ALIAS].vendor == SQLITE:
        return ""
    fresh = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        words: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS}
        with fresh.wrap_database_errors:
            fresh.get_new_connection({**words, **fresh.get_connection_params()}).close()
    except OperationalError as error:
        lines = str(error).strip().splitlines()
        return (lines[0].rpartition("failed: ")[2] if lines else "") or "no answer"
    return ""


def wait(say: Callable[[str], object], pause: Callable[[float], object] = time.sleep) -> None:
    """Return once it answers. Raises Refused after a minute, and what `pause` raises."""
    give_up, is_told = time.monotonic() + WAIT_SECONDS, False
    while reason := why_absent():
        if time.monotonic() > give_up:
            raise Refused(
                f"The database at {place()} does not answer: {reason}.".replace("..", ".")
            )
        if not is_told:
            say(f"waiting for the database at {place()}, a minute at most ({reason})")
            is_told = True
        pause(LOOK_SECONDS)


def state() -> State:
    """Raises DatabaseError."""
    connection = connections[DEFAULT_DB_ALIAS]
    applied = {*MigrationRecorder(connection).applied_migrations()}
    known = MigrationLoader(None).disk_migrations
    if not applied:
        return State.EMPTY
    if applied - known_names(known):
        return State.NEWER
    replaced = {name for found in known.values() for name in found.replaces}
    return State.OLDER if known.keys() - applied - replaced else State.CURRENT


def known_names(migrations: Any) -> set[tuple[str, str]]:
    """Those on the disk and those that they took the place of."""
    return {*migrations} | {name for found in migrations.values() for name in found.replaces}


def refuse_newer() -> None:
    """Raises Refused where a newer release has been at work, DatabaseError."""
    if state() is State.NEWER:
        raise Refused(NEWER)


@contextlib.contextmanager
def locked(say: Callable[[str], object] = lambda _said: None) -> Iterator[None]:
    """While inside, nobody else on whatever machine makes or changes tables."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor == SQLITE:
        name = Path(str(connection.settings_dict["NAME"]))
        folder = name.parent if name.is_absolute() else settings.STATE_DIR
        with locked_file(folder / "migrate.lock"):
            yield
        return
    fresh = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        fresh.set_autocommit(False)
        with fresh.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL lock_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                say("another part makes the tables, waiting for it")
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield
    finally:
        with contextlib.suppress(DatabaseError):
            fresh.rollback()
        fresh.close()


@contextlib.contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """Hold a file that is made for it and gone afterwards, and with whoever holds it."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(handle).st_ino:
                break
        os.close(handle)  # whoever held it before has removed it
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)
