"""rotate_master_key: seal everything again under the newest master key."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from facio_site import sealing
from facio_site.accounts import mfa
from facio_site.audit import record
from facio_site.commands import Command as OneLine
from facio_site.sealing import rows


class Command(OneLine):
    help = (
        "Re-encrypts all secrets under the newest master key. Can be stopped at any moment and "
        "run again. Prints how many rows were sealed again and how many still need an old key."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--forget-unreadable",
            action="store_true",
            help="give up what no key at hand opens, for when a key is lost; it must be typed "
            "again, and sign-in factors added anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not sealing.master_keys():
            raise CommandError("there is no master key")
        if options["forget_unreadable"]:
            self._forget()
        record("keys.rotated", actor=None, result="started")  # else nothing is touched
        counts = [rows.rotate(), mfa.rotate()]
        done, left, unreadable = (sum(column) for column in zip(*counts, strict=True))
        record("keys.rotated", actor=None, result=f"{done} again, {left + unreadable} not")
        self.stdout.write(f"sealed again: {done}, under old keys: {left}, unreadable: {unreadable}")
        if left or unreadable:
            raise CommandError("some rows could not be sealed again; keep the old keys")

    def _forget(self) -> None:
        with transaction.atomic():
            count = rows.forget_unreadable() + mfa.forget_unreadable()
            record("keys.forgotten", actor=None, result=str(count))
        self.stdout.write(f"forgotten: {count}")
