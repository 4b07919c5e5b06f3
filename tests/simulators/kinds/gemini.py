"""Google Gemini API: the native list with page tokens and the OpenAI-compatible base beside it.

Source: https://ai.google.dev/api/rest/v1beta/models/list
"""

import base64
from typing import Any

from tests.simulators.answers import Answer, as_json, chat_done, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, gate, public_gate
from tests.simulators.shelf import Row

_TALK = ["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"]
_SMALL_PAGE = 7
_NATIVE, _COMPAT = "/v1beta/", "/v1beta/openai/"


def row(
    model_id: str,
    name: str = "",
    context: int = 1_048_576,
    output: int = 65_536,
    methods: list[str] | None = None,
    thinking: bool = True,
) -> Row:
    found: Row = {
        "name": f"models/{model_id}",
        "version": "001",
        "displayName": name or model_id,
        "description": f"{name or model_id}, simulated",
        "inputTokenLimit": context,
        "outputTokenLimit": output,
        "supportedGenerationMethods": methods or _TALK,
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
    }
    return {**found, "thinking": True} if thinking else found


ROWS: list[Row] = [
    row("gemini-3.5-flash", "Gemini 3.5 Flash"),
    row("gemini-3.5-pro", "Gemini 3.5 Pro"),
    row("gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview"),
    row("gemini-3.1-flash-lite", "Gemini 3.1 Flash-Lite"),
    row("gemini-3-flash-preview", "Gemini 3 Flash Preview"),
    row("gemini-2.5-pro", "Gemini 2.5 Pro"),
    row("gemini-2.5-flash", "Gemini 2.5 Flash"),
    row("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite"),
    row("gemini-2.0-flash", "Gemini 2.0 Flash", output=8_192, thinking=False),
    row("gemini-flash-latest", "Gemini Flash Latest"),
    row("gemma-4-31b-it", "Gemma 4 31B", 262_144, 32_768),
    row("gemma-4-26b-a4b-it", "Gemma 4 26B A4B", 262_144, 32_768),
    row("gemini-2.5-flash-image", "Nano Banana", 32_768, 32_768, thinking=False),
    row("gemini-3.1-flash-image-preview", "Nano Banana 2", 65_536, 65_536),
    row("gemini-2.5-flash-preview-tts", "Gemini 2.5 Flash TTS", 8_192, 16_384, thinking=False),
    row("gemini-2.5-flash-live-preview", "Gemini 2.5 Flash Live", 131_072, 8_192,
        ["bidiGenerateContent", "countTokens"]),
    row("gemini-embedding-001", "Gemini Embedding", 2_048, 1, ["embedContent"], thinking=False),
    row("aqa", "Attributed Question Answering", 7_168, 1_024, ["generateAnswer"], thinking=False),
    row("imagen-4.0-generate-001", "Imagen 4", 480, 8_192, ["predict"], thinking=False),
    row("veo-3.1-generate-001", "Veo 3.1", 480, 8_192, ["predictLongRunning"], thinking=False),
    row("veo-3.0-generate-001", "Veo 3", 480, 8_192, ["predictLongRunning"], thinking=False),
]  # fmt: skip


def problem(ask: Ask, code: int, status: str, message: str, *details: dict[str, Any]) -> Answer:
    error: dict[str, Any] = {"code": code, "message": message, "status": status}
    if details:
        error["details"] = list(details)
    document = {"error": error}
    return as_json(code, [document] if ask.path.startswith(_COMPAT) else document)


def _reason(reason: str) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }


def _bad_token(ask: Ask) -> Answer:
    text = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential."
    )
    reason = _reason("ACCESS_TOKEN_TYPE_UNSUPPORTED")
    return problem(ask, 401, "UNAUTHENTICATED", text, reason)


def _bad(ask: Ask) -> Answer:
    if ask.carriers[0][1].startswith("AQ."):
        return _bad_token(ask)
    text = "API key not valid. Please pass a valid API key."
    return problem(ask, 400, "INVALID_ARGUMENT", text, _reason("API_KEY_INVALID"))


def _missing(ask: Ask) -> Answer:
    if ask.path.startswith(_COMPAT):
        text = "Missing or invalid Authorization header."
        return problem(ask, 400, "INVALID_ARGUMENT", text)
    text = (
        "Method doesn't allow unregistered callers (callers without established identity). Please "
        "use API Key or other form of API consumer identity to call this API."
    )
    return problem(ask, 403, "PERMISSION_DENIED", text)


def _limited(ask: Ask) -> Answer:
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"}
    text = "Resource has been exhausted (e.g. check quota)."
    return problem(ask, 429, "RESOURCE_EXHAUSTED", text, retry)


def _denied(text: str) -> Any:
    return lambda ask: problem(ask, 403, "PERMISSION_DENIED", text)


MANNERS = Manners(
    missing=_missing,
    bad=_bad,
    limited=_limited,
    forbidden=_denied("The caller does not have permission"),
    error=lambda ask: problem(ask, 503, "UNAVAILABLE", "The service is currently unavailable."),
    special={
        "leaked": _denied("Your API key was reported as leaked. Please use another API key."),
        "restricted": _denied("Requests to this API method are blocked."),
        "expired": lambda ask: problem(
            ask,
            400,
            "INVALID_ARGUMENT",
            "API key expired. Please renew the API key.",
            _reason("API_KEY_INVALID"),
        ),
        "location": lambda ask: problem(
            ask, 400, "FAILED_PRECONDITION", "User location is not supported for the API use."
        ),
    },
)


def _cursor(start: int) -> str:
    return base64.urlsafe_b64encode(f"from:{start}".encode()).decode()


def _start(token: str) -> int | None:
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(":")
        return int(number) if word == "from" else None
    except ValueError:
        return None


def _list(ask: Ask) -> Answer:
    token = ask.asked("pageToken")
    start = _start(token) if token else 0
    try:
        size = int(ask.asked("pageSize", "50") or 50)
    except ValueError:
        size = -1
    if start is None or size < 0:
        return problem(ask, 400, "INVALID_ARGUMENT", "Invalid page token or page size.")
    size = min(size or 50, _SMALL_PAGE if ask.has("pages") else 1000)
    rows = ask.rows(ROWS, row, fresh=not token)
    if ask.has("loop"):
        return as_json(200, {"models": rows[:size], "nextPageToken": _cursor(size)})
    document: dict[str, Any] = {"models": rows[start : start + size]}
    if start + size < len(rows):
        document["nextPageToken"] = _cursor(start + size)
    return as_json(200, document)


def _find(ask: Ask, model_id: str) -> Row | None:
    name = f"models/{model_id.removeprefix('models/')}"
    return ask.find(ROWS, row, name, column="name")


def _use(ask: Ask, model_id: str, *, generates: bool) -> Answer | None:
    """The refusal of a call to one model."""
    if _find(ask, model_id) is None:
        text = f"models/{model_id} is not found for API version v1beta."
        return problem(ask, 404, "NOT_FOUND", text)
    if ask.has("nocredit"):
        text = (
            "You exceeded your current quota, please check your plan and billing details. "
            "Quota exceeded for metric: generate_content_free_tier_requests, limit: 0"
        )
        return problem(ask, 429, "RESOURCE_EXHAUSTED", text)
    if generates and ask.has("aqchat"):
        return problem(ask, 403, "PERMISSION_DENIED", "The caller does not have permission")
    return None


def _native(ask: Ask) -> Answer:
    name = ask.path.removeprefix(_NATIVE)
    if ask.method == "GET" and name == "models":
        return _list(ask)
    model_id, _, verb = name.removeprefix("models/").partition(":")
    if ask.method == "GET" and not verb and name.startswith("models/"):
        found = _find(ask, model_id)
        return as_json(200, found) if found else _use(ask, model_id, generates=False) or _lost(ask)
    if ask.method != "POST" or verb not in {"countTokens", "generateContent"}:
        return _lost(ask)
    refused = _use(ask, model_id, generates=verb == "generateContent")
    if refused is not None:
        return refused
    if not isinstance(ask.document.get("contents"), list):
        return problem(ask, 400, "INVALID_ARGUMENT", "contents is not specified")
    if verb == "countTokens":
        return as_json(200, {"totalTokens": 2})
    content = {"parts": [{"text": "Hi"}], "role": "model"}
    return as_json(200, {"candidates": [{"content": content, "finishReason": "MAX_TOKENS"}]})


def _compat(ask: Ask) -> Answer:
    match ask.method, ask.path.removeprefix(_COMPAT):
        case "GET", "models":
            rows = ask.rows(ROWS, row)
            return listing(
                [{"id": one["name"], "object": "model", "owned_by": "google"} for one in rows]
            )
        case "POST", "chat/completions":
            refused = _use(ask, ask.model, generates=True)
            if refused is None and not ask.has_messages:
                return problem(ask, 400, "INVALID_ARGUMENT", "contents is not specified")
            return refused or chat_done(ask.model)
    return _lost(ask)


def _lost(ask: Ask) -> Answer:
    return problem(ask, 404, "NOT_FOUND", "Requested entity was not found.")


def answer(ask: Ask) -> Answer:
    compat = ask.path.startswith(_COMPAT)
    if not ask.path.startswith(_NATIVE):
        return public_gate(ask, MANNERS) or Answer(404)
    key = ask.bearer if compat else ask.header("x-goog-api-key") or ask.asked("key") or None
    if not compat and key is None and ask.bearer is not None:
        return _bad_token(ask)  # an API key is no OAuth token
    refused = gate(ask, MANNERS, key)
    if refused is not None:
        return refused
    return _compat(ask) if compat else _native(ask)


KIND = Kind("gemini", answer, hosts=("generativelanguage.googleapis.com",))
