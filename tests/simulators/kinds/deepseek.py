"""DeepSeek: a short list, and a balance call that tells key and credit together.

Source: https://api-docs.deepseek.com/quick_start/error_codes
"""

from tests.simulators.answers import Answer, as_json, chat_done, fault, listing, response_done
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, keyed
from tests.simulators.shelf import Row

ALIASES = ("deepseek-chat", "deepseek-reasoner")  # answer, but are not listed


def row(model_id: str) -> Row:
    return {
        "id": model_id,
        "object": "model",
        "owned_by": "deepseek",
        "context_window": 1_048_576,
        "max_output_tokens": 393_216,
    }


ROWS: list[Row] = [row(name) for name in ("deepseek-v4-pro", "deepseek-v4-flash", "deepseek-flash")]


def _bad(ask: Ask) -> Answer:
    tail = (ask.bearer or "")[-4:]
    text = f"Authentication Fails, Your api key: ****{tail} is invalid"
    return fault(401, text, "authentication_error", "invalid_request_error")


_POOR = fault(402, "Insufficient Balance", "unknown_error", "invalid_request_error")
MANNERS = Manners(
    missing=fault(
        401,
        "Authentication Fails (auth header format should be Bearer sk-...)",
        "authentication_error",
        "invalid_request_error",
    ),
    bad=_bad,
    limited=fault(429, "Rate limit reached", "rate_limit_error", "rate_limit_error"),
    forbidden=fault(403, "Access denied", "permission_error", "invalid_request_error"),
    error=fault(503, "Service is too busy, please try again later.", "service_unavailable_error"),
)


def _balance(ask: Ask) -> Answer:
    poor = ask.has("nocredit")
    total = "0.00" if poor else "0.42" if ask.has("low") else "10.00"
    info = {
        "currency": "USD",
        "total_balance": total,
        "granted_balance": "0.00",
        "topped_up_balance": total,
    }
    return as_json(200, {"is_available": not poor, "balance_infos": [info]})


def _chat(ask: Ask) -> Answer:
    if ask.has("nocredit"):
        return _POOR
    names = [one["id"] for one in ask.rows(ROWS, row, fresh=False)]
    if ask.model not in {*names, *ALIASES}:
        text = f"The supported API model names are {', '.join(names)}, but you passed {ask.model}."
        return fault(400, text, code="invalid_request_error")
    if ask.path.endswith("/responses"):
        return response_done(ask.model)
    if not ask.has_messages:
        return fault(422, "missing field `messages`", code="invalid_request_error")
    return chat_done(ask.model)


def answer(ask: Ask) -> Answer:
    match ask.method, ask.path.removeprefix("/v1"):
        case "GET", "/models":
            return listing(ask.rows(ROWS, row))
        case "GET", "/user/balance":
            return _balance(ask)
        case "POST", "/chat/completions" | "/responses":
            return _chat(ask)
    return fault(404, "Not Found", code="invalid_request_error")


KIND = Kind("deepseek", keyed(MANNERS, answer), hosts=("api.deepseek.com",))
