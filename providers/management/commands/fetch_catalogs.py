"""fetch_catalogs [KIND ...]: the model lists, in this process."""

import json
import sys
from typing import Any

from django.core.management.base import CommandParser

from facio_site.commands import Command as OneLine
from providers.management.run import chosen, run
from providers.models import CatalogEntry, Task
from providers.spec.outcomes import Outcome
from providers.wording import sentence
from providers.work.tasks import refresh_catalog


class Command(OneLine):
    help = "Fetches the model lists of the named (or all configured) providers side by side."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kinds", nargs="*", metavar="KIND")
        parser.add_argument("--json", action="store_true", help="print a JSON array")

    def handle(self, *args: Any, **options: Any) -> None:
        finished = run(chosen(options["kinds"]), Task.FETCH, refresh_catalog)
        rows = []
        for job in finished:
            entries = CatalogEntry.objects.filter(provider_id=job.provider_id).present()
            is_ok = job.outcome == Outcome.OK
            models = list(entries.values_list("model_id", flat=True)) if is_ok else []
            rows.append(
                {
                    "kind": job.provider.kind,
                    "outcome": job.outcome,
                    "count": len(models),
                    "models": models,
                }
            )
            if not options["json"]:
                why = sentence(job.outcome, job.detail, job.params, job.provider.spec)
                said = f"{len(models)} models" if is_ok else why
                self.stdout.write(f"{job.provider.kind:<22}{job.outcome:<22}{said}")
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False))
        if any(row["outcome"] != Outcome.OK for row in rows):
            sys.exit(1)
