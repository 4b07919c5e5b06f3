"""Any OpenAI-compatible server, in the odd shapes such servers have.

Words: `~guarded` wants a key; `~nolist` (404), `~nolist405`, `~nolist501` have no list but chat;
`~arrays` lists bare strings, `~models` uses another envelope and other names, `~nested` hides the
context window; `~v1missing` marks a base that was entered without its /v1.
"""

from tests.simulators.answers import Answer, as_json, as_text, chat_done, fault, hinted, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, keyed_by
from tests.simulators.shelf import Row

IDS = ("demo-chat-large", "demo-chat-small", "demo-vision", "demo-coder", "demo-embed")


def row(model_id: str) -> Row:
    return {
        "id": model_id,
        "object": "model",
        "created": 1_770_000_000,
        "owned_by": "demo",
        "context_window": 131_072,
    }


ROWS: list[Row] = [row(model_id) for model_id in IDS]


def _bad(ask: Ask) -> Answer:
    return fault(401, f"Incorrect API key provided: {hinted(ask.bearer or '')}")


MANNERS = Manners(
    missing=fault(401, "You didn't provide an API key."),
    bad=_bad,
    limited=fault(429, "Too many requests", "rate_limit", "rate_limit_exceeded", retry_after="9"),
    forbidden=fault(403, "This key may not use this server", "forbidden"),
    error=fault(500, "Internal server error", "server_error"),
)


def _list(ask: Ask) -> Answer:
    for word, status in (("nolist", 404), ("nolist405", 405), ("nolist501", 501)):
        if ask.has(word):
            return as_text(status, "")
    rows = ask.rows(ROWS, row)
    if ask.has("arrays"):
        return as_json(200, [one["id"] for one in rows])
    if ask.has("models"):
        named = [{"name": one["id"], "max_model_len": one["context_window"]} for one in rows]
        return as_json(200, {"models": named})
    if ask.has("nested"):
        return listing(
            [
                {"id": one["id"], "model_info": {"context_window": one["context_window"]}}
                for one in rows
            ]
        )
    return listing(rows)


def _chat(ask: Ask) -> Answer:
    if ask.find(ROWS, row, ask.model) is None:
        text = f"The model `{ask.model}` does not exist."
        return fault(404, text, code="model_not_found")
    if ask.has("nocredit"):
        return fault(402, "Insufficient credits", "payment_required", "insufficient_balance")
    return chat_done(ask.model) if ask.has_messages else fault(400, "'messages' is required")


def answer(ask: Ask) -> Answer:
    match ask.method, ask.path:
        case "GET", "/v1/models":
            return _list(ask)
        case "POST", "/v1/chat/completions":
            return _chat(ask)
    return as_text(404, "404 page not found")


KIND = Kind(
    "custom",
    keyed_by("guarded", MANNERS, answer),
    hosts=("llm.example.com",),
    plain=("llm.example:9000", "localhost:9000"),
    local=True,
)
