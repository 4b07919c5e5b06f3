"""vLLM: only /v1 is guarded, and only with `~guarded`; LoRA rows inherit from their parent. With
`~short` it serves its models with a small window.

Source: https://github.com/vllm-project/vllm (vllm/entrypoints/openai)
"""

from tests.simulators.answers import Answer, as_json, as_text, chat_done, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, keyed_by
from tests.simulators.shelf import Row


def row(model_id: str, parent: str | None = None) -> Row:
    found: Row = {
        "id": model_id,
        "object": "model",
        "created": 1_770_000_000,
        "owned_by": "vllm",
        "root": model_id if parent is None else f"/lora/{model_id}",
        "parent": parent,
        "permission": [],
    }
    return found if parent else {**found, "max_model_len": 40_960}


SHORT = 4096
ROWS: list[Row] = [row("Qwen/Qwen3-32B"), row("sql-adapter", parent="Qwen/Qwen3-32B")]


def problem(status: int, kind: str, message: str) -> Answer:
    error = {"message": message, "type": kind, "param": "model", "code": status}
    return as_json(status, {"error": error})


MANNERS = Manners(
    missing=as_json(401, {"error": "Unauthorized"}),
    bad=as_json(401, {"error": "Unauthorized"}),
    limited=problem(429, "TooManyRequests", "Too many requests"),
    forbidden=problem(403, "Forbidden", "Forbidden"),
    error=problem(500, "InternalServerError", "EngineCore encountered an issue."),
)


def _chat(ask: Ask) -> Answer:
    if ask.find(ROWS, row, ask.model) is None:
        text = f"The model `{ask.model}` does not exist."
        return problem(404, "NotFoundError", text)
    if not ask.has_messages:
        return problem(400, "BadRequestError", "messages: Field required")
    if ask.has("short") and ask.document.get("max_tokens", 0) > SHORT:
        text = f"'max_tokens' is too large. This model's maximum context length is {SHORT} tokens."
        return problem(400, "BadRequestError", text)
    return chat_done(ask.model)


def _api(ask: Ask) -> Answer:
    match ask.method, ask.path:
        case "GET", "/v1/models":
            rows = ask.rows(ROWS, row)
            return listing(
                [{**one, "max_model_len": SHORT} for one in rows] if ask.has("short") else rows
            )
        case "POST", "/v1/chat/completions":
            return _chat(ask)
    return as_json(404, {"detail": "Not Found"})


_guarded = keyed_by("guarded", MANNERS, _api)


def answer(ask: Ask) -> Answer:
    match ask.path:
        case "/health":
            return Answer(503 if ask.has("error") else 200)
        case "/version":
            return as_json(200, {"version": "0.21.0"})
        case "/metrics":
            return as_text(200, "# HELP vllm:num_requests_running Running requests.\n")
    return _guarded(ask)


KIND = Kind(
    "vllm",
    answer,
    plain=(
        "vllm.example:8000",
        "localhost:8001",
        "localhost:8000",
        "host.docker.internal:8000",
        "host.docker.internal:8001",
    ),
    local=True,
)
