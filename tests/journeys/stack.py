"""The whole product as a child process: what `make run` starts, on a port that the system picks.

Used by the browser journeys and by the program that takes the screenshots. Kept out: browsers.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection  # noqa: TID251 - to this machine's own site
from pathlib import Path

from tests import stores
from tests.processes import ROOT, broker, wait_for
from tests.simulators import Simulators

STARTS_WITHIN = 90.0
STOPS_WITHIN = 60.0  # it promises ten; beside other tests a second may take several


@dataclass(frozen=True)
class Stack:
    """A running site. `said` is what it printed, `link` the set-up link among it ("" = none)."""

    process: "subprocess.Popen[bytes]"
    log: Path  # both outputs of the parent and of all its children
    said: str
    broker: dict[str, str]  # what leads to it; empty: the embedded one in the state folder
    behind: int = 0  # the port it listens on, where a proxy stands before it

    @property
    def url(self) -> str:
        return re.search(r"running at (\S+)", self.said)[1]  # type: ignore[index]

    @property
    def link(self) -> str:
        found = re.search(r"https?://\S+/setup/\?token=\S+", self.said)
        return found[0] if found else ""

    def get(self, path: str) -> tuple[int, bytes]:
        host, _, port = self.url.removeprefix("http://").partition(":")
        if self.behind:
            host, port = "127.0.0.1", str(self.behind)
        with contextlib.closing(HTTPConnection(host, int(port), timeout=15)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def ready(self) -> dict[str, bool]:
        """What /readyz says; empty while it is not all true."""
        status, body = self.get("/readyz")
        return json.loads(body) if status == 200 else {}

    def output(self) -> str:
        return self.log.read_text(errors="replace")


def environment(state: Path, simulators: Simulators | None, **more: str) -> dict[str, str]:
    """A bare machine's environment; with the simulated providers under their real names."""
    given = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "STATE_DIR": str(state)}
    given |= stores.environ(state)
    if simulators:
        given["OUTBOUND_HOSTS_FILE"] = str(simulators.hosts_file)
        given["OUTBOUND_CA_FILE"] = str(simulators.ca_file)
    return {**given, "PORT": "0", **more}


@contextlib.contextmanager
def running(
    state: Path, *words: str, simulators: Simulators | None = None, **more: str
) -> Iterator[Stack]:
    """`python -m facio_site.up`, ready for work; ended as Ctrl-C would end it.

    Its broker is a redis-server where the tests are given one.
    """
    log = state.parent / f"{state.name}.log"
    with contextlib.ExitStack() as stack:
        redis = {"REDIS_URL": stack.enter_context(broker())} if stores.REDIS else {}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "facio_site.up", *words],
                cwd=ROOT,
                env=environment(state, simulators, **(redis | more)),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield _up(process, log, redis, int(more.get("PORT", "0")))
        finally:
            process.terminate()
            try:
                process.wait(STOPS_WITHIN)
            finally:
                process.kill()
                process.wait()


def _up(
    process: "subprocess.Popen[bytes]", log: Path, broker: dict[str, str], behind: int
) -> Stack:
    give_up = time.monotonic() + STARTS_WITHIN
    while "Ctrl-C" not in (said := log.read_text(errors="replace")):
        assert process.poll() is None, said
        assert time.monotonic() < give_up, said
        time.sleep(0.05)
    stack = Stack(process, log, said, broker, behind)
    wait_for(stack.ready, seconds=STARTS_WITHIN)
    return stack
