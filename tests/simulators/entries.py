"""What a person enters for each simulated kind: demo keys, bases, a model that it serves.

Names are those of config.json; Azure also has `deployments`, Bedrock its region and AWS keys.
"""

import os
from typing import Any
from zlib import crc32

KEYS = {
    "anthropic": "sk-ant-api03-demo-{}-a1b2",
    "openai": "sk-proj-demo-{}-a1b2c3d4",
    "openrouter": "sk-or-v1-demo-{}-a1b2c3d4",
    "azure_openai": "0demo0azure0-{}-0a1b2c3d4",
    "bedrock": "ABSK-demo-{}-a1b2c3d4",
    "huggingface": "hf_demo_{}_a1b2c3d4",
    "byteplus": "ark-demo-{}-a1b2c3d4",
    "byteplus_coding_plan": "ark-demo-{}-plan-a1b2",
    "opencode_go": "sk-demo-{}-zen-a1b2c3d4",
    "deepseek": "sk-demo-{}-deep-a1b2c3d4",
    "gemini": "AIzaDemo-{}-a1b2c3d4",
    "zhipu": "0123456789abcdef0123456789abcdef.{}",
    "dashscope": "sk-demo-{}-qwen-a1b2c3d4",
    "moonshot": "sk-demo-{}-kimi-a1b2c3d4",
    "minimax": "sk-api-demo-{}-a1b2c3d4",
    "mistral": "0demo0mistral0-{}-a1b2c3d4",
    "groq": "gsk_demo_{}_a1b2c3d4",
    "ollama": "demo-{}-ollama",
    "lm_studio": "sk-lm-demo-{}-a1b2",
    "ovms": "demo-{}-ovms-a1b2c3d4",
    "vllm": "demo-{}-vllm-a1b2c3d4",
    "custom": "demo-{}-custom-a1b2c3d4",
}
LOCAL = ("ollama", "lm_studio", "ovms", "vllm", "custom")
HOSTED = tuple(kind for kind in KEYS if kind not in LOCAL)

# What else must be entered. `{}` in a local base takes the `~word` of a case.
NEEDS: dict[str, dict[str, Any]] = {
    "azure_openai": {
        "apiBase": "https://demo.openai.azure.com",
        "deployments": ["my-deployment"],
    },
    "bedrock": {"region": "us-east-1"},
}
BASES = {
    "ollama": "http://localhost:11434{}/v1",
    "lm_studio": "http://localhost:1234{}/v1",
    "ovms": "http://localhost:8000{}/v3",
    "vllm": "http://vllm.example:8000{}/v1",
    "custom": "https://llm.example.com{}/v1",
}
# A model that each one serves.
MODELS = {
    "anthropic": "claude-opus-4-7",
    "openai": "gpt-5.4-mini",
    "openrouter": "anthropic/claude-opus-4-7",
    "bedrock": "us.anthropic.claude-opus-4-7",
    "huggingface": "Qwen/Qwen3-32B",
    "byteplus": "seed-2-0-lite-260428",
    "byteplus_coding_plan": "kimi-k2.5",
    "opencode_go": "kimi-k2.7-code",
    "deepseek": "deepseek-v4-pro",
    "gemini": "gemini-3.5-flash",
    "zhipu": "glm-5.2",
    "dashscope": "qwen3.8-flash",
    "moonshot": "kimi-k2.6",
    "minimax": "MiniMax-M2.7",
    "mistral": "mistral-large-latest",
    "groq": "openai/gpt-oss-120b",
    "ollama": "qwen3:8b",
    "lm_studio": "google/gemma-4-26b-a4b",
    "ovms": "Qwen3-8B-int4-ov",
    "vllm": "Qwen/Qwen3-32B",
    "custom": "demo-chat-large",
}


def demo_key(kind: str, word: str = "good") -> str:
    """In the test suite it has the run's canary, which is looked for everywhere afterwards; each
    one ends in its own way there, as keys do."""
    canary = os.environ.get("TEST_CANARY")
    own = crc32(f"{kind} {word}".encode())
    return KEYS[kind].format(word) + (f"-{canary}{own:08x}" if canary else "")


def entered(kind: str, word: str = "good", **fields: Any) -> dict[str, Any]:
    """The fields of a hosted kind with the demo key of that word."""
    return {**NEEDS.get(kind, {}), "apiKey": demo_key(kind, word), **fields}


def local_fields(kind: str, words: str = "", key: str = "") -> dict[str, Any]:
    """The fields of a local kind; `words` as in "auth slow50", `key` the word of a key or none."""
    prefix = "".join(f"/~{word}" for word in words.split())
    fields: dict[str, Any] = {"apiBase": BASES[kind].format(prefix)}
    return {**fields, "apiKey": demo_key(kind, key)} if key else fields
