"""The calls of each kind, as its vendor documents them: for a key, a list, a completion."""

from typing import Any

from tests.simulators import Simulators
from tests.simulators.client import Reply, fetch
from tests.simulators.entries import demo_key

HI = [{"role": "user", "content": "hi"}]
ARK = "https://ark.ap-southeast.bytepluses.com"
GO = "https://opencode.ai/zen/go/v1"
GOOGLE = "https://generativelanguage.googleapis.com/v1beta"
BEDROCK = "https://bedrock.us-east-1.amazonaws.com"
RUNTIME = "https://bedrock-runtime.us-east-1.amazonaws.com"
AZURE = "https://demo.openai.azure.com"
SCOPE = "https://dashscope.aliyuncs.com"
WHOAMI = "https://huggingface.co/api/whoami-v2"

# The call that proves the key, the list, and the model call of each hosted kind.
PROOF = {
    "anthropic": "https://api.anthropic.com/v1/models",
    "openai": "https://api.openai.com/v1/models",
    "openrouter": "https://openrouter.ai/api/v1/key",
    "azure_openai": f"{AZURE}/openai/v1/models",
    "bedrock": f"{BEDROCK}/foundation-models?byInferenceType=ON_DEMAND",
    "huggingface": WHOAMI,
    "byteplus": f"{ARK}/api/v3/models",
    "byteplus_coding_plan": f"{ARK}/api/coding/v3/chat/completions",
    "opencode_go": f"{GO}/usage",
    "deepseek": "https://api.deepseek.com/user/balance",
    "gemini": f"{GOOGLE}/models?pageSize=1000",
    "zhipu": "https://open.bigmodel.cn/api/paas/v4/models",
    "dashscope": f"{SCOPE}/compatible-mode/v1/models",
    "moonshot": "https://api.moonshot.ai/v1/models",
    "minimax": "https://api.minimax.io/v1/models",
    "mistral": "https://api.mistral.ai/v1/models",
    "groq": "https://api.groq.com/openai/v1/models",
}
LIST = {
    **PROOF,
    "openrouter": "https://openrouter.ai/api/v1/models",
    "huggingface": "https://router.huggingface.co/v1/models",
    "byteplus_coding_plan": f"{ARK}/api/coding/v3/models",
    "opencode_go": f"{GO}/models",
    "deepseek": "https://api.deepseek.com/models",
    "ollama": "http://localhost:11434/api/tags",
    "lm_studio": "http://localhost:1234/api/v1/models",
    "ovms": "http://localhost:8000/v3/models",
    "vllm": "http://vllm.example:8000/v1/models",
    "custom": "https://llm.example.com/v1/models",
}
CHAT = {
    "anthropic": "https://api.anthropic.com/v1/messages",
    "gemini": f"{GOOGLE}/openai/chat/completions",
    "azure_openai": f"{AZURE}/openai/v1/chat/completions",
    "openrouter": "https://openrouter.ai/api/v1/chat/completions",
    "huggingface": "https://router.huggingface.co/v1/chat/completions",
    "byteplus": f"{ARK}/api/v3/chat/completions",
    "byteplus_coding_plan": f"{ARK}/api/coding/v3/chat/completions",
    "opencode_go": f"{GO}/chat/completions",
    "deepseek": "https://api.deepseek.com/chat/completions",
    **{
        kind: LIST[kind].replace("/models", "/chat/completions")
        for kind in ("openai", "zhipu", "dashscope", "moonshot", "minimax", "mistral", "groq")
    },
}


def auth(kind: str, key: str, url: str = "") -> dict[str, str]:
    """The header in which that vendor wants its key."""
    if kind == "anthropic":
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if kind == "azure_openai":
        return {"api-key": key}
    if kind == "gemini" and "/openai/" not in url:
        return {"x-goog-api-key": key}
    return {"authorization": f"Bearer {key}"}


def prove(sims: Simulators, kind: str, word: str, prefix: str = "") -> Reply:
    url = PROOF[kind]
    headers = auth(kind, demo_key(kind, word), url) if word else {}
    if kind == "anthropic":
        headers["anthropic-version"] = "2023-06-01"
    body = {"model": "ark-code-latest", "messages": HI} if kind.endswith("coding_plan") else None
    if prefix:
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        url = f"{scheme}://{host}{prefix}/{path}"
    return fetch(sims, url, headers, body=body)


def chat(sims: Simulators, kind: str, word: str, model: str, **extra: Any) -> Reply:
    url = CHAT[kind]
    body = {"model": model, "messages": HI, "max_tokens": 1}
    if kind in {"openai", "azure_openai"}:
        body = {"model": model, "messages": HI, "max_completion_tokens": 16}
    return fetch(sims, url, auth(kind, demo_key(kind, word), url), body={**body, **extra})
