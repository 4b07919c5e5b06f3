"""The names that mode env gives to secrets: each stands for one value, wherever the file has it."""

from __future__ import annotations

from typing import Any

import pytest

from facio_site.strictjson import write_json
from providers.spec.secret import Secret
from routing.config.env.beside import needed_names
from routing.config.export import Exported, Mode, build_config
from tests.routing.config.samples import SPECS, build, provider
from tests.routing.conftest import Ask

KEY = "sk-proj-0123456789abcdefghij"
MCP = {"tools": {"mcpServers": {"s": {"env": {"A": "${OPENAI_HEADER_X_A}"}}}}}


def own(name: str, key: str, **more: Any) -> Any:
    return provider("custom", key, name=name, api_base="https://proxy.test/v1", **more)


def values(exported: Exported) -> dict[str, str]:
    return {name: secret.reveal() for name, secret in exported.env.items()}


def env(base: dict[str, Any] | None, *states: Any) -> Exported:
    return build(base, list(states), mode=Mode.ENV)


def test_the_name_that_another_provider_refers_to_is_not_given_to_a_key() -> None:
    exported = env(None, provider("openai", "${PROXY_API_KEY}"), own("proxy", "real-proxy-key-123"))

    assert exported.document["providers"]["openai"] == {"apiKey": "${PROXY_API_KEY}"}
    assert exported.document["providers"]["proxy"]["apiKey"] == "${PROXY_API_KEY_2}"
    assert values(exported) == {"PROXY_API_KEY_2": "real-proxy-key-123"}
    assert [(one.name, one.is_stored) for one in needed_names(exported)] == [
        ("PROXY_API_KEY", False),
        ("PROXY_API_KEY_2", True),
    ]


@pytest.mark.parametrize(
    "base",
    [
        {"providers": {"anthropic": {"apiKey": "${OPENAI_API_KEY}"}}},
        {"providers": {"nvidia": {"apiKey": "nv-${OPENAI_API_KEY}"}}},
    ],
)
def test_a_name_that_another_provider_refers_to_is_taken(base: dict[str, Any]) -> None:
    exported = env(base, provider("openai", KEY), provider("anthropic", "${OPENAI_API_KEY}"))

    assert exported.document["providers"]["openai"]["apiKey"] == "${OPENAI_API_KEY_2}"
    assert "OPENAI_API_KEY" not in exported.env


def test_a_vendor_s_own_name_elsewhere_means_that_vendor_s_key() -> None:
    base = {"mcpServers": {"a": {"env": {"OPENAI_API_KEY": "${OPENAI_API_KEY}"}}}}
    assert values(env(base, provider("openai", KEY))) == {"OPENAI_API_KEY": KEY}
    base = {"channels": {"telegram": {"tokens": ["a", {"b": "${MINE_API_KEY}"}]}}}
    assert values(env(base, own("mine", "m-1"))) == {"MINE_API_KEY_2": "m-1"}


def test_the_name_of_a_header_that_an_mcp_server_refers_to_is_taken() -> None:
    exported = env(MCP, provider("openai", KEY, extra_headers={"X-A": "blue", "X_A": "red"}))

    assert exported.document["providers"]["openai"]["extraHeaders"] == {
        "X-A": "${OPENAI_HEADER_X_A_2}",
        "X_A": "${OPENAI_HEADER_X_A_3}",
    }
    assert "OPENAI_HEADER_X_A" not in exported.env


def test_a_second_name_of_a_key_is_left_out_where_somebody_else_refers_to_it() -> None:
    exported = env(None, provider("zhipu", "z-1"), provider("groq", "${ZHIPUAI_API_KEY}"))

    assert values(exported) == {"ZAI_API_KEY": "z-1"}


def test_a_name_that_the_environment_has_for_something_else_is_taken() -> None:
    state = provider("bedrock", "b-1", secrets={"access_key_id": "AKIA1"})
    spec = SPECS["openai"]
    specs = {**SPECS, "openai": type(spec)(**{**_fields(spec), "env_key": "AWS_ACCESS_KEY_ID"})}

    exported = build_config(None, [state, provider("openai", KEY)], [], Mode.ENV, specs=specs)

    assert exported.document["providers"]["openai"]["apiKey"] == "${AWS_ACCESS_KEY_ID_2}"


def _fields(spec: Any) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in spec.__dataclass_fields__}


@pytest.mark.parametrize("text", ["Token token=${TOK}", "sk-${TOK}", "${TOK}${TOK}", "a ${TOK} b"])
def test_a_text_with_a_reference_inside_stays_and_its_name_is_needed(text: str) -> None:
    exported = env(
        None, provider("openai", text, extra_headers={"A": text}), own("p", "", extra_headers={})
    )

    assert exported.document["providers"]["openai"] == {"apiKey": text, "extraHeaders": {"A": text}}
    assert exported.env == {}
    (needed,) = needed_names(exported)
    assert needed.name == "TOK"
    assert needed.paths == ("providers.openai.apiKey", "providers.openai.extraHeaders.A")


@pytest.mark.parametrize("text", ["a$b", "$TOK", "${1}", "${a-b}", "{TOK}"])
def test_what_the_agent_does_not_resolve_is_a_secret_like_others(text: str) -> None:
    exported = env(None, provider("openai", text))

    assert exported.env["OPENAI_API_KEY"] == Secret(text)


UNREAD = {
    "providers": {
        "openai": {"apiKey": "${A}", "api_key": "${B}", "note": "${C}", "region": "${D}"},
        "bedrock": {"region": "${E}", "extraHeaders": {"note": "${F}"}},
        "mine": {"api_base": "http://${G}/v1", "note": "${H}"},
    },
}


def test_names_in_what_the_agent_does_not_read_are_not_needed() -> None:
    exported = build_config(UNREAD, [provider("openai", "${A}")], [], Mode.ENV, specs=SPECS)

    assert exported.document["providers"]["openai"]["note"] == "${C}"
    assert [one.name for one in needed_names(exported)] == ["A", "E", "G"]


@pytest.mark.nanobot
def test_the_agent_needs_no_other_names(nanobot: Ask) -> None:
    text = write_json(UNREAD)

    assert "error" not in nanobot("resolved", text=text, env=dict.fromkeys("AEFG", "x"))
    for name in "AEFG":
        env = dict.fromkeys(set("AEFG") - {name}, "x")
        assert "error" in nanobot("resolved", text=text, env=env)


@pytest.mark.nanobot
def test_the_agent_gives_each_provider_its_own_key(nanobot: Ask) -> None:
    exported = env(None, provider("openai", "${PROXY_API_KEY}"), own("proxy", "real-proxy-key-123"))
    there = {**values(exported), "PROXY_API_KEY": "what-the-operator-meant"}

    assert nanobot("resolved", text=exported.text, env=there) == {
        "openai": "what-the-operator-meant",
        "proxy": "real-proxy-key-123",
    }
