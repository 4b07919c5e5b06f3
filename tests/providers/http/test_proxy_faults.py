"""OUTBOUND_PROXY: how each fault of a proxy, and of what is behind it, is told."""

import socket
import threading
import time
from typing import Any

import pytest

from providers.http import Door, Policy, Request, parse_proxy, tunnel
from providers.spec.outcomes import Failed, Outcome
from tests.providers.http.proxies import Connect, by, verdict
from tests.providers.http.servers import Call, Script, always, answer, drip, serve

pytestmark = pytest.mark.battery


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def says(text: str) -> Script:
    def script(call: Call) -> None:
        call.request()
        call.send(text.encode())

    return script


@pytest.mark.parametrize(
    ("text", "outcome", "word", "step"),
    [
        ("HTTP/1.1 407 No\r\n\r\n", Outcome.UNREACHABLE, "proxy_asks", "proxy"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", Outcome.UNREACHABLE, "proxy_forbids", "proxy"),
        ("HTTP/1.1 405 No\r\nAllow: GET\r\n\r\n", Outcome.UNREACHABLE, "proxy_forbids", "proxy"),
        ("HTTP/1.1 404 Not Found\r\n\r\n", Outcome.UNREACHABLE, "no_proxy", "proxy"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", Outcome.UNREACHABLE, "no_proxy", "proxy"),
        ("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", Outcome.UNREACHABLE, "no_proxy", "proxy"),
        ("SSH-2.0-OpenSSH_9\r\n", Outcome.UNREACHABLE, "no_proxy", "proxy"),
        ("HTTP/1.1 200 OK\r\nX: ", Outcome.UNREACHABLE, "no_proxy", "proxy"),
        ("", Outcome.UNREACHABLE, "no_proxy", "proxy"),
        ("HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 4000, Outcome.UNREACHABLE, "no_proxy", "proxy"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", Outcome.UNREACHABLE, "behind_proxy", "connect"),
        ("HTTP/1.1 503 Away\r\n\r\n", Outcome.UNREACHABLE, "behind_proxy", "connect"),
        ("HTTP/1.1 504 Late\r\n\r\n", Outcome.TIMEOUT, "behind_proxy", "connect"),
    ],
)
def test_each_answer_of_a_proxy_has_its_word_on_its_rung(
    names: Any, rungs: Any, text: str, outcome: Outcome, word: str, step: str
) -> None:
    with serve(says(text)) as way:
        told = verdict(by(way.port), observe=rungs)
    assert (told.outcome, told.detail) == (outcome, word)
    assert told.params["via"] == f"127.0.0.1:{way.port}"
    assert (told.params["host"], told.params["port"]) == ("api.example", 443)
    assert rungs[-1] == (step, outcome.value, word)
    assert (("proxy", "ok", "through") in rungs) == (step == "connect")


def test_a_refused_login_is_another_word_than_a_missing_one(names: Any) -> None:
    with serve(Connect(9, login="me:right")) as way:
        assert verdict(by(way.port)).detail == "proxy_asks"
        assert verdict(by(way.port, login="me:wrong@")).detail == "proxy_login"


def test_a_proxy_that_is_not_there_is_told_as_that(names: Any, rungs: Any) -> None:
    told = verdict(by(closed_port()), observe=rungs)
    assert (told.outcome, told.detail) == (Outcome.UNREACHABLE, "proxy_refused")
    assert rungs[-1] == ("proxy", "unreachable", "proxy_refused")
    policy = Policy.parse("", proxy=parse_proxy("http://no-such-proxy.example:3128"))
    told = verdict(policy)
    assert (told.outcome, told.detail) == (Outcome.DNS_ERROR, "proxy_name")
    assert told.params["via"] == "no-such-proxy.example:3128"


@pytest.mark.parametrize(
    "script", [drip(), drip(b"HTTP/1.1 200 OK\r\n", b"X")], ids=["mute", "drip"]
)
def test_a_proxy_that_does_not_answer_is_a_timeout_of_its_own(
    names: Any, rungs: Any, monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    monkeypatch.setattr(tunnel, "PROXY_SECONDS", 0.5)
    began = time.monotonic()
    with serve(script) as way:
        told = verdict(by(way.port), observe=rungs)
    assert (told.outcome, told.detail) == (Outcome.TIMEOUT, "proxy")
    assert rungs[-1] == ("proxy", "timeout", "proxy")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("kind", ["foreign", "plain", "mute"])
def test_tls_to_the_proxy_itself_has_words_of_its_own(
    names: Any, rungs: Any, authority: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    names["localhost"] = ["127.0.0.1"]
    monkeypatch.setattr(tunnel, "PROXY_SECONDS", 1.0)
    expected = {
        "foreign": (Outcome.TLS_ERROR, "proxy"),
        "plain": (Outcome.TLS_ERROR, "proxy_plain"),
        "mute": (Outcome.TIMEOUT, "proxy"),
    }[kind]

    def script(call: Call) -> None:
        if kind == "plain":
            call.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        call.wait(3)

    tls = authority.context("localhost") if kind == "foreign" else None
    with serve(script, tls=tls) as way:  # the authority is not known here
        told = verdict(by(way.port, scheme="https"), observe=rungs)
    assert (told.outcome, told.detail) == expected
    assert rungs[-1][0] == "proxy"


def test_a_wrong_certificate_behind_a_proxy_is_the_servers(
    names: Any, rungs: Any, authority: Any
) -> None:
    with (
        serve(always(answer()), tls=authority.context("other.example")) as server,
        serve(Connect(server.port)) as way,
    ):
        told = verdict(by(way.port), ca_file=str(authority.file), observe=rungs)
    assert (told.outcome, told.detail) == (Outcome.TLS_ERROR, "wrong_name")
    assert rungs[-1] == ("tls", "tls_error", "wrong_name")


@pytest.mark.battery
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_whoever_hangs_up_ends_a_call_that_waits_behind_the_proxy(
    names: Any, authority: Any, scheme: str
) -> None:
    names["localhost"] = ["127.0.0.1"]

    def silent(call: Call) -> None:
        call.request()
        call.wait(10)

    tls = authority.context("localhost") if scheme == "https" else None
    with (
        serve(silent, tls=authority.context("api.example")) as server,
        serve(Connect(server.port), tls=tls) as way,
        Door(by(way.port, scheme=scheme), seconds=8, ca_file=str(authority.file)) as door,
    ):
        timer = threading.Timer(0.5, door.hang_up)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Failed) as caught:
            door.send(Request(url="https://api.example/"))
        assert time.monotonic() - began < 2
        timer.join()
    assert caught.value.verdict.outcome in (Outcome.TIMEOUT, Outcome.UNREACHABLE)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_whoever_hangs_up_ends_a_call_that_waits_for_the_proxy_itself(
    names: Any, scheme: str
) -> None:
    names["localhost"] = ["127.0.0.1"]

    def mute(call: Call) -> None:
        call.wait(10)

    with serve(mute) as way, Door(by(way.port, scheme=scheme), seconds=8) as door:
        timer = threading.Timer(0.5, door.hang_up)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Failed):
            door.send(Request(url="https://api.example/"))
        assert time.monotonic() - began < 2
        timer.join()


@pytest.mark.battery
def test_a_server_that_drips_inside_of_two_layers_ends_at_the_deadline(
    names: Any, authority: Any
) -> None:
    names["localhost"] = ["127.0.0.1"]
    with (
        serve(drip(b"HTTP/1.1 200 OK\r\n", b"X"), tls=authority.context("api.example")) as server,
        serve(Connect(server.port), tls=authority.context("localhost")) as way,
    ):
        policy = by(way.port, scheme="https")
        began = time.monotonic()
        with (
            Door(policy, seconds=1.5, ca_file=str(authority.file)) as door,
            pytest.raises(Failed) as caught,
        ):
            door.send(Request(url="https://api.example/"))
    assert caught.value.verdict.outcome is Outcome.TIMEOUT
    assert time.monotonic() - began < 4
