"""Imports, exports and the live file in words, in the reader's language. Values never appear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from facio_site import sealing
from providers.registry import KINDS
from routing.config import document, livefile, schema
from routing.config.edits import Retype
from routing.config.pasted import Ignored, Pasted
from routing.config.store import Overtaken

# What fault_words has a sentence for.
FAULTS = (
    document.BadDocument,
    schema.Refused,
    livefile.BadTarget,
    sealing.KeyMissing,
    sealing.Unreadable,
    Overtaken,
)
SOURCES: Mapping[str, Any] = {
    "config": gettext_lazy("config.json"),
    "env": gettext_lazy(".env file"),
    "curl": gettext_lazy("curl line"),
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
    "bad_line": gettext_lazy("not a NAME=value line"),
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
    spec = KINDS[one.kind]
    labels = {field.name: field.label for field in spec.extra_fields}
    names = [str(_FIELDS.get(name) or labels.get(name, name)) for name in one.names]
    return _("%(provider)s: its address changes. Type again: %(names)s.") % {
        "provider": spec.label,
        "names": ", ".join(names),
    }


def fault_words(error: Exception) -> str:
    """One sentence for what stops an import, an export or a write."""
    match error:
        case document.BadDocument():
            return _(document.MESSAGES[error.code]).format(**error.params)
        case schema.Refused():
            found = [_(schema.MESSAGES[one.code]).format(path=one.path) for one in error.faults[:5]]
            return _("The agent would not load this.") + " " + " ".join(found)
        case livefile.BadTarget():
            sentence = _(livefile.MESSAGES[error.code])
            return sentence.format(path=error.path, reason=error.reason)
        case sealing.KeyMissing():
            return str(NO_MASTER_KEY)
        case sealing.Unreadable():
            return str(NO_DOCUMENT)
        case Overtaken():
            return str(OVERTAKEN)
        case _:
            raise TypeError
