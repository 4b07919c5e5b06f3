"""Drawn documents before both: who serves a model is what the real nanobot-ai takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from providers.kinds import KINDS
from providers.spec.names import INHERITED_NAMES
from routing.config.agent import view_of
from routing.config.schema import problems
from routing.rules.explain import explain
from routing.rules.order import (
    ALL_DIFFERENCES,
    DIFFERENCES,
    FACTS,
    GEMMA_PREFERS_LOCAL,
    IMAGE_KINDS,
    OAUTH_NEEDS_CHOICE,
    REGISTRY_ORDER,
)
from tests.routing.conftest import Ask
from tests.routing.rules.drawn import QUESTIONS, Document, Question, documents

ASKED = 12  # of one document, beside its own main route
PAIRS = st.tuples(documents(), st.lists(QUESTIONS, min_size=ASKED, max_size=ASKED))


def answered(nanobot: Ask, pairs: list[tuple[Document, list[Question]]]) -> list[Any]:
    """What the ancestor's loader and its rules make of each document."""
    texts = [(json.dumps(document), asks) for document, asks in pairs]
    answers: list[Any] = nanobot("documents", documents=texts)
    return answers


@pytest.mark.nanobot
def test_every_disagreement_with_nanobot_is_a_documented_difference(nanobot: Ask) -> None:
    asked = 0

    @settings(
        max_examples=100,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # the assertion names the one question that fails
        suppress_health_check=list(HealthCheck),
    )
    @given(pairs=st.lists(PAIRS, min_size=4, max_size=4))
    def agree(pairs: list[tuple[Document, list[Question]]]) -> None:
        nonlocal asked
        for (document, asks), theirs in zip(pairs, answered(nanobot, pairs), strict=True):
            assert isinstance(theirs, list), (document, theirs)
            assert problems(document) == ()
            view = view_of(document, KINDS)
            for (model, provider), name in zip([view.asked("main"), *asks], theirs, strict=True):
                plain = explain(model, view.providers, provider, differences=())
                ours = explain(model, view.providers, provider)
                assert plain.provider == name, (document, model, provider)
                assert ours.provider == name or ours.differences, (document, model, provider)
                assert ALL_DIFFERENCES.issuperset(ours.differences)
                asked += 1

    agree()
    assert asked >= 5_000


@pytest.mark.nanobot
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    document=documents(),
    name=st.sampled_from(["LMStudio", "openRouter", "OPENAI", "Nvidia", "azure-openai"]),
)
def test_an_entry_that_the_loader_refuses_is_told(
    nanobot: Ask, document: Document, name: str
) -> None:
    document["providers"][name] = {"apiKey": "k"}
    [theirs] = answered(nanobot, [(document, [])])
    assert isinstance(theirs, str) == bool(problems(document))


# The agent's names and order ----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_declared_kind_has_its_place_in_the_order(kind: str) -> None:
    assert kind in FACTS, f"routing/rules/order.py: REGISTRY_ORDER has no row for {kind}"
    assert FACTS[kind].is_oauth is KINDS[kind].is_oauth
    assert KINDS[kind].is_local or not FACTS[kind].is_local


@pytest.mark.nanobot
def test_the_order_is_nanobots_and_what_is_not_ours_says_so(nanobot: Ask) -> None:
    assert nanobot("registry") == [facts.kind for facts in REGISTRY_ORDER]


@pytest.mark.nanobot
def test_images_are_made_by_the_kinds_of_the_ancestor(nanobot: Ask) -> None:
    assert set(nanobot("image_makers")) == IMAGE_KINDS
    assert set(FACTS) - set(KINDS) == INHERITED_NAMES


@pytest.mark.nanobot
@pytest.mark.parametrize(
    ("code", "model", "providers", "theirs", "ours"),
    [
        (
            GEMMA_PREFERS_LOCAL,
            "gemma-3-27b-it",
            {"gemini": {"apiKey": "k"}, "ollama": {"apiBase": "http://localhost:11434/v1"}},
            "gemini",
            "ollama",
        ),
        (OAUTH_NEEDS_CHOICE, "my-copilot-model", {}, "github_copilot", None),
    ],
)
def test_each_difference_is_one(
    nanobot: Ask, code: str, model: str, providers: Document, theirs: str, ours: str | None
) -> None:
    document = {"agents": {"defaults": {"model": model}}, "providers": providers}
    decision = explain(model, view_of(document, KINDS).providers)

    assert answered(nanobot, [(document, [])]) == [[theirs]]
    assert decision.provider == ours
    assert decision.differences == (code,)


def test_the_differences_tested_above_are_all_there_are() -> None:
    assert {GEMMA_PREFERS_LOCAL, OAUTH_NEEDS_CHOICE} == ALL_DIFFERENCES
    assert all(row.text.endswith(".") and "https://" in row.source for row in DIFFERENCES)
