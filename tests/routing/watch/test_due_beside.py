"""What is due beside people, and in several processes at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from providers.kinds import KINDS
from providers.models import Job, Status, Task
from providers.work import queue
from routing.models import Spent, Watch, WatchSettings
from routing.watch import due
from tests.desk import saved
from tests.routing.watch.rounds import (
    NOW,
    end_all,
    over,
    routed,
    rules,
    watch,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def alive(queued: list[Job]) -> list[Job]:
    """A worker is there; what it is handed is not carried out."""
    return queued


# Beside people


def test_a_persons_pending_test_is_neither_ended_nor_doubled(owner: Any) -> None:
    row = saved("groq")
    job = queue.start(row, Task.CHECK, model_names=["llama-9"], user=owner)
    before = watch("provider:groq").due_at
    watch("catalog:groq")
    assert [one.task for one in due.start_due(NOW)] == [Task.FETCH]
    job.refresh_from_db()
    assert job.status == Status.QUEUED
    assert Watch.objects.get(about="provider:groq").due_at == before
    job.finish(outcome="ok", key_state="valid")
    assert [one.task for one in due.start_due(NOW + timedelta(seconds=10))] == [Task.CHECK]


def test_a_person_takes_the_place_of_the_schedule(owner: Any) -> None:
    row = saved("groq")
    watch("provider:groq")
    [ours] = due.start_due(NOW)
    assert queue.start(row, Task.CHECK, user=owner) == ours  # the same call
    other = queue.start(row, Task.CHECK, model_names=["llama-9"], user=owner)
    ours.refresh_from_db()
    assert (ours.status, other.status) == (Status.CANCELLED, Status.QUEUED)


def test_the_schedule_counts_against_nobodys_limit(owner: Any, settings: Any) -> None:
    settings.TESTS_PER_MINUTE = 1
    for name in ("groq", "mistral", "deepseek"):
        saved(name)
        watch(f"provider:{name}")
    assert len(due.start_due(NOW)) == 3
    assert Job.objects.started_within_a_minute(owner) == 0
    queue.start(saved("openrouter"), Task.CHECK, user=owner)
    with pytest.raises(queue.TooMany):
        queue.start(saved("moonshot"), Task.CHECK, user=owner)


@pytest.mark.parametrize(("threads", "most"), [(32, 8), (8, 2), (4, 1), (3, 1), (1, 1)])
def test_the_schedule_has_a_quarter_of_the_threads(settings: Any, threads: int, most: int) -> None:
    settings.CELERY_WORKER_CONCURRENCY = threads
    names = [kind for kind, spec in KINDS.items() if not spec.is_oauth and kind != "custom"][:12]
    for name in names:
        saved(name)
        watch(f"provider:{name}")
    assert len(due.start_due(NOW)) == most
    assert due.start_due(NOW + timedelta(seconds=10)) == []
    Job.objects.pending().first().finish(outcome="ok", key_state="valid")
    assert len(due.start_due(NOW + timedelta(seconds=20))) == 1
    assert Job.objects.pending().count() == most


def test_two_rounds_at_one_moment_have_the_quarter_together(settings: Any) -> None:
    settings.CELERY_WORKER_CONCURRENCY = 8
    for name in ("groq", "mistral", "moonshot", "openrouter"):
        saved(name)
        watch(f"provider:{name}")
    asks = due._asks(list(Watch.objects.on()), NOW)
    slower, faster = (due._Round(NOW, WatchSettings.read(), hand_over=True) for _ in range(2))
    assert len(faster.start(asks[:2])) == 2
    assert slower.start(asks[2:]) == []
    assert Job.objects.pending().count() == 2


def test_a_person_in_a_burst_waits_behind_no_more_than_that(
    owner: Any, alive: list[Job], django_capture_on_commit_callbacks: Any
) -> None:
    names = [kind for kind, spec in KINDS.items() if not spec.is_oauth and kind != "custom"]
    for name in names:
        saved(name)
        watch(f"provider:{name}")
        watch(f"catalog:{name}")
    assert Watch.objects.count() > 29
    mine = saved("custom", api_base="https://llm.example.com/v1")
    with django_capture_on_commit_callbacks(execute=True):
        due.start_due(NOW)
        job = queue.start(mine, Task.CHECK, user=owner)
    assert alive.index(job) == 8
    for _ in range(60):
        end_all()
        due.start_due(NOW + timedelta(minutes=1))
        assert Job.objects.pending().count() <= 8
    assert Job.objects.filter(is_scheduled=True).count() == Watch.objects.count()


# Several at once


def test_who_believes_that_the_budget_is_whole_does_not_go_beyond_it() -> None:
    rules(completions_a_day=2)
    for slot, name in (("main", "groq"), ("subagent", "mistral"), ("vision", "deepseek")):
        routed(slot, name, "some-model")
    early, late = (due._Round(NOW, WatchSettings.read(), hand_over=True) for _ in range(2))
    first, second, third = due._asks(list(Watch.objects.order_by("about")), NOW)
    assert len(early.start([first, second])) == 2
    assert late.start([third]) == []
    assert Spent.objects.get().completions == 2
    assert Job.objects.count() == 2
    assert Watch.objects.get(about="route:vision").due_at < NOW  # the next look tells it
    due.start_due(NOW)
    assert over("route:vision") == "budget"


def test_of_two_who_read_the_same_row_one_starts_it() -> None:
    saved("groq")
    watch("provider:groq")
    stale = list(Watch.objects.on())
    assert len(due.start_due(NOW)) == 1
    end_all()
    settled = Watch.objects.get()
    kept = due._Round(NOW, WatchSettings.read(), hand_over=True)
    assert kept.start(due._asks(stale, NOW)) == []
    assert Job.objects.count() == 1
    assert Watch.objects.get().due_at == settled.due_at


@pytest.mark.django_db(transaction=True)
def test_many_at_one_moment_make_one_job_a_subject_and_keep_the_budget() -> None:
    rules(completions_a_day=2)
    for slot, name in (("main", "groq"), ("subagent", "mistral"), ("vision", "deepseek")):
        routed(slot, name, "some-model")
    for name in ("moonshot", "openrouter"):
        saved(name)
        watch(f"provider:{name}")
    begin = threading.Barrier(6)

    def start(_number: int) -> int:
        begin.wait()
        try:
            return len(due.start_due(NOW))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        started = list(pool.map(start, range(6)))
    assert sum(started) == Job.objects.count()
    assert sorted(Job.objects.values_list("provider__name", flat=True))[-2:] == [
        "moonshot",
        "openrouter",
    ]
    for _ in range(2):  # what lost a race stays due
        due.start_due(NOW)
    assert Job.objects.count() == 4
    assert Spent.objects.get().completions == 2
    assert list(Watch.objects.exclude(passed_over="").values_list("passed_over", flat=True)) == [
        "budget"
    ]


def test_what_fails_on_the_way_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    routed("main")
    before = Watch.objects.get().due_at
    with monkeypatch.context() as patch:
        patch.setattr(queue, "start_scheduled", lambda *_args, **_options: None)
        assert due.start_due(NOW) == []
    assert Watch.objects.get().due_at == before
    assert not Spent.objects.exists()
    assert len(due.start_due(NOW)) == 1
