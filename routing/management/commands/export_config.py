"""export_config PATH: write config.json."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from facio_site.audit import record
from facio_site.commands import Command as OneLine
from routing.agents.replacing import write_new
from routing.config.export import Mode
from routing.pages.file_words import FAULTS, fault_words
from routing.state import export


class Command(OneLine):
    help = (
        "Writes config.json to PATH (- = stdout). A new file gets mode 0600, one that is there "
        "keeps owner, group, mode and access list, or nothing is written; it is never torn."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="PATH")
        parser.add_argument(
            "--secrets",
            choices=[mode.value for mode in Mode],
            default=Mode.ENV.value,
            help="env: ${NAME} for providers' secrets, everything else as imported (default); "
            "keys: real values; redacted: ***, without what is not set here",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        mode, path = Mode(options["secrets"]), options["path"]
        try:
            written = export(mode)
            with transaction.atomic():  # without its audit row no file is written
                record("config.exported", actor=None, target=path[:200], result=mode.value)
                if path != "-":
                    write_new(Path(path), written.text, may_hold_secrets=written.may_hold_secrets)
        except FAULTS as error:
            raise CommandError(fault_words(error)) from None
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None
        if path == "-":
            self.stdout.write(written.text, ending="")
