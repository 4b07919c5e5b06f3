"""prune: remove what has outlived its time, as the worker does every hour."""

from typing import Any

from django.core.management.base import CommandParser

from facio_site import history
from facio_site.commands import Command as OneLine


class Command(OneLine):
    help = (
        "Removes old jobs (KEEP_JOBS_DAYS, KEEP_JOBS_PER_PROVIDER), expired sessions, links and "
        "counters, what old versions hold, and old health, outages, alerts and counts of paid "
        "calls. Audit entries stay. Prints one line a kind."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *args: Any, **options: Any) -> None:
        found = history.counts() if options["dry_run"] else history.prune()
        for name, count in found.items():
            self.stdout.write(f"{name}: {count}")
