"""The rules, one by one, and the ranking that they make."""

from __future__ import annotations

import pytest

from routing.rules.explain import GRADES, Configured, Decision, Rule, Why, explain

OLLAMA = Configured(name="ollama", api_base="http://localhost:11434/v1")
VLLM = Configured(name="vllm", api_base="http://gpu:8000/v1")
LM_STUDIO = Configured(name="lm_studio", api_base="http://localhost:1234/v1")


def keyed(*kinds: str) -> list[Configured]:
    return [Configured(name=kind, has_key=True) for kind in kinds]


def verdicts(decision: Decision) -> dict[str, Why]:
    return {line.name: line.verdict for line in decision.considered}


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
    azure = Configured(name="azure_openai", has_key=True, api_base="https://x.openai.azure.com")

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
    assert decision.considered[1].name == "anthropic"
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
    decision = explain("llama3.2", [Configured(name="ollama")])

    assert (decision.provider, decision.rule) == (None, Rule.NONE)
    assert verdicts(decision) == {"ollama": Why.NO_BASE}


@pytest.mark.parametrize("model", ["deepseek/nemotron", "nvidia/nemotron-4"])
def test_a_local_provider_does_not_take_a_model_with_anothers_prefix(model: str) -> None:
    decision = explain(model, [OLLAMA, *keyed("openrouter")])

    assert decision.provider == "openrouter"
    assert verdicts(decision)["ollama"] is Why.FOREIGN_PREFIX


def test_gemma_goes_to_gemini_when_no_local_provider_is_configured() -> None:
    decision = explain("gemma-3", [*keyed("gemini"), Configured(name="ollama")])

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
    own = Configured(name="companyProxy", has_key=True)

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
