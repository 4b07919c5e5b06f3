"""Routes and providers as the lints see them."""

from __future__ import annotations

from datetime import date
from functools import partial

from routing.rules.codes import Lint
from routing.rules.explain import AUTO, Configured, explain
from routing.rules.lint import ModelFacts, RouteFacts
from routing.rules.lint import lints as all_lints

TODAY = date(2026, 11, 29)
CHAT = ModelFacts(inputs=("text",), outputs=("text",))
lints = partial(all_lints, today=TODAY)


def route(
    model: str, states: list[Configured], provider: str = AUTO, slot: str = "main", sent: str = ""
) -> RouteFacts:
    decision = explain(model, states, provider, is_media=slot in ("image", "video"))
    return RouteFacts(slot=slot, model=model, decision=decision, sent=sent)


def only(found: tuple[Lint, ...]) -> Lint:
    assert len(found) == 1, found
    return found[0]


def keyed(kind: str, base: str = "") -> Configured:
    return Configured(name=kind, has_key=True, api_base=base)
