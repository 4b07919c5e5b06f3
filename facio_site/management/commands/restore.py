"""restore PATH: a backup in the place of the database."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser

from facio_site.audit import record
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
        call_command("migrate", interactive=False, verbosity=0)
        record("database.restored", actor=None, target=options["path"].name)
        if not fits():
            self.stderr.write("The master key at hand is not the one of this backup.")
