"""A worker or a broker that goes away: what is lost, what is told, and what goes on.

Nothing here waits for a deadline to come: the clock of the row is set forward instead.
"""

import html
import math
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone
from redis.connection import AbstractConnection

from providers import broker
from providers.models import Job, Provider, Status, Task
from providers.spec.outcomes import Outcome
from providers.wording import sentence
from providers.work import queue
from tests import processes
from tests.conftest import connected
from tests.journeys.conftest import LONG, Hire
from tests.journeys.desk import Desk, assert_stays, attribute, put_forward
from tests.simulators.entries import HOSTED

pytestmark = [pytest.mark.journey, pytest.mark.lane, pytest.mark.django_db(transaction=True)]


def test_s70_what_a_killed_worker_left_ends_when_the_next_one_is_there(
    alone: Desk, hire: Hire
) -> None:
    first = hire(TEST_SECONDS=LONG)
    job = alone.test("openrouter", "hang")
    alone.called("openrouter")
    first.kill()
    hire(TEST_SECONDS=LONG)
    ended = alone.ended(job)
    assert (ended.outcome, ended.key_state) == (Outcome.NO_ANSWER, "unknown")
    page = alone.page("/providers/openrouter/")
    assert 'data-state="done" data-outcome="no_answer"' in page
    assert sentence(Outcome.NO_ANSWER) in html.unescape(page)
    assert "Try again" in page
    assert alone.ended(alone.test("openrouter", "good")).outcome == Outcome.OK


def test_s70_without_a_next_worker_the_page_ends_it_at_its_deadline(
    alone: Desk, hire: Hire
) -> None:
    worker = hire()
    job = alone.test("openrouter", "hang")
    alone.called("openrouter")
    worker.kill()
    left = Job.objects.get(pk=job.pk).deadline - timezone.now()
    assert left < timedelta(seconds=25)
    put_forward(job)
    part = alone.news("check", job.pk, job.version).content.decode()
    assert (attribute(part, "state"), attribute(part, "outcome")) == ("done", "no_answer")


@pytest.mark.parametrize("path", ["/providers/openrouter/", "/providers/", "/activity/tests/"])
def test_s70_a_reload_is_enough_to_end_it(alone: Desk, hire: Hire, path: str) -> None:
    alone.save("openrouter")
    job = queue.start(Provider.objects.get(), Task.CHECK, hand_over=False)
    put_forward(job)
    alone.page(path)
    assert Job.objects.get().outcome == Outcome.NO_ANSWER


def test_s76_without_a_worker_the_start_says_so(alone: Desk) -> None:
    part = alone.press("openrouter")
    assert (attribute(part, "state"), attribute(part, "outcome")) == ("done", "no_worker")
    assert "No worker was running" in part
    assert not alone.sims.calls


def test_s73_s76_without_a_broker_the_start_says_so(alone: Desk, settings: Any) -> None:
    with processes.broker() as url:
        pass
    with connected(url, settings):
        part = alone.press("openrouter")
    assert (attribute(part, "state"), attribute(part, "outcome")) == ("done", "no_worker")
    assert "broker did not answer" in part


def test_s73_a_broker_that_went_silent_is_asked_once(
    alone: Desk, settings: Any, unanswered: list[str]
) -> None:
    with processes.broker() as url, connected(url, settings), silent(url):
        part = alone.press("openrouter")
    assert len(unanswered) == 1
    assert "broker did not answer" in part


def test_a_flushed_broker_loses_messages_and_nothing_else(alone: Desk, hire: Hire) -> None:
    hire(threads=1)
    busy = alone.test("openrouter", "hang")
    alone.called("openrouter")
    alone.test("groq")  # the worker may have this one in its hands already
    waiting = alone.test("mistral")
    broker._client().flushall()
    alone.sims.release_hangs()
    assert alone.ended(busy).outcome == Outcome.OK
    assert_stays(lambda: Job.objects.get(pk=waiting.pk).status == Status.QUEUED)
    put_forward(waiting)
    part = alone.news("check", waiting.pk, waiting.version).content.decode()
    assert (attribute(part, "state"), attribute(part, "outcome")) == ("done", "no_answer")
    processes.wait_for(broker.workers)
    assert alone.ended(alone.test("mistral")).outcome == Outcome.OK
    assert len(alone.sims.calls_of("mistral")) == 1


def test_s79_a_worker_takes_up_what_was_queued_before_it_came(alone: Desk, hire: Hire) -> None:
    alone.save("openrouter")
    job = queue.start(Provider.objects.get(), Task.CHECK, hand_over=False)
    hire()
    assert alone.ended(job).outcome == Outcome.OK


def test_s79_a_worker_that_is_asked_to_end_finishes_the_call_first(alone: Desk, hire: Hire) -> None:
    worker = hire()
    job = alone.test("openrouter", "hang")
    alone.called("openrouter")
    worker.terminate()
    threading.Timer(0.5, alone.sims.release_hangs).start()
    assert worker.wait(60) == 0
    assert Job.objects.get(pk=job.pk).outcome == Outcome.OK
    assert not broker.workers()


@pytest.fixture
def unanswered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One word for each question to a broker that brought this thread no answer in its time."""
    waited: list[str] = []
    read = AbstractConnection.read_response

    def reading(*args: Any, **options: Any) -> Any:
        try:
            return read(*args, **options)
        except redis.TimeoutError:
            if threading.current_thread() is threading.main_thread():
                waited.append("no answer")
            raise

    monkeypatch.setattr(AbstractConnection, "read_response", reading)
    # The moment for which it is not asked again lasts as long as the test.
    monkeypatch.setattr(broker, "_note_silence", lambda: setattr(broker, "_silent_until", math.inf))
    return waited


@contextmanager
def silent(url: str) -> Iterator[None]:
    """A broker that takes connections and answers nothing."""
    with redis.Redis.from_url(url) as client:
        pid = int(client.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_s73_a_silent_broker_holds_up_a_whole_batch_no_longer_than_one_test(
    alone: Desk, settings: Any, unanswered: list[str]
) -> None:
    for kind in HOSTED:
        alone.save(kind)
    with processes.broker() as url, connected(url, settings), silent(url):
        alone.test_all()
    assert len(unanswered) == 1
    assert {job.outcome for job in Job.objects.all()} == {Outcome.NO_WORKER}
