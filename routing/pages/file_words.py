"""Words for what a file or a pasted text holds, and for what happens to config.json. Translated
where shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from facio_site import sealing
from facio_site.strictjson import BadDocument
from providers.kinds import named
from providers.spec.keyshapes import KeyWarning
from providers.wording import key_warning
from routing.agents import refusals
from routing.config import schema
from routing.config.edits import Retype
from routing.config.pasted import Ignored, Pasted, Warned
from routing.models import Outlived
from routing.state.store import Overtaken

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
