"""The question that a container asks itself: does its part live?"""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import redis

from facio_site.run import alive
from providers import broker
from tests import processes
from tests.lanes import free_port
from tests.processes import ROOT, environment


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """A server that says one thing, once."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        caller, _ = listener.accept()
        with caller:
            caller.recv(1000)
            caller.sendall(request.param)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(5)
    listener.close()


@pytest.mark.parametrize(
    ("port", "code"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nok\n", 0),
        (b"HTTP/1.1 500 Internal Server Error\r\n\r\n", 1),
        (b"HTTP/1.1 302 Found\r\n\r\n200", 1),
        (b"nonsense", 1),
        (b"", 1),
    ],
    indirect=["port"],
)
def test_a_web_server_lives_when_it_answers_its_own_question(
    port: int, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", str(port))
    assert alive.main(["--web"]) == code


def test_where_nobody_listens_nothing_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(free_port()))
    assert alive.main(["--web"]) == 1


def test_other_words_are_a_mistake() -> None:
    assert alive.main([]) == alive.main(["--all"]) == alive.main(["--web", "--worker"]) == 2


def test_the_heartbeats_are_those_that_workers_leave() -> None:
    assert broker._HEARTBEAT == alive.HEARTBEAT


@pytest.mark.journey
@pytest.mark.alike
@pytest.mark.django_db
def test_a_worker_lives_while_one_of_this_machine_beats() -> None:
    with processes.broker() as url:
        look_for_workers(url)


def look_for_workers(url: str) -> None:
    words = [sys.executable, "-m", "facio_site.run.alive", "--worker"]
    environ = environment(url)

    def code() -> int:
        done = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True)
        assert (done.stdout, done.stderr) == (b"", b"")
        return done.returncode

    with redis.Redis.from_url(url) as server:
        own = f"{alive.HEARTBEAT}worker-{socket.gethostname()}-{os.getpid()}"
        server.set(f"{alive.HEARTBEAT}worker-other-1", b"1", ex=60)
        assert code() == 1
        server.set(own, b"1", ex=60)
        assert code() == 0
        server.delete(own)
    environ["REDIS_URL"] = "redis://127.0.0.1:1/0"
    assert code() == 1
