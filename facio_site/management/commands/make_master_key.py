"""make_master_key: print a fresh master key."""

from typing import Any

from django.core.management.base import BaseCommand

from facio_site.sealing import new_master_key


class Command(BaseCommand):
    help = "Prints a new master key. Put it in front of the others, then run rotate_master_key."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(new_master_key())
