"""What journeys share: one broker, one worker, one running site, one browser."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser

from providers import broker
from providers.models import Job
from tests import processes, stores
from tests.conftest import connected
from tests.journeys.desk import Desk
from tests.journeys.stack import Stack, running
from tests.journeys.tab import Tab, make_owner, opened
from tests.security import sweep
from tests.simulators import Simulators

_crew_settled = 0.0
Hire = Callable[..., "subprocess.Popen[bytes]"]
LONG = "60"  # seconds that a call may take: no deadline of its own ends one of these tests


@pytest.fixture(scope="package")
def crew(
    django_db_setup: None, broker_url: str, simulators: Simulators
) -> Iterator["subprocess.Popen[bytes]"]:
    """The worker that most journeys share. Whoever kills one hires one of his own."""
    global _crew_settled
    process = processes.start_worker(
        broker_url,
        OUTBOUND_HOSTS_FILE=str(simulators.hosts_file),
        OUTBOUND_CA_FILE=str(simulators.ca_file),
    )
    _crew_settled = time.monotonic() + broker.LIFETIME_SECONDS + broker.BEAT_SECONDS + 2
    try:
        yield process
    finally:
        processes.stop(process)


@pytest.fixture(scope="module")
def live_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the agent of a module's tests reads its config.json; not there yet."""
    folder = tmp_path_factory.mktemp("agent")
    folder.chmod(0o700)
    return folder / "config.json"


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
def own_broker(settings: Any) -> Iterator[str]:
    """A broker of this test's own, which it may flush and stop.

    The shared worker knows nobody there: its last look for jobs that nobody works at must be over.
    """
    time.sleep(max(0.0, _crew_settled - time.monotonic()))
    with processes.broker() as url, connected(url, settings):
        yield url


@pytest.fixture
def alone(
    transactional_db: None, sims: Simulators, own_broker: str, site: Client
) -> Iterator[Desk]:
    """An owner with a broker of his own and nobody who works: see `hire`."""
    yield Desk(site, sims)
    sims.release_hangs()


@pytest.fixture
def hire(alone: Desk, own_broker: str) -> Iterator[Hire]:
    """Starts workers of this test's own; keywords are more environment. All are ended after it."""
    hired: list[subprocess.Popen[bytes]] = []

    def start(**more: Any) -> "subprocess.Popen[bytes]":
        hired.append(processes.start_worker(own_broker, **more))
        return hired[-1]

    yield start
    alone.sims.release_hangs()  # a worker that is asked to end finishes its calls first
    for process in hired:
        processes.stop(process)


# The whole product, and a browser


@pytest.fixture(scope="package")
def stack(
    simulators: Simulators, first_start: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The site as `make run` starts it, with a state of its own and nobody in it yet."""
    folder = tmp_path_factory.mktemp("stack")
    state = stores.copy(first_start, folder / "state")
    with running(state, simulators=simulators, TESTS_PER_MINUTE="1000") as found:
        yield found
    assert sweep.look_at_files(folder) > 3  # database, journal, logs; told at the end


@pytest.fixture(scope="package")
def first_tab(browser: Browser, stack: Stack) -> Iterator[Tab]:
    """The owner's own browser: it has opened the printed link and made the account."""
    with opened(browser, stack) as tab:
        make_owner(tab, stack.link)
        yield tab


@pytest.fixture
def open_tab(browser: Browser, stack: Stack, first_tab: Tab) -> Iterator[Callable[..., Tab]]:
    """Opens a browser of its own for each call, signed in as the owner unless told otherwise.

    Keywords are those of a Playwright context. After the test no page may have complained.
    """
    tabs: list[Tab] = []
    with ExitStack() as open_ones:

        def another(*, signed_in: bool = True, **choices: Any) -> Tab:
            if signed_in:
                choices["storage_state"] = first_tab.page.context.storage_state()
            tabs.append(open_ones.enter_context(opened(browser, stack, **choices)))
            return tabs[-1]

        yield another
        complaints = [tab.watch.complaints for tab in tabs]
    assert complaints == [[] for _ in tabs]


@pytest.fixture
def tab(open_tab: Callable[..., Tab]) -> Tab:
    return open_tab()


@pytest.fixture(autouse=True)
def calm(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing hangs on from one browser journey into the next."""
    if "stack" in request.fixturenames:
        request.getfixturevalue("simulators").clear()
    yield
    if "stack" in request.fixturenames:
        request.getfixturevalue("simulators").release_hangs()
