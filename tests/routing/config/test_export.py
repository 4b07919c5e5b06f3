"""From states to config.json: the examples of the agent's pages, and what is written at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from facio_site.strictjson import read_json
from providers.kinds import KINDS
from routing.config.edits import Current, exported
from routing.config.entries import ProviderState, RouteState
from routing.config.export import Mode
from routing.config.importing.importer import plan_import
from routing.config.pasted import Pasted
from routing.rules.explain import explain
from tests.routing.config.samples import build, configured, main, provider

# --- the selection examples -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "route", "expected"),
    [
        (
            [provider("anthropic", "sk-ant-1"), provider("openrouter", "sk-or-1")],
            main("anthropic/claude-opus-4-7"),
            {
                "agents": {"defaults": {"model": "anthropic/claude-opus-4-7", "provider": "auto"}},
                "providers": {
                    "anthropic": {"apiKey": "sk-ant-1"},
                    "openrouter": {"apiKey": "sk-or-1"},
                },
            },
        ),
        (
            [provider("openrouter", "sk-or-1")],
            main("qwen/qwen3-coder", "openrouter"),
            {
                "agents": {"defaults": {"model": "qwen/qwen3-coder", "provider": "openrouter"}},
                "providers": {"openrouter": {"apiKey": "sk-or-1"}},
            },
        ),
        (
            [
                provider(
                    "azure_openai",
                    "k1",
                    api_base="https://x.openai.azure.com",
                    values={"deployments": "my-deployment"},
                )
            ],
            main("my-deployment", "azure_openai"),
            {
                "agents": {"defaults": {"model": "my-deployment", "provider": "azure_openai"}},
                "providers": {
                    "azure_openai": {"apiKey": "k1", "apiBase": "https://x.openai.azure.com"}
                },
            },
        ),
        (
            [provider("opencode_go", "oc-1")],
            main("glm-5", "opencode_go"),
            {
                "agents": {"defaults": {"model": "glm-5", "provider": "opencode_go"}},
                "providers": {"opencode_go": {"apiKey": "oc-1"}},
            },
        ),
    ],
    ids=["anthropic by name", "openrouter forced", "azure deployment", "opencode go"],
)
def test_the_selection_examples_come_out_exactly(
    states: list[ProviderState], route: list[RouteState], expected: dict[str, Any]
) -> None:
    exported = build(None, states, route)

    assert exported.document == expected
    assert read_json(exported.text.encode()) == expected
    decision = explain(route[0].model, configured(exported.document), route[0].provider)
    assert decision.provider == states[0].kind


# --- presence -------------------------------------------------------------------------------


def test_a_hosted_base_that_is_the_default_is_left_out_with_or_without_slash() -> None:
    for base in ("https://api.deepseek.com", "https://api.deepseek.com/", ""):
        document = build(None, [provider("deepseek", "k", api_base=base)]).document
        assert document["providers"]["deepseek"] == {"apiKey": "k"}


def test_a_local_base_is_always_written() -> None:
    for base in ("http://localhost:11434/v1", ""):
        document = build(None, [provider("ollama", api_base=base)]).document
        assert document["providers"]["ollama"] == {"apiBase": "http://localhost:11434/v1"}


def test_a_provider_that_was_never_configured_has_no_entry() -> None:
    assert build(None, [], main("m")).document == {
        "agents": {"defaults": {"model": "m", "provider": "auto"}}
    }
    only_aws = provider("bedrock", secrets={"access_key_id": "AKIA1"})
    assert build(None, [only_aws]).document == {}


def test_an_unset_main_route_writes_neither_model_nor_provider() -> None:
    assert build(None, [], [RouteState(slot="main")]).document == {}


def test_overrides_are_written_only_when_set_and_their_provider_only_when_not_auto() -> None:
    routes = [
        RouteState(slot="subagent", model="haiku"),
        RouteState(slot="image", model="fal-ai/flux/dev", provider="fal"),
        RouteState(slot="video", provider="replicate"),
        RouteState(slot="vision"),
    ]
    assert build(None, [], routes).document == {
        "agents": {
            "defaults": {
                "subagent_model": "haiku",
                "image_model": "fal-ai/flux/dev",
                "image_provider": "fal",
                "video_provider": "replicate",
            }
        }
    }


def test_a_removed_provider_leaves_the_file_and_its_unknown_fields_stay() -> None:
    base = {
        "providers": {
            "openai": {"apiKey": "k", "proxy": "p"},
            "groq": {"api_key": "k"},
            "zhipu": {},
            "deepseek": {"apiKey": None, "apiBase": "https://api.deepseek.com/"},
        }
    }
    assert build(base).document["providers"] == {
        "openai": {"proxy": "p"},
        "zhipu": {},
        "deepseek": {"apiKey": None, "apiBase": "https://api.deepseek.com/"},
    }


def test_an_emptied_main_route_takes_its_provider_along() -> None:
    base = {"agents": {"defaults": {"model": "m", "provider": "auto", "workspace": "w"}}}
    assert build(base, [], main("")).document == {"agents": {"defaults": {"workspace": "w"}}}


def test_a_lone_provider_auto_of_an_imported_file_stays() -> None:
    base = {"agents": {"defaults": {"provider": "auto", "subagentModel": "", "image_model": None}}}
    assert build(base, [], main("")).document == base


def test_going_back_to_auto_says_so_in_words_on_the_main_route() -> None:
    base = {"agents": {"defaults": {"model": "m", "provider": "openai", "visionProvider": "groq"}}}
    assert build(base, [], main("m")).document == {
        "agents": {"defaults": {"model": "m", "provider": "auto"}}
    }


@pytest.mark.parametrize(
    "entry",
    [
        {"apiKey": "***"},
        {"apiKey": "sk-or-v1-xxx", "extra_headers": {"X-Key": "<your key>"}},
        {"api_key": "two words"},
        {"apiBase": "not an address"},
        {"apiBase": "https://api.openai.com/v1/"},
        {"extraHeaders": {"Host": "x"}},
        {"extraHeaders": {}, "extraBody": None, "apiBase": None},
    ],
)
def test_a_value_that_nothing_here_would_take_stays_as_it_came(entry: dict[str, Any]) -> None:
    base = {"providers": {"openai": {**entry, "apiType": "auto"}}}
    assert build(base).document == base
    assert build(base, [provider("openai")]).document == base


def test_a_real_key_takes_the_place_of_a_mask() -> None:
    base = {"providers": {"openai": {"api_key": "***"}}}
    document = build(base, [provider("openai", "sk-1")]).document
    assert document == {"providers": {"openai": {"api_key": "sk-1"}}}


def test_a_base_that_differs_only_in_its_last_slash_is_the_same() -> None:
    base = {"providers": {"vllm": {"apiBase": "http://gpu:8000/v1/"}}}
    assert build(base, [provider("vllm", api_base="http://gpu:8000/v1")]).document == base


def test_one_changed_header_keeps_the_order_of_the_others() -> None:
    base = {"providers": {"openai": {"extra_headers": {"B": "1", "A": "2", "C": "3"}}}}
    states = [provider("openai", extra_headers={"A": "9", "C": "3", "B": "1", "D": "4"})]

    section = build(base, states).document["providers"]["openai"]

    assert list(section["extra_headers"].items()) == [
        ("B", "1"),
        ("A", "9"),
        ("C", "3"),
        ("D", "4"),
    ]


def test_true_and_one_are_two_values() -> None:
    base = {"providers": {"openai": {"extraBody": {"store": 1}}}}
    section = build(base, [provider("openai", extra_body={"store": True})]).document
    assert section["providers"]["openai"]["extraBody"]["store"] is True


def test_the_imported_document_itself_is_not_changed() -> None:
    base = {"providers": {"openai": {"apiKey": "old", "extraHeaders": {"A": "1"}}}}
    before = json.dumps(base)
    build(base, [provider("openai", "new", extra_headers={"A": "2"})], mode=Mode.ENV)
    assert json.dumps(base) == before


def test_an_empty_provider_is_kept_for_it_names_nobody_and_auto_takes_its_place() -> None:
    base = {"agents": {"defaults": {"model": "gpt-5", "provider": ""}}}

    assert build(base, [], main("gpt-5", "")).document == base
    assert build(base, [], main("gpt-5")).document == {
        "agents": {"defaults": {"model": "gpt-5", "provider": "auto"}}
    }
    assert build(None, [], main("gpt-5", "")).document == base


# --- addresses that the agent would call otherwise ----------------------------------------------


@pytest.mark.parametrize("mode", [Mode.KEYS, Mode.ENV])
def test_an_address_is_written_as_it_is_called(mode: Mode) -> None:
    base = {"providers": {"vllm": {"apiBase": " http://gpu:8000/v1 "}}}
    for stored in ("http://gpu:8000/v1", " http://gpu:8000/v1 "):
        states = [provider("vllm", api_base=stored)]
        assert build(base, states, mode=mode).document["providers"] == {
            "vllm": {"apiBase": "http://gpu:8000/v1"}
        }


def test_a_default_address_with_a_blank_at_its_end_is_left_out() -> None:
    base = {"providers": {"openai": {"apiKey": "sk-1", "apiBase": "https://api.openai.com/v1 "}}}

    assert build(base, [provider("openai", "sk-1")]).document["providers"] == {
        "openai": {"apiKey": "sk-1"}
    }


@pytest.mark.parametrize("mode", [Mode.KEYS, Mode.ENV])
@pytest.mark.parametrize(
    ("stands", "written"),
    [
        ("https://x.openai.azure.com/openai/v1/", "https://x.openai.azure.com"),
        ("https://x.openai.azure.com/openai", "https://x.openai.azure.com"),
        ("https://gw.test/azure/openai/deployments/d?api-version=1", "https://gw.test/azure"),
        ("https://x.openai.azure.com/", "https://x.openai.azure.com/"),
        ("HTTPS://GW.test/azure", "HTTPS://GW.test/azure"),
        (" https://gw.test/azure", "https://gw.test/azure"),
        ("", ""),
        ("not an address", "not an address"),
        ("${ENDPOINT}/openai/v1", "${ENDPOINT}/openai/v1"),
    ],
)
def test_azure_s_address_is_written_without_the_path_that_the_agent_adds(
    stands: str, written: str, mode: Mode
) -> None:
    base = {"providers": {"azureOpenai": {"apiKey": "${K}", "apiBase": stands}}}
    pasted = Pasted(source="config", document=base)
    plan = plan_import(pasted, Current(), specs=KINDS)

    [entry] = exported(plan.after, mode, KINDS).document["providers"].values()

    assert entry == {"apiKey": "${K}", "apiBase": written}
    again = plan_import(pasted, plan.after, specs=KINDS)
    assert again.changes == ()


def test_an_address_that_cannot_be_called_keeps_its_blanks() -> None:
    base = {"providers": {"openai": {"apiKey": "sk-1", "apiBase": " not an address "}}}

    assert build(base, [provider("openai", "sk-1")]).document == base
