"""Words for what rules decide and for what happens to config.json. Translated where shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from facio_site import sealing
from facio_site.strictjson import BadDocument
from providers.kinds import KINDS, named
from providers.models import Provider
from providers.spec.keyshapes import KeyWarning
from providers.spec.outcomes import KeyState, Outcome
from providers.wording import key_warning
from routing.agents import refusals
from routing.config import schema
from routing.config.edits import Retype
from routing.config.pasted import Ignored, Pasted, Warned
from routing.models import Outlived
from routing.rules.explain import Considered, Decision, Rule, Why
from routing.rules.lint import Code
from routing.rules.order import FACTS
from routing.state.store import Overtaken


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
    Rule.LOCAL_FALLBACK: lambda: _("%(name)s: a local server takes a plain name."),
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
    Rule.LOCAL_FALLBACK: lambda: _("a local server takes a plain name"),
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

# What fault_words has a sentence for.
FAULTS = (
    BadDocument,
    schema.Refused,
    refusals.BadTarget,
    sealing.KeyMissing,
    sealing.Unreadable,
    Overtaken,
    Outlived,
)
SOURCES: Mapping[str, Any] = {
    "config": gettext_lazy("config.json"),
    "env": gettext_lazy(".env file"),
    "curl": gettext_lazy("curl line"),
    "shell": gettext_lazy("shell lines"),
    "key": gettext_lazy("API key"),
}
DANGERS: Mapping[str, Any] = {
    "runs_code": gettext_lazy("runs code"),
    "opens_port": gettext_lazy("opens a port"),
    "loosens_guard": gettext_lazy("loosens a guard"),
    "grants_access": gettext_lazy("grants access"),
    "sends_elsewhere": gettext_lazy("sends secrets elsewhere"),
    "in_clear": gettext_lazy("sends secrets unencrypted: plain http"),
}
NO_MASTER_KEY = gettext_lazy(
    "The master key is missing or is another one: stored secrets can't be opened."
)
NO_DOCUMENT = gettext_lazy("The imported document does not open with this master key.")
OVERTAKEN = gettext_lazy(
    "Somebody else saved something meanwhile. Nothing was changed; look again."
)

_IGNORED: Mapping[str, Any] = {
    "placeholder": gettext_lazy("a mask or an example: it never takes the place of a stored value"),
    "oauth": gettext_lazy("this provider has no key: the agent signs in itself"),
    "too_long": gettext_lazy("too long, or no plain text"),
    "not_text": gettext_lazy("not a plain text"),
    "bad_key": gettext_lazy(
        "no key looks like this: it holds a blank, a quotation mark or a foreign character"
    ),
    "bad_base": gettext_lazy("not an address that can be called"),
    "bad_header": gettext_lazy("a header that must not be set, or is malformed"),
    "too_large": gettext_lazy("too large"),
    "bad_value": gettext_lazy("not in the form that this field has"),
    "bad_line": gettext_lazy("not understood"),
    "empty": gettext_lazy("empty"),
    "unknown_name": gettext_lazy("a name that nothing here has"),
    "named_in_file": gettext_lazy(
        "not stored: %(path)s names it, and the agent's environment must hold it"
    ),
    "ambiguous_name": gettext_lazy("could be of several providers: %(kinds)s"),
    "agent_environment": gettext_lazy("read by the agent itself from its environment"),
    "repeated": gettext_lazy("another line gives the same setting another value"),
    "foreign_key": gettext_lazy("a key of %(owner)s, which is no provider here"),
    "ambiguous_key": gettext_lazy("its form does not tell whose key it is"),
    "no_key": gettext_lazy("no key in it"),
    "no_real_key": gettext_lazy("an example or a variable stands where the key belongs"),
    "unknown_host": gettext_lazy("no provider here answers at this host"),
    "variable": gettext_lazy(
        "a variable in a form that the agent does not read: it sends this as it stands. Write "
        "%(form)s, or the key itself"
    ),
    "bad_curl": gettext_lazy("its quotes or its address are incomplete"),
    "unknown_option": gettext_lazy("an option is not known, so its address can't be told"),
    "variable_address": gettext_lazy("a variable stands in its address"),
    "open_quote": gettext_lazy(
        "a quote opens here and is never closed: nothing behind it was read"
    ),
    "second_address": gettext_lazy("a further address of the same call: not read"),
    "second_call": gettext_lazy(
        "another call to %(kind)s, with another key or address: only the first is read"
    ),
    "header_left": gettext_lazy("not taken in; add it under Extra headers if it is needed"),
    "in_a_file": gettext_lazy("stands in a file of its own, which was not handed in"),
    "in_a_variable": gettext_lazy("stands in a variable, which is not followed"),
    "user_password": gettext_lazy("user and password: no provider here takes these as its key"),
    "for_one_command": gettext_lazy("variables in front of a call hold for that call: not read"),
    "overridden": gettext_lazy("%(name)s is set again in line %(line)s, which counts"),
    "outranked": gettext_lazy("%(name)s is taken instead: it means the same and goes before"),
    "used_elsewhere": gettext_lazy(
        "a call in this text sends it to another provider, so it is not stored for this one"
    ),
    "key_without_base": gettext_lazy(
        "not stored: it belongs to the address in %(name)s, which can't be used here"
    ),
    "local_key": gettext_lazy(
        "a key alone sets up no server: no address stands beside it, and none is set here"
    ),
    "without_provider": gettext_lazy("the name of its provider is missing"),
}
_WARNINGS: Mapping[str, Any] = {
    "near_miss": gettext_lazy("it is kept, but the agent does not read it; it reads %(reads)s"),
    "out_of_reach": gettext_lazy(
        "out of reach: %(reads)s stands beside it, and the agent reads that. It is not set here"
    ),
    "counts": gettext_lazy(
        "%(why)s. It is not set here. It stays in config.json, where the agent reads it: mend the "
        "file."
    ),
    "mask": gettext_lazy("a mask: the agent takes it for the value itself"),
    "names_nobody": gettext_lazy(
        'it names nobody: the agent knows no provider "%(name)s". Only "auto" is automatic'
    ),
    "twin": gettext_lazy("out of reach: the agent takes this name for %(name)s"),
    "no_preset": gettext_lazy(
        'there is no model preset "%(name)s": an agent that has presets does not start with this'
    ),
    "media_unknown": gettext_lazy(
        'no media provider "%(name)s" is known here: only the agent can tell'
    ),
    "unknown_area": gettext_lazy(
        "no document tells of an area with this name: the agent may refuse to start. It is kept "
        "all the same"
    ),
    "preset_reserved": gettext_lazy(
        'a preset can\'t be called "default": an agent that has presets does not start with this'
    ),
    "lacks": gettext_lazy(
        "%(name)s is missing: an agent that has presets does not start with this"
    ),
    "own_spelling": gettext_lazy(
        'the agent reads "%(name)s" as an endpoint of your own; the built-in one is %(meant)s'
    ),
    "mark": gettext_lazy("the file begins with a byte order mark: it is read by that"),
    "fence": gettext_lazy("the fence round the text was taken off"),
    "comment": gettext_lazy("comments are no part of JSON: they were left out"),
    "comma": gettext_lazy("a comma too many was left out"),
    "curly": gettext_lazy("typographic quotes were read as plain ones"),
}
_FIELDS: Mapping[str, Any] = {
    "api_key": gettext_lazy("API key"),
    "extraHeaders": gettext_lazy("Extra headers"),
    "extraBody": gettext_lazy("Extra body"),
}


def source_words(pasted: Pasted) -> str:
    return str(SOURCES[pasted.source])


def ignored_words(one: Ignored) -> str:
    """Why a part is left out."""
    text = str(_IGNORED.get(one.code, one.code))
    return text % one.params if one.params else text


def warning_words(one: Warned) -> str:
    """What is odd about a part that is taken in."""
    if one.code.startswith("key_"):
        return key_warning(KeyWarning(one.code.removeprefix("key_"), dict(one.params)))
    params = dict(one.params)
    if "why" in params:
        params["why"] = ignored_words(Ignored(one.path, params["why"], params))
    return str(_WARNINGS[one.code]) % params


def retype_words(one: Retype) -> str:
    """Which secrets have to be typed again, and why."""
    spec = named(one.provider)
    labels = {field.name: field.label for field in spec.extra_fields}
    names = [str(_FIELDS.get(name) or labels.get(name, name)) for name in one.names]
    return _("%(provider)s: its address changes. Type again: %(names)s.") % {
        "provider": spec.label,
        "names": ", ".join(names),
    }


def fault_words(error: Exception) -> str:
    """One sentence for what stops an import, an export or a write."""
    match error:
        case BadDocument():
            return _(error.messages[error.code]).format(**error.params)
        case schema.Refused():
            found = [_(schema.MESSAGES[one.code]).format(path=one.path) for one in error.faults[:5]]
            return _("The agent would not load this.") + " " + " ".join(found)
        case refusals.BadTarget():
            return _(refusals.MESSAGES[error.code]).format(**error.params)
        case sealing.KeyMissing():
            return str(NO_MASTER_KEY)
        case sealing.Unreadable():
            return str(NO_DOCUMENT)
        case Overtaken():
            return str(OVERTAKEN)
        case Outlived():
            return _(
                "What this version held was removed: it was too old. Only who wrote it, and when, "
                "is still known."
            )
        case _:
            raise TypeError
