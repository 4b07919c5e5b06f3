"""check_providers [KIND ...]: the live test, in this process."""

import json
import sys
from typing import Any

from django.core.management.base import CommandParser

from facio_site.commands import Command as OneLine
from providers.management.run import chosen, run
from providers.models import Task
from providers.spec.outcomes import Outcome
from providers.wording import sentence
from providers.work.tasks import check_provider


class Command(OneLine):
    help = "Tests the named (or all configured) providers side by side. Exit 1 unless all are ok."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kinds", nargs="*", metavar="KIND")
        parser.add_argument("--json", action="store_true", help="print a JSON array")

    def handle(self, *args: Any, **options: Any) -> None:
        finished = run(chosen(options["kinds"]), Task.CHECK, check_provider)
        rows = [
            {
                "kind": job.provider.kind,
                "outcome": job.outcome,
                "key_state": job.key_state,
                "http_status": job.http_status,
                "ms": job.ms,
                "message": sentence(job.outcome, job.detail, job.params, job.provider.spec),
            }
            for job in finished
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False))
        else:
            for row in rows:
                self.stdout.write(f"{row['kind']:<22}{row['outcome']:<22}{row['message']}")
        if any(row["outcome"] != Outcome.OK for row in rows):
            sys.exit(1)
