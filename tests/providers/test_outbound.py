"""A proxy of the environment: never used, told where a call found no way without it."""

import pytest

from providers.outbound import unused_proxy

PUBLIC = {"host": "api.example.com", "port": 443}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("outcome", ["dns_error", "unreachable", "timeout"])
def test_a_public_name_out_of_reach_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, outcome: str
) -> None:
    assert unused_proxy(outcome, PUBLIC) == {}
    monkeypatch.setenv(name, "http://user:secret@proxy.example:3128")
    assert unused_proxy(outcome, PUBLIC) == {"proxy": name}


@pytest.mark.parametrize(
    ("outcome", "host"),
    [
        ("ok", "api.example.com"),
        ("bad_key", "api.example.com"),
        ("tls_error", "api.example.com"),
        ("unreachable", "127.0.0.1"),
        ("unreachable", "fd12::1"),
        ("unreachable", "localhost"),
        ("unreachable", "box.lan"),
        ("unreachable", "host.docker.internal"),
        ("dns_error", "vllm"),
        ("dns_error", ""),
    ],
)
def test_nothing_is_said_where_a_proxy_would_explain_nothing(
    monkeypatch: pytest.MonkeyPatch, outcome: str, host: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert unused_proxy(outcome, {"host": host}) == {}
