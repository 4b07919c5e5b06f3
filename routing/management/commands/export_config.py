"""export_config PATH: write config.json."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from facio_site import sealing
from facio_site.audit import record
from routing.export import Mode
from routing.livefile import BadTarget, write_new
from routing.state import export


class Command(BaseCommand):
    help = "Writes config.json to PATH (- = stdout). The file gets mode 0600 and is never torn."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="PATH")
        parser.add_argument(
            "--secrets",
            choices=[mode.value for mode in Mode],
            default=Mode.ENV.value,
            help="env: ${NAME} references (default); keys: real values; redacted: ***",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        mode = Mode(options["secrets"])
        try:
            text = export(mode).text
        except sealing.KeyMissing:
            raise CommandError("there is no master key: stored secrets can't be opened") from None
        except sealing.Unreadable:
            raise CommandError("the imported document does not open with this key") from None
        if options["path"] == "-":
            self.stdout.write(text, ending="")
        else:
            try:
                write_new(Path(options["path"]), text)
            except (BadTarget, OSError) as error:
                raise CommandError(_said(error)) from None
        record("config.exported", actor=None, target=options["path"][:200], result=mode.value)


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)
