"""Words for what rules decide. Translated where shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from providers.kinds import KINDS
from providers.models import Provider
from providers.spec.outcomes import KeyState, Outcome
from routing.rules.codes import Code
from routing.rules.explain import Considered, Decision, Rule, Why
from routing.rules.order import FACTS


@dataclass(frozen=True, slots=True)
class Served:
    """A provider on a page. `link` is "" where it has no page of its own."""

    name: str
    label: str
    link: str
    is_oauth: bool = False


def served(name: str, row: Provider | None = None) -> Served:
    """By its name in config.json; `row` is what is set up here under it."""
    if row is None and name not in KINDS:  # the agent's own, or only in the file
        is_oauth = name in FACTS and FACTS[name].is_oauth
        return Served(name, provider_label(name), "", is_oauth)
    spec = row.spec if row else KINDS[name]
    link = reverse("providers:detail", args=[name])
    return Served(name, spec.label, link, spec.is_oauth)


def provider_label(name: str) -> str:
    """What a provider is called; names that are no kind here stay as they stand, with their place
    in config.json where a kind is called so."""
    if name in KINDS:
        return KINDS[name].label
    is_taken = any(name.lower() == spec.label.lower() for spec in KINDS.values())
    return f"providers.{name}" if is_taken else name


def resolution(decision: Decision | None, *, model: str = "", preset: str = "") -> str:
    """One sentence: who serves this route and by which rule; of a model that a preset gives, one
    more before it."""
    if preset:
        values = {"model": model, "preset": preset, "words": resolution(decision)}
        return _('%(model)s by the preset "%(preset)s". %(words)s') % values
    if decision is None:
        return _("As main.")
    if decision.rule is Rule.NO_MODEL:
        return _("No model set: the agent uses its own default.")
    if decision.rule is Rule.UNKNOWN_PROVIDER and not decision.word:
        return _(
            'No provider would serve it: an empty text names nobody. Only "auto" is automatic.'
        )
    values = {"name": provider_label(decision.provider or ""), "word": decision.word}
    return _RULES[decision.rule]() % values


def off_words(lacking: Code) -> str:
    """What stands at a route that is not set and that the main model cannot do."""
    return str(_OFF[lacking])


_OFF: Mapping[Code, Any] = {
    Code.NO_IMAGE_INPUT: gettext_lazy("Off: the main model takes no images."),
    Code.NO_IMAGE_OUTPUT: gettext_lazy("Off: the main model makes no images."),
    Code.NO_VIDEO_OUTPUT: gettext_lazy("Off: the main model makes no videos."),
    Code.NO_TEXT_OUTPUT: gettext_lazy("Off: the main model answers with no text."),
}


def provider_status(outcome: str, key_state: str) -> str:
    """The word for a pill of a provider's test beside a route, whose model it did not ask.

    It never says that the route works. `outcome` "" = not tested.
    """
    if outcome != Outcome.OK:
        return outcome or "never"
    return "answers" if key_state in (KeyState.NOT_NEEDED, KeyState.UNKNOWN) else "key_ok"


_RULES = {
    Rule.FORCED: lambda: _("%(name)s, because it is chosen here."),
    Rule.PREFIX: lambda: _('%(name)s, because the model name starts with "%(word)s/".'),
    Rule.KEYWORD: lambda: _('%(name)s, because the model name contains "%(word)s".'),
    Rule.LOCAL_FALLBACK: lambda: _(
        "%(name)s: a local server takes a name that points to no provider."
    ),
    Rule.GATEWAY_FALLBACK: lambda: _(
        "%(name)s, by fallback: nobody chose it, and it would be billed."
    ),
    Rule.KEY_FALLBACK: lambda: _("%(name)s, by fallback: the first provider that has a key."),
    Rule.CUSTOM_FALLBACK: lambda: _("%(name)s, by fallback: it has an API base."),
    Rule.OUTSIDE: lambda: _("%(word)s, a media service that the agent knows itself."),
    Rule.VARIABLE: lambda: _("It depends on the variable %(word)s: only the agent can tell."),
    Rule.AGENT_DECIDES: lambda: _("The agent decides: no provider is chosen for media."),
    Rule.MEDIA_UNKNOWN: lambda: _('"%(word)s" is not known here: only the agent can tell.'),
    Rule.EMPTY_MODEL: lambda: _(
        "The model is an empty text: the agent takes that as the model's name."
    ),
    Rule.OAUTH_NEEDS_CHOICE: lambda: _(
        "No provider would serve it: a sign-in provider must be chosen by name."
    ),
    Rule.UNKNOWN_PROVIDER: lambda: _('No provider would serve it: "%(word)s" is unknown.'),
    Rule.NONE: lambda: _("No provider would serve it."),
}


def considered_words(one: Considered) -> str:
    """Why one provider got the model, or lost it, in a few words."""
    values = {**one.params, "prefix": one.params.get("prefix", "")}
    if one.rank and one.verdict in (Why.CHOSEN, Why.OUTRANKED, Why.OVERRULED):
        reason = _REASONS.get(Rule(one.params["rule"])) if "rule" in one.params else None
        return reason() % values if reason else _WHY[one.verdict]()
    return _WHY[one.verdict]() % values


_REASONS = {
    Rule.PREFIX: lambda: _('the model name starts with "%(word)s/"'),
    Rule.KEYWORD: lambda: _('the model name contains "%(word)s"'),
    Rule.LOCAL_FALLBACK: lambda: _("a local server takes a name that points to no provider"),
    Rule.GATEWAY_FALLBACK: lambda: _("by fallback: a gateway that has a key"),
    Rule.KEY_FALLBACK: lambda: _("by fallback: it has a key"),
    Rule.CUSTOM_FALLBACK: lambda: _("by fallback: it has an API base"),
}


@dataclass(frozen=True, slots=True)
class ShownConsidered:
    """One provider of a ranking; `rank` 0 = it never takes the model."""

    rank: int
    label: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Ranking:
    """In the order in which the agent would take them; `never` are those that would not at all.

    `otherwise` says who would serve on auto while another is forced, "" = nothing is forced.
    """

    takers: tuple[ShownConsidered, ...] = ()
    never: tuple[ShownConsidered, ...] = ()
    otherwise: str = ""

    def __bool__(self) -> bool:
        return bool(self.takers or self.never)


NO_RANKING = Ranking()


def ranking(decision: Decision) -> Ranking:
    shown = [
        ShownConsidered(
            rank=one.rank,
            label=provider_label(one.name),
            text=considered_words(one),
            is_chosen=one.verdict is Why.CHOSEN,
        )
        for one in decision.considered
    ]
    return Ranking(
        takers=tuple(one for one in shown if one.rank),
        never=tuple(one for one in shown if not one.rank),
        otherwise=_otherwise(decision),
    )


def _otherwise(decision: Decision) -> str:
    if decision.rule not in (Rule.FORCED, Rule.UNKNOWN_PROVIDER, Rule.OUTSIDE, Rule.MEDIA_UNKNOWN):
        return ""
    if decision.otherwise_rule is Rule.AGENT_DECIDES:
        return _("On auto, the agent decides.")
    if decision.otherwise_rule is Rule.VARIABLE:
        return _("On auto, it depends on a variable.")
    if decision.otherwise is None:
        return _("On auto, no provider would serve it.")
    if decision.otherwise == decision.provider:
        return _("On auto, it would be the same provider.")
    return _("On auto, %(name)s would serve it.") % {"name": provider_label(decision.otherwise)}


_WHY = {
    Why.CHOSEN: lambda: _("chosen by its name"),
    Why.OVERRULED: lambda: _("another provider is forced"),
    Why.NO_KEY: lambda: _("no key"),
    Why.NO_BASE: lambda: _("no API base"),
    Why.FOREIGN_PREFIX: lambda: _('the name starts with another provider\'s prefix "%(prefix)s"'),
    Why.LOCAL_FIRST: lambda: _('a local server goes first for "%(word)s"'),
    Why.NEEDS_CHOICE: lambda: _("must be chosen by name"),
    Why.OUTRANKED: lambda: _("another provider goes first"),
    Why.NOT_NAMED: lambda: _("nothing in the name points to it"),
}
