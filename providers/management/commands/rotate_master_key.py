"""rotate_master_key: seal everything again under the newest master key."""

from typing import Any

from django.core.management.base import CommandError

from facio_site import sealing
from facio_site.accounts import factors
from facio_site.commands import Command as OneLine
from facio_site.sealed import rotate


class Command(OneLine):
    help = (
        "Re-encrypts all secrets under the newest master key. Can be stopped at any moment and "
        "run again. Prints how many rows were sealed again and how many still need an old key."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = [rotate(), factors.rotate()]
        except sealing.KeyMissing:
            raise CommandError("there is no master key") from None
        done, left, unreadable = (sum(column) for column in zip(*counts, strict=True))
        self.stdout.write(f"sealed again: {done}, under old keys: {left}, unreadable: {unreadable}")
        if left or unreadable:
            raise CommandError("some rows could not be sealed again; keep the old keys")
