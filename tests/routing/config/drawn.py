"""Drawn documents: a config.json as people and other programs may have written it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from providers.kinds import KINDS
from routing.config.document import camel
from tests.routing.config.samples import BODIES, PLAIN

TEXT = st.text(PLAIN, max_size=10)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-2, 2) | TEXT | st.just("***"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=5,
)
KEYS = st.sampled_from(
    [None, "", "sk-1", "sk-or-v1-0123456789abcdef", "${OPENAI_API_KEY}", "***", "two words", "clé"]
) | st.text(PLAIN, max_size=12)
BASES = st.sampled_from(
    [
        None,
        "",
        "https://api.openai.com/v1",
        "https://api.openai.com/v1/",
        "HTTPS://API.DeepSeek.com",
        "http://localhost:11434/v1",
        "http://gpu:8000/v1/",
        "localhost:8000",
        "${BASE}",
        "https://x.openai.azure.com/",
        "https://u:p@h/v1",
    ]
)
NAMES = [  # of endpoints of one's own, of the ancestor's, and such as nobody here can have
    *("siliconflow", "companyProxy", "x y", "corp-llm", "corp_llm", "Corp-LLM", "myLlm", "my_llm"),
    *("__proto__", "zai", "a.b", "a/b", "", " a", "..", "auto", "🙂", "x" * 80),
]
HEADER_NAMES = st.sampled_from(["X-Title", "x_title", "Host", "bad name", "A"])


def either(name: str) -> st.SearchStrategy[str]:
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
    return st.sampled_from(sorted({name, snake}))


@st.composite
def entries(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    fields = {
        "apiKey": KEYS,
        "apiBase": BASES,
        "extraHeaders": st.none() | st.dictionaries(HEADER_NAMES, TEXT | KEYS.filter(bool)),
        "extraBody": st.none() | BODIES,
        "displayName": st.none() | TEXT,
        "somethingNew": JSON,
        "region": st.sampled_from([None, "", "eu-west-1", "EU WEST", "${REGION}"]),
        "profile": st.sampled_from([None, "default", "a\tb"]),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), unique=True, min_size=1, max_size=4))
    return {draw(either(name)): draw(fields[name]) for name in chosen}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    defaults = {
        "model": TEXT | st.sampled_from(["gpt-5", "auto", "", "m" * 400]),
        "provider": st.sampled_from(["auto", "openai", "lm-studio", "lmStudio", "nobody", "AUTO"]),
        "subagentModel": st.none() | TEXT,
        "subagent_provider": st.sampled_from([None, "", "auto", "groq", "openai-codex"]),
        "visionModel": st.none() | TEXT,
        "image_model": st.none() | TEXT,
        "videoProvider": st.sampled_from(["fal", None]),
        "workspace": TEXT,
        "fallbackModels": st.lists(TEXT, max_size=2),
        "model_preset": st.none() | TEXT,
    }
    sections: dict[str, Any] = {}
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), unique=True, max_size=4))
    for kind in kinds:
        name = draw(st.sampled_from(sorted({kind, camel(kind)})))
        sections[name] = draw(entries(kind))
    for name in draw(st.lists(st.sampled_from(NAMES) | st.text(PLAIN, max_size=6), unique=True)):
        sections[name] = draw(entries(name))
    document: dict[str, Any] = {}
    others = draw(st.lists(st.sampled_from(["channels", "tools", "brand new"]), unique=True))
    for part in draw(st.permutations(["agents", "providers", *others])):
        if part == "agents":
            chosen = draw(st.lists(st.sampled_from(sorted(defaults)), unique=True, max_size=6))
            document["agents"] = {"defaults": {name: draw(defaults[name]) for name in chosen}}
        elif part == "providers":
            document["providers"] = sections
        else:
            document[part] = draw(JSON)
    return document
