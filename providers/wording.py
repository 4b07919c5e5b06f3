"""Outcomes in words: what happened, and what to do about it.

Rows keep outcome, detail and parameters; the sentence is made here when it is shown, in the
reader's language. A detail has its own sentence where it can be more exact than its outcome.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from providers.keyshapes import KeyWarning
from providers.outcomes import KeyState, Outcome, Step

STEPS: dict[str, Any] = {
    Step.ADDRESS: gettext_lazy("Address allowed"),
    Step.DNS: gettext_lazy("Name resolves"),
    Step.CONNECT: gettext_lazy("Connection"),
    Step.TLS: gettext_lazy("TLS"),
    Step.KEY: gettext_lazy("Key"),
    Step.MODEL: gettext_lazy("Model"),
    Step.CATALOG: gettext_lazy("Model list"),
}

KEY_STATES: dict[str, Any] = {
    KeyState.VALID: gettext_lazy("accepted"),
    KeyState.INVALID: gettext_lazy("refused"),
    KeyState.UNKNOWN: gettext_lazy("not proven"),
    KeyState.NOT_NEEDED: gettext_lazy("not needed"),
}

KEY_PROBLEMS: dict[str, Any] = {
    "control": gettext_lazy("The key holds a line break or control character. Paste it again."),
    "non_ascii": gettext_lazy(
        "The key holds a character that no key has, such as a curly quote or a long dash. "
        "Copy it again from the provider's console."
    ),
    "blank": gettext_lazy("The key holds a blank. Copy it again without surrounding text."),
    "too_long": gettext_lazy("This is too long for a key."),
}

_SENTENCES: dict[str, Any] = {
    Outcome.OK: gettext_lazy("An authenticated call succeeded."),
    Outcome.REACHABLE_UNVERIFIED: gettext_lazy(
        "The server answers, but nothing it offers can prove this key. Include a model in the test "
        "to be sure."
    ),
    Outcome.MISSING_CONFIG: gettext_lazy("A required field is empty. Nothing was sent."),
    Outcome.BAD_KEY: gettext_lazy(
        "The provider refused the key: wrong, revoked, expired, or of another region or product. "
        "Copy it again from the provider's console."
    ),
    Outcome.FORBIDDEN: gettext_lazy(
        "The provider knows the key but does not permit this call. Check the key's permissions, "
        "the subscription and the region in the provider's console."
    ),
    Outcome.NO_CREDIT: gettext_lazy(
        "The key is fine, but balance, plan or spending limit is used up. Top up or raise the "
        "limit in the provider's console."
    ),
    Outcome.RATE_LIMITED: gettext_lazy(
        "The key is fine, but too many requests came just now. Try again in a moment."
    ),
    Outcome.MODEL_NOT_FOUND: gettext_lazy(
        "The provider does not know this model, or it is not activated for this key. Choose one "
        "from the catalog."
    ),
    Outcome.BAD_ENDPOINT: gettext_lazy(
        "The server has no such API at this address. Check the API base."
    ),
    Outcome.BAD_REQUEST: gettext_lazy(
        "The provider refused the form of the test request. Key and address are probably fine."
    ),
    Outcome.SERVER_ERROR: gettext_lazy(
        "The provider has a fault of its own right now. Try again later."
    ),
    Outcome.DNS_ERROR: gettext_lazy("The host name does not resolve. Check its spelling."),
    Outcome.TLS_ERROR: gettext_lazy("No secure connection could be made to this server."),
    Outcome.UNREACHABLE: gettext_lazy(
        "Nothing accepts connections there. Is the server running, and can it be reached from the "
        "machine that this dashboard runs on?"
    ),
    Outcome.TIMEOUT: gettext_lazy("The server did not answer in time. Try again."),
    Outcome.UNEXPECTED_RESPONSE: gettext_lazy(
        "The server answered, but not as this API does. Check the API base."
    ),
    Outcome.BLOCKED_ADDRESS: gettext_lazy(
        "The operator's policy does not open this address. Nothing was sent."
    ),
    Outcome.REFERENCE: gettext_lazy(
        "The key is a reference. Only the agent can resolve it, so nothing was sent."
    ),
    Outcome.NO_ANSWER: gettext_lazy("The worker gave no answer. Try again."),
    Outcome.NO_WORKER: gettext_lazy(
        "No worker is running, so nothing was sent. Start it (make run) and try again."
    ),
    Outcome.CANCELLED: gettext_lazy("Cancelled before it ended."),
    Outcome.INTERNAL_ERROR: gettext_lazy("Something went wrong here. Reference: %(reference)s."),
}

# (outcome, detail) -> sentence
_DETAILS: dict[tuple[str, str], Any] = {
    (Outcome.NO_WORKER, "no_broker"): gettext_lazy(
        "The task broker does not answer, so nothing was sent. Start it (make run) and try again."
    ),
}


def sentence(outcome: str, detail: str = "", params: Mapping[str, Any] | None = None) -> str:
    """What happened and what to do, for an outcome of a check, a fetch or one rung."""
    text = _DETAILS.get((outcome, detail)) or _SENTENCES.get(outcome, "")
    return _fill(str(text), params or {})


def _fill(sentence: str, params: Mapping[str, Any]) -> str:
    try:
        return sentence % params if "%(" in sentence else sentence
    except (KeyError, TypeError, ValueError):
        return sentence.split("%(")[0].rstrip(" :,(") + "."


def key_warning(found: KeyWarning) -> str:
    """What is odd about a pasted key."""
    return found.code


def url_sentence(error: ValueError) -> str:
    """The sentence of a URL that is no API base."""
    return _(str(error))
