"""Tests and fetches through the real worker, and every way in which that can go wrong.

Worker and broker are processes, the providers servers on loopback; pages are asked by Django's
client. Nothing here waits for a deadline to come: the clock of the row is set forward instead.
"""

import html
import math
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from django.utils import timezone
from redis.connection import AbstractConnection

from providers import broker
from providers.models import Job, Provider, Status, Task
from providers.pages import news
from providers.spec.outcomes import Outcome
from providers.wording import sentence
from providers.work import queue, tasks
from tests import processes
from tests.conftest import connected, signed_in
from tests.journeys.conftest import Hire
from tests.journeys.desk import Desk, attribute
from tests.simulators.entries import HOSTED

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def put_forward(job: Job) -> None:
    """Move a row past its deadline."""
    Job.objects.filter(pk=job.pk).update(deadline=timezone.now() - timedelta(seconds=1))


def assert_stays(condition: Callable[[], bool], seconds: float = 1.0) -> None:
    """True now and for a while, in which what must not happen would have happened."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert condition()
        time.sleep(0.05)


def hanging_at_the_key(desk: Desk) -> Job:
    """A test that has come to its last rung and hangs there."""
    job = desk.test("openrouter", "hang")

    def at_the_key() -> bool:
        job.refresh_from_db()
        return any(rung["step"] == "key" for rung in job.rungs)

    processes.wait_for(at_the_key)
    return job


# The usual case


def test_a_test_goes_from_the_button_through_the_worker_into_the_page(desk: Desk) -> None:
    part = desk.press("openrouter")
    assert attribute(part, "state") in ("queued", "running", "done")
    job = desk.ended(desk.job("openrouter"))
    assert (job.outcome, job.key_state, job.attempt) == (Outcome.OK, "valid", 1)
    assert job.worker.startswith("worker-")
    assert [rung["step"] for rung in job.rungs] == ["address", "dns", "connect", "tls", "key"]
    page = desk.page("/providers/openrouter/")
    assert 'id="check" data-state="done" data-outcome="ok"' in page


def test_a_fetch_fills_the_catalog(desk: Desk) -> None:
    desk.press("openrouter", what="catalog")
    job = desk.ended(desk.job("openrouter", Task.FETCH))
    assert job.outcome == Outcome.OK
    assert f'data-count="{job.params["count"]}"' in desk.page("/providers/openrouter/")


def test_a_second_fetch_finds_that_nothing_has_changed(desk: Desk) -> None:
    desk.save("groq")
    counts, moments = [], []
    for _ in range(2):
        desk.press("groq", what="catalog")
        counts.append(desk.ended(desk.job("groq", Task.FETCH)).params["count"])
        provider = Provider.objects.get(kind="groq")
        moments.append((provider.catalog_at, provider.catalog_digest))
    assert counts == [provider.catalog_count] * 2
    assert provider.entries.present().count() == provider.catalog_count > 5
    assert provider.catalog_new == 0
    assert moments[0][0] < moments[1][0]
    assert moments[0][1] == moments[1][1] != ""


def test_the_waiter_is_told_the_moment_that_the_result_exists(desk: Desk) -> None:
    job = hanging_at_the_key(desk)
    threading.Timer(0.7, desk.sims.release_hangs).start()
    asked = time.monotonic()
    part = desk.last_news("check", job)
    waited = time.monotonic() - asked
    assert 0.6 < waited < news.HOLD_SECONDS - 2
    assert (attribute(part, "state"), attribute(part, "outcome")) == ("done", "ok")
    told_after = timezone.now() - Job.objects.get(pk=job.pk).finished_at
    assert told_after < timedelta(seconds=news.HOLD_SECONDS / 2)


def test_the_waiter_shows_the_rungs_while_they_are_climbed(desk: Desk) -> None:
    job = desk.test("openrouter", "hang")
    steps: set[str] = set()
    version, over = 0, time.monotonic() + 20  # a page that knows the queued job only
    while "Key" not in steps and time.monotonic() < over:
        answer = desk.news("check", job.pk, version)
        part = answer.content.decode()
        steps |= {
            label for label in ("Connection", "TLS", "Key") if f"<span>{label}</span>" in part
        }
        if shown := re.search(rf'value="check:{job.pk}:(\d+)"', part):
            version = int(shown[1])  # as the page does: what was written meanwhile is news
        assert answer["HX-Trigger-After-Settle"] == "again"
    assert steps == {"Connection", "TLS", "Key"}


def test_two_pages_that_wait_are_both_told(desk: Desk, owner: Any) -> None:
    job = hanging_at_the_key(desk)
    told: list[str] = []

    def wait() -> None:
        page = Desk(signed_in(owner), desk.sims)
        told.append(page.last_news("check", job))
        connection.close()

    pages = [threading.Thread(target=wait) for _ in range(2)]
    for page in pages:
        page.start()
    time.sleep(0.5)
    assert not told
    desk.sims.release_hangs()
    for page in pages:
        page.join(news.HOLD_SECONDS + 5)
    assert [attribute(part, "outcome") for part in told] == ["ok", "ok"]


def test_s71_a_double_click_is_one_call(desk: Desk) -> None:
    first, second = desk.test("openrouter", "hang"), desk.test("openrouter", "hang")
    assert first == second
    desk.sims.release_hangs()
    assert desk.ended(first).outcome == Outcome.OK
    assert len(desk.sims.calls_of("openrouter")) == 1


def test_s71_the_same_message_ten_times_is_one_call(desk: Desk) -> None:
    desk.save("openrouter", "slow500")
    provider = Provider.objects.get()
    job = queue.start(provider, Task.CHECK, hand_over=False)
    for _ in range(10):
        tasks.enqueue(job)
    assert desk.ended(job).outcome == Outcome.OK
    tasks.enqueue(job)
    desk.save("groq")
    desk.ended(desk.test("groq"))  # came after it through the same queue
    assert len(desk.sims.calls_of("openrouter")) == 1
    assert Job.objects.get(pk=job.pk).attempt == 1


# Many at once

LONG = "60"  # seconds that a call may take: no deadline of its own ends one of these tests
DELAY, LONG_DELAY = 1.0, 3.0
# Nothing is timed sharply on a busy machine: one after the other they would take 17 times as long.
SIDE_BY_SIDE_SECONDS = 8 * LONG_DELAY


@pytest.fixture
def all_slow(desk: Desk) -> Any:
    for kind in HOSTED:
        desk.save(kind)
        desk.sims.set_delay(kind, LONG_DELAY)
    yield desk
    for kind in HOSTED:
        desk.sims.set_delay(kind, 0)


def test_test_all_calls_every_provider_at_the_same_time(all_slow: Desk) -> None:
    assert len(HOSTED) == 17
    started = time.monotonic()
    part = all_slow.test_all()
    assert 'name="w" value="card:' in part
    rows = [all_slow.ended(all_slow.job(kind)) for kind in HOSTED]
    took = time.monotonic() - started
    assert {row.outcome for row in rows} == {Outcome.OK}
    assert LONG_DELAY < took < SIDE_BY_SIDE_SECONDS, took
    arrivals = sorted(all_slow.sims.calls_of(kind)[0].at for kind in HOSTED)
    first_answer = arrivals[0] + LONG_DELAY
    assert sum(at < first_answer for at in arrivals) > 17 / 2, arrivals
    assert all_slow.page("/providers/").count('data-outcome="ok"') == 17


@pytest.mark.lane
def test_s13_a_pool_of_two_never_makes_a_third_call(
    alone: Desk, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "QUEUE_SECONDS", 60)  # three rounds, on a busy machine
    hire(threads=2)
    kinds = ("groq", "mistral", "deepseek", "moonshot", "openrouter")
    for kind in kinds:
        alone.save(kind)
        alone.sims.set_delay(kind, DELAY)
    try:
        alone.test_all()
        rows = [alone.ended(alone.job(kind)) for kind in kinds]
    finally:
        for kind in kinds:
            alone.sims.set_delay(kind, 0)
    assert {row.outcome for row in rows} == {Outcome.OK}
    arrivals = sorted(call.at for kind in kinds for call in alone.sims.calls_of(kind))
    assert len(arrivals) == len(kinds)
    third_after = [later - first for first, later in zip(arrivals, arrivals[2:], strict=False)]
    assert min(third_after) > 0.9 * DELAY, arrivals


@pytest.mark.lane
def test_s13_a_test_that_was_replaced_gives_its_place_in_the_pool_back(
    alone: Desk, hire: Hire
) -> None:
    hire(threads=2, TEST_SECONDS=LONG)
    for number in range(3):
        alone.test("openrouter", "hang", api_base=f"https://openrouter.ai/api/v{number}")
        alone.called("openrouter", number + 1)
    assert alone.ended(alone.test("groq"), seconds=10).outcome == Outcome.OK
    assert alone.job("openrouter").status == Status.RUNNING


def test_a_hung_provider_holds_up_nobody(desk: Desk) -> None:
    desk.save("openrouter", "hang")
    others = [kind for kind in HOSTED if kind != "openrouter"]
    for kind in others:
        desk.save(kind)
    assert 'max="17"' in desk.test_all()
    rows = [desk.ended(desk.job(kind)) for kind in others]
    assert {row.outcome for row in rows} == {Outcome.OK}
    assert desk.job("openrouter").status == Status.RUNNING
    page = desk.page("/providers/")
    assert "16 of 17 finished" in page
    assert 'data-kind="openrouter" data-outcome="" data-state="running"' in page


def test_cancel_ends_the_waiting_and_the_late_answer_is_not_kept(desk: Desk) -> None:
    desk.save("openrouter", "hang")
    desk.test_all()
    desk.called("openrouter")
    assert desk.site.post("/providers/check/cancel/").status_code == 302
    job = desk.job("openrouter")
    assert (job.status, job.outcome) == (Status.CANCELLED, Outcome.CANCELLED)
    desk.sims.release_hangs()
    assert_stays(lambda: Job.objects.get(pk=job.pk).outcome == Outcome.CANCELLED)
    assert Provider.objects.get().check_outcome == ""


def hung_up_within_a_second(desk: Desk, *, left: int = 0) -> bool:
    began = time.monotonic()
    processes.wait_for(lambda: desk.sims.hanging == left)
    return time.monotonic() - began < 1.0


@pytest.mark.lane
@pytest.mark.parametrize("what", ["check", "catalog"])
@pytest.mark.parametrize(
    "end",
    ["cancelled", *(pytest.param(end, marks=pytest.mark.long) for end in ("removed", "overdue"))],
)
def test_s87_the_call_of_a_job_that_is_over_ends_within_a_second(
    alone: Desk, hire: Hire, what: str, end: str
) -> None:
    for _ in range(2):
        hire(TEST_SECONDS=LONG)
    alone.save("openrouter", "hang")
    alone.press("openrouter", "", what=what)
    processes.wait_for(lambda: alone.sims.hanging == 1)
    time.sleep(0.5)  # the row was seen running by then
    if end == "cancelled":
        assert alone.site.post(f"/providers/openrouter/cancel/{what}/").status_code == 302
    elif end == "removed":
        assert alone.site.post("/providers/openrouter/remove/").status_code == 302
    else:
        put_forward(Job.objects.get())
        Job.objects.finish_overdue()
    assert hung_up_within_a_second(alone)


@pytest.mark.lane
def test_s87_a_superseded_call_ends_within_a_second_whichever_worker_makes_it(
    alone: Desk, hire: Hire
) -> None:
    first = hire(TEST_SECONDS=LONG)
    alone.test("openrouter", "hang")
    processes.wait_for(lambda: alone.sims.hanging == 1)
    hire(TEST_SECONDS=LONG)
    os.kill(first.pid, signal.SIGTERM)  # it finishes its call and takes no other
    time.sleep(0.5)
    alone.test("openrouter", "hang", api_base="https://openrouter.ai/api/v9")
    alone.called("openrouter", 2)
    assert hung_up_within_a_second(alone, left=1)


def test_s74_an_answer_to_older_values_is_not_the_newer_ones(desk: Desk) -> None:
    desk.save("openrouter", "slow800")
    job = desk.test("openrouter", "")
    desk.called("openrouter")
    desk.save("openrouter", "bad")
    assert desk.ended(job).outcome == Outcome.OK
    assert Provider.objects.get().check_outcome == ""
    assert "have changed since the last test" in desk.page("/providers/openrouter/")


def test_a_provider_that_is_removed_while_its_test_runs_leaves_nothing_behind(desk: Desk) -> None:
    desk.save("openrouter", "hang")
    job = desk.test("openrouter", "")
    desk.called("openrouter")
    assert desk.site.post("/providers/openrouter/remove/").status_code == 302
    answer = desk.news("check", job.pk, job.version)
    assert answer["HX-Refresh"] == "true"
    desk.sims.release_hangs()
    desk.save("groq")
    assert desk.ended(desk.test("groq", "")).outcome == Outcome.OK
    assert Job.objects.count() == 1
    assert not Provider.objects.filter(kind="openrouter").exists()


# When a worker or the broker goes away


@pytest.mark.lane
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
    assert "No worker is running" in part
    assert not alone.sims.calls


def test_s73_without_a_broker_the_start_says_so(alone: Desk, settings: Any) -> None:
    with processes.broker() as url:
        pass
    with connected(url, settings):
        part = alone.press("openrouter")
    assert (attribute(part, "state"), attribute(part, "outcome")) == ("done", "no_worker")
    assert "broker does not answer" in part


def test_s73_a_broker_that_went_silent_is_asked_once(
    alone: Desk, settings: Any, unanswered: list[str]
) -> None:
    with processes.broker() as url, connected(url, settings), silent(url):
        part = alone.press("openrouter")
    assert len(unanswered) == 1
    assert "broker does not answer" in part


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


@pytest.mark.lane
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


@pytest.mark.lane
def test_s73_a_silent_broker_holds_up_a_whole_batch_no_longer_than_one_test(
    alone: Desk, settings: Any, unanswered: list[str]
) -> None:
    for kind in HOSTED:
        alone.save(kind)
    with processes.broker() as url, connected(url, settings), silent(url):
        alone.test_all()
    assert len(unanswered) == 1
    assert {job.outcome for job in Job.objects.all()} == {Outcome.NO_WORKER}
