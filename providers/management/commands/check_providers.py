"""check_providers [NAME ...] [--model MODEL ...]: the live test, in this process."""

from typing import Any

from django.core.management.base import CommandParser

from facio_site.commands import Command as OneLine
from facio_site.commands import UsageError
from providers.management.run import as_row, chosen, run, tell
from providers.models import Task
from providers.spec.limits import MODEL_LENGTH
from providers.work.tasks import check_provider


class Command(OneLine):
    help = "Tests the named (or all configured) providers side by side. Exit 1 unless all are ok."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME")
        parser.add_argument(
            "--model",
            nargs="+",
            action="extend",
            default=[],
            dest="models",
            metavar="MODEL",
            help="ask these models as well; each answer goes into the outcome",
        )
        parser.add_argument("--json", action="store_true", help="print a JSON array")

    def handle(self, *args: Any, **options: Any) -> None:
        models = [name.strip() for name in options["models"]]
        if not all(0 < len(name) <= MODEL_LENGTH and "\0" not in name for name in models):
            raise UsageError(f"a model's name has 1 to {MODEL_LENGTH} characters")
        finished = run(chosen(options["names"]), Task.CHECK, check_provider, models)
        rows = [as_row(job) for job in finished]
        tell(self, rows, as_json=options["json"])
