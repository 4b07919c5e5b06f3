"""Real processes for the journeys: a broker and a worker on the test database."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection

from tests import stores
from tests.security import sweep

ROOT = Path(__file__).resolve().parent.parent
HEARTBEATS = "facio:worker:*"
BEATING = """
import sys, django; django.setup()
from facio_site.run import parts
parts.load_tasks()
parts.run_worker(int(sys.argv[1]))
"""


@contextmanager
def broker() -> Iterator[str]:
    """A broker that nobody else uses; gives its URL."""
    with tempfile.TemporaryDirectory(prefix="fb-") as folder:
        socket = Path(folder) / "s"
        arguments = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"]
        process = subprocess.Popen(
            [stores.broker_program(), *arguments],
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
        try:
            wait_for(lambda: _answers(f"unix://{socket}"))
            yield f"unix://{socket}"
            if process.poll() is None:
                sweep.look_at_broker(f"unix://{socket}")
        finally:
            stop(process)


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


def environment(broker_url: str, **more: str) -> dict[str, str]:
    """What a child needs to work on this test run's database, key and broker."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        login = f"{database['USER']}:{database['PASSWORD']}"
        url = f"postgres://{login}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_STATE_DIR": str(settings.STATE_DIR),
        "TEST_MASTER_KEY": settings.MASTER_KEYS[0],
        "DATABASE_URL": url,
        "REDIS_URL": broker_url,
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
        "OUTBOUND_HOSTS_FILE": settings.OUTBOUND_HOSTS_FILE,
        "OUTBOUND_CA_FILE": settings.OUTBOUND_CA_FILE,
        **more,
    }


def start_worker(
    broker_url: str,
    *,
    threads: int = 32,
    with_beat: bool = False,
    log: Path | None = None,
    **more: str,
) -> subprocess.Popen[bytes]:
    """The real worker, started as `make run` starts it; returns once it says that it lives. Without
    its beat nothing comes by the clock.

    `log` takes what it writes; this process's own standard error does otherwise.
    """
    command = [sys.executable, "-m", "celery", "-A", "facio_site.celery", "worker"]
    command += ["-P", "threads", "-c", str(threads), "-l", "WARNING"]
    command += ["--without-mingle", "--without-gossip"]
    if with_beat:
        command = [sys.executable, "-c", BEATING, str(threads)]
    client = redis.Redis.from_url(broker_url)
    before = set(client.scan_iter(HEARTBEATS))
    with log.open("ab") if log else nullcontext() as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(broker_url, **more),
            start_new_session=True,
            stdout=output or subprocess.DEVNULL,
            stderr=output,
        )
    try:
        wait_for(
            lambda: set(client.scan_iter(HEARTBEATS)) - before or process.poll() is not None,
            seconds=30,
        )
        if process.poll() is not None:
            raise ChildProcessError(f"the worker ended with {process.returncode}")
    except TimeoutError:
        stop(process)
        raise
    finally:
        client.close()
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def wait_for(  # type: ignore[no-untyped-def]
    condition, *, seconds: float = 15.0, pause: float = 0.02, told=lambda: ""
) -> None:
    """Return when `condition()` is true; raises TimeoutError after a generous while, with what is
    `told` of the state at that moment.

    `pause` is the first one between two looks; they grow to a quarter of a second, because looking
    slows what is waited for.
    """
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(told())
        time.sleep(pause)
        pause = max(pause, min(pause * 1.2, 0.25))
