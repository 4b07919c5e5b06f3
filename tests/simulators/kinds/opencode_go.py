"""OpenCode Go: a public list, a usage call for the key, five meanings of 401.

Source: https://opencode.ai/docs/go
"""

import time
from typing import Any

from tests.simulators.answers import Answer, as_json, chat_done, listing, message_done
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, gate, public_gate, say
from tests.simulators.shelf import Row

_IDS = """
glm-5.2 glm-5.1 glm-5 kimi-k2.7-code kimi-k2.6 kimi-k2.5 deepseek-v4-pro deepseek-v4-flash
mimo-v2.5-pro mimo-v2.5 mimo-v2-pro mimo-v2-omni qwen3.6-plus qwen3.5-plus
"""
# Known to the service, but only in Anthropic's format: never listed.
_MESSAGES_ONLY = ("minimax-m2.7", "minimax-m2.5", "minimax-m3")


def row(model_id: str) -> Row:
    created = int(time.time())  # the service writes the present time here
    return {"id": model_id, "object": "model", "created": created, "owned_by": "opencode"}


def _rows() -> list[Row]:
    return [row(model_id) for model_id in _IDS.split()]


IDS: tuple[str, ...] = tuple(_IDS.split())


def problem(status: int, kind: str, message: str, **extra: Any) -> Answer:
    error = {"type": kind, "message": message, **extra.pop("more", {})}
    return as_json(status, {"type": "error", "error": error}, **extra)


_USED_UP = "Usage limit reached. Resets in 3 hours."
MANNERS = Manners(
    missing=problem(401, "AuthError", "Missing API key."),
    bad=problem(401, "AuthError", "Unauthorized"),
    limited=problem(429, "RateLimitError", "Rate limit exceeded.", retry_after="10"),
    forbidden=problem(403, "RegionError", "This service is not available in your region."),
    error=problem(500, "error", "Internal server error"),
    special={
        "public": problem(401, "AuthError", "Unauthorized"),  # the word for "no account"
        "nocredit": problem(401, "CreditsError", "Insufficient balance."),
        "monthlylimit": problem(401, "MonthlyLimitError", "Monthly limit of the workspace hit."),
        "userlimit": problem(401, "UserLimitError", "Monthly limit of the user hit."),
        "nosub": problem(403, "EntitlementError", "An OpenCode Go subscription is required."),
        "region": problem(403, "RegionError", "This service is not available in your region."),
        "golimit": problem(
            429,
            "GoUsageLimitError",
            _USED_UP,
            more={"metadata": {"limitName": "5 hour"}},
            retry_after="10800",
        ),
        "freelimit": problem(429, "FreeUsageLimitError", _USED_UP, retry_after="3600"),
    },
)


def _usage(ask: Ask) -> Answer:
    full = ask.has("window")
    rolling = {
        "status": "rate-limited" if full else "ok",
        "percent": 100 if full else 2,
        "resetsAt": "2026-11-22T16:31:00Z",
    }
    weekly = {"status": "ok", "percent": 11, "resetsAt": "2026-11-29T00:00:00Z"}
    monthly = {"status": "ok", "percent": 4, "resetsAt": "2026-12-01T00:00:00Z"}
    return as_json(
        200,
        {
            "workspaceID": "wrk_demo",
            "userID": "usr_demo",
            "usage": {"rolling": rolling, "weekly": weekly, "monthly": monthly},
        },
    )


def _chat(ask: Ask, *, messages_format: bool) -> Answer:
    """The model is looked at before the key."""
    if ask.has("error"):
        return say(MANNERS.error, ask)
    if ask.model in _MESSAGES_ONLY:
        if not messages_format:
            text = f"Model {ask.model} is not supported for format oa-compat"
            return problem(401, "ModelError", text)
    elif ask.find(_rows(), row, ask.model) is None or ask.has("modelerror"):
        return problem(401, "ModelError", f"Model {ask.model} is not supported")
    refused = gate(ask, MANNERS, ask.bearer)
    if refused is not None:
        return refused
    if not ask.has_messages:
        return problem(400, "error", "No messages")
    return message_done(ask.model) if messages_format else chat_done(ask.model)


def answer(ask: Ask) -> Answer:
    path = ask.path.removeprefix("/zen/go/v1").removeprefix("/inference/go/v1")
    if path == ask.path:
        return problem(404, "error", "Not found")
    match ask.method, path:
        case "GET", "/models":
            return public_gate(ask, MANNERS) or listing(ask.rows(_rows(), row))
        case "GET", "/usage":
            return gate(ask, MANNERS, ask.bearer) or _usage(ask)
        case "POST", "/chat/completions" | "/messages":
            return _chat(ask, messages_format=path == "/messages")
    return problem(404, "error", "Not found")


KIND = Kind("opencode_go", answer, hosts=("opencode.ai",))
