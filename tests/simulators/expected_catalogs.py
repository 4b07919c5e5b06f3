"""What a fetch of each simulated catalog must bring: names that must be there and must not.

Read from the vendors' documents, not from the product. `count` is None where the documents leave
open whether rows are folded or left out (aliases, batch twins, other uses than chat).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.simulators.entries import HOSTED, demo_key, entered, local_fields
from tests.simulators.expected import Case


@dataclass(frozen=True)
class CatalogExpectation(Case):
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    count: int | None = None


# kind -> names that must be there, names that must not, how many
_GOOD: dict[str, tuple[tuple[str, ...], tuple[str, ...], int | None]] = {
    "anthropic": (
        ("claude-opus-4-7", "claude-3-haiku-20240307"),
        ("claude-3-opus-20240229",),
        13,
    ),
    "openai": (("gpt-5.5", "gpt-image-1", "sora-2", "ft:gpt-4.1-mini-2025-04-14:demo::AbCdEfGh"),
               (), None),
    "openrouter": (
        ("anthropic/claude-opus-4-7", "google/gemini-2.5-flash-image", "google/veo-3.1"), (), None,
    ),
    "azure_openai": (("gpt-5.4-mini-2026-03-17",), (), None),
    "bedrock": (
        ("us.anthropic.claude-opus-4-7", "global.anthropic.claude-opus-4-7",
         "amazon.nova-lite-v1:0"),
        ("anthropic.claude-opus-4-7",), None,
    ),
    "huggingface": (("deepseek-ai/DeepSeek-V4-Pro", "Qwen/Qwen3-32B"), (), None),
    "byteplus": (("seed-2-0-lite-260428", "seedream-4-5-251128"), ("seed-1-5-250328",), None),
    "byteplus_coding_plan": (
        ("ark-code-latest", "dola-seed-2.0-code", "kimi-k2.5"), ("seed-1-5-250328",), None,
    ),
    "opencode_go": (("kimi-k2.7-code", "deepseek-v4-pro"), ("minimax-m2.7",), 14),
    "deepseek": (("deepseek-v4-pro", "deepseek-v4-flash"), (), 3),
    "gemini": (("gemini-3.5-flash", "veo-3.1-generate-001"), ("models/gemini-3.5-flash",), None),
    "zhipu": (("glm-5.2", "glm-4.7-flash"), (), None),
    "dashscope": (("qwen3.8-flash", "wan2.6-t2v"), (), 505),
    "moonshot": (("kimi-k2.7-code",), (), 12),
    "minimax": (("MiniMax-M3",), (), 7),
    "mistral": (("mistral-embed",), (), None),
    "groq": (("openai/gpt-oss-120b",), ("mixtral-8x7b-32768",), None),
}  # fmt: skip
_LOCAL_GOOD: dict[str, tuple[tuple[str, ...], int | None]] = {
    "ollama": (("qwen3:8b", "llama3.2:latest"), 9),
    "lm_studio": (("google/gemma-4-26b-a4b",), 7),
    "ovms": (("Qwen3-8B-int4-ov",), 5),
    "vllm": (("Qwen/Qwen3-32B", "sql-adapter"), 2),
    "custom": (("demo-chat-large", "demo-coder"), 5),
}
# Their list answers anybody, whatever the key.
PUBLIC = ("openrouter", "huggingface", "opencode_go")
_STATIC = ("byteplus_coding_plan",)
# Where the page stands under a path, the API answers at the usual one: that is told.
_PAGE_AT_A_PATH = "bad_endpoint"
_FAULTS = (
    ("server error", "error", "server_error"),
    ("hang", "hang", "timeout"),
    ("html", "html", "unexpected_response"),
    ("malformed", "malformed", "unexpected_response"),
)
# Where a word of the path does not depend on whether the key is sent with a public list.
_PUBLIC_BASES = {
    "openrouter": "https://openrouter.ai/~{}/api/v1",
    "huggingface": "https://router.huggingface.co/~{}/v1",
    "opencode_go": "https://opencode.ai/~{}/zen/go/v1",
}


def _hosted() -> Iterator[CatalogExpectation]:
    for kind, (present, absent, count) in _GOOD.items():
        yield CatalogExpectation(kind, "good key", entered(kind), "ok", present, absent, count)
    for kind in HOSTED:
        if kind in _STATIC:
            continue
        present, absent, count = _GOOD[kind]
        bad = entered(kind, "bad")
        if kind in PUBLIC:
            yield CatalogExpectation(kind, "bad key", bad, "ok", present, absent, count)
        elif kind != "dashscope":  # its native list may be open: not documented
            yield CatalogExpectation(kind, "bad key", bad, "bad_key")
        for case, word, outcome in _FAULTS:
            base = _PUBLIC_BASES.get(kind)
            fields = entered(kind, apiBase=base.format(word)) if base else entered(kind, word)
            told = _PAGE_AT_A_PATH if base and word == "html" else outcome
            yield CatalogExpectation(kind, case, fields, told)
    for kind in ("anthropic", "gemini", "bedrock"):
        present, absent, count = _GOOD[kind]
        fields = entered(kind, apiKey=demo_key(kind, "good-pages"))
        yield CatalogExpectation(kind, "small pages", fields, "ok", present, absent, count)
    huge = {"openai": "good-huge5000", "openrouter": "good-huge5000"}
    for kind, word in huge.items():
        base = "https://openrouter.ai/~huge5000/api/v1" if kind == "openrouter" else None
        fields = entered(kind, apiBase=base) if base else entered(kind, word)
        last = "demo/model-00010"
        yield CatalogExpectation(kind, "5,000 models", fields, "ok", (last,))


def _local() -> Iterator[CatalogExpectation]:
    for kind, (present, count) in _LOCAL_GOOD.items():
        yield CatalogExpectation(
            kind, "no key needed", local_fields(kind), "ok", present, (), count
        )
        for case, word, outcome in _FAULTS:
            told = _PAGE_AT_A_PATH if word == "html" else outcome
            yield CatalogExpectation(kind, case, local_fields(kind, word), told)
    for word in ("v0", "compat"):
        present, count = _LOCAL_GOOD["lm_studio"]
        fields = local_fields("lm_studio", word)
        yield CatalogExpectation("lm_studio", f"only {word}", fields, "ok", present, (), count)
    for word in ("arrays", "models", "nested"):
        present, count = _LOCAL_GOOD["custom"]
        fields = local_fields("custom", word)
        yield CatalogExpectation("custom", word, fields, "ok", present, (), count)
    fields = local_fields("custom", "huge20000")
    yield CatalogExpectation("custom", "20,000 models", fields, "ok", (), (), 20_000)


CATALOGS: tuple[CatalogExpectation, ...] = (*_hosted(), *_local())
