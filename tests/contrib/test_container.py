"""The parts of the image, started by exactly its words, on a real PostgreSQL and Redis."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import redis

from facio_site.sealing import new_master_key
from tests.conftest import absent
from tests.contrib import container
from tests.contrib.container import COMPOSE, Container
from tests.contrib.image import IMAGE
from tests.lanes import free_port, postgres, postgres_folder, redis_server
from tests.processes import HEARTBEATS, wait_for

pytestmark = [pytest.mark.alike, pytest.mark.battery]
LOOK = """
import json, os, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
def refuses(path):
    try:
        open(path, "w").close()
    except OSError as error:
        return error.strerror
print(json.dumps({
    "uid": status["Uid"].split(), "groups": status["Groups"].split(),
    "capabilities": {n: status[n].strip() for n in ("CapEff", "CapPrm", "CapBnd", "CapInh")},
    "no_new_privileges": status["NoNewPrivs"].strip(),
    "code": refuses("facio_site/x"), "venv": refuses(".venv/x"), "root": refuses("/x"),
    "etc": refuses("/etc/x"), "state": refuses(os.environ["STATE_DIR"] + "/x"),
    "tmp": refuses("/tmp/x"),
}))
"""


class Ground(NamedTuple):
    container: Container
    port: int
    broker: str


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """A database and a broker, and an image beside them whose secrets lead there."""
    binaries, server = postgres_folder(), shutil.which("redis-server")
    if os.geteuid() != 0:
        absent("root", "is needed for a namespace of mounts")
    if binaries is None or server is None:
        absent("PostgreSQL or redis-server")
    with (
        tempfile.TemporaryDirectory(prefix="fc-") as folder,
        tempfile.TemporaryDirectory(prefix="fp-") as data,
        postgres(Path(data), binaries) as database,
        redis_server(server) as broker,
    ):
        port = free_port()
        secrets = {
            "database_url": f"{database}\n",
            "redis_url": f"{broker}\n",
            "secret_key": "k" * 60 + "\n",
            "master_keys": new_master_key() + "\n",
        }
        assert set(COMPOSE["services"]["web"]["secrets"]) == secrets.keys()
        outside = {"PUBLIC_URL": "https://facio.example.org", "TRUSTED_PROXY_COUNT": "1"}
        built = container.build(Path(folder), secrets, PORT=str(port), **outside)
        yield Ground(built, port, broker)


def test_a_part_may_write_to_its_state_and_nowhere_else_and_has_no_right_beyond(
    ground: Ground,
) -> None:
    told = ground.container.run("web", "python", "-c", LOOK)
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["uid"] == [str(IMAGE.uid)] * 4
    assert found["groups"] == []
    assert set(found["capabilities"].values()) == {"0" * 16}
    assert found["no_new_privileges"] == "1"
    assert found["state"] is None
    assert found["tmp"] is None
    for place in ("code", "venv", "root", "etc"):
        assert found[place] in ("Read-only file system", "Permission denied"), place
    assert found["code"] == found["root"] == "Read-only file system"


def test_the_parts_of_the_image_come_up_serve_and_stop_by_its_own_words(ground: Ground) -> None:
    migrated = ground.container.run("migrate")
    assert migrated.returncode == 0, migrated.stderr
    for part in ("web", "worker"):  # neither lives yet
        asked = ground.container.run(part, *IMAGE.health[:-1], f"--{part}")
        assert asked.returncode == 1, asked
    parts = {name: start(ground, name) for name in ("web", "worker")}
    try:
        with redis.Redis.from_url(ground.broker) as broker:
            wait_for(lambda: bool(broker.keys(HEARTBEATS)), seconds=60)
        wait_for(lambda: get(ground.port, "/readyz").startswith("HTTP/1.1 200"), seconds=60)
        for name in parts:
            (_, *health) = COMPOSE["services"][name]["healthcheck"]["test"]
            assert ground.container.run(name, *health).returncode == 0
        page = get(ground.port, "/accounts/login/")
        assert page.startswith(("HTTP/1.1 200", "HTTP/1.1 302")), page[:200]
    finally:
        for process in parts.values():
            process.send_signal(signal.SIGTERM)
        said = {name: process.communicate(timeout=20) for name, process in parts.items()}
    assert {name: process.returncode for name, process in parts.items()} == {
        "web": 0,
        "worker": 0,
    }, said


def start(ground: Ground, name: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ground.container.words(name), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def get(port: int, path: str) -> str:
    """As a proxy asks. "" while nobody answers."""
    lines = [f"GET {path} HTTP/1.1", "Host: facio.example.org", "Connection: close"]
    lines += ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https"]
    with socket.socket() as caller:
        caller.settimeout(10)
        try:
            caller.connect(("127.0.0.1", port))
            caller.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            return caller.recv(65_536).decode(errors="replace")
        except OSError:
            return ""
