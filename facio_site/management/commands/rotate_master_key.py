"""rotate_master_key: seal everything again under the newest master key."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from facio_site import keys, sealing
from facio_site.audit import record
from facio_site.commands import Command as OneLine


class Command(OneLine):
    help = (
        "Makes the first of this machine's master keys the site's newest and re-encrypts all "
        "secrets under it; machines without it are locked until they have it. Can be stopped at "
        "any moment and run again. Prints how many rows were sealed again and how many still need "
        "an old key."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--forget-unreadable",
            action="store_true",
            help="give up what no key at hand opens, for when a key is lost; it must be typed "
            "again, and sign-in factors added anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not sealing.own_keys():
            raise CommandError("there is no master key")
        if options["forget_unreadable"]:
            self._forget()
        elif missing := sealing.lacking():
            raise CommandError(
                f"this machine has not master key {', '.join(missing)}, which is in use; "
                "with --forget-unreadable what it has sealed is given up"
            )
        record("keys.rotated", actor=None, result="started")  # else nothing is touched
        counts = keys.rotate()
        kept = counts.left + counts.unreadable
        record("keys.rotated", actor=None, result=f"{counts.done} again, {kept} not")
        self.stdout.write(
            f"sealed again: {counts.done}, under old keys: {counts.left}, "
            f"unreadable: {counts.unreadable}"
        )
        if kept:
            raise CommandError("some rows could not be sealed again; keep the old keys")

    def _forget(self) -> None:
        with transaction.atomic():
            count = keys.forget_unreadable()
            record("keys.forgotten", actor=None, result=str(count))
        self.stdout.write(f"forgotten: {count}")
