"""What the routing rules know about the kinds: order, keywords, special cases. Data only.

Grades: "documented" by Facio (https://facio.bot/docs/providers and its sub-pages) or "inherited"
from the agent that it descends from (nanobot-ai 0.3 on PyPI), to be replaced when Facio says more.
Not here: how they are applied (explain.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

Grade = Literal["documented", "inherited"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFacts:
    """What the rules need to know of one kind. Standing in REGISTRY_ORDER is its priority."""

    kind: str
    keywords: tuple[str, ...] = ()
    is_direct: bool = False  # needs no key to be picked by its name
    is_local: bool = False
    is_oauth: bool = False
    is_gateway: bool = False
    is_transcription: bool = False  # turns speech into text: answers a model only when forced
    needs_base: bool = False  # there is no default: without a base the agent does not make it
    has_no_proxy: bool = False  # an entry with a proxy of its own is refused (inherited)
    is_inherited: bool = False  # only the ancestor has it built in; nothing here sets it up
    base_marker: str = ""  # part of the usual base; a local kind whose base has it goes first


_inherited = partial(KindFacts, is_inherited=True)  # what only the ancestor has built in

REGISTRY_ORDER: tuple[KindFacts, ...] = (  # the order itself is inherited
    KindFacts(kind="custom", is_direct=True, needs_base=True),
    KindFacts(
        kind="azure_openai",
        keywords=("azure", "azure-openai"),
        is_direct=True,
        needs_base=True,
        has_no_proxy=True,
    ),
    KindFacts(
        kind="bedrock",
        keywords=(
            "bedrock",
            "anthropic.claude",
            "amazon.nova",
            "meta.",
            "mistral.",
            "cohere.",
            "qwen.",
            "deepseek.",
            "openai.gpt-oss",
            "ai21.",
            "moonshot.",
            "writer.",
            "zai.",
        ),
        is_direct=True,
        has_no_proxy=True,
    ),
    KindFacts(kind="openrouter", keywords=("openrouter",), is_gateway=True),
    _inherited(kind="orcarouter", keywords=("orcarouter",), is_gateway=True),
    _inherited(kind="edenai", keywords=("edenai",), is_gateway=True),
    _inherited(
        kind="opencode", keywords=("opencode/", "opencode", "opencode-zen"), is_gateway=True
    ),
    _inherited(kind="opencode_zen", keywords=("opencode/", "opencode-zen"), is_gateway=True),
    KindFacts(kind="opencode_go", keywords=("opencode-go",), is_gateway=True),
    KindFacts(kind="huggingface", keywords=("huggingface", "hugging-face"), is_gateway=True),
    _inherited(kind="skywork", keywords=("skywork", "skyclaw", "apifree"), is_gateway=True),
    _inherited(kind="aihubmix", keywords=("aihubmix",), is_gateway=True),
    _inherited(kind="siliconflow", keywords=("siliconflow",), is_gateway=True),
    _inherited(kind="novita", keywords=("novita",), is_gateway=True),
    _inherited(kind="volcengine", keywords=("volcengine", "volces", "ark"), is_gateway=True),
    _inherited(kind="volcengine_coding_plan", keywords=("volcengine-plan",), is_gateway=True),
    KindFacts(kind="byteplus", keywords=("byteplus",), is_gateway=True),
    KindFacts(kind="byteplus_coding_plan", keywords=("byteplus-plan",), is_gateway=True),
    KindFacts(kind="anthropic", keywords=("anthropic", "claude"), has_no_proxy=True),
    KindFacts(kind="openai", keywords=("openai", "gpt")),
    KindFacts(kind="openai_codex", keywords=("openai-codex",), is_oauth=True),
    _inherited(kind="xai_grok", keywords=("xai-grok",), is_oauth=True),
    KindFacts(
        kind="github_copilot",
        keywords=("github-copilot", "copilot"),
        is_oauth=True,
        has_no_proxy=True,
    ),
    KindFacts(kind="deepseek", keywords=("deepseek",)),
    KindFacts(kind="gemini", keywords=("gemini", "gemma")),
    KindFacts(kind="zhipu", keywords=("zhipu", "glm", "zai")),
    KindFacts(kind="dashscope", keywords=("qwen", "dashscope")),
    _inherited(kind="modelscope", keywords=("modelscope",), is_gateway=True),
    KindFacts(kind="moonshot", keywords=("moonshot", "kimi")),
    _inherited(kind="kimi_coding", keywords=("kimi-coding", "kimi-for-coding"), has_no_proxy=True),
    KindFacts(kind="minimax", keywords=("minimax",)),
    _inherited(kind="minimax_anthropic", keywords=("minimax_anthropic",), has_no_proxy=True),
    KindFacts(
        kind="mistral", keywords=("mistral", "magistral", "ministral", "codestral", "devstral")
    ),
    _inherited(kind="stepfun", keywords=("stepfun", "step")),
    _inherited(kind="xiaomi_mimo", keywords=("xiaomi_mimo", "mimo")),
    _inherited(kind="longcat", keywords=("longcat",)),
    _inherited(kind="ant_ling", keywords=("ant-ling", "ling-", "ring-")),
    KindFacts(kind="vllm", keywords=("vllm",), is_local=True, needs_base=True),
    KindFacts(kind="ollama", keywords=("ollama", "nemotron"), is_local=True, base_marker="11434"),
    KindFacts(
        kind="lm_studio", keywords=("lm-studio", "lmstudio"), is_local=True, base_marker="1234"
    ),
    _inherited(
        kind="atomic_chat",
        keywords=("atomic-chat", "atomicchat"),
        is_local=True,
        base_marker="1337",
    ),
    KindFacts(kind="ovms", keywords=("openvino", "ovms"), is_direct=True, is_local=True),
    _inherited(kind="nvidia", keywords=("nvidia", "nemotron", "nvapi")),
    KindFacts(kind="groq", keywords=("groq",)),
    _inherited(kind="assemblyai", keywords=("assemblyai",), is_transcription=True),
    _inherited(kind="qianfan", keywords=("qianfan", "ernie")),
)
FACTS: Mapping[str, KindFacts] = {facts.kind: facts for facts in REGISTRY_ORDER}

# Words that Facio's own page names; all other keywords are inherited.
DOCUMENTED_WORDS = frozenset({"claude", "gpt", "gemini", "qwen", "ollama"})

# Who makes images and videos: kinds of chat, and services of which chat knows nothing.
# Source: https://facio.bot/blog/facio-media-generation-tools-ai-image-video-creation
MEDIA_KINDS = frozenset({"openai", "gemini"})
# By these the ancestor makes images, too. Source: nanobot-ai 0.3.5, providers/image_generation.py
IMAGE_KINDS = MEDIA_KINDS | {
    *("aihubmix", "custom", "minimax", "modelscope", "ollama", "openai_codex", "openrouter"),
    *("stepfun", "zhipu"),
}
_MEDIA_SERVICES = frozenset({"replicate", "fal", "falai"})  # without capitals and signs


def is_media_service(name: str) -> bool:
    """Whether it spells one of the documented services: fal, fal-ai, fal.ai, Replicate."""
    return re.sub(r"[-_. ]", "", name).lower() in _MEDIA_SERVICES


# Gemini keywords that a configured local provider goes before.
LOCAL_FIRST_WORDS: Mapping[str, frozenset[str]] = {"gemini": frozenset({"gemma"})}


@dataclass(frozen=True, slots=True)
class Difference:
    """One case in which Facio is documented to decide otherwise than its ancestor."""

    code: str
    text: str
    source: str


GEMMA_PREFERS_LOCAL = "gemma_prefers_local"
OAUTH_NEEDS_CHOICE = "oauth_needs_choice"
DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        GEMMA_PREFERS_LOCAL,
        "A model of the Gemma family goes to a configured local provider before it goes to Gemini, "
        "unless its name starts with the name of a provider.",
        "https://facio.bot/docs/providers/local",
    ),
    Difference(
        OAUTH_NEEDS_CHOICE,
        "OpenAI Codex and GitHub Copilot are picked by an explicit provider or prefix only, never "
        "because a word of theirs stands somewhere in the model's name.",
        "https://facio.bot/docs/providers/oauth",
    ),
)
ALL_DIFFERENCES = frozenset(difference.code for difference in DIFFERENCES)
