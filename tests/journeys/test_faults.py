"""Every fault of worker and broker, with real processes: each job ends by itself, says why, and
offers another try; the next test works as soon as both are back.

Jobs may wait for three seconds here; a call that runs is put at its deadline by hand. How far
both are away with the usual values is checked beside it.
"""

import contextlib
import html
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone

from providers.models import Job, Provider, Status, jobs
from providers.spec.outcomes import Outcome
from providers.wording import sentence
from providers.work import queue, tasks
from tests import processes, stores
from tests.journeys.conftest import Hire
from tests.journeys.desk import Desk

pytestmark = [pytest.mark.journey, pytest.mark.lane, pytest.mark.django_db(transaction=True)]
WITHIN = 90.0
CALL = {"TEST_SECONDS": "60"}


@pytest.fixture(autouse=True)
def short_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "QUEUE_SECONDS", 3)


@pytest.fixture
def again(own_broker: str) -> Iterator[Callable[[], None]]:
    """Starts a broker in the place of the one that was stopped."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        path = own_broker.removeprefix("unix://")
        words = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no"]
        program = [stores.broker_program(), *words]
        started.append(subprocess.Popen(program, stdout=subprocess.DEVNULL))
        processes.wait_for(lambda: processes._answers(own_broker))

    yield start
    for process in started:
        processes.stop(process)


def stop_broker(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        pid = int(client.info("server")["process_id"])
    os.kill(pid, signal.SIGKILL)
    processes.wait_for(lambda: not processes._answers(url))


def running(desk: Desk) -> Job:
    job = desk.test("openrouter", "hang")
    desk.called("openrouter")
    return Job.objects.get(pk=job.pk)


def waiting(desk: Desk) -> Job:
    """Behind two that hang: a worker of one thread may hold one more in its hands."""
    for kind in ("groq", "mistral"):
        desk.test(kind, "hang")
    desk.called("groq")
    job = desk.test("openrouter")
    assert job.status == Status.QUEUED
    return job


def assert_told(desk: Desk, job: Job, outcome: Outcome, detail: str = "") -> None:
    """Only the page is asked, as a person would: nobody else may be there any more."""

    def page() -> str:
        return desk.page("/providers/openrouter/")

    processes.wait_for(lambda: 'id="check" data-state="done"' in page(), seconds=WITHIN, pause=0.25)
    text = html.unescape(page())
    assert f'data-outcome="{outcome}"' in text
    assert sentence(outcome, detail) in text
    assert "Try again" in text
    ended = Job.objects.get(pk=job.pk)
    assert (ended.outcome, ended.finished_at is not None) == (outcome, True)
    assert ended.finished_at - ended.created_at < timedelta(seconds=WITHIN)


def assert_works_again(desk: Desk) -> None:
    """Pressed again as a person would: a worker takes seconds to find a broker that was away."""
    until = time.monotonic() + WITHIN
    while True:
        job = desk.test("openrouter", "good")
        with contextlib.suppress(TimeoutError):
            job = desk.ended(job, seconds=10)
        if job.outcome == Outcome.OK:
            return
        assert time.monotonic() < until, job.outcome
        desk.page("/providers/openrouter/")  # which ends what is overdue


def kill_worker(_desk: Desk, worker: Any, _url: str) -> None:
    worker.kill()
    worker.wait()


def kill_both(desk: Desk, worker: Any, url: str) -> None:
    kill_worker(desk, worker, url)
    stop_broker(url)


def flush(_desk: Desk, _worker: Any, url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.flushall()


def silence(_desk: Desk, _worker: Any, url: str) -> None:
    stop_broker(url)


@pytest.mark.parametrize(
    ("state", "fault"),
    [
        (running, kill_worker),
        pytest.param(running, kill_both, marks=pytest.mark.long),
        pytest.param(waiting, kill_worker, marks=pytest.mark.long),
        pytest.param(waiting, kill_both, marks=pytest.mark.long),
        (waiting, silence),
        pytest.param(waiting, flush, marks=pytest.mark.long),
    ],
)
def test_s70_what_nobody_ends_any_more_ends_with_a_sentence_and_another_try(
    alone: Desk, hire: Hire, own_broker: str, again: Callable[[], None], state: Any, fault: Any
) -> None:
    worker = hire(threads=1, **CALL)
    job = state(alone)
    fault(alone, worker, own_broker)
    if state is running:
        Job.objects.filter(pk=job.pk).update(deadline=timezone.now())
    assert_told(alone, job, Outcome.NO_ANSWER, "" if state is running else "waited")
    alone.sims.release_hangs()
    if not processes._answers(own_broker):
        again()
    if worker.poll() is not None:
        hire()
    assert_works_again(alone)


@pytest.mark.parametrize("fault", [silence, flush])
def test_s70_a_call_that_runs_ends_well_without_the_broker(
    alone: Desk, hire: Hire, own_broker: str, again: Callable[[], None], fault: Any
) -> None:
    worker = hire(**CALL)
    job = running(alone)
    fault(alone, worker, own_broker)
    alone.sims.release_hangs()
    assert alone.ended(job).outcome == Outcome.OK
    assert Provider.objects.count() == 1
    if not processes._answers(own_broker):
        again()
    assert worker.poll() is None
    assert_works_again(alone)


def test_s74_an_answer_after_the_end_of_its_row_changes_nothing(alone: Desk, hire: Hire) -> None:
    hire(**CALL)
    job = running(alone)
    alone.save("openrouter", "hang")
    Job.objects.filter(pk=job.pk).update(deadline=job.created_at)
    assert_told(alone, job, Outcome.NO_ANSWER)
    alone.sims.release_hangs()
    assert_works_again(alone)
    assert Job.objects.get(pk=job.pk).outcome == Outcome.NO_ANSWER


def test_s71_a_message_that_comes_again_after_the_end_is_no_second_call(
    alone: Desk, hire: Hire
) -> None:
    hire(**CALL)
    job = alone.ended(alone.test("openrouter"))
    for _ in range(3):
        tasks.enqueue(job)
    assert_works_again(alone)
    assert len(alone.sims.calls_of("openrouter")) == 2
    assert Job.objects.get(pk=job.pk).attempt == 1


def test_a_provider_removed_in_the_middle_leaves_no_page_and_no_worker_behind(
    alone: Desk, hire: Hire
) -> None:
    worker = hire(**CALL)
    running(alone)
    assert alone.site.post("/providers/openrouter/remove/").status_code == 302
    for path in ("/providers/", "/providers/openrouter/", "/activity/tests/", "/"):
        assert 'data-state="running"' not in alone.page(path)
    alone.sims.release_hangs()
    assert_works_again(alone)
    assert worker.poll() is None


def test_s70_with_the_usual_values_every_deadline_is_within_90_seconds(settings: Any) -> None:
    longest = max(settings.TEST_SECONDS, settings.COMPLETION_TEST_SECONDS, settings.CATALOG_SECONDS)
    usual = 20  # queue.QUEUE_SECONDS, which is shorter in this file
    assert usual + longest + jobs.GRACE_SECONDS < WITHIN
