"""OpenRouter: a public list of some 600 models in linked pages, and a key call of its own.

Source: https://openrouter.ai/docs/api/api-reference/api-keys/get-current-key
"""

from typing import Any
from urllib.parse import urlencode

from tests.simulators.answers import Answer, as_json, chat_done
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, gate, public_gate
from tests.simulators.shelf import Row

_PAGE, _SMALL_PAGE = 500, 100

# vendor | tokenizer | model families; each family comes in several variants
_VENDORS = """
ai21|Other|jamba-large jamba-mini
aion-labs|Llama3|aion-1.0 aion-2.0
alibaba|Qwen|tongyi-deepresearch-30b
allenai|Other|olmo-3-32b-think molmo-2-8b
amazon|Nova|nova-premier-v1 nova-pro-v1 nova-lite-v1 nova-micro-v1 nova-2-lite-v1
anthropic|Claude|claude-opus-4.6 claude-sonnet-4.6 claude-haiku-4.5 claude-opus-4.5 claude-opus-5
arcee-ai|Other|trinity-large trinity-mini virtuoso-large maestro-reasoning
baidu|Other|ernie-4.5-300b-a47b ernie-4.5-vl-424b-a47b ernie-5.0
bytedance-seed|Other|seed-1.6 seed-2.0-lite seed-2.0-pro seed-2.0-mini
cohere|Cohere|command-a command-r-plus command-r7b
deepcogito|Other|cogito-v2.1-671b
deepseek|DeepSeek|deepseek-v4-pro deepseek-v4-flash deepseek-v3.2 deepseek-r1
google|Gemini|gemini-3.5-flash gemini-3.5-pro gemini-3.1-flash-lite gemini-2.5-pro gemma-4-31b-it
inception|Other|mercury mercury-coder
liquid|Other|lfm-2-8b-a1b lfm-2.2-6b
meituan|Other|longcat-flash-chat
meta-llama|Llama3|llama-4-maverick llama-4-scout llama-3.3-70b-instruct llama-3.1-8b-instruct
microsoft|Other|phi-4 mai-ds-r1 phi-4-multimodal
minimax|Other|minimax-m2.7 minimax-m2.5 minimax-m3
mistralai|Mistral|mistral-large-2512 mistral-medium-3.1 mistral-small-2603 codestral devstral-2512
moonshotai|Other|kimi-k2.7-code kimi-k2.6 kimi-k2-thinking
nousresearch|Llama3|hermes-4-405b hermes-4-70b
nvidia|Other|nemotron-3-super nemotron-3-nano llama-3.3-nemotron-super
openai|GPT|gpt-5.5 gpt-5.4 gpt-5.4-mini gpt-5.2 gpt-4.1 gpt-4o o3 o4-mini gpt-oss-120b gpt-oss-20b
perplexity|Other|sonar sonar-pro sonar-reasoning-pro
qwen|Qwen|qwen3.8-flash qwen3.8-plus qwen3.6-max qwen3-coder qwen3-vl-235b qwen3-32b qwen3-next-80b
relace|Other|relace-apply-3
stepfun|Other|step-3.5-flash step-3
tencent|Other|hunyuan-a13b hy3
thedrummer|Other|cydonia-24b rocinante-12b
x-ai|Grok|grok-4.20 grok-4.1-fast grok-code-fast-2
xiaomi|Other|mimo-v2-pro mimo-v2-flash
z-ai|Other|glm-5.2 glm-5.1 glm-5 glm-4.7 glm-4.6v
""".strip().splitlines()
_VARIANTS = ("", ":free", ":batch", ":nitro", "-fast", "-preview")
_IMAGES = (
    "google/gemini-2.5-flash-image", "google/gemini-3.1-flash-image-preview", "openai/gpt-5-image",
    "openai/gpt-5-image-mini", "black-forest-labs/flux.2-pro", "black-forest-labs/flux.2-max",
    "bytedance-seed/seedream-4.5", "sourceful/riverflow-v2",
)  # fmt: skip
_OTHERS = {
    "openai/gpt-audio": ("text,audio", "text,audio"),
    "openai/text-embedding-3-large": ("text", "embeddings"),
    "qwen/qwen3-embedding-8b": ("text", "embeddings"),
    "google/veo-3.1": ("text,image", "video"),
    "openai/sora-2": ("text,image", "video"),
}


def row(model_id: str, *, takes: str = "", gives: str = "text", tokenizer: str = "Other") -> Row:
    seed = sum(model_id.encode())
    sees = takes or ("text,image" if seed % 2 else "text")
    context = (131_072, 262_144, 1_000_000, 200_000)[seed % 4]
    free = model_id.endswith(":free")
    prices = ("0", "0") if free else (f"0.000000{seed % 90 + 10}", f"0.00000{seed % 80 + 10}")
    pricing = {"prompt": prices[0], "completion": prices[1]}
    if "image" in gives:
        pricing["image"] = "0.03"
    return {
        "id": model_id,
        "canonical_slug": model_id.partition(":")[0],
        "name": f"{model_id.partition('/')[0].title()}: {model_id.partition('/')[2]}",
        "created": 1_700_000_000 + 50_000 * (seed % 1_800),
        "description": "Simulated model.",
        "context_length": context,
        "architecture": {
            "modality": f"{sees.replace(',', '+')}->{gives.replace(',', '+')}",
            "input_modalities": sees.split(","),
            "output_modalities": gives.split(","),
            "tokenizer": tokenizer,
            "instruct_type": None,
        },
        "pricing": pricing,
        "top_provider": {
            "context_length": context,
            "max_completion_tokens": (65_536, 32_768, None)[seed % 3],
            "is_moderated": bool(seed % 5 == 0),
        },
        "per_request_limits": None,
        "supported_parameters": ["max_tokens", "temperature", "tools", "reasoning"][: 2 + seed % 3],
        "expiration_date": "2026-12-31" if seed % 97 == 0 else None,
    }


def _usual() -> list[Row]:
    rows = [row("anthropic/claude-opus-4-7", takes="text,image,file", tokenizer="Claude")]
    for line in _VENDORS:
        vendor, tokenizer, families = line.split("|")
        rows += [
            row(f"{vendor}/{family}{variant}", tokenizer=tokenizer)
            for family in families.split()
            for variant in _VARIANTS
        ]
    rows += [row(name, takes="text,image", gives="text,image") for name in _IMAGES]
    return rows + [row(name, takes=a, gives=b) for name, (a, b) in _OTHERS.items()]


ROWS: list[Row] = _usual()


def problem(status: int, message: str, **headers: str) -> Answer:
    return as_json(status, {"error": {"code": status, "message": message}}, **headers)


def _poor(source: str) -> Answer:
    error = {
        "code": 402,
        "message": "Insufficient credits. Add more using https://openrouter.ai/settings/credits",
        "metadata": {"limit_source": source},
    }
    return as_json(402, {"error": error})


MANNERS = Manners(
    missing=problem(401, "No auth credentials found"),
    bad=problem(401, "User not found."),
    limited=problem(429, "Rate limit exceeded", retry_after="15"),
    forbidden=problem(403, "Your account is not permitted to use this model."),
    error=problem(502, "Provider returned error"),
)


def _offset(ask: Ask) -> tuple[int, int]:
    size = _SMALL_PAGE if ask.has("pages") else _PAGE
    limit, offset = ask.asked("limit", str(size)), ask.asked("offset", "0")
    start = int(offset) if offset.isdigit() else 0
    return start, min(size, int(limit)) if limit.isdigit() and int(limit) else size


def _list(ask: Ask) -> Answer:
    start, size = _offset(ask)
    rows = list(ask.rows(ROWS, row, fresh=start == 0))
    wanted = set(ask.asked("output_modalities", "text").split(","))
    if "all" not in wanted:
        rows = [one for one in rows if wanted & set(one["architecture"]["output_modalities"])]
    needed = {name for name in ask.asked("supported_parameters").split(",") if name}
    rows = [one for one in rows if needed <= set(one["supported_parameters"])]
    following: str | None = None
    if start + size < len(rows) or ask.has("loop"):
        others = {name: values[0] for name, values in ask.query.items()}
        onward = 0 if ask.has("loop") else start + size
        parameters = urlencode({**others, "offset": onward, "limit": size})
        following = f"{ask.prefix}{ask.path}?{parameters}"
    return as_json(
        200,
        {
            "data": rows[start : start + size],
            "links": {"next": following},
            "total_count": len(rows),
        },
    )


def _key(ask: Ask) -> Answer:
    left: float | None = 0 if ask.has("nocredit") else 0.42 if ask.has("low") else 13.2
    limit: float | None = 20
    if ask.has("unlimited"):
        limit = left = None
    special = ask.has("management")
    data: dict[str, Any] = {
        "label": "sk-or-v1-dem...ood",
        "limit": limit,
        "limit_remaining": left,
        "limit_reset": None,
        "usage": 20 if left == 0 else 6.8,
        "usage_daily": 0.4,
        "is_free_tier": False,
        "is_management_key": special,
        "is_provisioning_key": special,
        "expires_at": None,
        "rate_limit": {"requests": -1, "interval": "10s", "note": "deprecated"},
    }
    return as_json(200, {"data": data})


def _chat(ask: Ask) -> Answer:
    if ask.has("management"):
        return problem(403, "Management keys cannot be used for completions")
    if ask.find(ROWS, row, ask.model) is None:
        return problem(400, f"{ask.model} is not a valid model ID")
    if not ask.has_messages:
        return problem(400, 'Input required: specify "prompt" or "messages"')
    if ask.has("nocredit"):
        return _poor("openrouter_credits")
    if ask.has("body200"):
        return as_json(200, {"error": {"code": 502, "message": "Provider returned error"}})
    return chat_done(ask.model)


def answer(ask: Ask) -> Answer:
    if ask.method == "GET" and ask.path == "/api/v1/models":
        return public_gate(ask, MANNERS) or _list(ask)
    if not ask.path.startswith("/api/v1/"):
        return problem(404, "Not Found")
    return gate(ask, MANNERS, ask.bearer) or _served(ask)


def _served(ask: Ask) -> Answer:
    match ask.method, ask.path.removeprefix("/api/v1"):
        case "GET", "/key" | "/auth/key":
            return _key(ask)
        case "GET", "/models/user":
            return _list(ask)
        case "GET", "/credits":
            if ask.has("management"):
                return as_json(200, {"data": {"total_credits": 100, "total_usage": 6.8}})
            return problem(403, "Only management keys can fetch credits for an account")
        case "POST", "/chat/completions":
            return _chat(ask)
    return problem(404, "Not Found")


KIND = Kind("openrouter", answer, hosts=("openrouter.ai",))
