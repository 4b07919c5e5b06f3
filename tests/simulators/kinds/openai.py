"""OpenAI: Bearer, one list without pages, many reasons under 401 and 429.

Source: https://github.com/openai/openai-openapi
"""

from tests.simulators.answers import (
    Answer,
    as_json,
    chat_done,
    fault,
    hinted,
    listing,
    response_done,
)
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, keyed
from tests.simulators.shelf import Row

_IDS = """
gpt-5.5 gpt-5.5-pro gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.4-pro gpt-5.3-codex gpt-5.3-chat-latest
gpt-5.2 gpt-5.2-pro gpt-5.2-codex gpt-5.1 gpt-5.1-codex gpt-5.1-codex-max gpt-5.1-codex-mini gpt-5
gpt-5-pro gpt-5-mini gpt-5-nano gpt-5-codex gpt-5-chat-latest gpt-4.1 gpt-4.1-mini gpt-4.1-nano
gpt-4o gpt-4o-2024-11-20 gpt-4o-2024-08-06 gpt-4o-mini gpt-4-turbo gpt-4 gpt-3.5-turbo o4-mini
o4-mini-deep-research o3 o3-mini o3-pro o3-deep-research o1 o1-pro gpt-image-1 gpt-image-1-mini
gpt-image-1.5 chatgpt-image-latest dall-e-3 dall-e-2 sora-2 sora-2-pro gpt-realtime
gpt-realtime-mini gpt-audio gpt-4o-transcribe gpt-4o-mini-tts whisper-1 tts-1 tts-1-hd
omni-moderation-latest text-embedding-3-large text-embedding-3-small text-embedding-ada-002
ft:gpt-4.1-mini-2025-04-14:demo::AbCdEfGh
"""
_LEAVING = {"gpt-4": "2027-03-26", "gpt-3.5-turbo": "2027-01-15", "dall-e-2": "2027-05-12"}


def row(model_id: str) -> Row:
    return {
        "id": model_id,
        "object": "model",
        "created": 1_740_000_000 + 40_000 * (sum(model_id.encode()) % 900),
        "owned_by": "demo-org" if model_id.startswith("ft:") else "system",
        "shutdown_date": _LEAVING.get(model_id),
    }


ROWS: list[Row] = [row(model_id) for model_id in _IDS.split()]


def _bad(ask: Ask) -> Answer:
    return fault(
        401,
        f"Incorrect API key provided: {hinted(ask.bearer or '')}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        code="invalid_api_key",
    )


_SCOPES = (
    "You have insufficient permissions for this operation. Missing scopes: api.model.read. "
    "Check that you have the correct role in your organization and project, and if you're using "
    "a restricted API key, that it has the necessary scopes."
)
_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more "
    "information on this error, read the docs."
)
MANNERS = Manners(
    missing=fault(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization "
        "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    ),
    bad=_bad,
    limited=fault(
        429,
        "Rate limit reached for requests. Please try again in 20s.",
        "requests",
        "rate_limit_exceeded",
        retry_after="20",
        retry_after_ms="20000",
        x_ratelimit_limit_requests="500",
        x_ratelimit_remaining_requests="0",
        x_ratelimit_reset_requests="20s",
    ),
    forbidden=fault(403, "You are not allowed to use this project.", code="project_forbidden"),
    error=fault(500, "The server had an error while processing your request.", "server_error"),
    special={
        "ipblocked": fault(401, "Your IP address is not authorized for this project.", code=None),
        "country": fault(
            403,
            "Country, region, or territory not supported",
            "request_forbidden",
            "unsupported_country_region_territory",
        ),
    },
)


def is_reasoning(model: str) -> bool:
    return model.startswith(("gpt-5", "o1", "o3", "o4"))


def unsupported(name: str) -> Answer:
    return fault(
        400,
        f"Unsupported parameter: '{name}' is not supported with this model. Use "
        "'max_completion_tokens' instead.",
        code="unsupported_parameter",
    )


def unknown_path(ask: Ask) -> Answer:
    return fault(404, f"Invalid URL ({ask.method} {ask.path})")


def _model_fault(ask: Ask) -> Answer | None:
    if not ask.model:
        return fault(400, "you must provide a model parameter")
    if ask.find(ROWS, row, ask.model) is None:
        text = f"The model `{ask.model}` does not exist or you do not have access to it."
        return fault(404, text, code="model_not_found")
    if ask.has("nocredit"):
        return fault(429, _QUOTA, "insufficient_quota", "insufficient_quota")
    if ask.has("billing"):
        text = "Your credit balance is exhausted."
        return fault(429, text, "insufficient_quota", "credit_balance_exhausted")
    return None


def _chat(ask: Ask) -> Answer:
    refused = _model_fault(ask)
    if refused is not None:
        return refused
    if not ask.has_messages:
        return fault(400, "Missing required parameter: 'messages'.", code="missing_required_param")
    if is_reasoning(ask.model) and "max_tokens" in ask.document:
        return unsupported("max_tokens")
    limit = ask.document.get("max_completion_tokens")
    if is_reasoning(ask.model) and isinstance(limit, int) and limit < 16:
        text = (
            "Could not finish the message because max_tokens or model output limit was reached. "
            "Please try again with higher max_tokens."
        )
        return fault(400, text)
    return chat_done(ask.model).with_headers(x_request_id="req_demo")


def _respond(ask: Ask) -> Answer:
    refused = _model_fault(ask)
    if refused is None and not ask.document.get("input"):
        refused = fault(400, "Missing required parameter: 'input'.", code="missing_required_param")
    return refused or response_done(ask.model).with_headers(x_request_id="req_demo")


def _count(ask: Ask) -> Answer:
    """Counting is free: an empty account does not matter."""
    refused = None if ask.has("nocredit", "billing") else _model_fault(ask)
    return refused or as_json(200, {"object": "response.input_tokens", "input_tokens": 8})


def answer(ask: Ask) -> Answer:
    match ask.method, ask.path:
        case "GET", path if path == "/v1/models" or path.startswith("/v1/models/"):
            if ask.has("noscope"):
                return fault(401, _SCOPES)
            rows = ask.rows(ROWS, row)
            if path == "/v1/models":
                return listing(rows).with_headers(x_request_id="req_demo")
            wanted = path.removeprefix("/v1/models/")
            found = next((one for one in rows if one["id"] == wanted), None)
            text = f"The model '{wanted}' does not exist"
            return as_json(200, found) if found else fault(404, text, code="model_not_found")
        case "POST", "/v1/chat/completions":
            return _chat(ask)
        case "POST", "/v1/responses":
            return _respond(ask)
        case "POST", "/v1/responses/input_tokens":
            return _count(ask)
        case _, path if path in _PATHS:
            return fault(405, f"Not allowed to {ask.method} on {ask.path}.")
    return unknown_path(ask)


_PATHS = ("/v1/models", "/v1/chat/completions", "/v1/responses", "/v1/responses/input_tokens")
_REGIONS = ("us", "eu", "ae", "au", "in", "jp")
KIND = Kind(
    "openai",
    keyed(MANNERS, answer),
    hosts=("api.openai.com", *(f"{region}.api.openai.com" for region in _REGIONS)),
)
