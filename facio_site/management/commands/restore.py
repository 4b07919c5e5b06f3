"""restore PATH: a backup in the place of the database."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from facio_site import schema, sealing
from facio_site.backup import Refused, restore
from facio_site.commands import Command as OneLine
from facio_site.keys import fits


class Command(OneLine):
    help = (
        "Puts the backup at PATH in the place of the database; the old one stays beside it. "
        "The site must be stopped. Everybody signs in again afterwards. SQLite only."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="PATH", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            kept = restore(options["path"].absolute())
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"Restored {options['path']}.")
        if kept:
            self.stdout.write(f"The database from before is {kept}.")
        _record(options["path"].name)
        if schema.state() is schema.State.OLDER:
            self.stdout.write("It is of an older release: the next start migrates it.")
        elif sealing.lacking() or not fits():
            self.stderr.write("This machine lacks the master key of this backup: bring it along.")


def _record(name: str) -> None:
    """An audit entry in the table as it is, which may be older than the model."""
    loader = MigrationLoader(connection)
    newest = max(key for key in loader.applied_migrations if key[0] == "audit")
    entry = loader.project_state(newest).apps.get_model("audit", "AuditEntry")
    entry.objects.create(action="database.restored", target=name[:200])
