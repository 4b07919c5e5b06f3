"""explain_route [MODEL]: which provider would serve it, and why."""

import json
from typing import Any

from django.core.management.base import CommandParser

from facio_site.commands import Command as OneLine
from routing.models import Route, Slot
from routing.pages.facts import doubts
from routing.pages.findings import finding_text
from routing.pages.rows import provider_rows
from routing.pages.wording import considered_words, resolution
from routing.rules.explain import AUTO, explain
from routing.state import configured


class Command(OneLine):
    help = "Says which provider would serve MODEL (or the main route) as things are set, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", nargs="?", metavar="MODEL", help="default: the main route")
        parser.add_argument("--provider", default="", help="auto (default) or a kind")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = provider_rows()
        main = Route.objects.all_slots()[0]
        asked = options["model"] is not None
        model = options["model"] if asked else main.model
        provider = options["provider"] or (AUTO if asked else main.provider)
        route = Route(slot=Slot.MAIN, model=model, provider=provider)
        decision = explain(model, configured(rows.values()), provider)
        found = doubts([(route, decision, rows.get(decision.provider or ""))])
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "provider": decision.provider,
                        "rule": decision.rule.value,
                        "word": decision.word,
                        "findings": [
                            {
                                "slot": lint.slot,
                                "code": lint.code.value,
                                "text": finding_text(lint),
                            }
                            for lint in found
                        ],
                        "considered": [
                            {"kind": c.kind, "verdict": c.verdict.value, **c.params}
                            for c in decision.considered
                        ],
                    },
                    indent=2,
                    ensure_ascii=False,
                )
            )
            return
        self.stdout.write(resolution(route, decision))
        for one in decision.considered:
            self.stdout.write(f"  {one.kind:<22}{considered_words(one)}")
