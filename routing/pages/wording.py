"""Words for what rules decide and for what happens to config.json. Translated where shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from facio_site import sealing
from facio_site.strictjson import BadDocument
from providers.kinds import KINDS, named
from providers.spec.outcomes import KeyState, Outcome
from routing.agents import refusals
from routing.config import schema
from routing.config.edits import Retype
from routing.config.pasted import Ignored, Pasted
from routing.models import Route
from routing.rules.drill import Moved
from routing.rules.explain import Considered, Decision, Rule, Why
from routing.store import Overtaken


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

# What fault_words has a sentence for.
FAULTS = (
    BadDocument,
    schema.Refused,
    refusals.BadTarget,
    sealing.KeyMissing,
    sealing.Unreadable,
    Overtaken,
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
    "bad_key": gettext_lazy("no key looks like this: it holds a blank or a foreign character"),
    "bad_base": gettext_lazy("not an address that can be called"),
    "bad_header": gettext_lazy("a header that must not be set, or is malformed"),
    "too_large": gettext_lazy("too large"),
    "bad_value": gettext_lazy("not in the form that this field has"),
    "bad_line": gettext_lazy("not understood"),
    "empty": gettext_lazy("empty"),
    "unknown_name": gettext_lazy("a name that nothing here has"),
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
        case _:
            raise TypeError
