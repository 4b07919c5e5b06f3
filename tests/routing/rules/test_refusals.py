"""Entries of which the agent makes no provider, as its ancestor's factory says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.kinds import KINDS
from routing.config.agent import decide, view_of
from routing.rules.explain import Configured
from routing.rules.order import REGISTRY_ORDER
from routing.rules.refusals import refusals
from tests.routing.conftest import Ask

BASE, KEY = "https://llm.example.com/v1", "k-0123456789"


@pytest.mark.parametrize(
    ("entry", "codes"),
    [
        (Configured(name="anthropic", api_base=BASE), ("no_key",)),
        (Configured(name="anthropic", has_key=True), ()),
        (Configured(name="anthropic", has_key=True, untested=("proxy",)), ("proxy_unsupported",)),
        (Configured(name="openai", has_key=True, untested=("proxy",)), ()),
        (Configured(name="lab", has_key=True), ("no_base",)),
        (Configured(name="lab", api_base=BASE), ()),
        (Configured(name="azure_openai", has_key=True), ("no_base",)),
        (Configured(name="vllm"), ("no_base",)),
        (Configured(name="ollama"), ()),
        (Configured(name="bedrock"), ()),
        (Configured(name="assemblyai", has_key=True), ("transcription_only",)),
    ],
)
def test_what_the_agent_refuses_to_make(entry: Configured, codes: tuple[str, ...]) -> None:
    assert refusals(entry) == codes


@pytest.mark.nanobot
def test_the_ancestor_refuses_the_same(nanobot: Ask) -> None:
    names = [*(facts.kind for facts in REGISTRY_ORDER if not facts.is_oauth), "lab"]
    fields = [{}, {"apiKey": KEY}, {"apiBase": BASE}, {"apiKey": KEY, "apiBase": BASE}]
    fields += [{**one, "proxy": "http://proxy.test"} for one in fields]
    asked: list[dict[str, Any]] = [
        {"providers": {name: entry}, "agents": {"defaults": {"model": "m", "provider": name}}}
        for name in names
        for entry in fields
    ]
    answers = nanobot("made", documents=[json.dumps(one) for one in asked])
    for document, (_model, provider, why) in zip(asked, answers, strict=True):
        view = view_of(document, KINDS)
        decision = decide("main", view)
        assert decision
        assert decision.provider == provider, document
        codes = refusals(view.entry(decision.provider or ""))
        is_documented = provider == "vllm"  # https://facio.bot/docs/providers wants a base there
        # Another address makes an endpoint of one's own of OrcaRouter, which needs no key.
        is_own = provider == "orcarouter" and "apiBase" in document["providers"][provider]
        if not is_own and not is_documented:
            assert bool(codes) == bool(why), (document, codes, why)
