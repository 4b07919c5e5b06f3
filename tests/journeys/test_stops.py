"""Stopping, killing and starting at any moment: nothing is lost, a stop takes its stated time."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import stores
from tests.journeys.stack import STOPS_WITHIN, environment, running
from tests.processes import wait_for
from tests.security import command
from tests.simulators import Simulators
from tests.simulators.entries import demo_key

pytestmark = [pytest.mark.journey, pytest.mark.lane]

START_A_TEST = """
import django; django.setup()
from providers.models import Provider, Task
from providers.work import queue
print(queue.start(Provider.objects.get(kind="openrouter"), Task.CHECK).pk)
"""
WRITE = """
import django; django.setup()
from django.db import transaction
from facio_site.audit import record
from providers.models import Provider
while True:
    with transaction.atomic():
        row = Provider.objects.get(kind="openrouter")
        assert row.store()
        record("provider.saved", actor=None, target="writer", result=str(row.version))
    print(row.version, flush=True)
"""


@pytest.fixture(scope="module")
def filled(first_start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = stores.copy(first_start, tmp_path_factory.mktemp("z") / "s")
    key = json.dumps({"apiKey": demo_key("openrouter", "hang")})
    done = command.run(state, "set_provider", "openrouter", given=key)
    assert done.returncode == 0, done.stderr
    return state


@pytest.fixture
def state(filled: Path, tmp_path: Path) -> Iterator[Path]:
    state = stores.copy(filled, tmp_path / "s")
    yield state
    stores.assert_whole(state)
    exported = command.run(state, "export_config", "-", "--secrets", "keys")
    assert demo_key("openrouter", "hang") in exported.stdout, exported.stderr


def program(state: Path, source: str, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", source],
        cwd=command.ROOT,
        env=command.environ(state, **more),
        stdout=subprocess.PIPE,
        text=True,
    )


def jobs(state: Path) -> list[Any]:
    return stores.rows(state, "SELECT status, outcome FROM providers_job")


@pytest.mark.parametrize(
    "signum", [pytest.param(signal.SIGTERM, marks=pytest.mark.long), signal.SIGKILL]
)
def test_s79_a_stop_in_the_middle_of_a_call_is_over_in_time_and_the_next_start_ends_its_row(
    state: Path, simulators: Simulators, signum: signal.Signals
) -> None:
    simulators.clear()
    with running(state, simulators=simulators, TEST_SECONDS="60") as site:
        with program(state, START_A_TEST, **site.broker) as started:
            assert started.wait(30) == 0
        wait_for(lambda: simulators.calls_of("openrouter"))
        assert jobs(state) == [("running", "")]
        site.process.send_signal(signum)
        site.process.wait(STOPS_WITHIN)
    assert jobs(state) == [("running", "")]
    simulators.release_hangs()
    with running(state, simulators=simulators):
        wait_for(lambda: jobs(state) == [("done", "no_answer")], seconds=30, pause=0.1)
    assert len(simulators.calls_of("openrouter")) == 1


@pytest.mark.long
def test_s79_a_start_may_be_broken_off_at_any_moment(state: Path) -> None:
    ends = (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL)
    for moment, signum in zip((0.05, 0.6, 1.5, 3.0), ends, strict=True):
        process = subprocess.Popen(
            [sys.executable, "-m", "facio_site.up"],
            cwd=command.ROOT,
            env=environment(state, None),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moment)
        process.send_signal(signum)
        process.wait(STOPS_WITHIN)
    with running(state) as site:
        assert site.get("/healthz")[0] == 200


def test_s79_a_killed_writer_leaves_each_change_with_its_audit_row_or_neither(state: Path) -> None:
    told = 0
    for _ in range(3):
        with program(state, WRITE) as writer:
            assert writer.stdout
            lines = [writer.stdout.readline() for _ in range(5)]
            writer.kill()
            lines += writer.stdout.readlines()
        told = max(int(line) for line in lines if line.endswith("\n"))
        [(version,)] = stores.rows(state, "SELECT version FROM providers_provider")
        [(last,)] = stores.rows(
            state,
            "SELECT max(CAST(result AS INTEGER)) FROM audit_auditentry WHERE target = 'writer'",
        )
        assert version == last >= told
    [(count,)] = stores.rows(state, "SELECT count(*) FROM audit_auditentry WHERE target = 'writer'")
    assert count == version - 1
