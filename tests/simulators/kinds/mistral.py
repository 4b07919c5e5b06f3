"""Mistral AI: capabilities in the list, aliases as rows of their own, errors without `error`.

Source: https://github.com/mistralai/platform-docs-public (openapi.yaml)
"""

from tests.simulators.answers import Answer, as_json, chat_done, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, keyed
from tests.simulators.shelf import Row

# name | aliases | context | abilities | replacement when deprecated
_MODELS = """
mistral-large-2512|mistral-large-latest|262144|chat,tools,vision|
mistral-medium-2604|mistral-medium-latest,mistral-medium|262144|chat,tools,vision,reasoning|
mistral-medium-2508||131072|chat,tools,vision|mistral-medium-2604
mistral-small-2603|mistral-small-latest|262144|chat,tools,vision,reasoning|
mistral-small-2506||131072|chat,tools,vision|mistral-small-2603
magistral-medium-2509|magistral-medium-latest|131072|chat,tools,vision,reasoning|
ministral-14b-2512|ministral-14b-latest|262144|chat,tools,vision|
ministral-8b-2512|ministral-8b-latest|262144|chat,tools,vision|
ministral-3b-2512|ministral-3b-latest|262144|chat,tools,vision|
codestral-2508|codestral-latest|256000|chat,tools,fim|
devstral-2512|devstral-latest,devstral-medium-latest|262144|chat,tools|
voxtral-small-2507|voxtral-small-latest|32768|chat,tools,audio|
voxtral-mini-2602|voxtral-mini-latest|32768|audio,transcription|
pixtral-large-2411|pixtral-large-latest|131072|chat,tools,vision|mistral-medium-2604
open-mistral-nemo|open-mistral-nemo-2407,mistral-tiny-latest|131072|chat,tools|
mistral-ocr-2512|mistral-ocr-latest|16384|ocr,vision|
mistral-embed|mistral-embed-2312|8192||
mistral-moderation-2603|mistral-moderation-latest|8192|moderation|
""".strip().splitlines()
_ABILITIES = {
    "completion_chat": "chat",
    "function_calling": "tools",
    "reasoning": "reasoning",
    "completion_fim": "fim",
    "vision": "vision",
    "ocr": "ocr",
    "moderation": "moderation",
    "audio": "audio",
    "audio_transcription": "transcription",
}


def _model(line: str) -> list[Row]:
    """One row for the name and one for each alias."""
    name, aliases, context, abilities, replacement = line.split("|")
    names = [name, *filter(None, aliases.split(","))]
    has = abilities.split(",")
    shared = {
        "object": "model",
        "created": 1_756_746_619,
        "owned_by": "mistralai",
        "name": name,
        "description": f"{name}, simulated",
        "max_context_length": int(context),
        "deprecation": "2026-12-31T12:00:00Z" if replacement else None,
        "deprecation_replacement_model": replacement or None,
        "default_model_temperature": 0.3,
        "type": "base",
        "capabilities": {field: word in has for field, word in _ABILITIES.items()},
    }
    return [
        {"id": one, **shared, "aliases": [other for other in names if other != one]}
        for one in names
    ]


def row(model_id: str) -> Row:
    return _model(f"{model_id}||131072|chat,tools|")[0]


ROWS: list[Row] = [one for line in _MODELS for one in _model(line)]


def flat(status: int, message: str, kind: str, code: str) -> Answer:
    document = {"object": "error", "message": message, "type": kind, "param": None, "code": code}
    return as_json(status, document)


MANNERS = Manners(
    missing=as_json(401, {"detail": "Unauthorized"}),
    bad=as_json(401, {"detail": "Unauthorized"}),
    limited=flat(429, "Rate limit exceeded", "rate_limited", "1300").with_headers(retry_after="5"),
    forbidden=flat(403, "This model is not available in your tier.", "forbidden", "1700"),
    error=flat(500, "Service unavailable.", "internal_server_error", "1000"),
    special={
        "badmessage": as_json(401, {"message": "Unauthorized", "request_id": "demo-0001"}),
    },
)


def _chat(ask: Ask) -> Answer:
    if ask.find(ROWS, row, ask.model) is None:
        return flat(400, f"Invalid model: {ask.model}", "invalid_model", "1500")
    if ask.has("nocredit"):
        return flat(402, "Payment required: no active subscription", "payment_required", "1800")
    if not ask.has_messages:
        fault = {"loc": ["body", "messages"], "msg": "Field required", "type": "missing"}
        return as_json(422, {"detail": [fault]})
    return chat_done(ask.model)


def answer(ask: Ask) -> Answer:
    match ask.method, ask.path:
        case "GET", "/v1/models":
            return listing(ask.rows(ROWS, row))
        case "POST", "/v1/chat/completions":
            return _chat(ask)
    return as_json(404, {"message": "no Route matched with those values"})


KIND = Kind(
    "mistral",
    keyed(MANNERS, answer),
    hosts=("api.mistral.ai", "api.eu.mistral.ai", "api.us.mistral.ai"),
)
