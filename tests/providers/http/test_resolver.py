import socket
import threading
import time

import pytest

from providers.http import resolver
from providers.spec.outcomes import Failed


def failure(host="a.example", seconds=5.0):
    with pytest.raises(Failed) as caught:
        resolver.resolve(host, seconds)
    return caught.value.verdict.outcome.value, caught.value.verdict.detail


def test_a_name_has_all_its_addresses(names):
    names["a.example"] = ["1.1.1.1", "2606:4700::1111"]
    assert resolver.resolve("a.example", 5) == ["1.1.1.1", "2606:4700::1111"]


def test_the_system_is_asked_in_bytes_so_that_no_codec_reads_the_name_again(monkeypatch):
    asked = []
    monkeypatch.setattr(
        resolver.socket,
        "getaddrinfo",
        lambda host, port, **_: asked.append(host) or [(2, 1, 6, "", ("1.1.1.1", 0))],
    )
    assert resolver.resolve("xn--strae-oqa.example", 5) == ["1.1.1.1"]
    assert asked == [b"xn--strae-oqa.example"]


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "not_found"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "temporary"),
        (socket.gaierror(socket.EAI_FAIL, "x"), "failed"),
        (UnicodeError("x"), "bad_name"),
        (OSError("x"), "failed"),
        (MemoryError(), "failed"),
    ],
)
def test_s8_every_fault_of_a_look_up_is_a_dns_error(monkeypatch, error, word):
    def lookup(host):
        raise error

    monkeypatch.setattr(resolver, "lookup", lookup)
    assert failure() == ("dns_error", word)


def test_s7_a_resolver_that_hangs_costs_its_time_limit_and_no_more(monkeypatch):
    stopping = threading.Event()

    def lookup(host):
        stopping.wait(20)
        return []

    monkeypatch.setattr(resolver, "lookup", lookup)
    began = time.monotonic()
    assert failure(seconds=0.1) == ("timeout", "dns")
    assert time.monotonic() - began < 15
    stopping.set()


def test_hanging_look_ups_are_bounded_and_give_their_places_back(monkeypatch):
    stopping = threading.Event()
    monkeypatch.setattr(resolver, "_places", threading.BoundedSemaphore(2))
    monkeypatch.setattr(resolver, "lookup", lambda host: stopping.wait(20) and ["1.1.1.1"])
    before = threading.active_count()
    for _ in range(6):
        assert failure(seconds=0.05) == ("timeout", "dns")
    assert threading.active_count() <= before + 2
    stopping.set()
    assert resolver.resolve("a.example", 5) == ["1.1.1.1"]
