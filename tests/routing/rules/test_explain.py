"""The rules, one by one, and the ranking that they make."""

from __future__ import annotations

import pytest

from routing.rules.explain import Configured, Decision, Rule, Why, explain

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


@pytest.mark.parametrize("name", ["replicate", "Replicate", "fal", "fal-ai", "fal.ai", "Fal AI"])
def test_the_documented_media_services_are_known_in_every_spelling(name: str) -> None:
    decision = explain("x", [], name, is_media=True)
    assert (decision.provider, decision.rule) == (name, Rule.OUTSIDE)


@pytest.mark.parametrize("name", ["opnai", "Open Router", "google", "falx", "Auto"])
def test_another_media_provider_is_not_known_and_nobody_is_named(name: str) -> None:
    decision = explain("gpt-image-1", keyed("openai"), name, is_media=True)
    assert (decision.provider, decision.rule, decision.word) == (None, Rule.MEDIA_UNKNOWN, name)
    assert explain("gpt-5", keyed("openai"), name).rule is Rule.UNKNOWN_PROVIDER


def test_an_empty_media_provider_names_nobody() -> None:
    assert explain("x", [], "", is_media=True).rule is Rule.UNKNOWN_PROVIDER


@pytest.mark.parametrize(
    "model",
    [
        "fal-ai/minimax-video/video-01",
        "minimax/video-01",
        "minimax-video-01",
        "ollama/flux",
        "openai/gpt-image-1",
        "google/gemini-nano",
        "sora-2",
    ],
)
def test_rules_of_chat_do_not_choose_for_media(model: str) -> None:
    states = [OLLAMA, *keyed("minimax", "openai", "gemini", "openrouter")]
    decision = explain(model, states, is_media=True)
    assert (decision.provider, decision.rule) == (None, Rule.AGENT_DECIDES)


def test_a_media_route_never_falls_back_to_a_gateway() -> None:
    decision = explain("black-forest-labs/flux-schnell", keyed("openrouter"), is_media=True)

    assert (decision.provider, decision.rule) == (None, Rule.AGENT_DECIDES)


def test_a_media_route_still_follows_a_name() -> None:
    for model, name in (("gpt-image-1", "openai"), ("gemini-3-image", "gemini")):
        decision = explain(model, [OLLAMA, *keyed("openai", "gemini")], is_media=True)
        assert (decision.provider, decision.rule) == (name, Rule.KEYWORD)


def test_rules_and_keywords_have_a_grade() -> None:
    assert explain("llama-9", keyed("groq")).grade == "inherited"
    assert explain("gpt-5", keyed("openai")).grade == "documented"
    assert explain("kimi-k2", keyed("moonshot")).grade == "inherited"


# --- names that only the agent has ------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "provider", "chosen", "rule"),
    [
        ("nvidia/nemotron-4", "auto", "nvidia", Rule.PREFIX),
        ("ark-1", "auto", "volcengine", Rule.KEYWORD),
        ("llama-9", "auto", "volcengine", Rule.GATEWAY_FALLBACK),
        ("llama-9", "volcengineCodingPlan", "volcengine_coding_plan", Rule.FORCED),
        ("llama-9", "siliconflow", "siliconflow", Rule.FORCED),
        ("xai-grok/grok-4.6", "auto", "xai_grok", Rule.PREFIX),
    ],
)
def test_what_the_agent_has_built_in_counts_though_nothing_here_sets_it_up(
    model: str, provider: str, chosen: str, rule: Rule
) -> None:
    decision = explain(model, keyed("nvidia", "volcengine", "groq"), provider)
    assert (decision.provider, decision.rule) == (chosen, rule)


def test_who_writes_speech_down_serves_a_model_only_when_forced() -> None:
    states = keyed("assemblyai")
    for model in ("assemblyai/best", "assemblyai-best", "llama-9"):
        assert explain(model, states).provider is None
    assert explain("best", states, "assemblyai").provider == "assemblyai"


def test_a_name_of_ones_own_may_look_like_a_built_in_one() -> None:
    own = Configured(name="OpenAI", has_key=True, api_base="https://proxy.example/v1")
    assert explain("openai/gpt-5", [own]).provider == "OpenAI"
    assert explain("openai/gpt-5", [own, *keyed("openai")]).provider == "openai"
    assert explain("x", [own], "OpenAI").provider == "OpenAI"
    assert explain("x", [own], "openai").provider == "openai"


@pytest.mark.parametrize("name", ["", " ", "Auto", "AUTO", "auto ", "none", "openai\n"])
def test_only_the_word_auto_is_automatic(name: str) -> None:
    decision = explain("gpt-5", keyed("openai"), name)
    assert (decision.provider, decision.rule, decision.otherwise) == (
        None,
        Rule.UNKNOWN_PROVIDER,
        "openai",
    )


# --- variables --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "provider", "word"),
    [
        ("${OPENAI_MODEL}", "auto", "OPENAI_MODEL"),
        ("${FACIO_MODEL}", "auto", "FACIO_MODEL"),
        ("claude-${VERSION}", "auto", "VERSION"),
        ("groq/${MODEL}", "auto", "MODEL"),
        ("gpt-5", "${PROV}", "PROV"),
        ("${MODEL}", "${PROV}", "PROV"),
        ("gpt-5", "open${REST}", "REST"),
    ],
)
@pytest.mark.parametrize("is_media", [True, False])
def test_who_serves_a_variable_is_not_known(
    model: str, provider: str, word: str, is_media: bool
) -> None:
    states = keyed("openai", "anthropic", "openrouter")
    decision = explain(model, states, provider, is_media=is_media)
    assert (decision.provider, decision.rule, decision.word) == (None, Rule.VARIABLE, word)
    assert decision.considered == ()


def test_a_variable_behind_what_decides_changes_nothing() -> None:
    states = keyed("openai", "anthropic")
    assert explain("anthropic/${MODEL}", states).provider == "anthropic"
    decision = explain("${MODEL}", states, "openai")
    assert (decision.provider, decision.rule) == ("openai", Rule.FORCED)
    assert decision.otherwise_rule is Rule.VARIABLE


@pytest.mark.parametrize(
    ("bases", "provider"),
    [
        ({"ollama": "${BASE}", "lm_studio": "http://localhost:1234/v1"}, None),
        ({"ollama": "${BASE}", "vllm": "http://gpu:8000/v1"}, None),
        ({"ollama": "http://gpu:11434/v1", "lm_studio": "${BASE}"}, "ollama"),
        ({"ollama": "http://${BASE}:11434/v1", "lm_studio": "http://localhost:1234/v1"}, "ollama"),
        ({"ollama": "${BASE}"}, "ollama"),
        ({"ollama": "${BASE}", "ovms": "http://gpu:8000/v3"}, "ollama"),
        ({"vllm": "${BASE}", "ovms": "http://gpu:8000/v3"}, "vllm"),
    ],
)
def test_a_marker_that_a_variable_may_hold_leaves_the_order_open(
    bases: dict[str, str], provider: str | None
) -> None:
    states = [Configured(name=name, api_base=base) for name, base in bases.items()]
    decision = explain("llama3.2", [*states, *keyed("openrouter")])
    assert decision.provider == provider
    if provider is None:
        assert (decision.rule, decision.word) == (Rule.VARIABLE, "BASE")
    assert explain("gpt-5", [*states, *keyed("openai")]).provider == "openai"


# --- the ranking ----------------------------------------------------------------------------


def ranks(decision: Decision) -> list[tuple[int, str]]:
    return [(line.rank, line.name) for line in decision.considered]


def test_those_that_would_take_it_stand_in_the_order_in_which_the_agent_tries() -> None:
    proxy = Configured(name="proxy", api_base="https://proxy.example/v1")
    bare = Configured(name="bare", has_key=True)
    states = [bare, proxy, *keyed("groq", "openrouter", "openai", "volcengine"), VLLM, OLLAMA]
    assert ranks(explain("gpt-5", states)) == [
        (1, "openai"),
        (2, "ollama"),
        (3, "vllm"),
        (4, "openrouter"),
        (5, "volcengine"),
        (6, "groq"),
        (7, "proxy"),
        (0, "bare"),
    ]


def test_taking_away_the_first_leaves_the_second_first() -> None:
    states = [VLLM, OLLAMA, *keyed("openai", "anthropic", "openrouter", "groq", "nvidia")]
    for model in ("gpt-5", "claude-gpt", "nemotron", "llama-9", "openrouter/x", "deepseek/r1"):
        left = states
        for _rank, name in [one for one in ranks(explain(model, states)) if one[0]]:
            assert explain(model, left).provider == name
            left = [one for one in left if one.name != name]


def test_a_forced_provider_says_who_would_have_served_otherwise() -> None:
    decision = explain("claude-9", keyed("groq", "anthropic", "openrouter"), "groq")
    assert decision.otherwise == "anthropic"
    assert ranks(decision) == [(1, "groq"), (2, "anthropic"), (3, "openrouter")]
    assert explain("claude-9", keyed("groq"), "groq").otherwise == "groq"
    assert explain("claude-9", [], "groq").otherwise is None
    assert explain("claude-9", keyed("groq")).otherwise is None


def test_a_forced_media_route_says_that_on_auto_the_agent_decides() -> None:
    model, states = "black-forest-labs/flux-schnell", keyed("openrouter")
    for name in ("replicate", "openrouter"):
        decision = explain(model, states, name, is_media=True)
        assert (decision.otherwise, decision.otherwise_rule) == (None, Rule.AGENT_DECIDES)
    assert explain(model, [], "groq").otherwise_rule is Rule.NONE
