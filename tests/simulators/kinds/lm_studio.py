"""LM Studio: three generations of lists; an unknown path answers 200 with an error text.

`~v0` is a server without the v1 list, `~compat` one with the compatible list only, `~auth` one
that wants a token, `~short` one that loads models with a small window. Source: https://lmstudio.ai/docs/developer/rest
"""

from tests.simulators.answers import Answer, as_json, chat_done, fault, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, keyed_by
from tests.simulators.shelf import Row

# key | publisher | name | type | ceiling | loaded with | vision | tools
_MODELS = """
google/gemma-4-26b-a4b|google|Gemma 4 26B A4B|llm|262144|65536|yes|yes
openai/gpt-oss-20b|openai|GPT-OSS 20B|llm|131072||no|yes
qwen/qwen3-coder-30b|qwen|Qwen3 Coder 30B|llm|262144|32768|no|yes
qwen/qwen3-vl-8b|qwen|Qwen3 VL 8B|llm|262144||yes|yes
mistralai/ministral-3-14b|mistralai|Ministral 3 14B|llm|262144||yes|yes
microsoft/phi-4-mini|microsoft|Phi 4 Mini|llm|131072||no|no
text-embedding-nomic-embed-text-v1.5|nomic-ai|Nomic Embed Text v1.5|embedding|2048||no|no
""".strip().splitlines()


def _model(line: str) -> Row:
    key, publisher, name, kind, ceiling, loaded, sees, tools = line.split("|")
    instances = [{"id": key, "config": {"context_length": int(loaded)}}] if loaded else []
    found: Row = {
        "type": kind,
        "publisher": publisher,
        "key": key,
        "display_name": name,
        "architecture": publisher,
        "quantization": {"name": "Q4_K_M", "bits_per_weight": 4},
        "size_bytes": 17_990_911_801,
        "params_string": "26B",
        "loaded_instances": instances,
        "max_context_length": int(ceiling),
        "format": "gguf",
    }
    if kind == "llm":
        found["capabilities"] = {"vision": sees == "yes", "trained_for_tool_use": tools == "yes"}
    return found


def row(model_id: str) -> Row:
    return _model(f"{model_id}|demo|{model_id}|llm|32768||no|no")


ROWS: list[Row] = [_model(line) for line in _MODELS]
_BAD_TOKEN = as_json(
    401,
    {
        "error": {
            "type": "invalid_request",
            "code": "invalid_api_key",
            "message": "Malformed LM Studio API token provided.",
        }
    },
)
MANNERS = Manners(
    missing=_BAD_TOKEN,
    bad=_BAD_TOKEN,
    limited=fault(429, "Too many requests", "rate_limit"),
    forbidden=fault(403, "This token lacks the permission", "forbidden"),
    error=fault(500, "The model has crashed", "internal_error"),
)


def _older(one: Row) -> Row:
    sees = one.get("capabilities", {}).get("vision")
    windows = [loaded["config"]["context_length"] for loaded in one["loaded_instances"]]
    return {
        "id": one["key"],
        "object": "model",
        "type": "embeddings" if one["type"] == "embedding" else "vlm" if sees else "llm",
        "publisher": one["publisher"],
        "arch": one["architecture"],
        "compatibility_type": one["format"],
        "quantization": one["quantization"]["name"],
        "state": "loaded" if one["loaded_instances"] else "not-loaded",
        "max_context_length": one["max_context_length"],
        **({"loaded_context_length": windows[0]} if windows else {}),
    }


def _rows(ask: Ask) -> list[Row]:
    rows = ask.rows(ROWS, row)
    if not ask.has("short"):
        return rows
    loaded = [{"id": "loaded", "config": {"context_length": 4096}}]
    return [{**one, "loaded_instances": loaded} for one in rows]


def _chat(ask: Ask) -> Answer:
    if ask.find(ROWS, row, ask.model, column="key") is None:
        return fault(404, f"Model '{ask.model}' not found", code="model_not_found")
    return chat_done(ask.model) if ask.has_messages else fault(400, "'messages' is required")


def answer(ask: Ask) -> Answer:
    match ask.method, ask.path:
        case "GET", "/api/v1/models" if not ask.has("v0", "compat"):
            return as_json(200, {"models": _rows(ask)})
        case "GET", "/api/v0/models" if not ask.has("compat"):
            return listing([_older(one) for one in _rows(ask)])
        case "GET", "/v1/models":
            rows = ask.rows(ROWS, row)
            return listing(
                [
                    {"id": one["key"], "object": "model", "owned_by": "organization_owner"}
                    for one in rows
                ]
            )
        case "POST", "/v1/chat/completions":
            return _chat(ask)
    return as_json(200, {"error": f"Unexpected endpoint or method. ({ask.method} {ask.path})"})


KIND = Kind(
    "lm_studio",
    keyed_by("auth", MANNERS, answer),
    plain=("localhost:1234", "host.docker.internal:1234"),
    local=True,
)
