"""Moonshot AI: the reason stands in error.type; an empty account is 429.

Source: https://platform.kimi.ai/docs/api/errors
"""

from tests.simulators.answers import Answer, as_json, chat_done, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, keyed
from tests.simulators.shelf import Row

_WORLD, _CHINA = "api.moonshot.ai", "api.moonshot.cn"


def row(model_id: str, context: int = 262_144, *, sees: bool = False, thinks: bool = True) -> Row:
    return {
        "id": model_id,
        "object": "model",
        "created": 1_750_000_000,
        "owned_by": "moonshot",
        "display_name": model_id.replace("kimi-k", "Kimi K").replace("-", " "),
        "context_length": context,
        "supports_image_in": sees,
        "supports_video_in": sees and "code" not in model_id,
        "supports_reasoning": thinks,
        "permission": [],
    }


ROWS: list[Row] = [
    row("kimi-k2.7-code", sees=True),
    row("kimi-k2.6", sees=True),
    row("kimi-k2.5", sees=True),
    row("kimi-k2-thinking"),
    row("kimi-k2-thinking-turbo"),
    row("kimi-k2-turbo-preview", thinks=False),
    row("kimi-k2-0905-preview", thinks=False),
    row("kimi-latest", 131_072, sees=True, thinks=False),
    row("moonshot-v1-128k-vision-preview", 131_072, sees=True, thinks=False),
    row("moonshot-v1-128k", 131_072, thinks=False),
    row("moonshot-v1-32k", 32_768, thinks=False),
    row("moonshot-v1-8k", 8_192, thinks=False),
]


def problem(status: int, kind: str, message: str, **headers: str) -> Answer:
    return as_json(status, {"error": {"message": message, "type": kind}}, **headers)


_WRONG = problem(401, "incorrect_api_key_error", "Incorrect API key provided")
MANNERS = Manners(
    missing=_WRONG,
    bad=_WRONG,
    limited=problem(
        429,
        "rate_limit_reached_error",
        "Your account reached organization max RPM: 20, please try again after 1 seconds",
        retry_after="1",
    ),
    forbidden=problem(403, "permission_denied_error", "The API you are accessing is not open"),
    error=problem(500, "server_error", "Internal server error"),
    special={
        "overloaded": problem(429, "engine_overloaded_error", "The engine is currently overloaded"),
    },
)


def _balance(ask: Ask) -> Answer:
    left = 0 if ask.has("nocredit") else 0.42 if ask.has("low") else 49.58894
    data = {"available_balance": left, "voucher_balance": 0, "cash_balance": left}
    return as_json(200, {"code": 0, "data": data, "scode": "0x0", "status": True})


def _chat(ask: Ask) -> Answer:
    if ask.find(ROWS, row, ask.model) is None:
        text = f"Not found the model {ask.model} or Permission denied"
        return problem(404, "resource_not_found_error", text)
    if ask.has("nocredit"):
        text = "Your account is suspended, please check your plan and billing details"
        return problem(429, "exceeded_current_quota_error", text)
    if not ask.has_messages:
        return problem(400, "invalid_request_error", "Invalid request: messages is empty")
    return chat_done(ask.model)


def answer(ask: Ask) -> Answer:
    if ask.of_other_country(_CHINA):
        return _WRONG
    match ask.method, ask.path:
        case "GET", "/v1/models":
            return listing(ask.rows(ROWS, row))
        case "GET", "/v1/users/me/balance":
            return _balance(ask)
        case "POST", "/v1/chat/completions":
            return _chat(ask)
    return problem(404, "resource_not_found_error", "The requested resource was not found")


KIND = Kind("moonshot", keyed(MANNERS, answer), hosts=(_WORLD, _CHINA))
