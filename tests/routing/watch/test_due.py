"""What is due is started, once; what cannot be asked is passed over."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from providers.models import Job, Task
from routing.models import Route, Spent, Watch
from routing.watch import due
from routing.watch.schedule import jitter, next_due
from tests.desk import saved
from tests.routing.watch.rounds import (
    NOW,
    QUARTER,
    asked,
    azure,
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


# What is started


def test_what_is_due_is_started_and_nothing_else() -> None:
    for name in ("groq", "mistral", "deepseek"):
        saved(name)
    watch("provider:groq")
    watch("catalog:groq")
    watch("provider:mistral", late=-60)
    watch("provider:deepseek", every=0)
    jobs = due.start_due(NOW)
    assert asked() == {("groq", Task.CHECK), ("groq", Task.FETCH)}
    for job in jobs:
        assert (job.is_scheduled, job.requested_by, job.is_draft) == (True, None, False)
        assert job.input_version == job.provider.version
        assert job.provider.has_fingerprint(job.input_digest)
    kept = Watch.objects.get(about="provider:groq")
    assert kept.job == next(job for job in jobs if job.task == Task.CHECK)
    assert kept.due_at == next_due(NOW, QUARTER, "provider:groq")
    assert due.start_due(NOW + timedelta(seconds=50)) == []


@pytest.mark.django_db(transaction=True)
def test_what_is_started_is_handed_to_the_worker(alive: list[Job]) -> None:
    saved("groq")
    watch("provider:groq")
    jobs = due.start_due(NOW)
    assert alive == jobs
    assert len(jobs) == 1


def test_what_was_missed_is_asked_once() -> None:
    saved("groq")
    watch("provider:groq", late=30 * 86_400)
    for minutes in range(QUARTER):
        due.start_due(NOW + timedelta(minutes=minutes))
        end_all()
    assert Job.objects.count() == 1
    due.start_due(NOW + timedelta(minutes=QUARTER + 2))
    assert Job.objects.count() == 2


def test_a_look_that_was_overtaken_takes_back_nothing() -> None:
    saved("groq")
    watch("provider:groq")
    due.start_due(NOW + timedelta(seconds=30))  # begun later, and done sooner
    end_all()
    due.start_due(NOW)
    assert Watch.objects.get().due_at == next_due(
        NOW + timedelta(seconds=30), QUARTER, "provider:groq"
    )


def test_the_switch_for_all_stops_everything_and_changes_nothing() -> None:
    saved("groq")
    before = watch("provider:groq").due_at
    rules(is_on=False)
    assert due.start_due(NOW) == []
    assert Watch.objects.get().due_at == before
    assert Watch.objects.get().passed_over == ""


@pytest.mark.parametrize("found", [set(), ConnectionError()])
def test_without_a_worker_or_a_broker_it_stays_due(
    found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved("groq")
    before = watch("provider:groq").due_at

    def workers() -> set[str]:
        if isinstance(found, Exception):
            raise found
        return set(found)

    with monkeypatch.context() as patch:
        patch.setattr(due.broker, "workers", workers)
        for minutes in range(60):
            assert due.start_due(NOW + timedelta(minutes=minutes)) == []
    assert Watch.objects.get().due_at == before
    assert not Job.objects.exists()
    later = NOW + timedelta(hours=1)
    assert len(due.start_due(later)) == 1
    assert Watch.objects.get().due_at == next_due(later, QUARTER, "provider:groq")


@pytest.mark.parametrize("keys", [[], ["too short"]])
def test_without_a_master_key_nothing_is_started(
    keys: list[str], settings: Any, tmp_path: Any
) -> None:
    saved("groq")
    before = watch("provider:groq").due_at
    settings.MASTER_KEYS = keys
    settings.MASTER_KEY_FILE = tmp_path / "none"
    assert due.start_due(NOW) == []
    assert Watch.objects.get().due_at == before


def test_in_the_callers_own_process_no_worker_is_needed(
    alive: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due.broker, "workers", lambda: set())
    saved("groq")
    watch("provider:groq")
    assert len(due.start_due(NOW, hand_over=False)) == 1
    assert alive == []


# Nights and clocks


def test_in_quiet_hours_nothing_is_asked_and_each_comes_once_after_them() -> None:
    rules(quiet_from=time(22), quiet_until=time(7), zone="Europe/Berlin")
    for name in ("groq", "mistral", "deepseek"):
        saved(name)
        watch(f"provider:{name}")
    evening = datetime(2026, 6, 1, 21, 0, tzinfo=UTC)  # 23:00 there
    morning = datetime(2026, 6, 2, 5, 0, tzinfo=UTC)
    due.start_due(evening)
    for row in Watch.objects.all():
        assert row.due_at == morning + jitter(QUARTER, row.about)
    moment, started = evening, dict[datetime, int]()
    while moment < morning + timedelta(minutes=10):
        if jobs := due.start_due(moment):
            started[moment] = len(jobs)
            end_all()
        moment += timedelta(minutes=1)
    assert sum(started.values()) == 3
    assert min(started) >= morning
    assert max(started) <= morning + timedelta(minutes=3)
    assert Watch.objects.filter(passed_over="").count() == 3


def test_a_clock_that_jumps_a_day_ahead_and_back_again_costs_one_check_each() -> None:
    saved("groq")
    watch("provider:groq")
    due.start_due(NOW)
    end_all()
    due.start_due(NOW + timedelta(days=1))  # ahead: once, not 96 times
    end_all()
    assert Job.objects.count() == 2
    due.start_due(NOW + timedelta(minutes=1))  # back again: a day and more ahead is no due time
    assert Watch.objects.get().due_at < NOW + timedelta(minutes=4)
    due.start_due(NOW + timedelta(minutes=4))
    assert Job.objects.count() == 3


def test_a_second_look_that_is_due_soon_is_left_as_it_is() -> None:
    saved("groq")
    soon = NOW + timedelta(seconds=30)
    watch("provider:groq")
    Watch.objects.update(due_at=soon)
    due.start_due(NOW)
    assert Watch.objects.get().due_at == soon


# What cannot be asked


@pytest.mark.parametrize("about", ["provider:groq", "catalog:groq", "provider:openai_codex"])
def test_a_provider_that_is_removed_is_passed_over_and_costs_nothing(about: str) -> None:
    saved("groq").delete()
    watch(about)  # somebody saved the schedule at that moment
    assert due.start_due(NOW) == []
    assert over(about) == "gone"
    assert Watch.objects.get().due_at == next_due(NOW, QUARTER, about)
    assert not Job.objects.exists()
    assert not Spent.objects.exists()


def test_a_route_that_is_not_set_or_would_be_billed_as_a_picture_is_passed_over() -> None:
    routed("image", "openai", "gpt-image-1")
    watch("route:vision")
    watch("route:no-such-slot")
    assert due.start_due(NOW) == []
    assert {over(one.about) for one in Watch.objects.all()} == {"not_set"}
    assert not Spent.objects.exists()


def test_the_word_goes_once_it_is_asked_again() -> None:
    watch("provider:groq")
    due.start_due(NOW)
    assert over("provider:groq") == "gone"
    saved("groq")
    due.start_due(NOW + timedelta(minutes=17))
    assert over("provider:groq") == ""
    assert Job.objects.count() == 1


# One job for what belongs together


def test_routes_of_one_provider_go_in_one_job_with_the_providers_own_test() -> None:
    routed("main", model="llama-9")
    routed("subagent", model="llama-8")
    routed("vision", model="llama-9")
    watch("provider:groq")
    [job] = due.start_due(NOW)
    assert job.model_names == ["llama-9", "llama-8"]
    assert Spent.objects.get().completions == 2
    assert set(Watch.objects.values_list("job", flat=True)) == {job.pk}


def test_a_test_of_azures_own_with_a_route_leaves_out_no_deployment() -> None:
    azure("one", "two")
    Route.objects.create(slot="main", model="two", provider="azure_openai")
    watch("route:main")
    [alone] = due.start_due(NOW)
    assert alone.model_names == ["two"]
    end_all()
    Watch.objects.update(due_at=NOW)
    watch("provider:azure_openai")
    [both] = due.start_due(NOW)
    assert both.model_names == ["one", "two"]
    end_all()
    Watch.objects.exclude(about="provider:azure_openai").delete()
    Watch.objects.update(due_at=NOW)
    [own] = due.start_due(NOW)
    assert own.model_names == []
    assert Spent.objects.get().completions == 1 + 2 + 2
