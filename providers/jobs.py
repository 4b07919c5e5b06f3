"""The job row: the truth about one test or one fetch, whatever happens to worker and broker.

queued -> running -> done | cancelled. Every change is a compare-and-swap on the state, so a late
or doubled message finds nothing to do. Celery carries the id and nothing else.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facio_site.compiled import compiled
from providers import broker
from providers.outcomes import KeyState, Outcome

if TYPE_CHECKING:
    from providers.models import Draft, Provider

GRACE_SECONDS = 5  # between the end of a call's own deadline and the end of its row's
SOON_SECONDS = 0.1  # so much later still looks like at once
QUEUE_SECONDS = 20  # how long a job may wait for a worker; with the longest task still below 90 s


class Task(models.TextChoices):
    CHECK = "check", _("Check")
    FETCH = "fetch", _("Fetch")


class Status(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


PENDING = (Status.QUEUED, Status.RUNNING)


class TooMany(Exception):
    """The user started more tests within a minute than the setting allows."""


class JobQuerySet(models.QuerySet["Job"]):
    def pending(self) -> JobQuerySet:
        return self.filter(status__in=PENDING)

    def overdue(self, now: Any) -> JobQuerySet:
        return self.pending().filter(deadline__lt=now)

    def finish_overdue(self) -> int:
        """End what nobody will end any more; returns how many. Every page that shows jobs calls
        it, so that a reload is enough: there may be no worker and no broker."""
        now = timezone.now()
        count = self.overdue(now)._end(Outcome.NO_ANSWER) if _overdue(now=now) else 0
        if count:
            broker.announce()
        return count

    def end_orphans(self) -> int:
        """End running jobs whose worker is gone. Called when a worker has just started."""
        alive = broker.workers()
        running = self.filter(status=Status.RUNNING, worker__startswith="worker-")
        lost = running.exclude(worker__in=alive)
        count = lost._end(Outcome.NO_ANSWER)
        if count:
            broker.announce()
        return count

    def _end(self, outcome: Outcome) -> int:
        return self.update(
            status=Status.DONE,
            outcome=outcome,
            key_state=KeyState.UNKNOWN,
            finished_at=timezone.now(),
            version=F("version") + 1,
        )

    def started_within_a_minute(self, user: Any) -> int:
        """How many starts count against the user's limit; a batch counts as one."""
        since = timezone.now() - timedelta(minutes=1)
        return sum(_started.first(user=user.pk, since=since) or ())

    def newest_with(self, provider: Provider, model: str) -> Job | None:
        """The newest check of the saved values that tried this model and nothing else."""
        rows = self.filter(provider=provider, task=Task.CHECK, is_draft=False, model_names=[model])
        return rows.order_by("-created_at").first()

    def newest(self, provider: Provider, task: Task, draft: Draft | None = None) -> Job | None:
        """The one to show beside these values: under way, or else the last of the draft's, or of
        what was saved. Somebody else's draft, or one that is gone, says nothing of them."""
        of_values = Q(draft=draft) if draft else Q(is_draft=False)
        known = {"provider": provider.pk, "task": task, "version": provider.version}
        if draft:
            found = _newest_of_draft.first(draft=draft.pk, **known)
        else:
            found = _newest_saved.first(**known)
        rows = self.filter(of_values, provider=provider, task=task).order_by("-created_at")
        return found or rows.first()


class Job(models.Model):
    """One test or fetch. `outcome` and `params` are stored, sentences are made for display."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(
        "providers.Provider", on_delete=models.CASCADE, related_name="jobs"
    )
    draft = models.ForeignKey(
        "providers.Draft", null=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    task = models.CharField(max_length=10, choices=Task.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    version = models.PositiveIntegerField(default=0)  # grows with every visible change
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    deadline = models.DateTimeField()
    worker = models.CharField(max_length=80, blank=True, default="")
    attempt = models.PositiveSmallIntegerField(default=0)
    input_version = models.PositiveIntegerField()  # Provider.version when it was started
    input_digest = models.CharField(max_length=40)
    model_names: models.JSONField[Any, Any] = models.JSONField(default=list)  # tried as well
    is_draft = models.BooleanField(default=False)  # stays true when the draft is swept
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    batch = models.UUIDField(null=True, db_index=True)  # "Test all"
    # The result
    outcome = models.CharField(max_length=30, blank=True, default="")
    key_state = models.CharField(max_length=12, blank=True, default="")
    http_status = models.PositiveSmallIntegerField(null=True)
    ms = models.PositiveIntegerField(null=True)
    detail = models.CharField(max_length=40, blank=True, default="")
    params: models.JSONField[Any, Any] = models.JSONField(default=dict)
    rungs: models.JSONField[Any, Any] = models.JSONField(default=list)

    objects: ClassVar[Any] = JobQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["provider", "task"],
                condition=Q(status__in=["queued", "running"]),
                name="one_pending_job",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["provider", "task", "-created_at"], name="job_latest"),
            models.Index(fields=["status", "deadline"], name="job_overdue"),
            models.Index(fields=["-created_at"], name="job_newest"),
        ]
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.task} {self.provider_id} {self.status}"

    @property
    def is_pending(self) -> bool:
        return self.status in PENDING

    @property
    def state(self) -> str:
        """queued, running or done: what pages show as data-state."""
        return self.status if self.is_pending else "done"

    @property
    def shown_outcome(self) -> str:
        return Outcome.CANCELLED if self.status == Status.CANCELLED else self.outcome

    def claim(self, worker: str, seconds: float) -> bool:
        """Take a queued job; False when somebody else has it, or it ended meanwhile.

        Tells nobody: most jobs end before anybody could see that they run.
        """
        now = timezone.now()
        changes = {
            "status": Status.RUNNING,
            "worker": worker,
            "started_at": now,
            "deadline": now + timedelta(seconds=seconds + GRACE_SECONDS),
            "attempt": self.attempt + 1,
            "version": self.version + 1,
        }
        # Whatever changes a queued job ends it, so the rest of the row is as it was read.
        claimed = Job.objects.filter(pk=self.pk, status=Status.QUEUED).update(**changes)
        if claimed:
            self._take_over(changes)
        return bool(claimed)

    def _take_over(self, changes: Mapping[str, Any]) -> None:
        """Have here, too, what was just written into the row."""
        for name, value in changes.items():
            setattr(self, name, value)

    def progress(self, rungs: list[dict[str, Any]]) -> None:
        """Show the rungs so far; nothing happens when the job is no longer running."""
        if Job.objects.filter(pk=self.pk, status=Status.RUNNING).update(
            rungs=rungs, version=F("version") + 1
        ):
            broker.announce()

    def finish(self, *, is_told: bool = False, **result: Any) -> bool:
        """Write the result once; False when the job had ended before (late answer, cancelled).

        `is_told`: the provider itself said so, so a check of saved values is kept as its state, in
        the same transaction: who sees the job ended sees both.
        """
        changes = {"status": Status.DONE, "finished_at": timezone.now(), **result}
        with transaction.atomic():
            written = Job.objects.filter(pk=self.pk, status__in=PENDING).update(
                **changes, version=F("version") + 1
            )
            if written:
                self._take_over(changes)
                if self.is_draft:  # its values may have been saved since
                    self.refresh_from_db(fields=["is_draft", "input_version"])
            if written and is_told and self.task == Task.CHECK and not self.is_draft:
                self.provider.record_check(self)
        if written:
            broker.announce()
        return bool(written)

    def cancel(self) -> bool:
        cancelled = Job.objects.filter(pk=self.pk, status__in=PENDING).update(
            status=Status.CANCELLED,
            outcome=Outcome.CANCELLED,
            key_state=KeyState.UNKNOWN,
            finished_at=timezone.now(),
            version=F("version") + 1,
        )
        if cancelled:
            transaction.on_commit(broker.announce)
        return bool(cancelled)


def read(pk: uuid.UUID) -> Job | None:
    """A job as it is now, with its provider and its draft; None when it is gone."""
    job: Job | None = _read.first(pk=pk)
    if job and job.draft:
        job.draft.provider = job.provider
    return job


_OF_PROVIDER: dict[str, Any] = {"provider": models.UUIDField(), "task": models.CharField()}


@compiled(pk=models.UUIDField())
def _read(pk: Any) -> Any:
    return Job.objects.select_related("provider", "draft").filter(pk=pk).order_by()


@compiled(now=models.DateTimeField())
def _overdue(now: Any) -> Any:
    return Job.objects.overdue(now).order_by().values_list("pk")[:1]


@compiled(user=models.IntegerField(), since=models.DateTimeField())
def _started(user: Any, since: Any) -> Any:
    recent = Job.objects.filter(requested_by=user, created_at__gt=since).order_by()
    single, batches = Count("pk", filter=Q(batch=None)), Count("batch", distinct=True)
    return recent.values("requested_by").annotate(n=single, m=batches).values_list("n", "m")


@compiled(**_OF_PROVIDER)
def _pending(provider: Any, task: Any) -> Any:
    return Job.objects.pending().filter(provider=provider, task=task).order_by()


@compiled(**_OF_PROVIDER, version=models.IntegerField())
def _newest_saved(provider: Any, task: Any, version: Any) -> Any:
    return _newest(provider, task, Q(is_draft=False, input_version=version))


@compiled(**_OF_PROVIDER, version=models.IntegerField(), draft=models.UUIDField())
def _newest_of_draft(provider: Any, task: Any, version: Any, draft: Any) -> Any:
    return _newest(provider, task, Q(draft=draft, input_version=version))


def _newest(provider: Any, task: Any, of_values: Q) -> Any:
    rows = Job.objects.filter(Q(status__in=PENDING) | of_values, provider=provider, task=task)
    return rows.order_by("-created_at")[:1]


def wait_for_end(job: Job, changes: broker.Changes) -> Job | None:
    """Give a job that ends at once the moment it takes, so that the answer to its start holds its
    result. `changes` was made before the job was handed over.

    Returns the job as it is then, with its provider; None when both have been removed.
    """
    until = time.monotonic() + SOON_SECONDS
    while True:
        changes.wait(max(0.0, until - time.monotonic()))
        found = read(job.pk)
        if found is None or not found.is_pending or time.monotonic() >= until:
            return found


def start(
    provider: Provider,
    task: Task,
    *,
    draft: Draft | None = None,
    model_names: Iterable[str] = (),
    user: Any = None,
    batch: uuid.UUID | None = None,
    hand_over: bool = True,
    tries: int = 3,
) -> Job:
    """Queue a job and hand its id to the broker when the transaction commits.

    The same values and models join the job that is under way (a double click is one call); other
    values supersede it. `hand_over=False` leaves the call to the caller's own process. Raises
    TooMany over the user's limit. `tries`: how often somebody else may be faster.
    """
    names = list(model_names)
    digest = (draft or provider).fingerprint()
    running: Job | None = _pending.first(provider=provider.pk, task=task)
    if running and _is_joined(running, digest, names):
        return running
    if user and batch is None and Job.objects.started_within_a_minute(user) >= limit():
        raise TooMany
    try:
        with transaction.atomic():
            job = Job.objects.create(
                provider=provider,
                draft=draft,
                task=task,
                model_names=names,
                is_draft=draft is not None,
                requested_by=user,
                batch=batch,
                input_version=provider.version,
                input_digest=digest,
                deadline=_queue_deadline(),
            )
    except IntegrityError:  # somebody was faster: join, supersede, or it has ended meanwhile
        if tries <= 1:
            raise
        return start(
            provider,
            task,
            draft=draft,
            model_names=names,
            user=user,
            batch=batch,
            hand_over=hand_over,
            tries=tries - 1,
        )
    if hand_over:
        transaction.on_commit(lambda: _hand_over([job]))
    return job


def _is_joined(running: Job, digest: str, names: Sequence[str]) -> bool:
    """Whether a pending job does what is wanted; else it is ended."""
    if running.deadline < timezone.now():
        Job.objects.finish_overdue()
        return False
    if running.input_digest == digest and running.model_names == names:
        return True
    running.cancel()
    return False


def start_all(providers: Sequence[Provider], task: Task, *, user: Any = None) -> None:
    """The same for all of these on their saved values, as one batch; handed over like a single one.

    Local kinds come last: who is far away takes longest, so their calls leave first. Raises TooMany
    over the user's limit.
    """
    if user and Job.objects.started_within_a_minute(user) >= limit():
        raise TooMany
    batch = uuid.uuid4()
    providers = sorted(providers, key=lambda provider: provider.spec.is_local)
    pending = Job.objects.pending().filter(task=task)
    running = {job.provider_id: job for job in pending.filter(provider__in=providers)}
    fresh = []
    for provider in providers:
        digest = provider.fingerprint()
        known = running.get(provider.pk)
        if known is None or not _is_joined(known, digest, []):
            fresh.append(
                Job(
                    provider=provider,
                    task=task,
                    requested_by=user,
                    batch=batch,
                    input_version=provider.version,
                    input_digest=digest,
                    deadline=_queue_deadline(),
                )
            )
    try:
        with transaction.atomic():
            Job.objects.bulk_create(fresh)
    except IntegrityError:  # somebody started one of them just now: one after the other
        for provider in providers:
            start(provider, task, user=user, batch=batch)
        return
    transaction.on_commit(lambda: _hand_over(fresh))


def limit() -> int:
    """Starts a minute that one user may make; a batch counts as one."""
    return int(settings.TESTS_PER_MINUTE)


def _queue_deadline() -> datetime:
    return timezone.now() + timedelta(seconds=QUEUE_SECONDS)


def _hand_over(jobs: Iterable[Job]) -> None:
    """Publish ids; a missing broker or worker ends the jobs at once instead of leaving them."""
    from providers import tasks

    detail = "no_broker"
    with contextlib.suppress(ConnectionError):
        if broker.workers():
            for job in jobs:
                tasks.enqueue(job)
            return
        detail = ""
    for job in jobs:
        job.finish(outcome=Outcome.NO_WORKER, key_state=KeyState.UNKNOWN, detail=detail)
