"""Anthropic Messages API: x-api-key, a version header, cursor pages.

Source: https://platform.claude.com/docs/en/api/errors and /versioning, /models-list.
"""

from typing import Any

from tests.simulators.answers import Answer, as_json, message_done
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, gate
from tests.simulators.shelf import Row

VERSIONS = {"2023-01-01", "2023-06-01", "2026-10-21"}
_SMALL_PAGE = 4


def row(
    model_id: str,
    name: str = "",
    created: str = "2026-01-15",
    context: int = 200_000,
    output: int = 64_000,
    lifecycle: str = "active",
) -> Row:
    lines = ("opus", "sonnet", "haiku", "fable", "mythos")
    line = next((line for line in lines if line in model_id), "other")
    modern = "claude-3-" not in model_id
    return {
        "type": "model",
        "id": model_id,
        "display_name": name or model_id,
        "created_at": f"{created}T00:00:00Z",
        "max_input_tokens": context,
        "max_tokens": output,
        "lifecycle": lifecycle,
        "deprecated_at": "2026-06-01T00:00:00Z" if lifecycle != "active" else None,
        "retires_at": "2027-02-05T00:00:00Z" if lifecycle != "active" else None,
        "line": line,
        "capabilities": {
            "image_input": {"supported": True},
            "pdf_input": {"supported": modern},
            "thinking": {"supported": modern},
            "structured_outputs": {"supported": modern},
            "batch": {"supported": True},
        },
    }


ROWS: list[Row] = [
    row("claude-opus-5", "Claude Opus 5", "2026-09-24", 1_000_000, 128_000),
    row("claude-sonnet-5", "Claude Sonnet 5", "2026-08-27", 1_000_000, 128_000),
    row("claude-haiku-5-5", "Claude Haiku 5.5", "2026-07-14"),
    row("claude-opus-4-7", "Claude Opus 4.7", "2026-04-16", 1_000_000, 128_000),
    row("claude-sonnet-4-6", "Claude Sonnet 4.6", "2026-02-17", 1_000_000),
    row("claude-opus-4-6", "Claude Opus 4.6", "2026-02-05", 1_000_000, 128_000),
    row("claude-opus-4-5-20251101", "Claude Opus 4.5", "2025-11-24"),
    row("claude-haiku-4-5-20251001", "Claude Haiku 4.5", "2025-10-15"),
    row("claude-sonnet-4-5-20250929", "Claude Sonnet 4.5", "2025-09-29"),
    row("claude-opus-4-1-20250805", "Claude Opus 4.1", "2025-08-05", 200_000, 32_000),
    row("claude-opus-4-20250514", "Claude Opus 4", "2025-05-22", 200_000, 32_000, "deprecated"),
    row("claude-sonnet-4-20250514", "Claude Sonnet 4", "2025-05-22", lifecycle="deprecated"),
    row("claude-3-haiku-20240307", "Claude Haiku 3", "2024-03-07", 200_000, 4_096, "deprecated"),
]
RETIRED = [row("claude-3-opus-20240229", "Claude Opus 3", "2024-02-29", 200_000, 4_096, "retired")]
ALIASES = {
    "claude-opus-4-5": "claude-opus-4-5-20251101",
    "claude-haiku-4-5": "claude-haiku-4-5-20251001",
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
    "claude-opus-4-1": "claude-opus-4-1-20250805",
}


def problem(status: int, kind: str, message: str, code: str = "", **headers: str) -> Answer:
    error: dict[str, Any] = {"type": kind, "message": message}
    if code:
        error["details"] = {"error_code": code}
    document = {"type": "error", "error": error, "request_id": "req_demo0123456789"}
    return as_json(status, document, request_id="req_demo0123456789", **headers)


_POOR = problem(
    400,
    "invalid_request_error",
    "Your credit balance is too low to access the Anthropic API. "
    "Please go to Plans & Billing to upgrade or purchase credits.",
)
_SPENT = "This organization has reached its spend limit."
_WRONG = problem(401, "authentication_error", "invalid x-api-key")
MANNERS = Manners(
    missing=problem(401, "authentication_error", "x-api-key header is required"),
    bad=_WRONG,
    limited=problem(
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit.",
        retry_after="30",
        anthropic_ratelimit_requests_limit="50",
        anthropic_ratelimit_requests_remaining="0",
        anthropic_ratelimit_requests_reset="2026-11-22T12:00:30Z",
    ),
    forbidden=problem(
        403, "permission_error", "Your API key does not have permission to use this resource."
    ),
    error=problem(500, "api_error", "Internal server error"),
    special={
        "overloaded": problem(529, "overloaded_error", "Overloaded"),
        "billing": problem(402, "billing_error", "There is an issue with your billing details."),
        "onhold": problem(
            400, "invalid_request_error", "This organization is on hold.", "organization_on_hold"
        ),
        "spendlimit": problem(429, "rate_limit_error", _SPENT, "enforced_spend_limit_reached"),
    },
)


def _refusal(ask: Ask) -> Answer | None:
    if ask.header("origin"):
        return problem(
            401, "authentication_error", "CORS requests are not allowed for this organization."
        )
    version = ask.header("anthropic-version")
    key = ask.header("x-api-key")
    if key is None and ask.bearer is not None:
        oauth = "oauth-2025-04-20" in (ask.header("anthropic-beta") or "")
        if version != "2026-10-21" and not (oauth and ask.bearer.startswith("sk-ant-oat")):
            return problem(401, "authentication_error", "Invalid bearer token")
        key = ask.bearer
    elif key is not None and key.startswith(("sk-ant-admin", "sk-ant-oat")):
        return _WRONG
    refused = gate(ask, MANNERS, key)
    if refused is None and version not in VERSIONS:
        text = "header is required" if version is None else f'"{version}" is not a valid version'
        return problem(400, "invalid_request_error", f"anthropic-version: {text}")
    return refused


def _list(ask: Ask) -> Answer:
    try:
        limit = int(ask.asked("limit", "20"))
    except ValueError:
        limit = 0
    if not 1 <= limit <= 1000:
        text = "limit: Input should be greater than 0 and at most 1000"
        return problem(400, "invalid_request_error", text)
    after, before = ask.asked("after_id"), ask.asked("before_id")
    rows = ask.rows(ROWS, row, fresh=not (after or before))
    wanted = ask.query.get("lifecycle[]", ["active", "deprecated"])
    rows = [one for one in [*rows, *RETIRED] if one["lifecycle"] in wanted]
    if ask.has("pages"):
        limit = min(limit, _SMALL_PAGE)
    ids = [one["id"] for one in rows]
    cursor = after or before
    if cursor and cursor not in ids:
        return problem(400, "invalid_request_error", f"Invalid cursor: {cursor}")
    if before:
        rows = rows[: ids.index(before)][-limit:]
        more = bool(rows) and rows[0]["id"] != ids[0]
    else:
        start = ids.index(after) + 1 if after and not ask.has("loop") else 0
        more = start + limit < len(rows) or ask.has("loop")
        rows = rows[start : start + limit]
    return as_json(
        200,
        {
            "data": rows,
            "has_more": more,
            "first_id": rows[0]["id"] if rows else None,
            "last_id": rows[-1]["id"] if rows else None,
        },
        request_id="req_demo0123456789",
    )


def _known(ask: Ask, model: str) -> Row | None:
    return ask.find(ROWS, row, ALIASES.get(model, model))


def _message(ask: Ask, *, counts_only: bool) -> Answer:
    if not ask.model or not ask.has_messages:
        return problem(400, "invalid_request_error", "messages: Field required")
    if _known(ask, ask.model) is None:
        return problem(404, "not_found_error", f"model: {ask.model}")
    if ask.has("nocredit"):
        return _POOR
    if counts_only:
        return as_json(200, {"input_tokens": 8})
    if not isinstance(ask.document.get("max_tokens"), int):
        return problem(400, "invalid_request_error", "max_tokens: Field required")
    return message_done(ask.model).with_headers(request_id="req_demo0123456789")


def answer(ask: Ask) -> Answer:
    refused = _refusal(ask)
    if refused is not None:
        return refused
    match ask.method, ask.path:
        case "GET", "/v1/models":
            return _list(ask)
        case "GET", path if path.startswith("/v1/models/"):
            found = _known(ask, path.removeprefix("/v1/models/"))
            return as_json(200, found) if found else problem(404, "not_found_error", "Not found")
        case "POST", "/v1/messages":
            return _message(ask, counts_only=False)
        case "POST", "/v1/messages/count_tokens":
            return _message(ask, counts_only=True)
        case _, "/v1/models" | "/v1/messages" | "/v1/messages/count_tokens":
            return problem(405, "invalid_request_error", "Method Not Allowed")
    return problem(404, "not_found_error", "Not Found")


KIND = Kind("anthropic", answer, hosts=("api.anthropic.com",))
