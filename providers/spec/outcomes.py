"""How a call, a check or a fetch can end: one closed set of words.

Pure data. The sentences a person reads are in wording.py, so that language is a matter of display.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """Final state of a check or a fetch; stored in job rows and printed by the commands."""

    OK = "ok"
    REACHABLE_UNVERIFIED = "reachable_unverified"  # answered, but nothing here proves the key
    MISSING_CONFIG = "missing_config"  # a required field is empty; nothing was sent
    BAD_KEY = "bad_key"
    FORBIDDEN = "forbidden"  # refused, mostly for want of a permission
    NO_CREDIT = "no_credit"
    RATE_LIMITED = "rate_limited"
    MODEL_NOT_FOUND = "model_not_found"
    BAD_ENDPOINT = "bad_endpoint"
    BAD_REQUEST = "bad_request"
    SERVER_ERROR = "server_error"
    DNS_ERROR = "dns_error"
    TLS_ERROR = "tls_error"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    UNEXPECTED_RESPONSE = "unexpected_response"
    BLOCKED_ADDRESS = "blocked_address"
    # Ours, not the provider's:
    REFERENCE = "reference"  # the key is ${NAME}: only the agent can resolve it
    NO_ANSWER = "no_answer"  # worker lost or never free, or past the deadline
    NO_WORKER = "no_worker"  # nobody there to do it
    NO_KEY = "no_key"  # the machine that took it lacks a master key of the site
    CANCELLED = "cancelled"
    INTERNAL_ERROR = "internal_error"


# Ends of a test that say nothing of the provider: it was not asked, or nobody heard it.
UNTOLD = frozenset(
    {
        *(Outcome.NO_ANSWER, Outcome.NO_WORKER, Outcome.NO_KEY),
        *(Outcome.CANCELLED, Outcome.INTERNAL_ERROR),
    }
)


# Ends after which the agent may well work: ours, passing ones, and what proves the key.
NOT_BAD = UNTOLD | {
    "",
    Outcome.OK,
    Outcome.REACHABLE_UNVERIFIED,
    Outcome.REFERENCE,
    Outcome.RATE_LIMITED,
    Outcome.BLOCKED_ADDRESS,  # our policy, not the agent's
}


# Details of a good answer that is none to the agent, which asks by one API of a kind, reads streams
# to their ends, and asks for longer answers than a test; with what its call ends
_UNREAD = ("not_streamed", "unfinished", "other_api", "messages_only")
NOT_FOR_AGENT: Mapping[str, Outcome] = {
    **dict.fromkeys(_UNREAD, Outcome.UNEXPECTED_RESPONSE),
    "few_tokens": Outcome.BAD_REQUEST,
    "small_window": Outcome.UNEXPECTED_RESPONSE,
}
# Likewise, to a route whose model is there to see
NOT_FOR_PICTURES: Mapping[str, Outcome] = {
    **NOT_FOR_AGENT,
    **dict.fromkeys(("no_pictures", "pictures_left_out"), Outcome.BAD_REQUEST),
}


class KeyState(StrEnum):
    """What is known about the key itself, apart from how the check ended."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    NOT_NEEDED = "not_needed"


class Step(StrEnum):
    """The rungs of the ladder, in the order in which they are climbed."""

    ADDRESS = "address"  # form of the URL and operator policy; no packet yet
    DNS = "dns"
    PROXY = "proxy"  # only where the operator names one: reached, and let in
    CONNECT = "connect"
    TLS = "tls"
    KEY = "key"
    MODEL = "model"  # one rung for each model or deployment that was asked for
    CATALOG = "catalog"
    SIGN_IN = "sign_in"  # at a mail server
    MESSAGE = "message"  # an alert


_PROVES_KEY = {
    Outcome.OK,
    Outcome.NO_CREDIT,
    Outcome.RATE_LIMITED,
    Outcome.MODEL_NOT_FOUND,
    Outcome.BAD_REQUEST,
}
# Details of FORBIDDEN that only who knows the key can tell. A bare 403, and one for a country or a
# network, may come before any key is read.
_KNOWS_KEY = frozenset(
    [
        *("no_permission", "no_scope", "no_list_scope", "no_model_scope", "model_access"),
        *("no_inference_permission", "not_a_member", "management_key", "no_subscription"),
        *("on_hold", "use_case_form", "marketplace", "payment", "account_closed", "iam"),
        "key_restricted",
    ]
)


def key_state_of(outcome: Outcome, detail: str = "") -> KeyState:
    """What an outcome of an authenticated call says about the key."""
    if outcome in _PROVES_KEY or (outcome is Outcome.FORBIDDEN and detail in _KNOWS_KEY):
        return KeyState.VALID
    is_read = detail != "clock"  # of a wrong time no key is read
    return KeyState.INVALID if outcome is Outcome.BAD_KEY and is_read else KeyState.UNKNOWN


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one answer means.

    `detail` is a closed word that picks a more exact sentence ("no_scope", "deployment", ...);
    `params` fill it and are safe to show: numbers, our own words, never text of the other side.
    """

    outcome: Outcome
    detail: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    http_status: int | None = None


class Failed(Exception):
    """A call could not be made or ended badly. Its text never holds a header, URL or body."""

    def __init__(self, outcome: Outcome, detail: str = "", **params: Any) -> None:
        super().__init__(f"{outcome.value} {detail}".strip())
        self.verdict = Verdict(outcome, detail, params)
