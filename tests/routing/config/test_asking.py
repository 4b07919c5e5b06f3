"""What a config.json asks of every call, read as the agent reads it."""

from __future__ import annotations

from typing import Any

import pytest

from providers.dialects.turn import Asked
from routing.config.agent import asking_of
from routing.models import BaseDocument
from routing.rules.asking import USUAL, Asking
from routing.state import asked as asked_here


def asked(defaults: dict[str, Any], **more: Any) -> Asking:
    return asking_of({"agents": {"defaults": defaults}, **more})


def test_without_a_word_the_agent_s_own_defaults_count() -> None:
    for document in ({}, {"agents": []}, {"agents": {"defaults": {"temperature": None}}}):
        assert asking_of(document) == USUAL


def test_either_spelling_and_numbers_in_quotes_are_read() -> None:
    whole = Asking(temperature=1.0, max_tokens=4096, context_window=32768, effort="low")
    named = {"temperature": "1", "maxTokens": "4096", "contextWindowTokens": 32768}
    assert asked({**named, "reasoningEffort": "low"}) == whole
    snake = {"temperature": 1, "max_tokens": 4096, "context_window_tokens": 32768}
    assert asked({**snake, "reasoning_effort": "low"}) == whole


@pytest.mark.parametrize("odd", [True, "warm", [], {}, -1, float("nan"), float("inf"), 10**400])
def test_what_the_loader_stops_at_is_passed_over(odd: Any) -> None:
    assert asked({"temperature": odd, "maxTokens": odd, "contextWindowTokens": odd}) == USUAL


@pytest.mark.parametrize("effort", ["none", "None", "", None, 3])
def test_no_effort_leaves_the_temperature(effort: Any) -> None:
    assert not asked({"reasoningEffort": effort}).of_each_call.reasons


def test_the_preset_goes_before() -> None:
    preset = {"model": "m", "temperature": 0.9}
    found = asked({"modelPreset": "fast", "temperature": 0.2}, modelPresets={"fast": preset})
    assert (found.temperature, found.max_tokens) == (0.9, 8192)
    assert asked({"modelPreset": "gone", "temperature": 0.2}).temperature == 0.2


@pytest.mark.django_db
def test_tests_of_models_take_it_from_the_imported_document() -> None:
    assert asked_here("openai") == Asked(0.1, 8192)
    BaseDocument.put({"agents": {"defaults": {"temperature": 1, "maxTokens": 4096}}})
    assert asked_here("openai") == Asked(1.0, 4096)
    BaseDocument.put({"agents": {"defaults": {"reasoningEffort": "high"}}})
    assert asked_here("openai").reasons


@pytest.mark.django_db
def test_a_document_that_does_not_open_says_nothing() -> None:
    BaseDocument.put({"agents": {"defaults": {"temperature": 1}}})
    row = BaseDocument.objects.get()
    for item in row.sealed.values():
        item["box"] = item["box"][:-8] + "AAAAAAA="
    row.save()
    assert asked_here("openai").temperature == 0.1
