"""test_route SLOT: the smallest real call to what a route resolves to, in this process."""

import json
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from facio_site.commands import Command as OneLine
from facio_site.commands import UsageError
from providers.management.run import as_row, run, tell_keys
from providers.models import Task
from providers.spec.outcomes import Outcome
from providers.wording import sentence
from providers.work.tasks import check_provider
from routing.models import Slot
from routing.pages.rows import route_rows
from routing.pages.wording import provider_status

NOT_ASKED = "The model was not asked: a real call would bill an image or a video."


class Command(OneLine):
    help = (
        "Asks the model of a route at the provider that it resolves to. Exit 1 unless answered: "
        "that of image or video never is, because it would be billed, so only the key is tested."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slot", metavar="SLOT", help=", ".join(Slot.values))
        parser.add_argument("--json", action="store_true", help="print a JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        slot = options["slot"]
        if slot not in Slot.values:
            raise UsageError(f"unknown route: {slot}")
        row = next(row for row in route_rows() if row.route.slot == slot)
        if row.decision is None:
            raise CommandError(f"{slot} is not set: it follows main")
        if row.provider is None or not row.can_test:
            raise CommandError(f"{slot}: {row.words} Nothing can be called from here.")
        [job] = run([row.provider], Task.CHECK, check_provider, row.tried_names)
        told = {**as_row(job), "slot": slot, "model": row.model}
        if (own := job.for_agent(row.model, sees=row.sees))[0]:
            params = {**job.rung_of(row.model).get("params", {}), "model": row.model}
            message = sentence(*own, params, row.provider.spec)
            told |= {"outcome": str(own[0]), "detail": own[1], "message": message}
        elif row.route.is_media:
            told["outcome"] = provider_status(job.outcome, job.key_state)
            if job.outcome == Outcome.OK:
                told["message"] += f" {NOT_ASKED}"
        told["provider"] = row.provider.name
        tell_keys(self)
        told["asked"] = bool(job.rung_of(row.model))
        if options["json"]:
            self.stdout.write(json.dumps(told, indent=2, ensure_ascii=False))
        else:
            self.stdout.write(f"{told['provider']:<22}{told['outcome']:<22}{told['message']}")
        if told["outcome"] != Outcome.OK:
            sys.exit(1)
