"""A round: one job for each of many providers, as "Test all" and "Fetch all" make it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from facio_site import clock
from facio_site.templatetags.ui import age, tone
from providers.kinds import KINDS
from providers.models import Job, Provider, Status, Task
from providers.models.jobs import PENDING
from providers.spec.kind import ProviderSpec
from providers.spec.outcomes import UNTOLD, Outcome

RECENT = timedelta(minutes=15)  # for so long the last round is told
_BAD = ("warn", "error")
_SILENT = UNTOLD - {Outcome.CANCELLED}
# Of a test; whatever else it ends with needs attention, as the navigation counts it.
_FINE = UNTOLD | {*PENDING, Outcome.OK, Outcome.REFERENCE}


class JobRow(NamedTuple):
    """The part of a job that lists show."""

    pk: uuid.UUID
    provider_id: uuid.UUID
    status: str
    version: int
    outcome: str
    is_draft: bool
    batch: uuid.UUID | None
    created_at: datetime
    finished_at: datetime | None
    deadline: datetime

    @property
    def is_pending(self) -> bool:
        return self.status in PENDING

    def begun(self) -> datetime:
        return self.created_at

    @property
    def shown(self) -> str:
        return self.status if self.is_pending else self.outcome


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a round has come."""

    rows: tuple[tuple[str, str, str], ...]  # name, label, state or outcome
    done: int
    ok: int
    running: tuple[str, ...]  # labels
    failed: tuple[str, ...]
    cancelled: int
    silent: int  # tests that ended and told nothing of their providers
    why: str  # the outcome of all those, or of all fetches that failed; "" = several, or none
    waiting: tuple[tuple[uuid.UUID, int], ...]  # jobs under way and their versions
    age: str
    took_ms: int | None  # None while it goes on

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def is_pending(self) -> bool:
        return self.done < self.total

    @property
    def is_untold(self) -> bool:
        """Whether none of its tests told anything."""
        return self.cancelled + self.silent == self.total


def fetching() -> Progress | None:
    """The last round of fetches; None when there was none lately."""
    now = clock.about_now()
    recent = Job.objects.filter(task=Task.FETCH, batch__isnull=False, created_at__gt=now - RECENT)

    def read() -> list[JobRow]:
        return newest_round(JobRow(*row) for row in recent.values_list(*JobRow._fields))

    jobs = read()
    if any(one.is_pending and one.deadline < now for one in jobs):
        Job.objects.finish_overdue()
        jobs = read()
    if not jobs:
        return None
    providers = Provider.objects.filter(pk__in=[one.provider_id for one in jobs])
    return progress_of(jobs, {row.pk: row.spec for row in providers}, now, is_fetch=True)


def newest_round(rows: Iterable[JobRow]) -> list[JobRow]:
    """The jobs of the round that began last; none when there is none among these."""
    batched = [one for one in rows if one.batch]
    newest = max(batched, key=JobRow.begun, default=None)
    return [one for one in batched if newest and one.batch == newest.batch]


def progress_of(
    jobs: Sequence[JobRow],
    specs: Mapping[uuid.UUID, ProviderSpec],
    now: datetime,
    *,
    is_fetch: bool = False,
) -> Progress:
    """A fetch that ended without an answer has failed; a test has told nothing."""
    order = {kind: place for place, kind in enumerate(KINDS)}
    rows = sorted(
        ((specs[one.provider_id], one) for one in jobs if one.provider_id in specs),
        key=lambda row: (order.get(row[0].name, len(order)), row[0].label.lower()),
    )
    started = min(one.created_at for one in jobs)
    ends = [one.finished_at for one in jobs if one.finished_at]
    is_over = all(one.finished_at for one in jobs)
    silent = () if is_fetch else _SILENT
    untold = [one.outcome for _spec, one in rows if one.outcome in silent]
    failed = [
        (spec.label, one.outcome)
        for spec, one in rows
        if (tone(one.shown) in _BAD if is_fetch else one.shown not in _FINE)
    ]
    whys = {outcome for _label, outcome in failed} if is_fetch else set(untold)
    return Progress(
        rows=tuple((spec.name, spec.label, one.shown) for spec, one in rows),
        done=sum(not one.is_pending for _spec, one in rows),
        ok=sum(one.outcome == Outcome.OK for _spec, one in rows),
        running=tuple(spec.label for spec, one in rows if one.status == Status.RUNNING),
        failed=tuple(label for label, _outcome in failed),
        cancelled=sum(one.outcome == Outcome.CANCELLED for _spec, one in rows),
        silent=len(untold),
        why=whys.pop() if len(whys) == 1 else "",
        waiting=tuple((one.pk, one.version) for _spec, one in rows if one.is_pending),
        age=age((now - started).total_seconds()),
        took_ms=int((max(ends) - started).total_seconds() * 1000) if is_over else None,
    )
