"""explain_route [MODEL]: which provider would serve it, and why."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import CommandParser

from facio_site.commands import Command as OneLine
from routing.config.agent import decide, kind_named
from routing.models import Slot
from routing.pages.findings import finding_text
from routing.pages.rows import provider_rows
from routing.pages.wording import ranking, resolution
from routing.rules.codes import Lint
from routing.rules.explain import AUTO, Decision, explain
from routing.state import agent_view
from routing.state.facts import Resolved, look


class Command(OneLine):
    help = "Says which provider would serve MODEL (or the main route) as things are set, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", nargs="?", metavar="MODEL", help="default: the main route")
        parser.add_argument("--provider", help="auto (default) or a name")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = provider_rows()
        view = agent_view(rows.values())
        stored = view.asked(Slot.MAIN)
        asked = options["model"] is not None
        model = options["model"] if asked else stored[0]
        provider = options["provider"]
        if provider is None:
            provider = AUTO if asked else stored[1]
        main = None if asked or options["provider"] is not None else decide(Slot.MAIN, view)
        decision = main or explain(model, view.providers, provider)
        preset = view.preset if main and view.has_preset else ""
        routes = [Resolved(Slot.MAIN, model, decision, rows.get(decision.provider or ""))]
        if not asked:  # what else is set has a say in what is doubtful about main
            routes += [
                Resolved(slot, view.asked(slot)[0], decide(slot, view), None)
                for slot in Slot
                if slot != Slot.MAIN
            ]
        found = [one for one in look(routes, view).lints if one.slot == Slot.MAIN]
        if options["json"]:
            told = json.dumps(_as_json(decision, found), indent=2, ensure_ascii=False)
            self.stdout.write(told)
            return
        for line in _lines(decision, found, resolution(decision, model=model, preset=preset)):
            self.stdout.write(line)


def _as_json(decision: Decision, found: Iterable[Lint]) -> dict[str, Any]:
    return {
        "provider": decision.provider,
        "rule": decision.rule.value,
        "word": decision.word,
        "otherwise": decision.otherwise,
        "findings": [
            {"slot": lint.slot, "code": lint.code.value, "text": finding_text(lint)}
            for lint in found
        ],
        "considered": [
            {
                "kind": kind_named(one.name),
                "name": one.name,
                "verdict": one.verdict.value,
                "rank": one.rank,
                **one.params,
            }
            for one in decision.considered
        ],
    }


def _lines(decision: Decision, found: Iterable[Lint], answer: str) -> Iterator[str]:
    """The answer, the ranking, then those that never take it, and what is doubtful."""
    yield answer
    shown = ranking(decision)
    if shown.otherwise:
        yield shown.otherwise
    for one in shown.takers:
        yield f"  {one.rank:>2}. {one.label:<22}{one.text}"
    for one in shown.never:
        yield f"   -  {one.label:<22}{one.text}"
    for lint in found:
        yield f"! {finding_text(lint)}"
