"""Outcomes in words: what happened, and what to do about it.

Rows keep outcome, detail and parameters; the sentence is chosen and filled here when it is shown,
in the reader's language. The texts of outcomes are data beside this.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from facio_site.marked import marked
from providers.http import SENTENCES as URL_SENTENCES
from providers.http import BadHeader, BadURL
from providers.spec.keyshapes import KeyWarning
from providers.spec.kind import ProviderSpec
from providers.spec.outcomes import KeyState, Step
from providers.wording.answers import ANSWERS
from providers.wording.calls import CALLS
from providers.wording.keys import KEYS
from providers.wording.limits import LIMITS
from providers.wording.local import LOCAL
from providers.wording.models import MODELS
from providers.wording.places import PLACES
from providers.wording.shape import Sentences

SENTENCES: Sentences = {**CALLS, **ANSWERS, **MODELS, **LIMITS, **KEYS, **PLACES}
STEPS: dict[str, Any] = {
    Step.ADDRESS: gettext_lazy("Address allowed"),
    Step.DNS: gettext_lazy("Name resolves"),
    Step.PROXY: gettext_lazy("Proxy"),
    Step.CONNECT: gettext_lazy("Connection"),
    Step.TLS: gettext_lazy("TLS"),
    Step.KEY: gettext_lazy("Key"),
    Step.MODEL: gettext_lazy("Model"),
    Step.CATALOG: gettext_lazy("Model list"),
    Step.SIGN_IN: gettext_lazy("Sign-in"),
    Step.MESSAGE: gettext_lazy("Message"),
}

KEY_STATES: dict[str, Any] = {
    KeyState.VALID: gettext_lazy("accepted"),
    KeyState.INVALID: gettext_lazy("rejected"),
    KeyState.UNKNOWN: gettext_lazy("not proven"),
    KeyState.NOT_NEEDED: gettext_lazy("not needed"),
}

KEY_PROBLEMS: dict[str, Any] = {
    "control": gettext_lazy(
        "The key holds a line break or control character. Copy it again as one line."
    ),
    "variable": gettext_lazy(
        "This stands for a variable in a form that the agent does not read. Write %(form)s, or "
        "paste the key itself."
    ),
    "masked": gettext_lazy(
        "This is a masked key: bullets, asterisks or dots cover a part of it. Copy it where it is "
        "shown whole, or make a new one."
    ),
    "example": gettext_lazy("This is an example and no key. Paste the key itself."),
    "invisible": gettext_lazy(
        "The key holds an invisible character at place %(at)s (%(sign)s). Delete it there: a "
        "further copy would bring it again."
    ),
    "full_width": gettext_lazy(
        "The key holds a full-width sign at place %(at)s (%(sign)s). Write %(plain)s there."
    ),
    "non_ascii": gettext_lazy(
        "The key holds a character that no key has, such as a curly quote or a long dash, at place "
        "%(at)s (%(sign)s). Correct it there, or copy the key from the provider's console."
    ),
    "quote": gettext_lazy(
        "The key holds a quotation mark at place %(at)s, so there may be more than the key. "
        "Paste the key alone."
    ),
    "blank": gettext_lazy("The key holds a blank. Copy it again without surrounding text."),
    "too_long": gettext_lazy(
        "This is too long for a key. Copy it again without what stands around it."
    ),
}

_KEY_WARNINGS: dict[str, Any] = {
    "other_provider": gettext_lazy(
        "A key that begins with %(prefix)s usually belongs to %(owner)s. Check that it is meant "
        "for this provider."
    ),
    "url": gettext_lazy(
        "This looks like an address, not like a key. Paste the key here; an address belongs into "
        "the field of its own."
    ),
    "export": gettext_lazy(
        "A whole line was pasted, with the name of a variable or field. Only what stands after it "
        "is taken as the key."
    ),
    "quotes": gettext_lazy(
        "The quotation marks around the key are no part of it and are left out."
    ),
    "leftover": gettext_lazy(
        "The comma or semicolon behind the key is no part of it and is left out."
    ),
    "bearer": gettext_lazy("The word Bearer before the key is no part of it and is left out."),
    "credential": gettext_lazy(
        "The agent is not known to resolve ${credentials.…} here. It may send this as it stands. "
        "It resolves ${NAME}."
    ),
}

_CATALOG_NOTES: dict[str, Any] = {
    "static": gettext_lazy(
        "This provider has no list that can be trusted, so these are the names known here. Any "
        "other can be typed."
    ),
    "base_models": gettext_lazy(
        "These are the models that the resource could run, not your deployments. A route needs the "
        "name of a deployment."
    ),
    "not_exhaustive": gettext_lazy(
        "The provider serves more than it lists. A name that is missing here can be typed."
    ),
    "goes_on": gettext_lazy(
        "The list goes on, but its further pages could not be read. A name that is missing here "
        "can be typed."
    ),
    "profiles_forbidden": gettext_lazy(
        "The inference profiles could not be read, so models that need one are missing. Allow "
        "bedrock:ListInferenceProfiles in IAM, or type their ids."
    ),
}

# Rows that came and are not kept, by the reason: the note ends in their number.
_LOST: dict[str, Any] = {
    "unnamed": ngettext_lazy(
        "%(n)s row without a usable id was not kept.",
        "%(n)s rows without a usable id were not kept.",
        "n",
    ),
    "over": ngettext_lazy(
        "%(n)s row over the limit was not kept.",
        "%(n)s rows over the limit were not kept.",
        "n",
    ),
    "other": ngettext_lazy(
        "%(n)s row was left out: a duplicate, or a model that cannot be called.",
        "%(n)s rows were left out: duplicates, or models that cannot be called.",
        "n",
    ),
}


def sentence(
    outcome: str,
    detail: str = "",
    params: Mapping[str, Any] | None = None,
    spec: ProviderSpec | None = None,
    *,
    own: Sentences | None = None,
) -> str:
    """What happened and what to do, for an outcome of a check, a fetch or one rung.

    `spec` makes it more exact: how fields are called, and whether a server of one's own is meant.
    `own` are sentences for another sort of call. "" for what is no outcome ("running", "skipped").
    """
    values = _values(params or {}, spec)
    first = own or (LOCAL if spec and spec.is_local else {})
    for text in map(str, _candidates(outcome, detail, (first, SENTENCES))):
        names = _NAME.findall(text)
        if values.keys() >= set(names):
            told = [text % values if names else text, way_words(params or {})]
            told += [_(_PROXY) % values] if "proxy" in values else []
            return " ".join(filter(None, told))
    return ""


_WAYS = {
    "api_key": gettext_lazy("API key"),
    "access_keys": gettext_lazy("Access keys"),
    "profile": gettext_lazy("Profile"),
}


def way_words(params: Mapping[str, Any]) -> str:
    """Which of several ways to sign was tested; "" where only one is entered."""
    if "used" not in params:
        return ""
    others = ", ".join(str(_WAYS[name]) for name in params["unused"])
    words = _("Tested with: %(used)s. Also entered and not used: %(others)s.")
    return words % {"used": _WAYS[params["used"]], "others": others}


def key_warning(found: KeyWarning) -> str:
    """What is odd about a pasted key."""
    if found.code == "own_kind":
        return _(found.params["text"])
    return str(_KEY_WARNINGS[found.code]) % found.params


def key_problem_sentence(problem: str, params: Mapping[str, Any]) -> str:
    """Why a key cannot be sent; "" = nothing is known of it."""
    return _filled(str(KEY_PROBLEMS.get(problem, "")), params)


def _filled(text: str, params: Mapping[str, Any]) -> str:
    """Filled, or "" where a parameter lacks."""
    names = _NAME.findall(text)
    return (text % params if names else text) if params.keys() >= set(names) else ""


def catalog_note(code: str) -> str:
    """What is to be known about a model list as a whole; "" = nothing."""
    word, _space, number = code.partition(" ")
    if number and word in _LOST:
        return str(_LOST[word] % {"n": int(number)})
    return str(_CATALOG_NOTES.get(code, ""))


def url_sentence(error: BadURL) -> str:
    """The sentence of a URL that is no API base."""
    return _filled(_(URL_SENTENCES[error.code]), error.params)


def header_sentence(error: BadHeader) -> str:
    return _(error.sentence) % error.params


# Choosing and filling ---------------------------------------------------------------------------

# Said behind the sentence of a call that found no way
_PROXY = marked(
    "%(proxy)s is set here, but calls do not go through it; the operator can name a proxy for them "
    "in OUTBOUND_PROXY."
)
_NAME = re.compile(r"%\((\w+)\)s")
_OWN_HOST = re.compile(r"localhost|127\.[0-9.]+|::1")


def _candidates(outcome: str, detail: str, tables: Sequence[Sentences]) -> Iterator[Any]:
    """Texts that would do, the most exact first; the last one has no placeholders."""
    for word in dict.fromkeys((detail, "")):
        for table in tables:
            texts = table.get(outcome, {}).get(word, ())
            yield from texts if isinstance(texts, tuple) else (texts,)


def _values(params: Mapping[str, Any], spec: ProviderSpec | None) -> dict[str, Any]:
    """What fills the placeholders: parameters that are not empty, and what follows from them."""
    values = {name: value for name, value in params.items() if value}
    host, port = str(params.get("host", "")), params.get("port")
    if host:
        values["place"] = _place(host, port)
        if _OWN_HOST.fullmatch(host):
            values["localhost"] = host
    if wait := params.get("retry_after_s"):
        values["wait"] = _span(int(wait))
    if fields := params.get("fields"):
        values["names"] = ", ".join(_labels(fields, spec))
    if reason := _reason(params):
        values["reason"] = reason
    return values


def _place(host: str, port: Any) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port in (None, 80, 443) else f"{name}:{port}"


def _span(seconds: int) -> str:
    """A waiting time, rounded up to a unit that a person would use."""
    for limit, unit, text in (
        (120, 1, _("%(n)s s")),
        (2 * 3_600, 60, _("%(n)s min")),
        (2 * 86_400, 3_600, _("%(n)s h")),
    ):
        if seconds < limit:
            return text % {"n": -(-seconds // unit)}
    days = -(-seconds // 86_400)
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def _labels(fields: Sequence[str], spec: ProviderSpec | None) -> list[str]:
    """What fields are called on the page; headers keep their names."""
    labels = {"api_key": _("API key"), "api_base": _("API base")}
    if spec:
        labels["api_base"] = _(spec.api_base_label)
        labels |= {extra.name: _(extra.label) for extra in spec.extra_fields}
        if any(extra.is_secret for extra in spec.extra_fields):
            labels["api_key"] = _("API key or access keys")
    return [labels.get(name, name) for name in fields]


def _reason(params: Mapping[str, Any]) -> str:
    """Why a text that was entered cannot be used: an address by its code, a key by its problem."""
    if text := URL_SENTENCES.get(params.get("code", "")):
        return _filled(_(text), params)
    return key_problem_sentence(params.get("problem", ""), params)
