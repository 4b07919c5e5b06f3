"""explain_route MODEL: which provider would serve it, and why."""

import json
from typing import Any

from django.core.management.base import CommandParser

from facio_site.commands import Command as OneLine
from routing.models import Route
from routing.pages.wording import considered_words, resolution
from routing.rules.explain import AUTO, explain
from routing.state import configured


class Command(OneLine):
    help = "Says which provider would serve MODEL with the settings as they are, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", metavar="MODEL")
        parser.add_argument("--provider", default=AUTO, help="auto (default) or a kind")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        model, provider = options["model"], options["provider"]
        decision = explain(model, configured(), provider)
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "provider": decision.provider,
                        "rule": decision.rule.value,
                        "word": decision.word,
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
        self.stdout.write(resolution(Route(model=model, provider=provider), decision))
        for one in decision.considered:
            self.stdout.write(f"  {one.kind:<22}{considered_words(one)}")
