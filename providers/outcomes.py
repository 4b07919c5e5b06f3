"""How a call, a check or a fetch can end: one closed set of words.

Pure data. The sentences a person reads are in wording.py, so that language is a matter of display.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """Final state of a check or a fetch; stored in job rows and printed by the commands."""

    OK = "ok"
    REACHABLE_UNVERIFIED = "reachable_unverified"  # answered, but nothing here proves the key
    MISSING_CONFIG = "missing_config"  # a required field is empty; nothing was sent
    BAD_KEY = "bad_key"
    FORBIDDEN = "forbidden"  # key known, permission missing
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
    NO_ANSWER = "no_answer"  # worker lost, or past the deadline
    NO_WORKER = "no_worker"  # nobody there to do it
    CANCELLED = "cancelled"
    INTERNAL_ERROR = "internal_error"


# Ends of a test that say nothing of the provider: it was not asked, or nobody heard it.
UNTOLD = frozenset(
    {Outcome.NO_ANSWER, Outcome.NO_WORKER, Outcome.CANCELLED, Outcome.INTERNAL_ERROR}
)


class KeyState(StrEnum):
    """What is known about the key itself, apart from how the check ended."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    NOT_NEEDED = "not_needed"


class ModelState(StrEnum):
    """What is known about the model or deployment that was asked for."""

    OK = "ok"
    NOT_FOUND = "not_found"
    NOT_ALLOWED = "not_allowed"
    NOT_TESTED = "not_tested"


class Step(StrEnum):
    """The rungs of the ladder, in the order in which they are climbed."""

    ADDRESS = "address"  # form of the URL and operator policy; no packet yet
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    KEY = "key"
    MODEL = "model"  # one rung for each model or deployment that was asked for
    CATALOG = "catalog"


# Every `detail` that a judged answer can carry, under the outcomes it comes with. Most have a more
# exact sentence than their outcome in wording.py.
DETAILS: dict[Outcome, frozenset[str]] = {
    Outcome.OK: frozenset(
        {
            "no_models",  # a local server without a model
            "no_list_scope",  # the key may not list models, but a model answered
            "no_list",  # there is no list, but a model answered
            "permission_unproven",  # the token is good; only a model call shows what it may do
            "model_proves",  # no answer to the key alone proved it; the model's did
        }
    ),
    Outcome.REACHABLE_UNVERIFIED: frozenset(
        {
            "empty_list",
            "public_list",  # what could be asked answers without a key too
            "key_not_checked",  # the server answers the same without the key
            "control_failed",  # the same call without the key brought neither yes nor no
            "proof_elsewhere",  # the call that proves the key is at an address not entered
        }
    ),
    Outcome.MISSING_CONFIG: frozenset(),  # params: fields
    Outcome.BAD_KEY: frozenset(
        {
            "unsendable",  # params: problem
            "key_required",  # the server asks for a key and none was entered
            "key_or_endpoint",
            "key_or_path",
            "region_or_plan",
            "key_or_region",
            "expired",
        }
    ),
    Outcome.FORBIDDEN: frozenset(
        {
            "no_scope",  # the key lacks the scope to list models
            "no_list_scope",
            "not_allowed_here",  # IP allow-list, network rules
            "not_a_member",
            "region_blocked",
            "management_key",
            "no_subscription",
            "on_hold",
            "no_inference_permission",
            "model_access",
            "host_not_allowed",
            "key_restricted",
            "html",  # an error page: perhaps something in front of the provider
        }
    ),
    Outcome.NO_CREDIT: frozenset({"key_limit", "plan_window", "arrears"}),
    Outcome.RATE_LIMITED: frozenset({"proof_limited"}),  # the key call has a limit of its own
    Outcome.MODEL_NOT_FOUND: frozenset(
        {
            "deployment",
            "profile_needed",
            "not_activated",
            "not_in_plan",
            "retired",
            "no_endpoints",
        }
    ),
    Outcome.BAD_ENDPOINT: frozenset(
        {
            "bad_url",  # params: code
            "bad_region",
            "redirect",
            "suggest_base",  # params: base
            "no_list",
            "wrong_path",
            "api_version",
            "project_url",
        }
    ),
    Outcome.BAD_REQUEST: frozenset({"origin_header"}),
    Outcome.SERVER_ERROR: frozenset(),
    Outcome.TIMEOUT: frozenset(),
    Outcome.UNEXPECTED_RESPONSE: frozenset({"html", "not_json", "error_body", "wrong_shape"}),
    Outcome.DNS_ERROR: frozenset({"azure_resource", "bedrock_region"}),
    Outcome.REFERENCE: frozenset({"aws_profile"}),  # params: fields
}

_PROVES_KEY = {
    Outcome.OK,
    Outcome.FORBIDDEN,
    Outcome.NO_CREDIT,
    Outcome.RATE_LIMITED,
    Outcome.MODEL_NOT_FOUND,
    Outcome.BAD_REQUEST,
}


def key_state_of(outcome: Outcome) -> KeyState:
    """What an outcome of an authenticated call says about the key."""
    if outcome in _PROVES_KEY:
        return KeyState.VALID
    return KeyState.INVALID if outcome is Outcome.BAD_KEY else KeyState.UNKNOWN


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
