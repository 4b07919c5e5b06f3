"""Decisions in words, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from providers.registry import KINDS
from routing.drill import Moved
from routing.models import Route
from routing.rules import Considered, Decision, Rule, Why


def resolution(route: Route, decision: Decision | None) -> str:
    """One sentence: who serves this route and by which rule."""
    if decision is None:
        return _("As main.")
    spec = KINDS.get(decision.provider or "")
    name = spec.label if spec else decision.provider or ""
    values = {"name": name, "word": decision.word, "provider": route.provider}
    if decision.rule is Rule.NO_MODEL:
        return _("No model set: the agent uses its own default.")
    return _RULES[decision.rule]() % values


_RULES = {
    Rule.FORCED: lambda: _("%(name)s, because it is chosen here."),
    Rule.PREFIX: lambda: _('%(name)s, because the model name starts with "%(word)s/".'),
    Rule.KEYWORD: lambda: _('%(name)s, because the model name contains "%(word)s".'),
    Rule.LOCAL_FALLBACK: lambda: _("%(name)s: a local server takes a plain name."),
    Rule.GATEWAY_FALLBACK: lambda: _(
        "%(name)s, by fallback: nobody chose it, and it would be billed."
    ),
    Rule.KEY_FALLBACK: lambda: _("%(name)s, by fallback: the first provider that has a key."),
    Rule.CUSTOM_FALLBACK: lambda: _("%(name)s, by fallback: it has an API base."),
    Rule.OUTSIDE: lambda: _("%(provider)s, a media service that the agent knows itself."),
    Rule.AGENT_DECIDES: lambda: _("The agent decides: no provider is chosen for media."),
    Rule.OAUTH_NEEDS_CHOICE: lambda: _(
        "No provider would serve it: a sign-in provider must be chosen by name."
    ),
    Rule.UNKNOWN_PROVIDER: lambda: _('No provider would serve it: "%(provider)s" is unknown.'),
    Rule.NONE: lambda: _("No provider would serve it."),
}


def considered_words(one: Considered) -> str:
    """Why one provider got the model, or lost it, in a few words."""
    names = {key: KINDS[kind].label for key, kind in one.params.items() if kind in KINDS}
    return _WHY[one.verdict]() % _Lenient({**one.params, **names})


@dataclass(frozen=True, slots=True)
class ShownConsidered:
    """One provider of the considered list."""

    kind: str
    label: str
    text: str
    is_chosen: bool


def shown_considered(decision: Decision) -> list[ShownConsidered]:
    """Every provider that was considered, the chosen one first."""
    rows = [
        ShownConsidered(
            kind=one.kind,
            label=KINDS[one.kind].label if one.kind in KINDS else one.kind,
            text=considered_words(one),
            is_chosen=one.verdict is Why.CHOSEN,
        )
        for one in decision.considered
    ]
    return sorted(rows, key=lambda row: not row.is_chosen)


def drill_words(moved: Moved) -> str:
    """What happens to one route when a provider is gone."""
    before, after = (
        KINDS[d.provider].label if d.provider in KINDS else str(d.provider or "")
        for d in (moved.before, moved.after)
    )
    return {
        "idle": _("no provider serves it now either"),
        "stays": _("stays with %(before)s"),
        "moves": _("moves from %(before)s to %(after)s"),
        "stops": _("stops: only %(before)s serves it"),
    }[moved.verdict] % {"before": before, "after": after}


class _Lenient(dict[str, str]):
    """Parameters of a verdict; a missing one reads as nothing."""

    def __missing__(self, key: str) -> str:
        return ""


_WHY = {
    Why.CHOSEN: lambda: _("chosen"),
    Why.OVERRULED: lambda: _("another provider is forced"),
    Why.NO_KEY: lambda: _("no key"),
    Why.NO_BASE: lambda: _("no API base"),
    Why.FOREIGN_PREFIX: lambda: _('the name starts with another provider\'s prefix "%(prefix)s"'),
    Why.LOCAL_FIRST: lambda: _('a local server goes first for "%(word)s"'),
    Why.NEEDS_CHOICE: lambda: _("must be chosen by name"),
    Why.OUTRANKED: lambda: _("%(winner)s goes first"),
    Why.NOT_NAMED: lambda: _("nothing in the name points to it"),
}
