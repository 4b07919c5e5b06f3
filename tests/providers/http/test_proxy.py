"""OUTBOUND_PROXY: what goes through it, what never does, and how it is written."""

import base64
import re
import time
from typing import Any

import pytest

from providers.http import Door, Request, network, parse_hosts, parse_proxy
from providers.spec.outcomes import Outcome
from tests.providers.http.proxies import Connect, asked, by, verdict
from tests.providers.http.servers import Call, always, answer, head_of, serve

pytestmark = pytest.mark.battery

PASSWORD = "p w-4711@"


# What goes through it


def test_a_public_name_goes_through_the_proxy_by_name_and_tls_ends_behind_it(
    names: Any, public: None, rungs: Any, authority: Any
) -> None:
    names["api.example"] = ["203.0.113.7"]
    with (
        serve(always(answer(b'"there"')), tls=authority.context("api.example")) as server,
        serve(proxy := Connect(server.port)) as way,
    ):
        policy = by(way.port)
        with Door(policy, seconds=8, ca_file=str(authority.file), observe=rungs) as door:
            for _ in range(3):
                assert door.send(Request(url="https://api.example/v1")).data == "there"
    assert proxy.asked == ["CONNECT api.example:443 HTTP/1.1"]  # one connection is kept
    assert set(proxy.heads[0]) == {"Host", "User-Agent"}
    assert head_of(server.requests[0])["Host"] == "api.example"
    assert rungs == [
        ("address", "ok", ""),
        ("dns", "ok", ""),
        ("proxy", "ok", "through"),
        ("connect", "ok", ""),
        ("tls", "ok", ""),
    ]


def test_a_name_that_only_the_proxy_knows_goes_through_it(
    names: Any, rungs: Any, authority: Any
) -> None:
    with (
        serve(always(answer(b'"there"')), tls=authority.context("api.example")) as server,
        serve(proxy := Connect(server.port)) as way,
    ):
        url = "https://api.example:8443/"
        ca_file = str(authority.file)
        assert asked(by(way.port), url, ca_file=ca_file, observe=rungs).data == "there"
    assert proxy.asked == ["CONNECT api.example:8443 HTTP/1.1"]
    assert rungs[:3] == [
        ("address", "ok", ""),
        ("dns", "ok", "by_proxy"),
        ("proxy", "ok", "through"),
    ]


def test_a_name_server_that_hangs_costs_two_seconds_before_the_proxy_is_asked(
    names: Any, monkeypatch: pytest.MonkeyPatch, authority: Any
) -> None:
    def hang(host: str) -> list[str]:
        if host == "127.0.0.1":
            return [host]
        time.sleep(4)
        return []

    monkeypatch.setattr(network, "DNS_BEFORE_PROXY_SECONDS", 0.2)
    monkeypatch.setattr("providers.http.resolver.lookup", hang)
    with (
        serve(always(answer()), tls=authority.context("api.example")) as server,
        serve(Connect(server.port)) as way,
    ):
        began = time.monotonic()
        asked(by(way.port), "https://api.example/", ca_file=str(authority.file))
    assert time.monotonic() - began < 3


def test_names_of_the_hosts_file_go_through_the_proxy_by_name(
    names: Any, rungs: Any, authority: Any
) -> None:
    hosts = parse_hosts("api.example 127.0.0.1:9")
    with (
        serve(always(answer(b'"there"')), tls=authority.context("api.example")) as server,
        serve(proxy := Connect(server.port)) as way,
    ):
        policy = by(way.port, hosts=hosts)
        ca_file = str(authority.file)
        found = asked(policy, "https://api.example/", ca_file=ca_file, observe=rungs)
    assert found.data == "there"
    assert proxy.asked == ["CONNECT api.example:443 HTTP/1.1"]
    assert ("dns", "ok", "by_proxy") in rungs


def test_the_login_is_sent_decoded_and_stands_in_no_text(
    names: Any, public: None, authority: Any, caplog: pytest.LogCaptureFixture
) -> None:
    names["api.example"] = ["203.0.113.7"]
    caplog.set_level("DEBUG")
    with (
        serve(always(answer()), tls=authority.context("api.example")) as server,
        serve(proxy := Connect(server.port, login=f"me@corp:{PASSWORD}")) as way,
    ):
        policy = by(way.port, login="me%40corp:p%20w-4711%40@")
        asked(policy, "https://api.example/", ca_file=str(authority.file))
        wrong = by(way.port, login="me:wrong-4711@")
        told = verdict(wrong)
    assert len(proxy.asked) == 2
    assert "Proxy-Authorization" not in head_of(server.requests[0])
    everything = f"{policy!r} {policy.proxy!r} {wrong!r} {told!r} {caplog.text}"
    assert "4711" not in everything
    assert base64.b64encode(b"me:wrong-4711").decode() not in everything


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_proxy_that_is_spoken_to_by_tls_carries_plain_and_tls_alike(
    names: Any, public: None, rungs: Any, authority: Any, scheme: str
) -> None:
    names |= {"api.example": ["203.0.113.7"], "localhost": ["127.0.0.1"]}
    body = b'"' + b"x" * 300_000 + b'"'
    tls = authority.context("api.example") if scheme == "https" else None
    with (
        serve(always(answer(body)), tls=tls) as server,
        serve(proxy := Connect(server.port), tls=authority.context("localhost")) as way,
    ):
        policy = by(way.port, scheme="https", public_http=True)
        with Door(policy, seconds=8, ca_file=str(authority.file), observe=rungs) as door:
            for _ in range(3):
                sent = Request(url=f"{scheme}://api.example/", method="POST", json=["y" * 200_000])
                assert len(door.send(sent).data) == 300_000
    assert len(proxy.asked) == 1
    assert ("proxy", "ok", "through") in rungs


def test_a_kept_way_that_was_closed_is_made_anew(names: Any, public: None, authority: Any) -> None:
    names["api.example"] = ["203.0.113.7"]

    def one_answer(call: Call) -> None:
        call.request()
        call.send(answer())

    with (
        serve(one_answer, tls=authority.context("api.example")) as server,
        serve(proxy := Connect(server.port)) as way,
        Door(by(way.port), seconds=8, ca_file=str(authority.file)) as door,
    ):
        for _ in range(3):
            door.send(Request(url="https://api.example/"))
            time.sleep(0.05)
    assert len(proxy.asked) == 3


# What never does


@pytest.mark.parametrize(
    ("allow", "host"),
    [
        ("loopback", "127.0.0.1"),
        ("127.0.0.1/32:{port}", "127.0.0.1"),
        ("near.example:{port}", "near.example"),
        ("loopback", "near.example"),
        ("private,loopback", "localhost"),
    ],
)
def test_what_the_operator_opens_is_called_without_the_proxy(
    names: Any, rungs: Any, allow: str, host: str
) -> None:
    names |= {"near.example": ["127.0.0.1"], "localhost": ["127.0.0.1"]}
    with serve(always(answer(b'"near"'))) as server, serve(proxy := Connect(server.port)) as way:
        policy = by(way.port, allow.format(port=server.port))
        assert asked(policy, f"http://{host}:{server.port}/", observe=rungs).data == "near"
    assert proxy.asked == []
    assert "proxy" not in [step for step, _, _ in rungs]


@pytest.mark.parametrize(
    ("host", "addresses", "word"),
    [
        ("api.example", ["10.0.0.7"], "private"),
        ("api.example", ["203.0.113.7", "127.0.0.1"], "loopback"),
        ("api.example", ["169.254.169.254"], "never"),
        ("10.0.0.7", None, "private"),
        ("127.0.0.1", None, "loopback"),
        ("169.254.169.254", None, "never"),
    ],
)
def test_the_policy_judges_addresses_before_the_proxy_is_asked(
    names: Any, public: None, host: str, addresses: list[str] | None, word: str
) -> None:
    if addresses:
        names[host] = addresses
    with serve(proxy := Connect(9)) as way:
        told = verdict(by(way.port), f"https://{host}/")
    assert (told.outcome, told.detail) == (Outcome.BLOCKED_ADDRESS, word)
    assert (way.accepted, proxy.asked) == (0, [])


@pytest.mark.parametrize(
    "host",
    ["vllm", "box.lan", "printer.local", "metadata.google.internal", "a.home.arpa", "b.test"],
)
def test_a_near_name_that_is_not_known_here_is_not_asked_of_the_proxy(
    names: Any, host: str
) -> None:
    with serve(Connect(9)) as way:
        told = verdict(by(way.port), f"https://{host}/")
    assert (told.outcome, told.detail) == (Outcome.DNS_ERROR, "not_found")
    assert way.accepted == 0


@pytest.mark.parametrize("addresses", [["203.0.113.7"], None])
def test_plain_http_to_a_public_name_is_refused_with_a_proxy_too(
    names: Any, public: None, rungs: Any, addresses: list[str] | None
) -> None:
    if addresses:
        names["api.example"] = addresses
    with serve(Connect(9)) as way:
        told = verdict(by(way.port), "http://api.example/", observe=rungs)
    assert (told.outcome, told.detail) == (Outcome.BLOCKED_ADDRESS, "plain_http")
    assert way.accepted == 0
    assert rungs[0] == ("address", "blocked_address", "plain_http")


def test_own_ports_and_the_hosts_file_stay_bounded(names: Any) -> None:
    hosts = parse_hosts("api.example 127.0.0.1:5432")
    with serve(Connect(9)) as way:
        told = verdict(by(way.port, hosts=hosts, own_ports=[5432]))
    assert (told.outcome, told.detail) == (Outcome.BLOCKED_ADDRESS, "own_port")
    assert way.accepted == 0


def test_s6_a_proxy_of_the_environment_is_not_read_beside_the_operators(
    names: Any, public: None, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names["api.example"] = ["203.0.113.7"]
    with (
        serve(always(answer()), tls=authority.context("api.example")) as server,
        serve(Connect(server.port)) as way,
        serve(Connect(server.port)) as other,
    ):
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{other.port}")
        monkeypatch.setenv("NO_PROXY", "*")
        asked(by(way.port), "https://api.example/", ca_file=str(authority.file))
    assert (way.accepted, other.accepted) == (1, 0)


# How it is written


@pytest.mark.parametrize(
    ("text", "place", "is_tls", "login"),
    [
        ("http://proxy.example:3128", "proxy.example:3128", False, None),
        ("HTTP://Proxy.Example:3128/", "proxy.example:3128", False, None),
        ("https://proxy.example", "proxy.example:443", True, None),
        ("http://10.0.0.1", "10.0.0.1:80", False, None),
        ("http://[fd12::1]:3128", "[fd12::1]:3128", False, None),
        ("http://u:p@proxy:8080", "proxy:8080", False, "u:p"),
        ("http://u@proxy:8080", "proxy:8080", False, "u:"),
        ("http://u%40corp:p%3A%40%2F@proxy:8080", "proxy:8080", False, "u@corp:p:@/"),
    ],
)
def test_a_proxy_is_read(text: str, place: str, is_tls: bool, login: str | None) -> None:
    found = parse_proxy(text)
    assert found is not None
    assert (found.place, found.is_tls) == (place, is_tls)
    shown = found.login.reveal() if found.login else None
    assert shown == (login and f"Basic {base64.b64encode(login.encode()).decode()}")


def test_no_proxy_is_none() -> None:
    assert parse_proxy("") is None
    assert parse_proxy("  ") is None


@pytest.mark.parametrize(
    "text",
    [
        "proxy:3128",
        "socks5://u:pw4711@proxy:1080",
        "http://",
        "http://u:pw4711@",
        "http://u:pw4711@proxy:99999",
        "http://u:pw4711@proxy:0",
        "http://u:pw4711@proxy:3128/path",
        "http://u:pw4711@proxy:3128?x=1",
        "http://u:pw4711@pro xy:3128",
        "http://u:pw4711@prö.example:3128",
        "http://u:pw/4711@proxy:3128",
        "http://u:pw@4711@proxy:3128",
        "http://u:pw4711@1.2.3:3128",
        "http://u:pw4711@proxy:3128\r\nX: y",
    ],
)
def test_what_is_no_proxy_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="OUTBOUND_PROXY") as caught:
        parse_proxy(text)
    assert "4711" not in str(caught.value)
    assert not re.search(r"pro.?xy:|1080|3128", str(caught.value))
    assert caught.value.__cause__ is None
