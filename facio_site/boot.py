"""What every command may rely on: a state folder, migrated tables, a master key."""

import os
from collections.abc import Sequence
from typing import Any

from django.core.management import call_command, get_commands
from django.db import DEFAULT_DB_ALIAS

from facio_site import keys, schema

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
    "migrate_site",
    "restore",
    "sqlmigrate",
    "test",
    "version",
}
_HELP = {"-h", "--help"}


def prepare(argv: Sequence[str]) -> None:
    """Make the tables before a command that needs them, where there are none yet.

    Raises schema.Refused where they are another version's.
    """
    if not {*argv[1:2]} & get_commands().keys() - _WITHOUT_TABLES or _HELP & {*argv}:
        return
    found = schema.state()
    if found is schema.State.OLDER:  # or somebody is about to make them
        with schema.locked():
            found = schema.state()
    if found is schema.State.EMPTY:
        call_command("migrate", interactive=False, verbosity=0)
    elif found is schema.State.OLDER:
        raise schema.Refused(schema.RUN_MIGRATE)
    elif found is schema.State.NEWER:
        raise schema.Refused(schema.NEWER)


def after_migrate(**kwargs: Any) -> None:
    """Signal receiver: the cache table, and a master key if there is neither key nor sealed row."""
    using = kwargs.get("using", DEFAULT_DB_ALIAS)
    if using != DEFAULT_DB_ALIAS:
        return
    call_command("createcachetable", verbosity=0)
    if schema.state() is not schema.State.CURRENT:  # a part of it was migrated, or taken back
        return
    keys.make_first()
    if os.environ.get("FACIO_SERVING"):  # a step before it may have keys of its own, or none
        keys.settle()
