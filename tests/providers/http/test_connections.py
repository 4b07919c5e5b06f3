"""The connections of a door: its clock, hanging up, kept ones, several threads, the end."""

import json
import socket
import ssl
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from providers.http import Door, Policy, Request, resolver
from providers.spec.outcomes import Failed, Outcome
from tests.providers.http.servers import always, answer, drip, hang, once, serve, silent

pytestmark = pytest.mark.battery


def test_the_deadline_is_of_the_door_and_not_of_each_request(loopback):
    with serve(always(answer())) as server, Door(loopback, seconds=0.4) as door:
        request = Request(url=f"http://127.0.0.1:{server.port}/")
        door.send(request)
        time.sleep(0.5)
        with pytest.raises(Failed) as caught:
            door.send(request)
    assert caught.value.verdict.outcome is Outcome.TIMEOUT
    assert len(server.requests) == 1


@pytest.mark.parametrize("script", [hang(), hang(b"HTTP/1.1 200 OK\r\n"), drip()])
@pytest.mark.parametrize("is_tls", [False, True])
def test_s13_a_call_that_waits_ends_when_somebody_hangs_up(names, authority, script, is_tls):
    names["api.example"] = ["127.0.0.1"]
    policy = Policy.parse("loopback")
    context = authority.context("api.example") if is_tls else None
    with serve(script, tls=context) as server:
        url = f"http{'s' if is_tls else ''}://api.example:{server.port}/"
        policy = Policy.parse(f"api.example:{server.port},loopback")
        with Door(policy, seconds=30, ca_file=str(authority.file)) as door:

            def hang_up():
                while not server.requests:
                    time.sleep(0.01)
                door.hang_up()

            threading.Thread(target=hang_up).start()
            began = time.monotonic()
            with pytest.raises(Failed):
                door.send(Request(url=url))
            assert time.monotonic() - began < 25
            with pytest.raises(Failed):
                door.send(Request(url=url))
        assert len(server.requests) == 1


@contextmanager
def full():
    """A listener with no room for one more connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        try:
            yield listener.getsockname()[1]
        finally:
            for sock in waiting:
                sock.close()


@pytest.mark.parametrize("step", ["dns", "connect", "tls"])
def test_s87_a_call_ends_at_once_however_far_it_has_come(names, monkeypatch, step):
    names["api.example"] = ["127.0.0.1"]
    slow = threading.Event()
    began_at = threading.Event()
    if step == "dns":
        monkeypatch.setattr(resolver, "lookup", lambda host: slow.wait(20) or [])
    with ExitStack() as stack:
        stack.callback(slow.set)
        port = 443
        if step == "connect":
            port = stack.enter_context(full())
        if step == "tls":
            port = stack.enter_context(serve(silent)).port
        policy = Policy.parse(f"api.example:{port},loopback")
        door = stack.enter_context(Door(policy, seconds=30))

        def hang_up():
            time.sleep(0.5)
            began_at.set()
            door.hang_up()

        threading.Thread(target=hang_up).start()
        began = time.monotonic()
        with pytest.raises(Failed):
            door.send(Request(url=f"https://api.example:{port}/"))
        assert began_at.is_set()  # it did wait there
        assert time.monotonic() - began < 1.5


def test_the_clock_of_a_door_starts_with_the_first_request(loopback):
    with serve(always(answer())) as server, Door(loopback, seconds=2) as door:
        time.sleep(0.3)
        began = time.monotonic()
        door.send(Request(url=f"http://127.0.0.1:{server.port}/"))
        assert door._deadline is not None
        assert door._deadline - began > 1.9


def test_a_kept_connection_that_was_closed_meanwhile_is_replaced(loopback):
    with serve(once(answer())) as server, Door(loopback, seconds=10) as door:
        for _ in range(3):
            assert door.send(Request(url=f"http://127.0.0.1:{server.port}/")).status == 200
    assert server.accepted == 3


def test_a_kept_connection_that_closes_on_the_next_request_is_tried_once_more(loopback):
    def script(call):
        call.request()
        call.send(answer())
        if call.server.accepted < 3:
            call.request()  # and gone without a word

    with serve(script) as server, Door(loopback, seconds=10) as door:
        request = Request(url=f"http://127.0.0.1:{server.port}/")
        assert [door.send(request).status for _ in range(2)] == [200, 200]
        assert server.accepted == 2
        with pytest.raises(Failed) as caught:
            door.send(Request(url=request.url, method="POST", json={}))
    assert caught.value.verdict.detail == "closed"  # a POST may have been carried out


def test_one_door_serves_several_threads_at_once(loopback):
    barrier = threading.Barrier(4, timeout=10)

    def script(call):
        while raw := call.request():
            barrier.wait()
            call.send(answer(json.dumps(raw.split(b" ")[1].decode()).encode()))

    results = {}
    with serve(script) as server, Door(loopback, seconds=20) as door:

        def ask(number):
            reply = door.send(Request(url=f"http://127.0.0.1:{server.port}/{number}"))
            results[number] = reply.data

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == {number: f"/{number}" for number in range(4)}


def test_a_warm_door_reads_no_certificates_again(
    loopback: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Door(loopback, seconds=1):
        pass
    made: list[Any] = []

    class Counted(ssl.SSLContext):
        def __new__(cls, *args: Any) -> Any:
            made.append(args)
            return super().__new__(cls, *args)

    monkeypatch.setattr(ssl, "SSLContext", Counted)
    for _ in range(20):
        with Door(loopback, seconds=1):
            pass
    assert made == []


def test_connections_are_closed_with_the_door(loopback):
    closed = threading.Event()

    def script(call):
        while call.request():
            call.send(answer())
        closed.set()

    with serve(script) as server:
        with Door(loopback, seconds=10) as door:
            door.send(Request(url=f"http://127.0.0.1:{server.port}/"))
            assert not closed.is_set()
        assert closed.wait(5)
