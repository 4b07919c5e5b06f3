"""Drawn config.json documents as people have them: odd names, odd values, and what is asked of
them. Only such as the agent's loader takes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from providers.spec.names import INHERITED_NAMES, known_name
from routing.config.document import camel
from routing.rules.order import FACTS, REGISTRY_ORDER

Document = dict[str, Any]
Question = tuple[str, str]  # model, provider

# Names that are no spelling of a built-in one, though some look like it.
OWN_NAMES = (
    *("companyProxy", "my-proxy", "My_Proxy", "MY-PROXY", "lab", "lab 2", "vllm-2", "vllm2"),
    *("OpenAI", "OpenRouter", "LmStudio2", "replicate", "Fal", "127.0.0.1", "gpt", "é-Ü", "Auto"),
    *("auto", "", "a/b", "open-ai", "Z", "x" * 300, "🦊", "__proto__", "model_config"),
)
OWN_NAMES = tuple(name for name in OWN_NAMES if known_name(name) not in FACTS)
KEYS = (
    *(None, None, "", " ", "\n", "k", "k", "k\n", "sk-xxx", "***", "your-api-key-here"),
    *("${OPENAI_API_KEY}", "Bearer ${KEY}", "$KEY", "%KEY%", "{env:KEY}", "${KEY:-none}", "é"),
)
BASES = (
    *(None, None, "", " ", "http://localhost:11434/v1", "http://localhost:1234/v1"),
    *("http://127.0.0.1:1337", "http://gpu:8000/v3", "https://example.test/v1", "gpu:11434"),
    *("localhost:1234", "${OLLAMA_HOST}/v1", "http://${HOST}:11434/v1", "x"),
)
MORE = (
    *({}, {}, {}, {"displayName": "A proxy"}, {"extraHeaders": {"X-A": "b"}}, {"proxy": ""}),
    *({"thinkingStyle": ""}, {"extraQuery": {"a": "b"}}, {"base_url": "http://nobody/v1"}),
    *({"models": ["m"]}, {"enabled": False}, {"apikey": "k"}, {"api_type": "auto"}),
)
SPELLED = (("apiKey", "api_key", KEYS), ("apiBase", "api_base", BASES))
NO_OBJECTS = (None, "https://example.test/v1", "", [], ["k"], 5, True, {})


@st.composite
def entries(draw: st.DrawFn) -> Document:
    entry = dict(draw(st.sampled_from(MORE)))
    for camel_case, snake_case, values in SPELLED:
        ways = [(), (camel_case,), (camel_case,), (snake_case,), (camel_case, snake_case)]
        for name in draw(st.sampled_from(ways)):
            entry[name] = draw(st.sampled_from(values))
    return entry


@st.composite
def sections(draw: st.DrawFn) -> Document:
    """What stands under "providers", in any order."""
    section: Document = {}
    for kind in draw(st.lists(st.sampled_from(sorted(FACTS)), unique=True, max_size=4)):
        section[draw(st.sampled_from([kind, camel(kind)]))] = draw(entries())
    for name in draw(st.lists(st.sampled_from(OWN_NAMES), unique=True, max_size=3)):
        is_object = draw(st.sampled_from([True, True, True, False]))
        section[name] = draw(entries() if is_object else st.sampled_from(NO_OBJECTS))
    return dict(draw(st.permutations(list(section.items()))))


WORDS = sorted({word for facts in REGISTRY_ORDER for word in facts.keywords})
ODD = ["llama3.2", "gemma-3-27b", "step-2", "GPT-OSS-20B", "Claude", "google", "x", "v1", "ling-1"]
NAMES = [*WORDS, *FACTS, *OWN_NAMES, *ODD, "qwen3.6-plus", "nemotron", "z-ai", "z.ai"]
SPELLINGS = (
    str,
    str.upper,
    str.title,
    camel,
    lambda word: word.replace("_", "-"),
    lambda word: word.replace("-", "_"),
)
PIECES = st.sampled_from(sorted({spelled(name) for name in NAMES for spelled in SPELLINGS}))
MODELS = st.one_of(
    PIECES,
    st.tuples(PIECES, PIECES).map("/".join),
    st.tuples(PIECES, st.sampled_from(["-", "_", ".", ":", "/"]), PIECES).map("".join),
    st.tuples(PIECES, PIECES, PIECES).map("/".join),
    st.text(alphabet="abgmpt/-_.ABQ13é \n", min_size=1, max_size=12),
).filter(bool)
CAMEL = ["lmStudio", "LMStudio", "azureOpenai", "AzureOpenAI", "OpenRouter", "openai-codex"]
NOBODY = ["", " ", "Auto", "AUTO", "auto ", "nobody", "openai\n", "none", "null", "open ai"]
FORCED = st.one_of(
    st.just("auto"),
    st.sampled_from([*FACTS, *CAMEL, *map(str.upper, FACTS), *INHERITED_NAMES]),
    st.sampled_from(NOBODY),
    st.sampled_from(sorted({spelled(name) for name in OWN_NAMES for spelled in SPELLINGS})),
)
QUESTIONS = st.tuples(MODELS, st.one_of(st.just("auto"), FORCED))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """With a main route of its own."""
    model, provider = draw(QUESTIONS)
    defaults = {"model": model}
    if provider != "auto" or draw(st.booleans()):
        defaults["provider"] = provider
    return {"agents": {"defaults": defaults}, "providers": draw(sections())}
