"""MiniMax: the same fault as an error object, or inside HTTP 200 as base_resp.

Source: https://platform.minimax.io/docs/api-reference/errorcode
"""

from tests.simulators.answers import Answer, as_json, as_text, chat_done, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, gate
from tests.simulators.shelf import Row

_WORLD, _CHINA = "api.minimax.io", "api.minimaxi.com"
_IDS = """
MiniMax-M3 MiniMax-M2.7 MiniMax-M2.7-highspeed MiniMax-M2.5 MiniMax-M2.5-highspeed MiniMax-M2.1
MiniMax-M2
"""
_TEXTS = {
    1000: "unknown error",
    1002: "rate limit",
    1004: "login fail: Please carry the API secret key in the 'Authorization' field",
    1008: "insufficient balance",
    2013: "invalid params",
    2049: "invalid api key",
    2056: "usage limit exceeded",
}


def row(model_id: str) -> Row:
    return {"id": model_id, "object": "model", "created": 1_780_000_000, "owned_by": "minimax"}


ROWS: list[Row] = [row(model_id) for model_id in _IDS.split()]


def problem(status: int, kind: str, code: int, message: str = "") -> Answer:
    text = f"{message or _TEXTS[code]} ({code})"
    error = {"type": kind, "message": text, "http_code": str(status)}
    return as_json(status, {"type": "error", "error": error, "request_id": "demo-0001"})


def in_body(code: int) -> Answer:
    """The older form: HTTP 200, the truth in base_resp."""
    base = {"status_code": code, "status_msg": _TEXTS.get(code, "unknown error")}
    return as_json(200, {"base_resp": base})


MANNERS = Manners(
    missing=problem(401, "authorized_error", 1004),
    bad=problem(401, "authorized_error", 2049),
    limited=problem(429, "rate_limit_error", 1002),
    forbidden=problem(403, "permission_error", 1000, "no permission"),
    error=problem(500, "api_error", 1000),
    special={
        "quota": problem(429, "rate_limit_error", 2056),
        "old": problem(500, "api_error", 1008),
    },
)


def _chat(ask: Ask) -> Answer:
    native = "chatcompletion_v2" in ask.path
    if ask.find(ROWS, row, ask.model) is None:
        return problem(400, "bad_request_error", 2013, f"unknown model '{ask.model}'")
    if ask.has("nocredit"):
        return in_body(1008) if native else problem(402, "insufficient_balance_error", 1008)
    if not ask.has_messages:
        return problem(400, "bad_request_error", 2013)
    return chat_done(ask.model)


def _anthropic_style(ask: Ask) -> Answer:
    rows = [
        {
            "id": one["id"],
            "type": "model",
            "display_name": one["id"].replace("-", " "),
            "created_at": "2026-05-28T00:00:00Z",
        }
        for one in ask.rows(ROWS, row)
    ]
    ends = {"first_id": rows[0]["id"], "last_id": rows[-1]["id"]} if rows else {}
    return as_json(200, {"data": rows, "has_more": False, **ends})


def answer(ask: Ask) -> Answer:
    return gate(ask, MANNERS, ask.bearer or ask.header("x-api-key")) or _served(ask)


def _served(ask: Ask) -> Answer:
    code = ask.number("code", 1004)
    if code is not None:
        return in_body(code)
    if ask.of_other_country(_CHINA):
        return problem(401, "authorized_error", 2049)
    match ask.method, ask.path:
        case "GET", "/v1/models":
            return listing(ask.rows(ROWS, row))
        case "GET", "/anthropic/v1/models":
            return _anthropic_style(ask)
        case "POST", "/v1/chat/completions" | "/v1/text/chatcompletion_v2":
            return _chat(ask)
    return as_text(404, "404 page not found")


KIND = Kind("minimax", answer, hosts=(_WORLD, _CHINA))
