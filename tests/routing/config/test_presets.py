"""Model presets, fallbacks, and what the agent's loader stops at."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.kinds import KINDS
from routing.config.agent import decide, doubts, fallbacks_of, view_of
from routing.config.difference import shown_path
from routing.rules.explain import AUTO, Rule
from tests.routing.conftest import Ask

PRESETS = {"fast": {"model": "claude-x"}, "own": {"model": "m", "provider": "groq"}}
KEYS = {name: {"apiKey": "k-0123456789"} for name in ("openai", "anthropic")}


def document(defaults: dict[str, Any], presets: Any = None, **more: Any) -> dict[str, Any]:
    presets = {"modelPresets": PRESETS if presets is None else presets}
    return {"agents": {"defaults": {"model": "gpt-5", **defaults}}, **presets, **more}


def told(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(shown_path(one.keys), one.code) for one in doubts(document)]


@pytest.mark.parametrize(
    ("defaults", "main", "has_preset"),
    [
        ({"modelPreset": "fast"}, ("claude-x", AUTO), True),
        ({"model_preset": "fast", "provider": "openai"}, ("claude-x", AUTO), True),
        ({"modelPreset": "own", "provider": "openai"}, ("m", "groq"), True),
        ({"modelPreset": "default"}, ("gpt-5", AUTO), False),
        ({"modelPreset": ""}, ("gpt-5", AUTO), False),
        ({"modelPreset": None}, ("gpt-5", AUTO), False),
        ({"modelPreset": "nope"}, ("gpt-5", AUTO), False),
    ],
)
def test_a_preset_goes_before_the_main_model(
    defaults: dict[str, Any], main: tuple[str, str], has_preset: bool
) -> None:
    view = view_of(document(defaults), KINDS)
    assert (view.asked("main"), view.has_preset) == (main, has_preset)


def test_the_provider_is_that_of_the_preset() -> None:
    view = view_of(document({"modelPreset": "fast", "provider": "openai"}, providers=KEYS), KINDS)
    decision = decide("main", view)
    assert decision
    assert (decision.provider, decision.rule) == ("anthropic", Rule.KEYWORD)


@pytest.mark.parametrize("presets", [[], {"fast": 1}, {"fast": {}}, {"fast": {"model": None}}])
def test_a_preset_without_a_model_gives_none(presets: Any) -> None:
    view = view_of(document({"modelPreset": "fast"}, presets), KINDS)
    assert (view.asked("main"), view.preset, view.has_preset) == (("gpt-5", AUTO), "fast", False)


def test_fallbacks_are_presets_and_models_in_their_order() -> None:
    inline = {"model": "claude-y", "provider": "anthropic"}
    found = fallbacks_of(document({"fallbackModels": [inline, "own", "nope", 5]}))
    assert found == (("claude-y", "anthropic"), ("m", "groq"))
    assert fallbacks_of(document({"fallback_models": ["fast"]})) == (("claude-x", AUTO),)
    assert fallbacks_of(document({"fallbackModels": "fast"})) == ()


@pytest.mark.parametrize("empty", [{"model": ""}, {"modelPreset": "none"}])
def test_an_empty_model_is_one_that_is_set(empty: dict[str, Any]) -> None:
    view = view_of(document(empty, {"none": {"model": ""}}, providers=KEYS), KINDS)
    decision = decide("main", view)
    assert decision
    assert (decision.provider, decision.rule) == (None, Rule.EMPTY_MODEL)
    for defaults in ({}, {"model": None}):
        decision = decide("main", view_of({"agents": {"defaults": defaults}}, KINDS))
        assert decision
        assert decision.rule is Rule.NO_MODEL


DEFAULTS = "agents.defaults"
STOPS = [
    (document({}, {}, hooks={}), [("hooks", "unknown_area")]),
    ({"$schema": "https://x.test/y.json"}, [("$schema", "unknown_area")]),
    (document({"modelPreset": "nope"}), [(f"{DEFAULTS}.modelPreset", "no_preset")]),
    (document({"fallbackModels": ["default"]}), [(f"{DEFAULTS}.fallbackModels", "no_preset")]),
    (document({"fallback_models": ["nope"]}), [(f"{DEFAULTS}.fallback_models", "no_preset")]),
    (document({"fallbackModels": [{"model": "m"}]}), [(f"{DEFAULTS}.fallbackModels", "lacks")]),
    (document({}, {"default": {"model": "m"}}), [("modelPresets.default", "preset_reserved")]),
    (document({}, {"fast": {"provider": "groq"}}), [("modelPresets.fast", "lacks")]),
    (document({}, {"fast": "claude-x"}), [("modelPresets.fast", "lacks")]),
    *(
        (document({"dream": {key: "nope"}}), [(f"{DEFAULTS}.dream.{key}", "no_preset")])
        for key in ("modelOverride", "model", "model_override")
    ),
]
FINE = [
    document({"modelPreset": "default", "fallbackModels": ["fast", "own"]}),
    document({"modelPreset": "fast", "dream": {"modelOverride": "default"}}),
    document({"model_preset": None, "dream": {"modelOverride": "own"}}),
    {"model_presets": PRESETS, "agents": {"defaults": {"modelPreset": "own"}}},
    {name: {} for name in ("channels", "api", "gateway", "tools", "transcription", "providers")},
]


@pytest.mark.parametrize(("file", "expected"), STOPS)
def test_what_the_loader_stops_at_is_told(
    file: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert told(file) == expected
    assert [(shown_path(one.keys), one.code) for one in view_of(file, KINDS).doubts] == expected


@pytest.mark.parametrize("file", [*FINE, {"audit": {}, "logging": {}}])
def test_what_it_takes_is_not(file: dict[str, Any]) -> None:
    assert told(file) == []


@pytest.mark.nanobot
def test_the_ancestor_stops_at_all_of_these(nanobot: Ask) -> None:
    for file, _expected in STOPS:
        assert nanobot("load", text=json.dumps(file)).get("error"), file
    for file in FINE:
        assert not nanobot("load", text=json.dumps(file)).get("error"), file


@pytest.mark.nanobot
def test_the_ancestor_takes_the_model_of_the_preset_and_the_empty_one(nanobot: Ask) -> None:
    files = [
        document({"modelPreset": "fast", "provider": "openai"}, providers=KEYS),
        document({"model": ""}, providers=KEYS),
    ]
    answers = nanobot("made", documents=[json.dumps(one) for one in files])
    assert answers[0][:2] == ["claude-x", "anthropic"]
    assert answers[1][0] == ""


@pytest.mark.parametrize(
    ("name", "meant"),
    [("OpenAI", "openai"), ("OpenRouter", "openrouter"), ("DeepSeek", "deepseek"), ("lab", None)],
)
def test_a_spelling_of_a_built_in_name_that_is_none_is_told(name: str, meant: str | None) -> None:
    found = list(doubts({"providers": {name: {"apiKey": "k"}}}))
    expected = [(("providers", name), "own_spelling", {"name": name, "meant": meant})]
    assert [(one.keys, one.code, one.params) for one in found] == (expected if meant else [])
    assert not told({"providers": {"openai": {}, "lmStudio": {}, "azure_openai": {}, "": {}}})
