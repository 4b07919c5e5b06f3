"""The three modes of an export: what each does to a key, .env beside it, what the agent loads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from providers.kinds import KINDS
from providers.spec.masks import names_in
from providers.spec.secret import Secret
from routing.config.document import camel
from routing.config.entries import ProviderState, RouteState
from routing.config.env.beside import env_text
from routing.config.export import Mode, build_config, preview
from routing.config.schema import problems
from tests.routing.config.samples import ROUTES, SPECS, build, main, provider, provider_states
from tests.routing.conftest import Ask


def plain(env: dict[str, Secret] | Any) -> dict[str, str]:
    return {name: secret.reveal() for name, secret in env.items()}


# --- modes ----------------------------------------------------------------------------------

STATES = [
    provider(
        "openai", "sk-proj-1", extra_headers={"X-Org": "o1", "X_Org": "o2", "A": "Bearer ${T}"}
    ),
    provider("azure_openai", "az-1", api_base="https://x.openai.azure.com"),
    provider("zhipu", "z1"),
    provider("groq", "${GROQ_KEY}"),
    provider("vllm", "v1", api_base="http://gpu:8000/v1", extra_body={"top_k": 3, "t": ["a"]}),
    provider(
        "bedrock",
        secrets={"access_key_id": "AKIA1", "secret_access_key": "s1"},
        values={"region": "eu-west-1"},
    ),
]


def test_mode_env_names_every_secret_and_gives_the_values_beside_the_file() -> None:
    exported = build(None, STATES, mode=Mode.ENV)

    assert exported.document["providers"] == {
        "openai": {
            "apiKey": "${OPENAI_API_KEY}",
            "extraHeaders": {
                "X-Org": "${OPENAI_HEADER_X_ORG}",
                "X_Org": "${OPENAI_HEADER_X_ORG_2}",
                "A": "Bearer ${T}",
            },
        },
        "azure_openai": {
            "apiKey": "${AZURE_OPENAI_API_KEY}",
            "apiBase": "https://x.openai.azure.com",
        },
        "bedrock": {"region": "eu-west-1"},
        "zhipu": {"apiKey": "${ZAI_API_KEY}"},
        "groq": {"apiKey": "${GROQ_KEY}"},
        "vllm": {
            "apiKey": "${VLLM_API_KEY}",
            "apiBase": "http://gpu:8000/v1",
            "extraBody": {"top_k": 3, "t": ["a"]},
        },
    }
    assert plain(exported.env) == {
        "OPENAI_API_KEY": "sk-proj-1",
        "OPENAI_HEADER_X_ORG": "o1",
        "OPENAI_HEADER_X_ORG_2": "o2",
        "AZURE_OPENAI_API_KEY": "az-1",
        "ZAI_API_KEY": "z1",
        "ZHIPUAI_API_KEY": "z1",
        "VLLM_API_KEY": "v1",
        "AWS_ACCESS_KEY_ID": "AKIA1",
        "AWS_SECRET_ACCESS_KEY": "s1",
    }


def test_mode_keys_holds_the_keys_and_never_the_aws_ones() -> None:
    exported = build(None, STATES)

    assert exported.document["providers"]["openai"]["apiKey"] == "sk-proj-1"
    assert exported.document["providers"]["bedrock"] == {"region": "eu-west-1"}
    assert "AKIA1" not in exported.text
    assert exported.may_hold_secrets


def test_mode_redacted_masks_every_secret_leaf_and_names_what_it_leaves_out() -> None:
    base = {
        "channels": {"telegram": {"token": "t-1"}},
        "agents": {"defaults": {"model": "m", "workspace": "~/w"}, "other": 1},
        "providers": {
            "azureOpenai": {"api_key": "az-0", "proxy": "http://u:p@h", "apiBase": "https://u:p@h"},
            "companyProxy": {"apiKey": "c-1"},
            "openai_codex": {"proxy": "x"},
        },
    }
    states = [provider("azure_openai", "az-0", api_base="https://u:p@h"), STATES[0], STATES[4]]

    exported = build(base, states, main("m"), Mode.REDACTED)

    assert exported.document == {
        "agents": {"defaults": {"model": "m"}},
        "providers": {
            "azureOpenai": {"api_key": "***", "apiBase": "***"},
            "openai": {
                "apiKey": "***",
                "extraHeaders": {"X-Org": "***", "X_Org": "***", "A": "***"},
            },
            "vllm": {
                "apiKey": "***",
                "apiBase": "http://gpu:8000/v1",
                "extraBody": {"top_k": "***", "t": ["***"]},
            },
        },
    }
    assert exported.left_out == (
        "channels",
        "agents.defaults.workspace",
        "agents.other",
        "providers.azureOpenai.proxy",
        "providers.companyProxy",
        "providers.openai_codex",
    )
    assert not exported.may_hold_secrets


def test_mode_env_may_hold_secrets_only_when_something_is_not_ours_or_a_body_is_there() -> None:
    key = [provider("openai", "sk-1")]

    assert not build(None, key, mode=Mode.ENV).may_hold_secrets
    assert build({"channels": {}}, key, mode=Mode.ENV).may_hold_secrets
    assert build(None, [STATES[4]], mode=Mode.ENV).may_hold_secrets


def test_mode_env_tells_which_secrets_stand_there_as_they_are() -> None:
    base = {
        "channels": {"telegram": {"token": "t-1", "allowFrom": ["1"]}},
        "providers": {
            "nvidia": {"apiKey": "nv-1", "apiBase": "https://n.test/v1"},
            "openai": {"api_key": "old-1", "apiKey": "${A}", "extraQuery": {"api_key": "q-1"}},
        },
        "tools": {"mcpServers": {"s": {"args": ["--token", "t-2"], "env": {"K": "${K}"}}}},
    }
    openai = provider("openai", "${A}", extra_headers={"X": "Token token=${T}", "Y": "blue"})
    vllm = provider(
        "vllm", "v1", api_base="https://user:pass@h.test/v1", extra_body={"token": "b-1", "n": 1}
    )

    exported = build(base, [openai, vllm], mode=Mode.ENV)

    assert exported.in_clear == (
        "channels.telegram.token",
        "providers.nvidia.apiKey",
        "providers.openai.api_key",
        "providers.openai.extraQuery.api_key",
        "providers.vllm.apiBase",
        "providers.vllm.extraBody.token",
        "tools.mcpServers.s.args",
    )


def test_lists_of_objects_are_looked_through_for_secrets() -> None:
    fallbacks = ["fast", {"model": "gpt-5", "provider": "openai"}]
    base = {
        "agents": {"defaults": {"fallbackModels": fallbacks}},
        "channels": {"bots": [{"token": "t-1"}, {"token": "t-2"}, {"name": "c"}]},
    }

    assert build(base, mode=Mode.ENV).in_clear == ("channels.bots.token",)


@pytest.mark.parametrize(
    ("text", "is_told"),
    [("Token token=${T}", False), ("sk-${T}", False), ("sk-0123456789abcdef${T}", True)],
)
def test_what_stands_beside_a_reference_may_be_a_secret(text: str, is_told: bool) -> None:
    exported = build(None, [provider("openai", text)], mode=Mode.ENV)

    assert exported.in_clear == ("providers.openai.apiKey",) * is_told
    assert exported.may_hold_secrets is is_told


def test_mode_redacted_hides_what_looks_like_a_secret_in_other_texts() -> None:
    states = [
        provider("openai", "sk-1", api_base="https://gw.test/sk-proj-PATHSECRET123456/v1"),
        provider("vllm", api_base="https://p.test/key/abcd1234efgh5678ijkl9012/v1"),
        provider("groq", "g-1", api_base="https://gw.test/groq/v1"),
        provider("bedrock", values={"region": "eu-west-1", "profile": "sk-proj-x0123456789"}),
    ]
    exported = build(None, states, main("sk-proj-x0123456789012345"), Mode.REDACTED)

    assert exported.document == {
        "agents": {"defaults": {"model": "***", "provider": "auto"}},
        "providers": {
            "openai": {"apiKey": "***", "apiBase": "***"},
            "vllm": {"apiBase": "***"},
            "groq": {"apiKey": "***", "apiBase": "https://gw.test/groq/v1"},
            "bedrock": {"region": "eu-west-1", "profile": "***"},
        },
    }
    for name in ("openai", "vllm"):
        shown = json.loads(preview(build(None, states), SPECS))
        assert shown["providers"][name]["apiBase"] == "***"


def test_nothing_of_an_export_prints_a_secret() -> None:
    exported = build(None, STATES, mode=Mode.ENV)

    assert "sk-proj-1" not in repr(exported)
    assert "sk-proj-1" not in repr(STATES)
    assert "sk-proj-1" not in repr(build(None, STATES))


def test_the_preview_keeps_references_masks_secrets_and_only_names_the_rest() -> None:
    base = {"channels": {"telegram": {"token": "t-1"}}, "providers": {"mine": {"apiKey": "m-1"}}}
    exported = build(base, [STATES[0], STATES[3], STATES[4]], main("m"))

    assert json.loads(preview(exported, SPECS)) == {
        "channels": "…",
        "agents": {"defaults": {"model": "m", "provider": "auto"}},
        "providers": {
            "mine": "…",
            "openai": {
                "apiKey": "***",
                "extraHeaders": {"X-Org": "***", "X_Org": "***", "A": "Bearer ${T}"},
            },
            "groq": {"apiKey": "${GROQ_KEY}"},
            "vllm": {
                "apiKey": "***",
                "apiBase": "http://gpu:8000/v1",
                "extraBody": {"top_k": "***", "t": ["***"]},
            },
        },
    }


def test_the_order_of_the_states_does_not_matter() -> None:
    for mode in Mode:
        assert build(None, STATES, mode=mode).text == build(None, STATES[::-1], mode=mode).text


# --- .env -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("sk-or-v1-ab_c.d=", "sk-or-v1-ab_c.d="),
        ("a b#c", "'a b#c'"),
        ("a$b", "'a$b'"),
        ("it's $1", '"it\'s \\$1"'),
    ],
)
def test_env_values_are_quoted_only_where_needed(value: str, written: str) -> None:
    assert env_text({"N": Secret(value)}) == f"N={written}\n"


# The key names of https://facio.bot/docs/providers/hosted, and what follows from them
NAMES = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "azure_openai": "AZURE_OPENAI_API_KEY",
    "bedrock": "AWS_BEARER_TOKEN_BEDROCK",
    "huggingface": "HF_TOKEN",
    "byteplus": "BYTEPLUS_API_KEY",
    "byteplus_coding_plan": "BYTEPLUS_CODING_PLAN_API_KEY",
    "opencode_go": "OPENCODE_GO_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "zhipu": "ZAI_API_KEY",
    "dashscope": "DASHSCOPE_API_KEY",
    "moonshot": "MOONSHOT_API_KEY",
    "minimax": "MINIMAX_API_KEY",
    "mistral": "MISTRAL_API_KEY",
    "groq": "GROQ_API_KEY",
    "custom": "CUSTOM_API_KEY",
    "vllm": "VLLM_API_KEY",
    "ollama": "OLLAMA_API_KEY",
    "lm_studio": "LM_STUDIO_API_KEY",
    "ovms": "OVMS_API_KEY",
}


@pytest.mark.nanobot
def test_every_kind_is_exported_under_its_name_and_loaded_in_every_mode(nanobot: Ask) -> None:
    assert set(NAMES) == {kind for kind, spec in KINDS.items() if not spec.is_oauth}
    states = [
        provider(kind, f"key-of-{kind}", api_base="http://gpu:8000/v1" if kind == "vllm" else "")
        for kind in NAMES
    ]
    for mode in Mode:
        exported = build_config(None, states, main("gpt-5"), mode, specs=KINDS)
        assert "error" not in nanobot("load", text=exported.text)
        for kind, name in NAMES.items():
            values = {Mode.KEYS: f"key-of-{kind}", Mode.ENV: f"${{{name}}}", Mode.REDACTED: "***"}
            assert exported.document["providers"][kind]["apiKey"] == values[mode]
        if mode is Mode.ENV:
            assert plain(exported.env) == {
                **{name: f"key-of-{kind}" for kind, name in NAMES.items()},
                "ZHIPUAI_API_KEY": "key-of-zhipu",
            }


# --- the agent's loader ---------------------------------------------------------------------


@pytest.mark.nanobot
@settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(states=provider_states(), routes=ROUTES)
def test_every_mode_is_loaded_by_nanobot_and_twice_the_same(
    nanobot: Ask, states: tuple[ProviderState, ...], routes: list[RouteState]
) -> None:
    for mode in Mode:
        exported = build(None, list(states), routes, mode)
        answer = nanobot("load", text=exported.text)

        assert "error" not in answer
        assert problems(exported.document) == ()
        assert build(None, list(states), routes, mode).text == exported.text
        for state in states:
            key = state.secrets.get("api_key")
            if key and mode is Mode.KEYS:
                assert answer["providers"][camel(state.kind)]["apiKey"] == key.reveal()
            is_hidden = key and not key.is_reference and not names_in(key.reveal())
            if key and len(key.reveal()) > 20 and is_hidden and mode is not Mode.KEYS:
                assert key.reveal() not in exported.text
