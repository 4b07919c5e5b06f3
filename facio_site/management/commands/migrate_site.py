"""migrate_site: the step before a start, alone."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError

from facio_site import schema
from facio_site.commands import Command as OneLine


class Command(OneLine):
    help = (
        "Waits for the database, a minute at most, and makes its tables this version's; whoever "
        "else is at it is waited for. Makes what a start needs beside them: the cache table, and a "
        "master key where neither this machine nor the site has one."
    )
    requires_system_checks = []  # they look into the database, which is waited for first

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            schema.wait(lambda said: self.stderr.write(f"facio: {said}"))
        except schema.Refused as refusal:
            raise CommandError(str(refusal)) from None
        self.check()
        call_command("migrate", interactive=False, verbosity=0, skip_checks=False)
