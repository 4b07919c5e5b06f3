"""What every command may rely on: a state folder, migrated tables, a master key."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from facio_site import private, sealing

# These look after the tables themselves, or need none.
_WITHOUT_TABLES = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "help",
    "make_master_key",
    "makemessages",
    "makemigrations",
    "migrate",
    "restore",
    "runserver",
    "sqlmigrate",
    "test",
    "version",
}


def prepare(argv: Sequence[str]) -> None:
    """Migrate before a command that needs tables, when something is left to migrate."""
    if len(argv) < 2 or argv[1] in _WITHOUT_TABLES or argv[1].startswith("-") or "--help" in argv:
        return
    with _boot_lock():
        connection = connections[DEFAULT_DB_ALIAS]
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)


@contextmanager
def _boot_lock() -> Iterator[None]:
    with (settings.BASE_DIR / "manage.py").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def after_migrate(**kwargs: Any) -> None:
    """Signal receiver: the cache table, and a master key if there is neither key nor sealed row."""
    if kwargs.get("using", DEFAULT_DB_ALIAS) != DEFAULT_DB_ALIAS:
        return
    call_command("createcachetable", verbosity=0)
    make_first_key()


def make_first_key() -> None:
    """Write a new master key file, unless a key or any sealed row exists."""
    if sealing.master_keys() or settings.MASTER_KEYS or sealed_key_ids():
        return
    private.write_new(settings.MASTER_KEY_FILE, sealing.new_master_key() + "\n")


def sealed_key_ids() -> set[str]:
    """Ids of the master keys that anything in the database is sealed under."""
    from facio_site.accounts import mfa
    from facio_site.sealing import rows

    return rows.key_ids() | mfa.key_ids()


def key_fits() -> bool:
    """False when nothing that is stored can be opened by any key at hand: it is a wrong one.

    True without a key (the site starts locked) and while nothing is sealed. Opens nothing: each box
    names its key. Raises sealing.BadMasterKey.
    """
    keys, used = set(sealing.master_keys()), sealed_key_ids()
    return not keys or not used or bool(keys & used)
