"""Where the data of the tests lies: SQLite and the embedded broker, or the servers that are given.

DATABASE_URL may name a PostgreSQL; then every state folder that a test makes has a database of its
own there, and the tests' own one is made beside them. REDIS_URL may name a redis-server; then every
broker that a test starts to stop it again is one, too. `tests.settings` hands both on as TEST_...,
because a child process is given others.
"""

import contextlib
import gc
import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connection
from psycopg import sql

from facio_site.run.broker import broker_binary

SERVER = os.environ.get("TEST_DATABASE_URL", "")
REDIS = os.environ.get("TEST_REDIS_URL", "")
IS_POSTGRES = SERVER.startswith("postgres")
IS_ONE_OF_MANY = "PYTEST_XDIST_WORKER" in os.environ  # processes that share the load of one run
_made: list[str] = []


def broker_program() -> str:
    """What to start as a broker that a test may flush, stop and kill."""
    if not REDIS:
        return broker_binary()
    found = shutil.which("redis-server")
    assert found, "REDIS_URL names a redis-server, but none is installed to be stopped by tests"
    return found


def environ(state: Path) -> dict[str, str]:
    """What leads a child process with this state folder to its database."""
    if not IS_POSTGRES:
        return {}
    name = _name(state)
    if name not in _made:
        _administer("CREATE DATABASE {}", name)
        _made.append(name)
    return {"DATABASE_URL": _url(name)}


def wait_for_others() -> None:
    """Until no thread of the tests has a connection any more to their own database, which could
    not be removed else. Says what one asked last that stays."""
    if not IS_POSTGRES:
        return
    gc.collect()  # of threads that have ended
    until = time.monotonic() + 15
    while others := _others():
        assert time.monotonic() < until, others
        time.sleep(0.2)


def _others() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, query FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return list(cursor.fetchall())


def copy(source: Path, target: Path) -> Path:
    """The state folder with its database, which nobody may be using."""
    shutil.copytree(source, target)
    if IS_POSTGRES:
        _administer("CREATE DATABASE {} TEMPLATE {}", _name(target), _name(source))
        _made.append(_name(target))
    return target


def rows(state: Path, query: str, values: Sequence[Any] = ()) -> list[Any]:
    """What a query with `?` for each value finds in the database of a state folder."""
    if IS_POSTGRES:
        with psycopg.connect(environ(state)["DATABASE_URL"]) as server:
            return server.execute(query.replace("?", "%s").encode(), values).fetchall()
    with contextlib.closing(sqlite3.connect(state / "db.sqlite3", timeout=20)) as database:
        return database.execute(query, values).fetchall()


def tables(state: Path) -> list[str]:
    if IS_POSTGRES:
        return [name for (name,) in rows(state, TABLES)]
    if not (state / "db.sqlite3").exists():
        return []
    return [name for (name,) in rows(state, "SELECT name FROM sqlite_master")]


def assert_whole(state: Path) -> None:
    """SQLite can be asked; PostgreSQL holds checksums of its own and every row is read."""
    if IS_POSTGRES:
        assert b"".join(dump(environ(state)["DATABASE_URL"]))
    else:
        assert rows(state, "PRAGMA integrity_check") == [("ok",)]


TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


def dump(url: str) -> Iterator[bytes]:
    """Every row of every table as PostgreSQL writes it out; binary columns are hexadecimal."""
    with psycopg.connect(url) as server:
        names = [name for (name,) in server.execute(TABLES).fetchall()]
        for name in names:
            with server.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(_quoted(name))) as lines:
                yield from (bytes(line) for line in lines)


def databases(own: str) -> list[str]:
    """URLs of all that this run made: the tests' own database, by its name, and the others."""
    return [_url(name) for name in (own, *_made)]


def drop_all() -> None:
    while _made:
        _administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", _made.pop())


def _name(state: Path) -> str:
    digest = hashlib.blake2b(os.fsencode(state.resolve()), digest_size=8).hexdigest()
    return f"facio_state_{digest}"


def _url(name: str) -> str:
    return urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))


def _quoted(name: str) -> sql.Identifier:
    return sql.Identifier(name)


def _administer(text: str, *names: str) -> None:
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(sql.SQL(text).format(*map(_quoted, names)))  # type: ignore[arg-type]
