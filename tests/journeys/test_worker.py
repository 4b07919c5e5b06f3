"""Tests and fetches through the real worker: one, the same one twice, and many at once.

Worker and broker are processes, the providers servers on loopback; pages are asked by Django's
client. test_worker_gone.py has what becomes of all this without a worker or a broker.
"""

import os
import re
import signal
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from providers.models import Job, Provider, Status, Task
from providers.pages import news
from providers.spec.outcomes import Outcome
from providers.work import queue, tasks
from tests import processes
from tests.conftest import signed_in
from tests.journeys.conftest import LONG, Hire
from tests.journeys.desk import Desk, assert_stays, attribute, put_forward
from tests.simulators.entries import HOSTED

pytestmark = [pytest.mark.journey, pytest.mark.lane, pytest.mark.django_db(transaction=True)]


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


@pytest.mark.parametrize("what", ["check", pytest.param("catalog", marks=pytest.mark.long)])
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
