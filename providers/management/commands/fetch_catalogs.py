"""fetch_catalogs [KIND ...]: the model lists, in this process."""

from typing import Any

from django.core.management.base import CommandParser

from facio_site.commands import Command as OneLine
from providers.management.run import chosen, run, tell
from providers.models import CatalogEntry, Job, Task
from providers.spec.outcomes import Outcome
from providers.wording import sentence
from providers.work.tasks import refresh_catalog


class Command(OneLine):
    help = "Fetches the model lists of the named (or all configured) providers side by side."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME")
        parser.add_argument("--json", action="store_true", help="print a JSON array")

    def handle(self, *args: Any, **options: Any) -> None:
        finished = run(chosen(options["names"]), Task.FETCH, refresh_catalog)
        rows = [_row(job) for job in finished]
        tell(self, rows, as_json=options["json"])


def _row(job: Job) -> dict[str, Any]:
    """How one fetch ended; the ids are those that are stored now."""
    params, models = job.params, list[str]()
    if job.outcome == Outcome.OK:
        entries = CatalogEntry.objects.filter(provider_id=job.provider_id).present()
        models = list(entries.values_list("model_id", flat=True))
    return {
        "kind": job.provider.kind,
        "name": job.provider.name,
        "outcome": job.outcome,
        "detail": job.detail,
        "count": len(models),
        "dropped": params.get("dropped", 0),
        "models": models,
        "message": sentence(job.outcome, job.detail, params, job.provider.spec),
        "quote": params.get("quote", ""),
        "suggested_base": params.get("base", ""),
    }
