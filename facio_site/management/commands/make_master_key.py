"""make_master_key: print a fresh master key."""

from typing import Any

from facio_site.commands import Command as OneLine
from facio_site.sealing import new_master_key


class Command(OneLine):
    help = "Prints a new master key. Put it in front of the others, then run rotate_master_key."
    requires_system_checks = []  # the file that this key is to go into may be there, and empty

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(new_master_key())
