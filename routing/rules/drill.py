"""Failure drill: what each route would resolve to with one provider gone, on paper. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from routing.rules.explain import AGENT_TELLS, AUTO, Configured, Decision, explain
from routing.rules.refusals import refusals
from routing.rules.standing import is_served


@dataclass(frozen=True, slots=True)
class Asked:
    """One route as it is set. An override that is not set stands for main's values."""

    slot: str
    model: str
    provider: str = AUTO
    is_media: bool = False
    fallbacks: Sequence[tuple[str, str]] = ()  # models and providers that the agent tries next


@dataclass(frozen=True, slots=True)
class Moved:
    slot: str
    before: Decision
    after: Decision
    there: Collection[str]  # names of the providers that are set up; none else serves anything
    fallbacks: Sequence[tuple[str, str]] = ()  # models that are left; "" = nobody knows by whom

    @property
    def verdict(self) -> str:
        """stays, moves, stops, falls (to `fallbacks`), agent (which alone can tell) or idle
        (nothing served it before)."""
        if self.after.rule in AGENT_TELLS:
            return "agent"
        if not self._is_served(self.before):
            return "idle"
        if not self._is_served(self.after):
            return "falls" if self.fallbacks else "stops"
        return "stays" if self.after.provider == self.before.provider else "moves"

    def _is_served(self, decision: Decision) -> bool:
        return is_served(decision, is_there=decision.provider in self.there)


def drill(
    routes: Iterable[Asked],
    states: Sequence[Configured],
    without: str,
    set_up: Collection[str] = (),
) -> list[Moved]:
    """`set_up` are names of providers that serve without an entry of config.json.

    Nothing is sent. A route that forces the missing provider stops: a forced name stays even
    where it has no key, and the call then fails. A provider that the agent refuses to make serves
    nothing."""
    left = [state for state in states if state.name != without]
    there = {*set_up, *(state.name for state in states)}
    there -= {state.name for state in states if refusals(state)}
    moved = []
    for route in routes:
        before = explain(route.model, states, route.provider, is_media=route.is_media)
        after = explain(route.model, left, route.provider, is_media=route.is_media)
        if after.provider == without:
            after = Decision(provider=None, rule=after.rule, word=after.word)
        others = ((model, explain(model, left, name)) for model, name in route.fallbacks)
        fallbacks = [
            (model, found.provider or "")
            for model, found in others
            if found.provider != without and is_served(found, is_there=found.provider in there)
        ]
        moved.append(Moved(route.slot, before, after, there, fallbacks))
    return moved
