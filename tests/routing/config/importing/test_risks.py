"""The list of what needs its own consent."""

from __future__ import annotations

from typing import Any

import pytest

from providers.kinds import KINDS
from routing.config.entries import read_entries
from routing.config.importing.risks import RISKS, risks_of


def found(incoming: dict[str, Any], current: dict[str, Any] | None = None) -> dict[str, str]:
    risks = risks_of(current or {}, read_entries(incoming, KINDS), KINDS)
    return {risk.path: risk.danger for risk in risks}


@pytest.mark.parametrize(
    ("incoming", "path", "danger"),
    [
        ({"tools": {"exec": {"enable": True}}}, "tools.exec.enable", "runs_code"),
        ({"tools": {"exec": True}}, "tools.exec", "runs_code"),
        (
            {"tools": {"exec": {"exposedCredentials": ["A"]}}},
            "tools.exec.exposedCredentials",
            "grants_access",
        ),
        ({"tools": {"mcp_servers": {"a": {}}}}, "tools.mcp_servers.a", "runs_code"),
        ({"tools": {"ssrfWhitelist": ["0.0.0.0/0"]}}, "tools.ssrfWhitelist", "loosens_guard"),
        ({"tools": {"policy": {}}}, "tools.policy", "loosens_guard"),
        ({"tools": {"somethingNew": 1}}, "tools.somethingNew", "runs_code"),
        ({"api": {"host": "0.0.0.0"}}, "api", "opens_port"),
        ({"gateway": {"port": 1}}, "gateway", "opens_port"),
        (
            {"channels": {"slack": {"allow_from": ["*"]}}},
            "channels.slack.allow_from",
            "grants_access",
        ),
        (
            {"channels": {"placet": {"instanceUrl": "https://x"}}},
            "channels.placet.instanceUrl",
            "sends_elsewhere",
        ),
        (
            {"channels": {"placet": {"managementToken": "t"}}},
            "channels.placet.managementToken",
            "grants_access",
        ),
        ({"providers": {"groq": {"proxy": "http://x"}}}, "providers.groq.proxy", "sends_elsewhere"),
    ],
)
def test_s41_each_kind_of_danger_is_marked_in_both_spellings(
    incoming: dict[str, Any], path: str, danger: str
) -> None:
    assert found(incoming) == {path: danger}
    assert found(incoming, incoming) == {}


def test_s41_harmless_parts_are_not_marked() -> None:
    assert (
        found(
            {
                "agents": {"defaults": {"model": "m", "temperature": 1}},
                "providers": {"openai": {"apiKey": "k", "apiBase": "https://eu.api.openai.com/v1"}},
                "channels": {"telegram": {"streaming": True}},
                "modelPresets": {"fast": {"model": "m"}},
            }
        )
        == {}
    )


def test_s41_what_goes_away_is_no_risk() -> None:
    assert found({}, {"tools": {"exec": {"enable": True}}}) == {}


@pytest.mark.parametrize(
    ("name", "entry", "is_risk"),
    [
        ("openai", {"apiKey": "${X}", "apiBase": "https://evil.example/v1"}, True),
        ("openai", {"apiKey": "${X}", "apiBase": "https://api.openai.com/v1/"}, False),
        ("openai", {"apiKey": "${X}"}, False),
        (
            "openai",
            {"apiKey": "k", "extra_headers": {"A": "b ${credentials.X}"}, "api_base": "https://e"},
            True,
        ),
        ("openai", {"apiKey": "k", "apiBase": "https://evil.example/v1"}, False),
        ("mine", {"apiKey": "${X}", "apiBase": "https://evil.example/v1"}, True),
        ("mine", {"apiKey": "${X}"}, False),
    ],
)
def test_s32_a_reference_that_would_be_sent_to_a_strange_address_is_marked(
    name: str, entry: dict[str, Any], is_risk: bool
) -> None:
    expected = {f"providers.{name}": "sends_elsewhere"} if is_risk else {}
    assert found({"providers": {name: entry}}) == expected


def test_the_list_is_in_snake_case_and_says_nothing_twice() -> None:
    patterns = [pattern for pattern, _ in RISKS]
    assert len(set(patterns)) == len(patterns)
    assert all(pattern == pattern.lower() for pattern in patterns)


@pytest.mark.parametrize(
    ("name", "base", "danger"),
    [
        ("zhipu", "https://open.bigmodel.cn/api/coding/paas/v4", ""),
        ("zhipu", "https://api.z.ai/api/coding/paas/v4", ""),
        ("openai", "https://eu.api.openai.com/v1", ""),
        ("openai", "https://apac.api.openai.com/v1", ""),
        ("mistral", "https://api.eu.mistral.ai/v1", ""),
        ("azure_openai", "https://my-name.openai.azure.com/", ""),
        ("azure_openai", "https://my-name.services.ai.azure.com", ""),
        ("bedrock", "https://bedrock-runtime.eu-west-1.amazonaws.com", ""),
        ("ollama", "https://localhost:11434/v1", ""),
        ("openai", "https://api.openai.com.evil.example/v1", "sends_elsewhere"),
        ("openai", "https://evilapi.openai.com/v1", "sends_elsewhere"),
        ("openai", "https://api-openai.com/v1", "sends_elsewhere"),
        ("azure_openai", "https://x.openai.azure.com.evil.example", "sends_elsewhere"),
        ("deepseek", "https://api.openai.com/v1", "sends_elsewhere"),
        ("custom", "https://llm.example.com/v1", "sends_elsewhere"),
        ("openai", "${BASE}", "sends_elsewhere"),
        ("openai", "http://api.openai.com/v1", "in_clear"),
        ("ollama", "http://localhost:11434/v1", "in_clear"),
        ("openai", "http://evil.example/v1", "sends_elsewhere"),
    ],
)
def test_s32_hosts_are_compared_with_those_of_the_declaration(
    name: str, base: str, danger: str
) -> None:
    document = {"providers": {name: {"apiKey": "${X}", "apiBase": base}}}
    assert found(document) == ({f"providers.{name}": danger} if danger else {})


def test_s32_the_host_that_is_set_here_already_is_ones_own() -> None:
    now = {"providers": {"custom": {"apiKey": "k", "apiBase": "https://llm.example.com/v1"}}}
    entry = {"apiKey": "${X}", "apiBase": "https://llm.example.com/v2"}
    assert found({"providers": {"custom": entry}}, now) == {}


def test_a_key_over_plain_http_to_another_machine_is_a_risk_and_an_address_alone_is_none() -> None:
    entry = {"apiBase": "http://gpu:8000/v1"}
    assert found({"providers": {"vllm": entry}}) == {}
    assert found({"providers": {"vllm": {**entry, "apiKey": "k"}}}) == {
        "providers.vllm": "in_clear"
    }
    local = {"apiBase": "http://127.0.0.1:8000/v1", "apiKey": "k"}
    assert found({"providers": {"vllm": local}}) == {}


@pytest.mark.parametrize(
    ("more", "is_risk"),
    [
        ({"apiType": "auto", "extraHeaders": None, "proxy": None, "displayName": "GPU"}, False),
        ({"somethingNew": "${OTHER}"}, True),
        ({"apiKey": "another"}, True),
        ({"extraQuery": {"key": "q"}}, True),
        ({"apiBase": "http://gpu:9000/v1"}, True),
    ],
)
def test_what_is_sent_in_clear_already_is_no_risk_of_what_comes_beside_it(
    more: dict[str, Any], is_risk: bool
) -> None:
    stands = {"api_key": "k", "apiBase": "http://gpu:8000/v1"}
    entry = {"apiKey": "k", "apiBase": "http://gpu:8000/v1", **more}
    risks = found({"providers": {"vllm": entry}}, {"providers": {"vllm": stands}})
    assert risks == ({"providers.vllm": "in_clear"} if is_risk else {})
