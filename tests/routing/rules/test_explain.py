"""The rules against the real nanobot-ai, and Facio's documented differences from it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.kinds import KINDS
from providers.spec.names import INHERITED_NAMES
from routing.rules.explain import GRADES, Configured, Decision, Rule, Why, explain
from routing.rules.order import (
    ALL_DIFFERENCES,
    DIFFERENCES,
    FACTS,
    GEMMA_PREFERS_LOCAL,
    OAUTH_NEEDS_CHOICE,
    REGISTRY_ORDER,
    UNKNOWN_NAMES,
)
from tests.routing.conftest import Ask

OLLAMA = Configured(kind="ollama", api_base="http://localhost:11434/v1")
VLLM = Configured(kind="vllm", api_base="http://gpu:8000/v1")
LM_STUDIO = Configured(kind="lm_studio", api_base="http://localhost:1234/v1")


def keyed(*kinds: str) -> list[Configured]:
    return [Configured(kind=kind, has_key=True) for kind in kinds]


def verdicts(decision: Decision) -> dict[str, Why]:
    return {line.kind: line.verdict for line in decision.considered}


# --- drawn configurations -------------------------------------------------------------------

OWN_NAMES = ("companyProxy", "my-proxy", "lab", "replicate", "Fal")
KEYS = (None, None, "", "k", "k", "${OPENAI_API_KEY}")
BASES = (
    None,
    None,
    "",
    "http://localhost:11434/v1",
    "http://localhost:1234/v1",
    "http://gpu:8000/v3",
    "https://example.test/v1",
)
ENTRIES = [
    (kind, {"apiKey": key} if base is None else {"apiKey": key, "apiBase": base})
    for kind in (*FACTS, *OWN_NAMES)
    for key in KEYS
    for base in BASES
]
SECTIONS = st.lists(st.sampled_from(ENTRIES), max_size=6).map(dict)
WORDS = sorted({word for facts in REGISTRY_ORDER for word in facts.keywords})
ODD = ["llama3.2", "gemma-3-27b", "step-2", "GPT-OSS-20B", "Claude", "google", "x", "v1", "ling-1"]
NAMES = [*WORDS, *FACTS, *OWN_NAMES, *sorted(INHERITED_NAMES), *ODD]
SPELLINGS = (
    str,
    str.upper,
    str.title,
    lambda w: w.replace("_", "-"),
    lambda w: w.replace("-", "_"),
)
PIECES = st.sampled_from(sorted({spelled(name) for name in NAMES for spelled in SPELLINGS}))
MODELS = st.one_of(
    PIECES,
    st.tuples(PIECES, PIECES).map("/".join),
    st.tuples(PIECES, st.sampled_from(["-", "_", ".", ":", "/"]), PIECES).map("".join),
    st.tuples(PIECES, PIECES, PIECES).map("/".join),
    st.text(alphabet="abgmpt/-_.ABQ13é ", min_size=1, max_size=12),
)
CAMEL = ["lmStudio", "LMStudio", "azureOpenai", "AzureOpenAI", "OpenRouter", "openai-codex", ""]
KNOWN = [*FACTS, *OWN_NAMES, *CAMEL, "Auto", "nobody", *map(str.upper, FACTS)]
FORCED = st.one_of(st.just("auto"), st.just("auto"), st.just("auto"), st.sampled_from(KNOWN))


def seen_by_agent(sections: dict[str, dict[str, Any]]) -> list[Configured]:
    return [
        Configured(
            kind=kind,
            has_key=bool(section.get("apiKey")),
            api_base=section.get("apiBase") or "",
        )
        for kind, section in sections.items()
    ]


CASES = st.lists(st.tuples(SECTIONS, MODELS, FORCED), min_size=25, max_size=25)


@pytest.mark.nanobot
@settings(
    max_examples=140,  # of 25 cases each: 3,500 configurations
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(cases=CASES)
def test_every_disagreement_with_nanobot_is_a_documented_difference(
    nanobot: Ask, cases: list[tuple[dict[str, dict[str, Any]], str, str]]
) -> None:
    answers = nanobot("routes", cases=cases)
    for (sections, model, provider), theirs in zip(cases, answers, strict=True):
        if theirs in INHERITED_NAMES:
            continue  # a kind that only nanobot has: the third difference, tested below
        states = seen_by_agent(sections)
        plain = explain(model, states, provider, differences=())
        ours = explain(model, states, provider)

        assert plain.provider == theirs, (sections, model, provider)
        assert ours.provider == theirs or ours.differences, (sections, model, provider)
        assert {GEMMA_PREFERS_LOCAL, OAUTH_NEEDS_CHOICE}.issuperset(ours.differences)


@pytest.mark.parametrize("kind", KINDS)
def test_every_declared_kind_has_its_place_in_the_order(kind: str) -> None:
    assert kind in FACTS, f"routing/rules/order.py: REGISTRY_ORDER has no row for {kind}"
    assert FACTS[kind].is_oauth is KINDS[kind].is_oauth
    assert KINDS[kind].is_local or not FACTS[kind].is_local


@pytest.mark.nanobot
def test_all_our_kinds_are_nanobots_in_the_same_order_and_no_name_of_its_is_missing(
    nanobot: Ask,
) -> None:
    theirs = nanobot("registry")

    assert [name for name in theirs if name in FACTS] == [f.kind for f in REGISTRY_ORDER]
    assert set(theirs) - set(FACTS) == INHERITED_NAMES


@pytest.mark.nanobot
@pytest.mark.parametrize(
    ("code", "model", "provider", "sections", "theirs", "ours"),
    [
        (
            GEMMA_PREFERS_LOCAL,
            "gemma-3-27b-it",
            "auto",
            {"gemini": {"apiKey": "k"}, "ollama": {"apiBase": "http://localhost:11434/v1"}},
            "gemini",
            "ollama",
        ),
        (OAUTH_NEEDS_CHOICE, "my-copilot-model", "auto", {}, "github_copilot", None),
        (UNKNOWN_NAMES, "nemotron", "nvidia", {}, "nvidia", None),
    ],
)
def test_each_difference_is_one(
    nanobot: Ask,
    code: str,
    model: str,
    provider: str,
    sections: dict[str, dict[str, Any]],
    theirs: str,
    ours: str | None,
) -> None:
    decision = explain(model, seen_by_agent(sections), provider)

    assert nanobot("routes", cases=[(sections, model, provider)]) == [theirs]
    assert decision.provider == ours
    assert decision.differences == (code,)


def test_the_differences_tested_above_are_all_there_are() -> None:
    assert {GEMMA_PREFERS_LOCAL, OAUTH_NEEDS_CHOICE, UNKNOWN_NAMES} == ALL_DIFFERENCES
    assert all(row.text.endswith(".") and "https://" in row.source for row in DIFFERENCES)


# --- the selection examples -----------------------------------------------------------------


def test_anthropic_is_picked_by_the_models_prefix() -> None:
    decision = explain("anthropic/claude-opus-4-7", keyed("openrouter", "anthropic"))

    assert (decision.provider, decision.rule, decision.word) == (
        "anthropic",
        Rule.PREFIX,
        "anthropic",
    )


def test_openrouter_can_be_forced_for_any_model() -> None:
    decision = explain("anthropic/claude-opus-4-7", keyed("openrouter", "anthropic"), "openrouter")

    assert (decision.provider, decision.rule) == ("openrouter", Rule.FORCED)
    assert verdicts(decision)["anthropic"] is Why.OVERRULED


def test_an_azure_deployment_is_served_by_azure_when_forced() -> None:
    azure = Configured(kind="azure_openai", has_key=True, api_base="https://x.openai.azure.com")

    decision = explain("my-deployment", [azure, *keyed("openrouter")], "azure_openai")

    assert (decision.provider, decision.rule) == ("azure_openai", Rule.FORCED)


def test_opencode_go_is_forced_with_a_model_of_its_own_catalog() -> None:
    decision = explain("glm-5", keyed("opencode_go", "zhipu"), "opencode_go")

    assert (decision.provider, decision.rule) == ("opencode_go", Rule.FORCED)


# --- rule by rule ---------------------------------------------------------------------------


def test_a_keyword_decides_in_registry_order() -> None:
    decision = explain("claude-gpt", keyed("openai", "anthropic"))

    assert (decision.provider, decision.rule, decision.word) == (
        "anthropic",
        Rule.KEYWORD,
        "claude",
    )
    assert verdicts(decision) == {"anthropic": Why.CHOSEN, "openai": Why.OUTRANKED}


def test_a_named_provider_without_key_is_told_so_and_a_gateway_takes_over() -> None:
    decision = explain("claude-sonnet", keyed("openrouter"))

    assert (decision.provider, decision.rule) == ("openrouter", Rule.GATEWAY_FALLBACK)
    assert decision.considered[1].kind == "anthropic"
    assert decision.considered[1].verdict is Why.NO_KEY
    assert decision.considered[1].params == {"rule": "keyword", "word": "claude"}


def test_a_provider_that_is_no_gateway_is_told_apart_from_one() -> None:
    assert explain("llama-9", keyed("groq")).rule is Rule.KEY_FALLBACK


def test_a_plain_name_goes_to_the_local_provider_whose_base_is_usual_for_it() -> None:
    decision = explain("llama3.2", [VLLM, OLLAMA, *keyed("openrouter")])

    assert (decision.provider, decision.rule, decision.word) == (
        "ollama",
        Rule.LOCAL_FALLBACK,
        "11434",
    )
    assert verdicts(decision)["vllm"] is Why.OUTRANKED
    assert verdicts(decision)["openrouter"] is Why.OUTRANKED


def test_a_local_provider_without_base_takes_nothing() -> None:
    decision = explain("llama3.2", [Configured(kind="ollama")])

    assert (decision.provider, decision.rule) == (None, Rule.NONE)
    assert verdicts(decision) == {"ollama": Why.NO_BASE}


@pytest.mark.parametrize("model", ["deepseek/nemotron", "nvidia/nemotron-4"])
def test_a_local_provider_does_not_take_a_model_with_anothers_prefix(model: str) -> None:
    decision = explain(model, [OLLAMA, *keyed("openrouter")])

    assert decision.provider == "openrouter"
    assert verdicts(decision)["ollama"] is Why.FOREIGN_PREFIX


def test_gemma_goes_to_gemini_when_no_local_provider_is_configured() -> None:
    decision = explain("gemma-3", [*keyed("gemini"), Configured(kind="ollama")])

    assert (decision.provider, decision.differences) == ("gemini", ())


def test_gemma_with_geminis_own_prefix_stays_with_gemini() -> None:
    assert explain("gemini/gemma-3", [OLLAMA, *keyed("gemini")]).provider == "gemini"


def test_gemma_in_front_of_a_local_provider_says_why_gemini_lost() -> None:
    decision = explain("google/gemma-3", [LM_STUDIO, *keyed("gemini")])

    assert (decision.provider, verdicts(decision)["gemini"]) == ("lm_studio", Why.LOCAL_FIRST)


def test_oauth_is_picked_by_prefix_or_force_only() -> None:
    assert explain("openai-codex/gpt-5.5", []).provider == "openai_codex"
    assert explain("github_copilot/gpt-4.1", keyed("openai")).provider == "github_copilot"
    assert explain("gpt-4.1", [], "github-copilot").provider == "github_copilot"
    assert explain("copilot-x", []).rule is Rule.OAUTH_NEEDS_CHOICE
    assert explain("copilot-x", keyed("groq")).provider == "groq"


def test_an_operators_own_provider_is_picked_by_its_name_even_without_base() -> None:
    own = Configured(kind="companyProxy", has_key=True)

    assert explain("companyproxy/gpt-4", [own, *keyed("openai")]).provider == "companyProxy"
    assert explain("x", [own], "company-proxy").rule is Rule.UNKNOWN_PROVIDER
    assert explain("x", [own], "COMPANYPROXY").provider == "companyProxy"


def test_an_unknown_forced_name_resolves_to_nothing() -> None:
    decision = explain("gpt-5", keyed("openai"), "opnai")

    assert (decision.provider, decision.rule, decision.word) == (
        None,
        Rule.UNKNOWN_PROVIDER,
        "opnai",
    )
    assert verdicts(decision) == {"openai": Why.OVERRULED}


def test_without_a_model_nothing_is_resolved() -> None:
    assert explain("", keyed("openai")).rule is Rule.NO_MODEL


def test_media_routes_may_name_services_that_are_unknown_here() -> None:
    decision = explain("fal-ai/flux/dev", keyed("openrouter"), "fal", is_media=True)

    assert (decision.provider, decision.rule) == ("fal", Rule.OUTSIDE)


def test_a_media_route_never_falls_back_to_a_gateway() -> None:
    decision = explain("black-forest-labs/flux-schnell", keyed("openrouter"), is_media=True)

    assert (decision.provider, decision.rule) == (None, Rule.AGENT_DECIDES)


def test_a_media_route_still_follows_a_name() -> None:
    assert explain("gpt-image-1", keyed("openai"), is_media=True).provider == "openai"


def test_every_rule_and_keyword_has_a_grade() -> None:
    assert set(GRADES) == set(Rule)
    assert explain("gpt-5", keyed("openai")).grade == "documented"
    assert explain("kimi-k2", keyed("moonshot")).grade == "inherited"
