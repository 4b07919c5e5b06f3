"""The life of a job row: claims, ends, orphans, late answers."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from providers.catalog.fetch import Catalog
from providers.catalog.items import CatalogItem
from providers.models import CatalogEntry, Draft, Job, Provider, Status, Task, jobs
from providers.spec.outcomes import Outcome
from providers.work import lost, queue, tasks
from tests.desk import KEY, saved

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Provider:
    return saved()


@pytest.fixture
def job(provider: Provider) -> Job:
    return queue.start(provider, Task.CHECK, hand_over=False)


def test_s71_a_job_is_claimed_once_however_often_its_message_comes(job: Job) -> None:
    claims = [Job.objects.get(pk=job.pk).claim(f"worker-{n}", 15) for n in range(10)]
    assert claims.count(True) == 1
    assert Job.objects.get().attempt == 1


@pytest.mark.parametrize(
    ("begin", "what"), [(tasks.take_up, "clock.skew"), (tasks._end_orphans, "end_lost")]
)
def test_a_fresh_worker_goes_on_while_the_database_is_away(
    begin: Any, what: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("connection to server at 10.0.0.5 failed")

    later: list[Any] = []
    monkeypatch.setattr(tasks, "WORKER", "")
    monkeypatch.setattr(tasks.broker, "beat_for_ever", lambda *_args, **_more: None)
    monkeypatch.setattr(tasks.connection, "close", lambda: None)
    monkeypatch.setattr(tasks.threading.Timer, "start", lambda timer: later.append(timer))
    monkeypatch.setattr(f"providers.work.tasks.{what}", away)
    begin()
    assert len(later) == (begin is tasks.take_up)
    [told] = [one.getMessage() for one in caplog.records]
    assert "do not answer" in told or "does not answer" in told


def test_s71_the_database_refuses_a_second_pending_job(job: Job) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(
            provider=job.provider,
            task=Task.CHECK,
            input_version=1,
            input_digest="",
            deadline=timezone.now(),
        )


def test_s70_the_deadline_of_a_running_job_is_within_90_seconds(job: Job, settings: Any) -> None:
    queued = job.deadline - timezone.now()
    job.claim("worker-1", settings.CATALOG_SECONDS)
    running = job.deadline - timezone.now()
    assert queued + running < timedelta(seconds=90)


def test_s70_an_overdue_job_ends_and_says_so(job: Job) -> None:
    Job.objects.update(deadline=timezone.now() - timedelta(seconds=1))
    assert Job.objects.finish_overdue() == 1
    job.refresh_from_db()
    assert (job.status, job.outcome, job.detail) == (Status.DONE, Outcome.NO_ANSWER, "waited")


def test_who_was_called_and_did_not_end_is_told_from_who_only_waited(job: Job) -> None:
    job.claim("worker-1", 15)
    Job.objects.update(deadline=timezone.now() - timedelta(seconds=1))
    assert Job.objects.finish_overdue() == 1
    job.refresh_from_db()
    assert (job.status, job.outcome, job.detail) == (Status.DONE, Outcome.NO_ANSWER, "")


def test_s74_a_late_result_does_not_overwrite_an_ended_job(job: Job) -> None:
    job.claim("worker-1", 15)
    Job.objects.get(pk=job.pk).cancel()
    assert not job.finish(outcome=Outcome.OK, key_state="valid")
    assert Job.objects.get().outcome == Outcome.CANCELLED


def test_s74_a_result_of_older_values_is_not_kept_as_the_providers(
    job: Job, provider: Provider
) -> None:
    job.claim("worker-1", 15)
    provider.api_base = "https://openrouter.ai/newer"
    provider.store()
    job.finish(outcome=Outcome.OK, key_state="valid")
    job.record_check()
    assert Provider.objects.get().check_outcome == ""


def test_a_job_whose_values_changed_before_it_ran_makes_no_call(
    job: Job, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "open_door", lambda *a, **k: pytest.fail("a call was made"))
    provider.put_secret("api_key", KEY + "-new")
    provider.store()
    tasks.check_provider(str(job.pk))
    assert Job.objects.get().status == Status.CANCELLED


def test_a_job_of_a_swept_draft_makes_no_call(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = Draft(provider=provider, base_version=1)
    draft.copy_from(provider)
    draft.put_secret("api_key", "sk-or-v1-typed-for-a-test")
    draft.save()
    job = queue.start(provider, Task.CHECK, draft=draft, hand_over=False)
    Draft.objects.update(expires_at=timezone.now())
    assert Draft.objects.sweep()
    monkeypatch.setattr(tasks, "open_door", lambda *a, **k: pytest.fail("a call was made"))
    tasks.check_provider(str(job.pk))
    assert Job.objects.get().status == Status.CANCELLED


@pytest.mark.parametrize("place", ["open_door", "makes_completion", "Job.claim"])
def test_a_fault_of_ours_ends_the_job_with_a_reference_and_without_its_text(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError(f"quotes {KEY}")

    monkeypatch.setattr(f"providers.work.tasks.{place}", fail)
    tasks.check_provider(str(job.pk))
    row = Job.objects.get()
    assert row.outcome == Outcome.INTERNAL_ERROR
    assert row.params["reference"] in caplog.text
    assert KEY not in caplog.text + str(row.params)


def test_the_result_of_a_draft_is_not_the_providers(provider: Provider) -> None:
    draft = Draft(provider=provider, base_version=1)
    draft.copy_from(provider)
    draft.save()
    job = queue.start(provider, Task.CHECK, draft=draft, hand_over=False)
    assert job.is_draft


def test_orphans_of_dead_workers_end_and_those_of_living_ones_go_on(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = queue.start(provider, Task.CHECK, hand_over=False)
    fetch = queue.start(provider, Task.FETCH, hand_over=False)
    check.claim("worker-dead", 15)
    fetch.claim("worker-alive", 60)
    monkeypatch.setattr(queue.broker, "workers", lambda: {"worker-alive"})
    monkeypatch.setattr(queue.broker, "announce", lambda: None)
    monkeypatch.setattr(lost.time, "sleep", lambda _seconds: None)
    assert lost.end_lost() == 1
    assert Job.objects.get(pk=check.pk).outcome == Outcome.NO_ANSWER
    assert Job.objects.get(pk=fetch.pk).status == Status.RUNNING


def test_a_worker_that_starts_while_the_broker_knows_nobody_ends_no_living_ones_tests(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker was emptied a moment ago: the other worker's next heartbeat is yet to come."""
    job = queue.start(provider, Task.CHECK, hand_over=False)
    job.claim("worker-alive", 15)
    monkeypatch.setattr(tasks, "WORKER", "")
    monkeypatch.setattr(tasks.broker, "beat_for_ever", lambda *_args, **_more: None)
    monkeypatch.setattr(tasks.broker, "workers", lambda: {"worker-new"})
    monkeypatch.setattr(tasks.connection, "close", lambda: None)
    monkeypatch.setattr(tasks.threading.Timer, "start", lambda _timer: None)
    tasks.take_up()
    assert Job.objects.get().status == Status.RUNNING


def test_what_the_provider_said_is_its_state_and_what_happened_here_is_not(job: Job) -> None:
    job.claim("worker-1", 15)
    job.finish(is_told=True, outcome=Outcome.BAD_KEY, key_state="invalid", ms=3)
    assert Provider.objects.get().check_outcome == Outcome.BAD_KEY
    later = queue.start(job.provider, Task.CHECK, hand_over=False)
    later.finish(outcome=Outcome.NO_ANSWER, key_state="unknown")
    assert Provider.objects.get().check_outcome == Outcome.BAD_KEY


def test_a_model_that_fails_says_nothing_about_the_provider(provider: Provider) -> None:
    job = queue.start(provider, Task.CHECK, model_names=["no-such"], hand_over=False)
    job.finish(is_told=True, outcome=Outcome.MODEL_NOT_FOUND, key_state="valid")
    assert Provider.objects.get().check_outcome == ""


@pytest.mark.parametrize(("theirs_tries", "is_joined"), [([], True), (["x"], False)])
def test_s71_whoever_comes_second_joins_the_same_job_and_supersedes_another(
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    theirs_tries: list[str],
    is_joined: bool,
) -> None:
    theirs = queue.start(provider, Task.CHECK, model_names=theirs_tries, hand_over=False)
    pending = jobs.JobQuerySet.pending

    def not_yet(rows: jobs.JobQuerySet) -> jobs.JobQuerySet:
        monkeypatch.setattr(jobs.JobQuerySet, "pending", pending)
        return rows.none()

    monkeypatch.setattr(jobs.JobQuerySet, "pending", not_yet)
    job = queue.start(provider, Task.CHECK, hand_over=False)
    assert (job == theirs) is is_joined
    assert (job.status, job.model_names) == (Status.QUEUED, [])


def test_s71_a_faster_job_that_has_ended_meanwhile_is_followed_by_another(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Job.objects.create

    def comes_second(**_values: Any) -> Job:
        monkeypatch.setattr(Job.objects, "create", create)
        raise IntegrityError

    monkeypatch.setattr(Job.objects, "create", comes_second)
    assert queue.start(provider, Task.CHECK, hand_over=False).status == Status.QUEUED


def test_a_provider_that_is_removed_during_its_fetch_leaves_nothing_and_no_fault(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def removed_meanwhile(*_args: Any, **_kwargs: Any) -> Catalog:
        provider.delete()
        return Catalog(items=(CatalogItem(model_id="late"),))

    monkeypatch.setattr(tasks, "fetch_catalog", removed_meanwhile)
    tasks.refresh_catalog(str(queue.start(provider, Task.FETCH, hand_over=False).pk))
    assert not Job.objects.exists()
    assert not CatalogEntry.objects.exists()
    assert caplog.records == []
