"""What the agent reads of a config.json, counted as it counts."""

from __future__ import annotations

from typing import Any

import pytest

from providers.kinds import KINDS
from providers.spec.names import INHERITED_NAMES
from routing.config.agent import AgentView, mentions, view_of
from routing.rules.explain import AUTO
from routing.rules.order import FACTS


def read(providers: dict[str, Any], **defaults: Any) -> AgentView:
    return view_of({"providers": providers, "agents": {"defaults": defaults}}, KINDS)


@pytest.mark.parametrize(
    ("key", "odd"),
    [
        ("sk-0123456789abcdef", ()),
        ("${DEEPSEEK_API_KEY}", ()),
        ("sk-0123456789abcdef\n", ("key_unsendable",)),
        (" ", ("key_unsendable",)),
        ("abc def-0123456789 ", ("key_unsendable",)),
        ("schlüssel-0123456789", ("key_unsendable",)),
        ("quote'and$dollar#x", ("key_quoted",)),
        ('a"b-0123456789', ("key_quoted",)),
        ("abc def-0123456789", ("key_blank",)),
        ("k" * 5000, ("key_long",)),
        ("sk-xxx", ("key_example",)),
        ("your-api-key-here", ("key_example",)),
        ("***", ("key_example",)),
        ("$DEEPSEEK_API_KEY", ("key_variable",)),
        ("{env:DEEPSEEK_API_KEY}", ("key_variable",)),
    ],
)
@pytest.mark.parametrize("name", ["deepseek", "companyProxy", "siliconflow"])
def test_every_text_counts_as_a_key_and_what_is_odd_about_it_is_told(
    name: str, key: str, odd: tuple[str, ...]
) -> None:
    view = read({name: {"apiKey": key, "apiBase": "https://llm.example.com/v1"}})
    assert [(one.name, one.has_key) for one in view.providers] == [(name, True)]
    assert view.odd.get(name, ()) == odd


@pytest.mark.parametrize("entry", [{}, {"apiKey": ""}, {"apiKey": None}, {"key": "k"}])
def test_nothing_is_no_key(entry: dict[str, Any]) -> None:
    assert [one.has_key for one in read({"deepseek": entry}).providers] == [False]


@pytest.mark.parametrize(
    ("base", "is_odd"),
    [
        ("http://gpu:8000/v1", False),
        ("${OLLAMA_HOST}", False),
        ("gpu:8000/v1", True),
        ("http://${HOST}:8000/v1", False),
        ("http://$HOST:8000/v1", True),
        (" ", True),
    ],
)
@pytest.mark.parametrize("name", ["ollama", "lab"])
def test_a_base_counts_as_it_stands(name: str, base: str, is_odd: bool) -> None:
    view = read({name: {"apiBase": base}})
    assert view.providers[0].api_base == base
    assert view.odd.get(name, ()) == ("base_unusable",) * is_odd


def test_of_both_spellings_the_agent_takes_the_one_in_camel_case() -> None:
    view = read({"groq": {"apiKey": None, "api_key": "k"}, "lab": {"api_key": "k"}})
    assert [one.has_key for one in view.providers] == [False, True]


def test_names_are_the_agents_where_it_has_them_built_in_and_the_files_elsewhere() -> None:
    names = ["lmStudio", "volcengineCodingPlan", "My-Proxy", "OpenAI", ""]
    view = read({name: {"apiKey": "k"} for name in names})
    assert [one.name for one in view.providers] == [
        "lm_studio",
        "volcengine_coding_plan",
        "My-Proxy",
        "OpenAI",
        "",
    ]


@pytest.mark.parametrize("entry", [None, "text", [], 5])
def test_what_is_no_object_is_no_provider(entry: Any) -> None:
    assert read({"lab": entry}).providers == ()


@pytest.mark.parametrize(
    ("defaults", "main"),
    [
        ({}, ("", AUTO)),
        ({"model": "gpt-5"}, ("gpt-5", AUTO)),
        ({"model": "gpt-5", "provider": "auto"}, ("gpt-5", AUTO)),
        ({"model": "gpt-5", "provider": ""}, ("gpt-5", "")),
        ({"model": "gpt-5\n", "provider": "openai\n"}, ("gpt-5\n", "openai\n")),
        ({"model": "m" * 500, "provider": "Auto"}, ("m" * 500, "Auto")),
    ],
)
def test_a_route_is_what_stands_there(defaults: dict[str, Any], main: tuple[str, str]) -> None:
    assert read({}, **defaults).asked("main") == main


def test_an_override_may_be_null_and_in_either_spelling() -> None:
    view = read({}, visionModel="m", vision_provider=None, subagent_model="s")
    assert view.asked("vision") == ("m", AUTO)
    assert view.asked("subagent") == ("s", AUTO)


def test_the_agents_own_names_are_the_same_everywhere() -> None:
    assert {name for name, facts in FACTS.items() if facts.is_inherited} == INHERITED_NAMES


@pytest.mark.parametrize(
    ("names", "twins"),
    [
        (["Corp-LLM", "corp_llm", "CORP_llm"], {"Corp-LLM": ("corp_llm", "CORP_llm")}),
        (["corp_llm", "Corp-LLM", "other"], {"corp_llm": ("Corp-LLM",)}),
        (["lmStudio", "lm_studio"], {"lm_studio": ("lm_studio",)}),
        (["lm_studio", "LM-Studio"], {"lm_studio": ("LM-Studio",)}),
        (["lm_studio", "groq", "Corp-LLM", "corp.llm"], {}),
    ],
)
def test_a_spelling_that_no_name_reaches_is_told(
    names: list[str], twins: dict[str, tuple[str, ...]]
) -> None:
    base = {"apiBase": "https://llm.example.com/v1"}
    assert read(dict.fromkeys(names, base)).twins == twins
    assert read(dict.fromkeys(names, 1)).twins == {}


def test_a_name_is_found_wherever_it_is_named_beside_the_routes() -> None:
    document = {
        "providers": {"Corp-LLM": {"model": "Corp-LLM/x", "provider": "Corp-LLM"}},
        "modelPresets": {"fast": {"model": "corp_llm/small", "provider": "CORP_LLM"}},
        "agents": {
            "defaults": {
                "model": "Corp-LLM/large",
                "subagentProvider": "Corp-LLM",
                "fallbackModels": ["fast", {"model": "gpt-5", "provider": "Corp-LLM"}],
            }
        },
        "tools": {"note": "Corp-LLM/x", "web": {"provider": "brave", "model": "corp-llm"}},
    }
    assert mentions(document, "Corp-LLM") == [
        "modelPresets.fast.model",
        "modelPresets.fast.provider",
        "agents.defaults.fallbackModels.1.provider",
    ]
    assert mentions(document, "corp") == []
