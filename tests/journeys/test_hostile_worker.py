"""The real worker among hostile servers: each job ends in time with one of the closed set of
results, and the whole process stays below 256 MB."""

import gzip
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from facio_site.run.up import MALLOC
from providers.kinds import KINDS
from providers.models import Job, Provider, Task, jobs
from providers.spec.outcomes import Outcome
from providers.work import queue
from tests import processes
from tests.journeys.conftest import Hire
from tests.journeys.desk import Desk
from tests.providers.http.servers import (
    CHUNKED,
    HEAD,
    answer,
    bomb,
    drip,
    endless,
    hang,
    once,
    packed,
    reset,
    serve,
)
from tests.providers.http.test_hostile_memory import WIDE
from tests.simulators.entries import HOSTED, LOCAL, demo_key

pytestmark = [
    pytest.mark.alike,
    pytest.mark.long,
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
]
MOST = 256_000_000
SECONDS = 20
LISTING = [
    kind
    for kind in (*HOSTED, *LOCAL)
    if KINDS[kind].list_call and kind not in ("azure_openai", "bedrock")
]
DEEP = b'{"data":' + b"[" * 900_000
OTHERS: list[Callable[..., None]] = [  # beside two bombs, which take seconds to make
    endless(HEAD + b"\r\n", b" " * 65_536),
    endless(HEAD, b"X: y\r\n" * 9_000),
    endless(CHUNKED, b"1\r\n \r\n" * 10_000),
    once(answer(DEEP)),
    once(answer(b"{}", headers=("Content-Length: 900000000",))),
    once(answer(b"<html><script>alert(1)</script>", headers=("Content-Type: text/html",))),
    once(answer(b"", status="302 Found", headers=("Location: http://169.254.169.254/",))),
    drip(HEAD + b"\r\n"),
    hang(HEAD),
    reset(),
    *(once(packed(gzip.compress(b'["' + text + b'"]', 1))) for text in WIDE[:6]),
]
CLOSED = {*Outcome} - {Outcome.OK, Outcome.INTERNAL_ERROR, Outcome.CANCELLED, Outcome.NO_ANSWER}


def peak(process: Any) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def test_s7_s8_a_real_worker_among_hostile_servers_ends_every_job_in_256_mb(
    alone: Desk, hire: Hire
) -> None:
    limits = {"CATALOG_SECONDS": str(SECONDS), "TEST_SECONDS": str(SECONDS)}
    as_served = {name: str(value) for name, (_option, value) in MALLOC.items()}
    worker = hire(**limits, **as_served)
    hostile = [once(packed(bomb())), once(packed(bomb())), *OTHERS]
    with ExitStack() as stack:
        made: list[Job] = []
        for kind, script in zip(LISTING, hostile, strict=False):
            server = stack.enter_context(serve(script))
            row = Provider(kind=kind, api_base=f"http://127.0.0.1:{server.port}/v1")
            row.put_secret("api_key", demo_key(kind))
            assert row.store()
            made += [queue.start(row, task) for task in (Task.FETCH, Task.CHECK)]
        assert len(made) == 2 * len(hostile)
        processes.wait_for(lambda: not Job.objects.pending().exists(), seconds=90)
        assert worker.poll() is None
        most = peak(worker)
    for job in Job.objects.all():
        assert job.outcome in CLOSED, (job.provider.kind, job.task, job.outcome)
        assert job.finished_at - job.started_at < timedelta(seconds=SECONDS + jobs.GRACE_SECONDS)
    assert 50_000_000 < most < MOST
    alone.save("openai", api_base="")
    assert alone.ended(alone.test("openai", "good", api_base="")).outcome == Outcome.OK
