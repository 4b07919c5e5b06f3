"""What tests stand on: people, a signed-in browser, simulated providers, real processes."""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import hypothesis
import kombu.pools
import pytest
import redis
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db.models.signals import post_migrate
from django.test import Client
from django.utils import translation
from xdist.scheduler import LoadScopeScheduling

from facio_site.sealing import site as site_keys
from tests import IS_FREE, processes, stores
from tests.checks import WITHOUT_STORE
from tests.journeys.stack import running
from tests.lanes import redis_server
from tests.security import sweep
from tests.simulators import Simulators

PASSWORD = "right horse"
REQUIRE_ALL = bool(os.environ.get("REQUIRE_ALL"))
# The shell without windows takes two thirds of the time; the whole browser does as well.
CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Playwright runs a loop in this thread, in which Django would refuse to touch the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


# The gate tries the same values each time; FUZZ=free draws new ones, and many more.
hypothesis.settings.register_profile("gate", derandomize=True, deadline=None)
hypothesis.settings.register_profile("free", max_examples=1_000, deadline=None)
hypothesis.settings.load_profile("free" if IS_FREE else "gate")


TOUCHES_THE_STORE = {"db", "transactional_db", "live_server", "broker_url", "own_broker"}


class ByPlace(LoadScopeScheduling):
    """For `-n`: a file stays in one process, and so do files that share a running site."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        shared = re.match(r"tests/journeys/(?:(interface)/|test_(?:\w+_)?(browser))", path)
        return shared[1] or shared[2] if shared else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByPlace:
    return ByPlace(config, log)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto` has two for each processor, because many tests wait; `-n logical` has one."""
    return (os.cpu_count() or 1) * (2 if config.option.numprocesses == "auto" else 1)


def pytest_sessionstart() -> None:
    for signum in (signal.SIGINT, signal.SIGTERM):  # whoever ends a run ends what it has started
        signal.signal(signum, signal.default_int_handler)
    sweep.watch_command_lines()


def pytest_sessionfinish() -> None:
    stores.drop_all()


def pytest_unconfigure() -> None:
    shutil.rmtree(django_settings.STATE_DIR, ignore_errors=True)  # made by tests.settings


def pytest_itemcollected(item: pytest.Item) -> None:
    """Marks for `-m`: what needs a browser or nanobot; what touches the database or a broker.

    Django keeps any other test of this process away from the database, and those that start the
    site's processes are journeys.
    """
    fixtures = set(getattr(item, "fixturenames", ()))
    if "live_server" in fixtures:
        item.add_marker(pytest.mark.browser)
    if "nanobot" in fixtures:
        item.add_marker(pytest.mark.nanobot)
    if fixtures & TOUCHES_THE_STORE or {"django_db", "journey", "browser"} & set(item.keywords):
        item.add_marker(pytest.mark.store)
        if item.nodeid.startswith(WITHOUT_STORE) and "alike" not in item.keywords:
            raise pytest.UsageError(f"{item.nodeid} touches the store: see tests/checks.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=_place)
    if stores.IS_POSTGRES:
        config.hook.pytest_deselected(items=[i for i in items if "sqlite" in i.keywords])
        items[:] = [item for item in items if "sqlite" not in item.keywords]
    chromium = Path(CHROMIUM).exists()
    nanobot = Path("var/nanobot/bin/python").exists()
    axe = Path("var/axe/axe.min.js").exists()
    for item in items:
        for mark, present in (("browser", chromium), ("nanobot", nanobot), ("axe", axe)):
            if mark in item.keywords and not present and not REQUIRE_ALL:
                item.add_marker(pytest.mark.skip(reason=f"{mark} is not installed here"))


def _place(item: pytest.Item) -> int:
    """Long ones first, so that no process is left with one of them alone."""
    if {"journey", "browser"} & set(item.keywords):
        return 0
    return 1 if "battery" in item.keywords else 2


def absent(what: str, how: str = "is not installed") -> NoReturn:
    """A test cannot run without it: a failure where nothing may be skipped."""
    if REQUIRE_ALL:
        pytest.fail(f"{what} {how}")
    pytest.skip(f"{what} {how}")


@pytest.fixture(autouse=True)
def _looked_up_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test's database said of keys, and its broker of workers, is not the next one's."""
    site_keys.forget()
    monkeypatch.setattr("providers.broker._told", None)


@pytest.fixture(autouse=True)
def _language_of_no_page_before() -> None:
    """A request leaves its language to the thread, and a test without a page speaks in it."""
    translation.activate(django_settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def no_look_is_under_way() -> Iterator[None]:
    """The thread that looks after calls may read the database as the last call of a test ends, and
    then that is closed to it."""
    yield
    while any(_looks(one) for one in threading.enumerate() if one.name == "calls"):
        time.sleep(0.01)


def _looks(thread: threading.Thread) -> bool:
    frame = sys._current_frames().get(thread.ident or 0)
    while frame and frame.f_code.co_name != "_hang_up":
        frame = frame.f_back
    return frame is not None


@pytest.fixture(autouse=True)
def no_counter_stays(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Guesses are counted in the cache's table, which is no model's: nothing takes back what a
    test on real transactions leaves there."""
    yield
    mark = request.node.get_closest_marker("django_db")
    is_real = bool(mark and mark.kwargs.get("transaction"))
    if is_real or {"transactional_db", "live_server"} & set(request.fixturenames):
        with django_db_blocker.unblock():
            cache.clear()


@pytest.fixture
def owner(db: None, django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("olivia", password=PASSWORD, role="owner")


@pytest.fixture
def editor(db: None, django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("edgar", password=PASSWORD, role="editor")


@pytest.fixture
def viewer(db: None, django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("vera", password=PASSWORD, role="viewer")


@pytest.fixture
def site(owner: Any) -> Client:
    """A signed-in owner's browser."""
    return signed_in(owner)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    return client


@pytest.fixture
def opened(browser: Any, live_server: Any, owner: Any) -> Iterator[Callable[..., Any]]:
    """Makes an owner's tab, with scripts or without them."""
    cookie = signed_in(owner).cookies[django_settings.SESSION_COOKIE_NAME]
    contexts = []

    def tab(**more: Any) -> Any:
        context = browser.new_context(base_url=live_server.url, **more)
        contexts.append(context)
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        return context.new_page()

    yield tab
    for context in contexts:
        context.close()


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Jobs handed to a broker that is not there; a worker seems to be alive."""
    from providers.work import queue, tasks

    handed: list[Any] = []
    monkeypatch.setattr(queue.broker, "workers", lambda: {"worker-1"})
    monkeypatch.setattr(queue.broker, "announce", lambda: None)
    monkeypatch.setattr(tasks, "enqueue", handed.append)
    return handed


@pytest.fixture
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """For who counts queries of pages: what is asked anew each minute comes at any of them."""
    from facio_site import clock
    from routing.pages import attention

    monkeypatch.setattr(site_keys, "LOOK_SECONDS", 600.0)
    monkeypatch.setattr(site_keys, "_seen", None)  # and is looked at once more
    monkeypatch.setattr(clock, "skew", lambda: 0.0)
    monkeypatch.setattr(attention, "HOLDS_SECONDS", 10**10)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium instead of a downloaded one, and quiet: it asks nobody outside."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": CHROMIUM_ARGUMENTS}


@pytest.fixture(scope="session")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with Simulators(tmp_path_factory.mktemp("simulators")) as running:
        yield running


@pytest.fixture
def sims(simulators: Simulators, settings: Any) -> Simulators:
    """The simulated providers, under their real names, for this test's own process."""
    settings.OUTBOUND_HOSTS_FILE = str(simulators.hosts_file)
    settings.OUTBOUND_CA_FILE = str(simulators.ca_file)
    simulators.clear()
    return simulators


@pytest.fixture(scope="session", autouse=True)
def clean_end() -> Iterator[None]:
    """After the last test of this process: no secret stood anywhere, nobody was called outside."""
    yield
    sweep.look_at_files(Path(django_settings.STATE_DIR))
    sweep.look_at_temp()
    found = [sweep.findings(), Path(django_settings.STATE_DIR) / "outside"]
    assert "".join(path.read_text() for path in found if path.exists()) == ""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Looks through the database before it is taken away.

    Where a test empties the tables Django's permissions are not made again: nothing here reads
    them, and it took most of the time of such a test.
    """
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    yield
    with django_db_blocker.unblock():
        sweep.look_at_rows()
        sweep.look_at_audit()
        sweep.look_at_files(Path(django_settings.STATE_DIR))
        stores.wait_for_others()


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder that a first start of the site leaves behind. To be copied: `stores.copy`.

    All processes of a run share it on SQLite; elsewhere each has a database for it.
    """
    folder = tmp_path_factory.getbasetemp()
    if stores.IS_ONE_OF_MANY and not stores.IS_POSTGRES:
        folder = folder.parent
    state, done = folder / "first" / "state", folder / "first" / "done"
    state.parent.mkdir(exist_ok=True)
    with (state.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            with running(state):
                pass
            done.touch()
    return state


@pytest.fixture(scope="session")
def broker_url() -> Iterator[str]:
    """A broker for all tests of this process; nobody stops it."""
    if not stores.REDIS:
        with processes.broker() as url:
            yield url
        return
    with contextlib.ExitStack() as stack:
        url = stores.REDIS
        if stores.IS_ONE_OF_MANY:
            url = stack.enter_context(redis_server(stores.broker_program()))
        yield url
        sweep.look_at_broker(url)


@pytest.fixture
def with_broker(broker_url: str, settings: Any) -> Iterator[str]:
    """This process and its children use a real broker, empty at the start."""
    with redis.Redis.from_url(broker_url) as client:
        client.flushdb()
    with connected(broker_url, settings):
        yield broker_url


@contextlib.contextmanager
def connected(url: str, settings: Any) -> Iterator[None]:
    """This process publishes to the broker at `url`, whatever it used before."""
    from facio_site.celery import app
    from providers import broker

    before = app.conf.broker_url
    settings.REDIS_URL = url
    app.conf.broker_url = url.replace("unix://", "redis+socket://")
    _forget_connections(app, broker)
    try:
        yield
    finally:
        app.conf.broker_url = before
        _forget_connections(app, broker)


def _forget_connections(app: Any, broker: Any) -> None:
    broker._client().close()
    broker._client.cache_clear()
    broker._silent_until = 0.0
    kombu.pools.reset()
    app._pool = app.amqp._producer_pool = None


@pytest.fixture
def worker(transactional_db: None, sims: Simulators, with_broker: str) -> Iterator[Any]:
    """The real worker process on the test database."""
    process = processes.start_worker(with_broker)
    try:
        yield process
    finally:
        processes.stop(process)
