"""A copy of the database as one file, and the way back. SQLite only; the master key is never in it.

PostgreSQL has pg_dump for this, which the commands say. What would let a reader of the copy in
(sessions, cached limits) is left out, so after a restore everybody signs in again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.migrations.loader import MigrationLoader

from facio_site import private
from facio_site.schema import known_names

# Rows that are worth something to a thief, and nothing after a restore.
LEFT_OUT = ("django_session", "usersessions_usersession", "cache")


class Refused(Exception):
    """Nothing was changed; the text says why, in one sentence."""


def write_backup(path: Path) -> int:
    """Write the copy, mode 0600, while the site may go on; returns its size. Raises Refused."""
    _only_sqlite("pg_dump --format=custom")
    if path.exists() or path.is_symlink():
        raise Refused(f"{path} is there already; a backup replaces nothing.")
    with _beside(path) as temp:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(temp)])
        with contextlib.closing(sqlite3.connect(temp, isolation_level=None)) as copy:
            copy.execute("PRAGMA secure_delete = ON")
            for table in LEFT_OUT:
                copy.execute(f'DELETE FROM "{table}"')  # our own names  # noqa: S608  # nosec B608
            copy.execute("VACUUM")
        _examine(temp)
        _put(temp, path)
    return path.stat().st_size


def restore(path: Path) -> Path | None:
    """Put a copy in the place of the database; returns where the old one went, None without one.

    The site must not run. Raises Refused.
    """
    _only_sqlite("pg_restore --clean")
    database = Path(connections.databases[DEFAULT_DB_ALIAS]["NAME"])
    with _site_stopped(), _opened(path) as given, _beside(database) as temp:
        _copy(given, temp)
        _examine(temp)
        connection.close()
        kept = _set_aside(database)
        _put(temp, database)
    return kept


def _only_sqlite(instead: str) -> None:
    if connection.vendor != "sqlite":
        raise Refused(f"This is for SQLite; for DATABASE_URL use {instead} of PostgreSQL.")


@contextlib.contextmanager
def _site_stopped() -> Iterator[None]:
    """Hold what the parent process of a running site holds: its lock on the state folder."""
    folder = os.open(settings.STATE_DIR, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Refused("The site is running: stop it first.") from None
    finally:
        os.close(folder)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """An empty private file in the same folder; gone afterwards unless it was renamed."""
    temp = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        os.close(private.create(temp))
        yield temp
    except FileExistsError:
        raise Refused(f"{temp} is in the way: remove it.") from None
    except OSError as error:
        raise Refused(f"{path} can't be written: {os.strerror(error.errno or 0)}.") from None
    finally:
        temp.unlink(missing_ok=True)


def _opened(path: Path) -> BinaryIO:
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise Refused(f"{path} is no file.")
        return path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from None


def _copy(given: BinaryIO, target: Path) -> None:
    with target.open("wb") as taken:
        while piece := _read(given):
            taken.write(piece)


def _read(given: BinaryIO) -> bytes:
    try:
        return given.read(1 << 20)
    except OSError as error:
        raise _unreadable(given.name, error) from None


def _unreadable(path: Path | str, error: OSError) -> Refused:
    return Refused(f"{path} can't be read: {os.strerror(error.errno or 0)}.")


def _examine(path: Path) -> None:
    """Raises Refused unless it is a whole database of this site, and not of a newer release."""
    known = known_names(MigrationLoader(None).disk_migrations)
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as copy:
            [(verdict,)] = copy.execute("PRAGMA integrity_check(1)").fetchall()
            applied = set(copy.execute("SELECT app, name FROM django_migrations"))
    except (sqlite3.Error, ValueError):
        raise Refused("That file is no backup of this site.") from None
    if verdict != "ok":
        raise Refused("That backup is damaged.")
    if ("providers", "0001_initial") not in applied:
        raise Refused("That file is no backup of this site.")
    if applied - known:
        raise Refused("That backup is of a newer release: install that first.")


def _set_aside(database: Path) -> Path | None:
    """A second name for the present database, which it keeps when the first one is taken over."""
    if not database.exists():
        return None
    with (
        contextlib.suppress(sqlite3.Error),  # a damaged one is what restores are for
        contextlib.closing(sqlite3.connect(database)) as old,
    ):
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    kept = database.with_name(f"{database.name}.before-{moment}")
    os.link(database, kept)
    for suffix in ("-wal", "-shm"):
        beside = database.with_name(database.name + suffix)
        if beside.exists():
            beside.rename(kept.with_name(kept.name + suffix))
    return kept


def _put(temp: Path, path: Path) -> None:
    """The finished file under its name, on the disk before this returns."""
    for target, flags in ((temp, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        handle = os.open(target, flags)
        try:
            os.fsync(handle)
            if target == temp:
                temp.replace(path)
        finally:
            os.close(handle)
