"""A proxy of the environment: never used, told where a call found no way without it."""

from typing import Any

import pytest
from environ import Env

from providers.checks import outbound_policy
from providers.http import Request, parse_hosts
from providers.outbound import open_door, own_ports, policy, unused_proxy
from tests.providers.http.proxies import Connect
from tests.providers.http.servers import serve
from tests.simulators import Simulators

PUBLIC = {"host": "api.example.com", "port": 443}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"])
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


def test_nothing_is_said_of_it_where_the_operator_has_named_a_proxy_for_the_calls(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    settings.OUTBOUND_PROXY = "http://other.example:3128"
    assert unused_proxy("unreachable", PUBLIC) == {}


def test_the_operators_proxy_is_part_of_the_policy(settings: Any) -> None:
    assert policy().proxy is None
    settings.OUTBOUND_PROXY = "http://u:p-4711@proxy.example:3128"
    found = policy().proxy
    assert found is not None
    assert found.place == "proxy.example:3128"
    assert "p-4711" not in repr(policy())


@pytest.mark.parametrize("text", ["proxy.example:3128", "socks5://u:p-4711@proxy.example:1080"])
def test_a_proxy_that_cannot_be_used_stops_the_start_and_is_not_quoted(
    settings: Any, text: str
) -> None:
    settings.OUTBOUND_PROXY = text
    (told,) = outbound_policy(None)
    assert told.msg.startswith("OUTBOUND_PROXY must be http://")
    assert "4711" not in told.msg
    assert "proxy.example" not in told.msg


def test_a_test_goes_through_the_proxy_to_a_name_of_the_hosts_file(
    settings: Any, sims: Simulators
) -> None:
    """Whole: setting, policy, door, tunnel; the proxy knows where the simulated providers are."""
    hosts = parse_hosts(sims.hosts_file.read_text())
    (_, port) = hosts["api.openai.com", None]
    with serve(proxy := Connect(port, login="me:pw-4711")) as way:
        settings.OUTBOUND_PROXY = f"http://me:pw-4711@127.0.0.1:{way.port}"
        with open_door(10) as door:
            reply = door.send(Request(url="https://api.openai.com/v1/models"))
    assert reply.status == 401
    assert proxy.asked == ["CONNECT api.openai.com:443 HTTP/1.1"]


@pytest.mark.parametrize(
    ("url", "ports"),
    [
        ("sqlite:////var/lib/facio/db.sqlite3", {8000, 6379}),
        ("postgres://facio@db.example/facio", {8000, 6379, 5432}),
        ("postgres://facio@db.example:6543/facio", {8000, 6379, 6543}),
        ("postgres://facio@one.example:6543,two.example:6544/facio", {8000, 6379, 6543, 6544}),
    ],
)
def test_the_ports_of_the_site_are_its_own_also_where_they_are_not_written(
    settings: Any, monkeypatch: pytest.MonkeyPatch, url: str, ports: set[int]
) -> None:
    settings.PORT, settings.REDIS_URL = 8000, "redis://broker.example/0"
    for name, value in Env.db_url_config(url).items():
        monkeypatch.setitem(settings.DATABASES["default"], name, value)
    assert own_ports() == ports
