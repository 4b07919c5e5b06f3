"""Hugging Face: a public router list; the token is known only to whoami on the other host.

Source: https://huggingface.co/docs/inference-providers/hub-api
"""

from tests.simulators.answers import Answer, as_json, chat_done, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, gate, public_gate, say
from tests.simulators.shelf import Row

_FAMILIES = """
deepseek-ai/DeepSeek-V4-Pro deepseek-ai/DeepSeek-V4-Flash deepseek-ai/DeepSeek-V3.2
deepseek-ai/DeepSeek-R1-0528 Qwen/Qwen3.5-397B-A17B Qwen/Qwen3-Coder-Next
Qwen/Qwen3-Coder-480B-A35B-Instruct Qwen/Qwen3-235B-A22B-Thinking-2507
Qwen/Qwen3-Next-80B-A3B-Instruct Qwen/Qwen3-VL-235B-A22B-Instruct Qwen/Qwen3-32B
moonshotai/Kimi-K2.6 moonshotai/Kimi-K2.5 moonshotai/Kimi-K2-Thinking zai-org/GLM-5.1 zai-org/GLM-5
zai-org/GLM-4.7 zai-org/GLM-4.7-Flash zai-org/GLM-4.6V MiniMaxAI/MiniMax-M2.7
MiniMaxAI/MiniMax-M2.5 XiaomiMiMo/MiMo-V2-Flash openai/gpt-oss-120b openai/gpt-oss-20b
google/gemma-4-31b-it google/gemma-4-26b-a4b-it meta-llama/Llama-4-Maverick-17B-128E-Instruct
meta-llama/Llama-4-Scout-17B-16E-Instruct meta-llama/Llama-3.3-70B-Instruct
meta-llama/Llama-3.1-8B-Instruct mistralai/Mistral-Large-3-675B-Instruct CohereLabs/command-a
nvidia/NVIDIA-Nemotron-3-Super-120B allenai/Olmo-3-32B-Think baidu/ERNIE-4.5-VL-424B-A47B
"""
_SEES = ("VL", "4.6V", "gemma-4", "Llama-4", "Kimi-K2.6", "Kimi-K2.5")
_PROVIDERS = ("novita", "together", "fireworks-ai", "groq", "cerebras", "nebius", "hyperbolic")


def row(model_id: str) -> Row:
    seed = sum(model_id.encode())
    providers = []
    for number in range(1 + seed % 4):
        providers.append(
            {
                "provider": _PROVIDERS[(seed + number) % len(_PROVIDERS)],
                "status": "error" if number == 3 else "live",
                "context_length": (131_072, 262_144, 1_048_576)[(seed + number) % 3],
                "pricing": {
                    "input": round(0.1 + seed % 17 / 10, 2),
                    "output": round(0.4 + seed % 31 / 10, 2),
                },
                "is_free": False,
                "supports_tools": seed % 3 != 0,
                "supports_structured_output": bool(seed % 2),
            }
        )
    sees = any(mark in model_id for mark in _SEES)
    return {
        "id": model_id,
        "object": "model",
        "created": 1_720_000_000 + 60_000 * (seed % 1000),
        "owned_by": model_id.partition("/")[0],
        "architecture": {
            "input_modalities": ["text", "image"] if sees else ["text"],
            "output_modalities": ["text"],
        },
        "providers": providers,
    }


# Finetunes and distillations fill the list up to the size it has in the wild.
_NAMES = _FAMILIES.split()
ROWS: list[Row] = [row(name) for name in _NAMES] + [
    row(f"{name}-{suffix}") for name in _NAMES for suffix in ("FP8", "Instruct-2512", "Base")
]
_PICTURES = ("black-forest-labs/FLUX.2-dev", "black-forest-labs/FLUX.1-schnell", "Qwen/Qwen-Image")
_FILMS = ("Wan-AI/Wan2.2-T2V-A14B", "tencent/HunyuanVideo-1.5")


def problem(status: int, text: str, **headers: str) -> Answer:
    return as_json(status, {"error": text}, x_error_message=text, **headers)


def _bad(ask: Ask) -> Answer:
    if ask.host == "huggingface.co":
        return problem(401, "Invalid credentials in Authorization header")
    return problem(401, "Invalid username or password.")


MANNERS = Manners(
    missing=problem(401, "Invalid username or password."),
    bad=_bad,
    limited=problem(
        429,
        "We had to rate limit you, you hit the quota of 1000 api requests per 5 minutes period.",
        ratelimit='"api";r=0;t=55',
        ratelimit_policy='"fixed window";"api";q=1000;w=300',
    ),
    forbidden=problem(403, "Forbidden: you must use a token with another role."),
    error=problem(500, "Internal Error - We're working hard to fix this as soon as possible!"),
)


def _whoami(ask: Ask) -> Answer:
    if ask.has("whoami429"):
        return say(MANNERS.limited, ask)
    allowed = [] if ask.has("nopermission") else ["inference.serverless.write"]
    scope = {"entity": {"_id": "demo", "type": "user", "name": "demo"}, "permissions": allowed}
    token = {
        "displayName": "facio",
        "role": "fineGrained",
        "createdAt": "2026-10-01T08:00:00.000Z",
        "fineGrained": {"canReadGatedRepos": False, "global": [], "scoped": [scope]},
    }
    return as_json(
        200,
        {
            "type": "user",
            "id": "demo",
            "name": "demo",
            "fullname": "Demo User",
            "isPro": False,
            "auth": {"type": "access_token", "accessToken": token},
        },
    )


def _hub(ask: Ask) -> Answer:
    if ask.method != "GET":
        return problem(404, "Sorry, we can't find the page you are looking for.")
    if ask.path == "/api/whoami-v2":
        return gate(ask, MANNERS, ask.bearer) or _whoami(ask)
    if ask.path == "/api/models":
        names = {"text-to-image": _PICTURES, "text-to-video": _FILMS}
        task = ask.asked("pipeline_tag")
        return public_gate(ask, MANNERS) or as_json(
            200, [{"id": name, "pipeline_tag": task} for name in names.get(task, ())]
        )
    return problem(404, "Sorry, we can't find the page you are looking for.")


def _chat(ask: Ask) -> Answer:
    if ask.has("nopermission"):
        text = (
            "This authentication method does not have sufficient permissions to call Inference "
            "Providers on behalf of user demo"
        )
        return problem(403, text)
    if ask.find(ROWS, row, ask.model.partition(":")[0]) is None:
        return problem(400, f"The requested model '{ask.model}' does not exist")
    if ask.has("nocredit"):
        text = "You have reached the free monthly usage limit. Subscribe to PRO to get more."
        return problem(402, text)
    if not ask.has_messages:
        return problem(422, "Input validation error: `messages` is required")
    return chat_done(ask.model)


def _router(ask: Ask) -> Answer:
    if ask.method == "GET" and (ask.path == "/v1/models" or ask.path.startswith("/v1/models/")):
        refused = public_gate(ask, MANNERS)
        if refused is not None:
            return refused
        rows = ask.rows(ROWS, row)
        if ask.path == "/v1/models":
            return listing(rows)
        wanted = ask.path.removeprefix("/v1/models/")
        found = next((one for one in rows if one["id"] == wanted), None)
        return as_json(200, found) if found else problem(404, "Model not found")
    if ask.method == "POST" and ask.path == "/v1/chat/completions":
        return gate(ask, MANNERS, ask.bearer) or _chat(ask)
    return problem(404, "Not Found")


def answer(ask: Ask) -> Answer:
    return _hub(ask) if ask.host == "huggingface.co" else _router(ask)


KIND = Kind("huggingface", answer, hosts=("router.huggingface.co", "huggingface.co"))
