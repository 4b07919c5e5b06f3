"""backup PATH: the database as one file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from facio_site.backup import Refused, write_backup
from facio_site.commands import Command as OneLine


class Command(OneLine):
    help = (
        "Writes a copy of the database to PATH (new, mode 0600) while the site may go on running. "
        "Stored secrets stay sealed in it; the master key is not in it and belongs elsewhere. "
        "Sessions are left out. SQLite only: PostgreSQL has pg_dump."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="PATH", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            size = write_backup(options["path"].absolute())
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{options['path']}: {size} bytes. The master key is not in it.")
