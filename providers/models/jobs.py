from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facio_site import clock
from providers import broker
from providers.models.draft import Draft
from providers.models.provider import Provider
from providers.spec.outcomes import (
    NOT_BAD,
    NOT_FOR_AGENT,
    NOT_FOR_PICTURES,
    UNTOLD,
    KeyState,
    Outcome,
    Step,
)

LOOKED_BACK = 200  # tests of one provider in which a model is looked for
GRACE_SECONDS = 5  # between the end of a call's own deadline and the end of its row's


class Task(models.TextChoices):
    CHECK = "check", pgettext_lazy("task", "Test")
    FETCH = "fetch", _("Fetch")


class Status(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


PENDING = (Status.QUEUED, Status.RUNNING)
_OF_MODEL = (Outcome.MODEL_NOT_FOUND, Outcome.BAD_REQUEST)
# Where the key was accepted just before; of several models that all end so, their provider does.
_OF_ONE_MODEL = (
    *(Outcome.TIMEOUT, Outcome.SERVER_ERROR),
    *(Outcome.FORBIDDEN, Outcome.UNEXPECTED_RESPONSE),
)


def _has_told(status: str, outcome: str) -> bool:
    return status == Status.DONE and outcome not in UNTOLD


class JobQuerySet(models.QuerySet["Job"]):
    def pending(self) -> JobQuerySet:
        return self.filter(status__in=PENDING)

    def overdue(self) -> JobQuerySet:
        return self.pending().filter(deadline__lt=clock.moment())

    def finish_overdue(self) -> int:
        """End what nobody will end any more; returns how many. Every page that shows jobs calls
        it, so that a reload is enough: there may be no worker and no broker."""
        overdue, count = self.overdue(), 0
        if overdue.exists():
            count += overdue.filter(status=Status.QUEUED)._end(Outcome.NO_ANSWER, "waited")
            count += overdue.filter(status=Status.RUNNING)._end(Outcome.NO_ANSWER)
        if count:
            broker.announce()
        return count

    def end_of_workers(self, gone: Collection[str]) -> int:
        """End the running jobs of these workers, which are gone; returns how many."""
        count = self.filter(status=Status.RUNNING, worker__in=gone)._end(Outcome.NO_ANSWER)
        if count:
            broker.announce()
        return count

    def _end(self, outcome: Outcome, detail: str = "") -> int:
        return self.update(
            status=Status.DONE,
            outcome=outcome,
            detail=detail,
            key_state=KeyState.UNKNOWN,
            finished_at=clock.now(),
            version=F("version") + 1,
        )

    def started_within_a_minute(self, user: Any) -> int:
        """How many starts count against the user's limit; a batch counts as one."""
        since = clock.moment() - timedelta(minutes=1)
        recent = self.filter(requested_by=user.pk, created_at__gt=since).order_by()
        single, batches = Count("pk", filter=Q(batch=None)), Count("batch", distinct=True)
        return sum(recent.aggregate(n=single, m=batches).values())

    def adopt(self, provider: Provider) -> None:
        """Values that were tested as they are now saved, be it as a draft, keep that result; what
        is still under way for them will count."""
        of_these = self.filter(provider=provider, input_digest=provider.fingerprint())
        of_these.pending().update(is_draft=False, input_version=provider.version)
        tests = of_these.filter(task=Task.CHECK, status=Status.DONE).exclude(outcome__in=UNTOLD)
        job = tests.order_by("-created_at").first()
        if job:
            # As a draft's it was passed over, wherever ends are counted
            counts = {"is_rolled_up": False} if job.is_draft else {}
            news = {"is_draft": False, "input_version": provider.version, **counts}
            self.filter(pk=job.pk).update(**news)
            job.input_version = provider.version
            job.record_check()

    def newest_asking(self, provider: Provider, model: str) -> tuple[Job | None, Job | None]:
        """Of the checks of saved values that asked this model, maybe among others ("" = of all
        checks): the newest, and the newest that told anything."""
        rows = self.filter(provider=provider, task=Task.CHECK, is_draft=False)
        rows = rows.exclude(model_names=[]) if model else rows
        columns = ("pk", "model_names", "status", "outcome")
        found = [
            (pk, _has_told(status, outcome))
            for pk, names, status, outcome in rows.order_by("-created_at").values_list(*columns)[
                :LOOKED_BACK
            ]
            if not model or model in names
        ]
        newest = found[0][0] if found else None
        told = next((pk for pk, is_told in found if is_told), None)
        jobs = self.in_bulk({newest, told} - {None})
        if (first := jobs.get(newest)) and _has_told(first.status, first.outcome):
            return first, first  # it may have ended between the two questions
        return first, jobs.get(told)

    def rejected(self, provider: Provider) -> Job | None:
        """The last test of exactly the values that `provider` has now, when it was not passed; a
        model that failed says nothing of them."""
        tests = self.filter(provider=provider.pk, task=Task.CHECK, status=Status.DONE)
        told = tests.filter(input_digest=provider.fingerprint()).exclude(outcome__in=UNTOLD)
        job: Job | None = told.order_by("-created_at").first()
        if job is None or job.outcome in NOT_BAD:
            return None
        return None if job.is_of_model else job

    def newest(self, provider: Provider, task: Task, draft: Draft | None = None) -> Job | None:
        """The one to show beside these values: under way, or else the last of the draft's, or of
        what was saved. Somebody else's draft, or one that is gone, says nothing of them."""
        of_values = Q(draft=draft) if draft else Q(is_draft=False)
        rows = self.filter(provider=provider.pk, task=task).order_by("-created_at")
        current = of_values & Q(input_version=provider.version)
        return (
            rows.filter(Q(status__in=PENDING) | current).first() or rows.filter(of_values).first()
        )


class Job(models.Model):
    """One test or fetch. `outcome` and `params` are stored, sentences are made for display."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(
        "providers.Provider",
        verbose_name=_("provider"),
        on_delete=models.CASCADE,
        related_name="jobs",
    )
    draft = models.ForeignKey(
        "providers.Draft",
        verbose_name=_("unsaved values"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="jobs",
    )
    task = models.CharField(_("task"), max_length=10, choices=Task)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.QUEUED)
    # grows with every visible change
    version = models.PositiveIntegerField(_("version"), default=0)
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    deadline = models.DateTimeField(_("deadline"))
    worker = models.CharField(max_length=80, blank=True, default="")
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    # Provider.version when it was started
    input_version = models.PositiveIntegerField(_("version of the values"))
    input_digest = models.CharField(max_length=40)
    # tried as well
    model_names: models.JSONField[Any, Any] = models.JSONField(_("models tried"), default=list)
    # stays true when the draft is swept
    is_draft = models.BooleanField(_("of unsaved values"), default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    batch = models.UUIDField(_("round"), null=True, db_index=True)  # "Test all"
    is_scheduled = models.BooleanField(_("by the schedule"), default=False)
    # Whether its end stands in the rows of health over time
    is_rolled_up = models.BooleanField(default=False)
    # The result
    outcome = models.CharField(_("result"), max_length=30, blank=True, default="")
    key_state = models.CharField(_("state of the key"), max_length=12, blank=True, default="")
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    ms = models.PositiveIntegerField(_("milliseconds"), null=True)
    detail = models.CharField(_("detail"), max_length=40, blank=True, default="")
    params: models.JSONField[Any, Any] = models.JSONField(_("parameters"), default=dict)
    rungs: models.JSONField[Any, Any] = models.JSONField(_("steps"), default=list)

    objects: ClassVar[Any] = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
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
            models.Index(
                fields=["finished_at"], condition=Q(is_rolled_up=False), name="job_not_rolled_up"
            ),
        ]
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return f"{Task(self.task).label} · {self.provider}"

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

    @property
    def is_of_model(self) -> bool:
        """Whether a model is at fault, and not its provider's values: its name or the form of the
        call is refused, or the key was accepted and it alone did not answer well."""
        if not self.model_names or self.outcome in _OF_MODEL:
            return bool(self.model_names)
        if self.outcome not in _OF_ONE_MODEL or self.rung_of("").get("outcome") != Outcome.OK:
            return False
        ends = [self.rung_of(model).get("outcome") for model in self.model_names]
        return ends.count(self.outcome) == 1 or Outcome.OK in ends

    def rung_of(self, model: str) -> Mapping[str, Any]:
        """The step that asked this model, or without one ("") the key; {} = it was not reached."""
        wanted = (Step.MODEL, model) if model else (Step.KEY, "")
        for rung in self.rungs:
            is_it = (rung["step"], rung.get("label", "")) == wanted
            if is_it and rung["outcome"] not in ("running", "skipped"):
                found: Mapping[str, Any] = rung
                return found
        return {}

    def for_agent(self, model: str, *, sees: bool = False) -> tuple[str, str]:
        """Outcome and detail of this model's step as the agent meets it; ("", "") = as it is.

        A model may answer in a way that a person can read and the agent cannot. `sees`: it is there
        for pictures.
        """
        rung = self.rung_of(model) if model else {}
        lost = NOT_FOR_PICTURES if sees else NOT_FOR_AGENT
        is_lost = rung.get("outcome") == Outcome.OK and rung.get("detail") in lost
        return (lost[rung["detail"]], rung["detail"]) if is_lost else ("", "")

    def claim(self, worker: str, seconds: float) -> bool:
        """Take a queued job; False when somebody else has it, or it ended meanwhile.

        Tells nobody: most jobs end before anybody could see that they run.
        """
        now = clock.now()
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

    def give_up(self, outcome: Outcome, detail: str = "") -> bool:
        """End it as one that was never begun; False when somebody is at it, or it has ended."""
        return self.finish(
            of=(Status.QUEUED,), outcome=outcome, detail=detail, key_state=KeyState.UNKNOWN
        )

    def finish(
        self, *, is_told: bool = False, of: Collection[Status] = PENDING, **result: Any
    ) -> bool:
        """Write the result once; False when the job had ended before (late answer, cancelled).

        `is_told`: the provider itself said so, so a check of saved values is kept as its state, in
        the same transaction: who sees the job ended sees both.
        """
        changes = {"status": Status.DONE, "finished_at": clock.now(), **result}
        is_check = is_told and self.task == Task.CHECK
        with transaction.atomic():
            if is_check:  # first, as a save does, which then turns to its jobs
                row = Provider.objects.select_for_update(no_key=True).filter(pk=self.provider_id)
                list(row.values_list("pk"))
            written = Job.objects.filter(pk=self.pk, status__in=of).update(
                **changes, version=F("version") + 1
            )
            if written:
                self._take_over(changes)
                if is_check or self.is_draft:  # its values may have been saved since, or again
                    self.refresh_from_db(fields=["is_draft", "input_version"])
            if written and is_check and not self.is_draft:
                self.record_check()
        if written:
            transaction.on_commit(broker.announce)
        return bool(written)

    def is_newer_than(self, provider: Provider) -> bool:
        """Whether what this check told of the provider is not in that row as it was read."""
        if self.is_of_model or self.input_version != provider.version or not self.finished_at:
            return False
        return provider.checked_at is None or provider.checked_at < self.finished_at

    def record_check(self) -> None:
        """Keep a finished check as its provider's state, unless the values have changed since.

        A model that fails says nothing about the provider as a whole, a failure of ours nothing
        at all.
        """
        if self.outcome in UNTOLD:
            return
        changes: dict[str, Any] = {}
        if told := self.params.get("money"):
            changes |= {f"money_{name}": value for name, value in told.items()}
            changes["money_at"] = self.finished_at
        if not self.is_of_model:
            changes |= {"check_outcome": self.outcome, "check_key_state": self.key_state}
            changes |= {"check_ms": self.ms, "checked_at": self.finished_at}
        if changes:
            rows = Provider.objects.filter(pk=self.provider_id, version=self.input_version)
            rows.update(**changes)

    def cancel(self) -> bool:
        cancelled = Job.objects.filter(pk=self.pk, status__in=PENDING).update(
            status=Status.CANCELLED,
            outcome=Outcome.CANCELLED,
            key_state=KeyState.UNKNOWN,
            finished_at=clock.now(),
            version=F("version") + 1,
        )
        if cancelled:
            transaction.on_commit(broker.announce)
        return bool(cancelled)


def read(pk: uuid.UUID) -> Job | None:
    """A job as it is now, with its provider and its draft; None when it is gone."""
    job: Job | None = Job.objects.select_related("provider", "draft").filter(pk=pk).first()
    if job and job.draft:
        job.draft.provider = job.provider
    return job
