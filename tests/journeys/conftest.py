"""One broker and one worker for all journeys, and the means to hire more and to kill them."""

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from providers import broker
from providers.jobs import Job
from tests import processes
from tests.conftest import connected
from tests.journeys.desk import Desk
from tests.simulators import Simulators

Hire = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(scope="package")
def crew(
    django_db_setup: None, broker_url: str, simulators: Simulators
) -> Iterator["subprocess.Popen[bytes]"]:
    """The worker that most journeys share. Whoever kills one hires one of his own."""
    process = processes.start_worker(
        broker_url,
        OUTBOUND_HOSTS_FILE=str(simulators.hosts_file),
        OUTBOUND_CA_FILE=str(simulators.ca_file),
    )
    try:
        yield process
    finally:
        processes.stop(process)


@pytest.fixture
def desk(
    transactional_db: None,
    sims: Simulators,
    broker_url: str,
    crew: "subprocess.Popen[bytes]",
    site: Client,
    settings: Any,
) -> Iterator[Desk]:
    """An owner at work, with the shared worker behind him."""
    with connected(broker_url, settings):
        processes.wait_for(broker.workers)
        yield Desk(site, sims)
        sims.release_hangs()
        processes.wait_for(lambda: not Job.objects.pending().exists())


@pytest.fixture
def alone(
    transactional_db: None, sims: Simulators, with_broker: str, site: Client
) -> Iterator[Desk]:
    """An owner with a broker and nobody who works: see `hire`."""
    yield Desk(site, sims)
    sims.release_hangs()


@pytest.fixture
def hire(alone: Desk, with_broker: str) -> Iterator[Hire]:
    """Starts workers of this test's own; keywords are more environment. All are ended after it."""
    hired: list[subprocess.Popen[bytes]] = []

    def start(**more: Any) -> "subprocess.Popen[bytes]":
        hired.append(processes.start_worker(with_broker, **more))
        return hired[-1]

    yield start
    for process in hired:
        processes.stop(process)
