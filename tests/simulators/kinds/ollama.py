"""Ollama: native list with capabilities, any key accepted at home, one required in its cloud.

Source: https://github.com/ollama/ollama (api/types.go, docs/api.md)
"""

import ipaddress

from tests.simulators.answers import Answer, as_json, as_text, chat_done, fault, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, keyed, public_gate
from tests.simulators.shelf import Row

# name | family | size | quantization | context | capabilities
_MODELS = """
qwen3:8b|qwen3|8.2B|Q4_K_M|40960|completion,tools,thinking
llama3.2:latest|llama|3.2B|Q4_K_M|131072|completion,tools
gemma4:26b|gemma4|25.8B|Q4_K_M|262144|completion,tools,vision,thinking
gpt-oss:20b|gptoss|20.9B|MXFP4|131072|completion,tools,thinking
llava:7b|llama|7.2B|Q4_0|32768|completion,vision
deepseek-r1:14b|qwen2|14.8B|Q4_K_M|131072|completion,thinking
nemotron-3-nano:30b|nemotron|31.6B|Q4_K_M|1048576|completion,tools,thinking
z-image-turbo:latest|zimage|6B|FP8||image
nomic-embed-text:latest|nomic-bert|137M|F16|2048|embedding
""".strip().splitlines()
_ALLOWED_ENDS = (".localhost", ".local", ".internal")


def _model(line: str) -> Row:
    name, family, size, level, context, abilities = line.split("|")
    details: Row = {
        "parent_model": "",
        "format": "gguf",
        "family": family,
        "families": [family],
        "parameter_size": size,
        "quantization_level": level,
    }
    if context:
        details["context_length"] = int(context)
    return {
        "name": name,
        "model": name,
        "modified_at": "2026-08-01T10:00:00.000000000Z",
        "size": 5_200_000_000,
        "digest": f"{sum(name.encode()):064x}",
        "details": details,
        "capabilities": abilities.split(","),
    }


def row(model_id: str) -> Row:
    return _model(f"{model_id}|demo|7B|Q4_K_M|32768|completion")


ROWS: list[Row] = [_model(line) for line in _MODELS]

MANNERS = Manners(
    missing=as_json(401, {"error": "unauthorized"}),
    bad=as_json(401, {"error": "unauthorized"}),
    limited=as_json(429, {"error": "too many requests"}, retry_after="5"),
    forbidden=Answer(403),
    error=as_json(500, {"error": "llama runner process has terminated"}),
)


def _host_allowed(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host in {"localhost", "ollama.com"} or host.endswith(_ALLOWED_ENDS)
    return True


def _tag(one: Row, *, old: bool) -> Row:
    """Versions before mid-2026 had neither capabilities nor the context length in the list."""
    if not old:
        return one
    details = {name: value for name, value in one["details"].items() if name != "context_length"}
    return {**{key: value for key, value in one.items() if key != "capabilities"},
            "details": details}  # fmt: skip


def _find(ask: Ask, name: str) -> Row | None:
    found = ask.find(ROWS, row, name, column="name")
    return found or ask.find(ROWS, row, f"{name}:latest", column="name")


def _show(ask: Ask) -> Answer:
    found = _find(ask, ask.model)
    if found is None:
        return as_json(404, {"error": f"model '{ask.model}' not found"})
    family = found["details"]["family"]
    context = found["details"].get("context_length", 0)
    return as_json(
        200,
        {
            "details": found["details"],
            "model_info": {
                "general.architecture": family,
                f"{family}.context_length": context,
            },
            "capabilities": found["capabilities"],
        },
    )


def _chat(ask: Ask) -> Answer:
    if _find(ask, ask.model) is None:
        text = f'model "{ask.model}" not found, try pulling it first'
        return fault(404, text, "api_error")
    return chat_done(ask.model) if ask.has_messages else fault(400, "[] is too short")


def _served(ask: Ask) -> Answer:
    match ask.method, ask.path:
        case "GET", "/":
            return as_text(200, "Ollama is running")
        case "GET", "/api/version":
            return as_json(200, {"version": "0.12.3" if ask.has("old") else "0.19.2"})
        case "GET", "/api/tags":
            rows = ask.rows(ROWS, row)
            return as_json(200, {"models": [_tag(one, old=ask.has("old")) for one in rows]})
        case "GET", "/api/ps":
            window = 4096 if ask.has("short") else 65_536
            rows = [{**one, "context_length": window} for one in ask.rows(ROWS, row)]
            return as_json(200, {"models": rows})
        case "POST", "/api/show":
            return _show(ask)
        case "GET", "/v1/models":
            rows = ask.rows(ROWS, row)
            return listing(
                [
                    {
                        "id": one["name"],
                        "object": "model",
                        "created": 1_785_578_400,
                        "owned_by": "library",
                    }
                    for one in rows
                ]
            )
        case "POST", "/v1/chat/completions":
            return _chat(ask)
    return as_text(404, "404 page not found")


def answer(ask: Ask) -> Answer:
    if ask.has("hostcheck") or not _host_allowed(ask.host):
        return Answer(403)
    return public_gate(ask, MANNERS) or _served(ask)


CLOUD = Kind("ollama", keyed(MANNERS, _served), hosts=("ollama.com",))
KIND = Kind(
    "ollama",
    answer,
    plain=("localhost:11434", "host.docker.internal:11434", "ollama.lan:11434"),
    local=True,
)
