"""Machines of one site: parts with state folders of their own on one PostgreSQL and one broker."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection  # noqa: TID251 - to this machine's own site
from pathlib import Path
from typing import Any

import psycopg
import redis
from psycopg import sql

from facio_site import sealing
from tests.conftest import absent
from tests.journeys.stack import STOPS_WITHIN
from tests.lanes import redis_server
from tests.processes import HEARTBEATS, ROOT, wait_for
from tests.simulators import Simulators

STARTS_WITHIN = 90.0


@dataclass
class Part:
    """One parent process and what it wrote."""

    process: "subprocess.Popen[bytes]"
    log: Path
    state: Path

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.said()
        return "Ctrl-C" in self.said()

    @property
    def link(self) -> str:
        found = re.search(r"https?://\S+/setup/\?token=\S+", self.said())
        assert found, self.said()
        return found[0]

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        address = re.search(r"running at http://(\S+):(\d+)", self.said())
        assert address, self.said()
        connection = HTTPConnection(address[1], int(address[2]), timeout=15)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def ready(self) -> dict[str, bool]:
        found: dict[str, bool] = json.loads(self.get("/readyz")[1])
        return found

    def kill(self) -> None:
        """As a machine that loses its power: with all its processes."""
        children = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True
        ).stdout.split()
        self.process.kill()
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOPS_WITHIN)
        finally:
            self.process.kill()
            self.process.wait()


@dataclass
class Site:
    """What the machines have in common, and how to start one."""

    folder: Path
    database: str
    broker: str
    keys: str = field(default_factory=sealing.new_master_key)
    simulators: Simulators | None = None
    parts: list[Part] = field(default_factory=list)
    common: dict[str, str] = field(default_factory=dict)  # of the environment of each

    def environ(self, state: Path, **more: str) -> dict[str, str]:
        given = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "STATE_DIR": str(state),
            "DATABASE_URL": self.database,
            "REDIS_URL": self.broker,
            "SECRET_KEY": "one for all machines of this test, and nobody else",
            "MASTER_KEYS": self.keys,
            "PORT": "0",
        }
        if self.simulators:
            given["OUTBOUND_HOSTS_FILE"] = str(self.simulators.hosts_file)
            given["OUTBOUND_CA_FILE"] = str(self.simulators.ca_file)
        return {
            name: value
            for name, value in {**given, **self.common, **more}.items()
            if value != "UNSET"
        }

    def start(self, *words: str, state: str = "", **more: str) -> Part:
        """A part on a machine of its own, or on the one of this name; not waited for."""
        folder = self.folder / (state or uuid.uuid4().hex[:8])
        log = self.folder / f"{folder.name}-{len(self.parts)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "facio_site.up", *words],
                cwd=ROOT,
                env=self.environ(folder, **more),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.parts.append(Part(process, log, folder))
        return self.parts[-1]

    def started(self, *words: str, state: str = "", **more: str) -> Part:
        part = self.start(*words, state=state, **more)
        wait_for(part.is_up, seconds=STARTS_WITHIN)
        return part

    def refused(self, *words: str, state: str = "", **more: str) -> str:
        part = self.start(*words, state=state, **more)
        assert part.process.wait(STARTS_WITHIN) == 1, part.said()
        return part.said()

    def manage(
        self, *words: str, given: str = "", state: str = "commands", **more: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environ(self.folder / state, **more),
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def python(self, program: str, **more: str) -> str:
        """What a program prints that runs in a process of the site."""
        done = self.manage("shell", "--no-imports", "--verbosity=0", given=program, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def rows(self, query: str) -> list[Any]:
        with psycopg.connect(self.database) as server:
            return server.execute(query.encode()).fetchall()

    def write(self, query: str) -> None:
        with psycopg.connect(self.database) as server:
            server.execute(query.encode())

    def living(self) -> set[str]:
        """Names of the workers whose heartbeat is there."""
        with redis.Redis.from_url(self.broker) as client:
            return {
                key.decode().removeprefix("facio:worker:") for key in client.scan_iter(HEARTBEATS)
            }

    def workers(self) -> int:
        return len(self.living())

    def messages(self, task: str) -> int:
        """How many of a task nobody has taken."""
        with redis.Redis.from_url(self.broker) as client:
            found = [json.loads(one) for one in client.lrange("celery", 0, -1)]
        return sum(one["headers"]["task"] == task for one in found)

    def whose_turn(self) -> str:
        with redis.Redis.from_url(self.broker) as client:
            found = client.get("facio:beat")
            return found.decode() if isinstance(found, bytes) else ""

    def all_ready(self, *parts: Part) -> bool:
        return all(part.is_up() and all(part.ready().values()) for part in parts)

    def stop(self) -> None:
        for part in self.parts:
            part.process.terminate()
        for part in self.parts:
            part.stop()


@contextlib.contextmanager
def database(server: str) -> Iterator[str]:
    """An empty one of its own; gives its URL."""
    name = f"facio_machines_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield server.rpartition("/")[0] + f"/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            words = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            admin.execute(words.format(sql.Identifier(name)))


FORWARD = """
import asyncio, sys

async def lead(reader, writer):
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.close()

async def serve(reader, writer):
    far = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    await asyncio.gather(lead(reader, far[1]), lead(far[0], writer), return_exceptions=True)

async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()

asyncio.run(main())
"""


@contextlib.contextmanager
def own_redis() -> Iterator[str]:
    """A redis-server that nobody else uses; gives its URL."""
    program = shutil.which("redis-server")
    if program is None:
        absent("redis-server")
    with redis_server(program) as url:
        yield url


@contextlib.contextmanager
def forwarding(port: int, to: int) -> Iterator[None]:
    """On loopback, a server at one port that leads to another."""
    process = subprocess.Popen([sys.executable, "-c", FORWARD, str(port), str(to)])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def until_it_says(part: Part, words: str, seconds: float = STARTS_WITHIN) -> None:
    wait_for(lambda: words in part.said() or part.process.poll() is not None, seconds=seconds)
    assert words in part.said()
