"""Every test and fetch that ended is judged once: counted, and told when it changed something.

One transaction a job makes that exact, also with several workers at once and with one that dies in
the middle of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.db.models import Q

from providers.models import Job, Task
from providers.spec.outcomes import UNTOLD, Outcome
from routing.models import Watch
from routing.models.subjects import PROVIDER
from routing.watch import changes, conditions, spans
from routing.watch.results import Result, of_check, of_fetch
from routing.watch.subjects import Served, served_routes

MOST = 500  # jobs of one call; the next one comes in seconds
NOBODY_HEARD = timedelta(minutes=1)
# The worker died with it, could not open the key or was gone, or another test took its place
LOST = (Outcome.NO_ANSWER, Outcome.NO_KEY, Outcome.NO_WORKER, Outcome.CANCELLED)


def judge_ended(now: datetime) -> int:
    """Judge what has ended, the oldest first; returns how many jobs. One at a time on this
    database: who meets another at work leaves the rest to him.

    A fault in one job leaves that for later, and the others are judged; it is raised at the end.
    """
    ended = Job.objects.filter(is_rolled_up=False, finished_at__isnull=False)
    columns = ("pk", "is_draft", "outcome")
    waiting = list(ended.order_by("finished_at", "pk").values_list(*columns)[:MOST])
    if not waiting:
        return 0
    told, silent = list[uuid.UUID](), list[uuid.UUID]()
    for pk, is_draft, outcome in waiting:
        (silent if is_draft or outcome in UNTOLD else told).append(pk)
    count = _pass_over(silent, now) if silent else 0
    served = served_routes() if told else []
    fault: Exception | None = None
    for pk in told:
        try:
            if not _judge(pk, served, now):
                break
            count += 1
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 - one job must not silence all others
            fault = fault or error
    if fault:
        raise fault
    return count


def _pass_over(silent: Sequence[uuid.UUID], now: datetime) -> int:
    """Unsaved values are nobody's state, and who was not asked has told nothing: whom the schedule
    meant to ask is asked again soon, and not only after a whole interval."""
    again = now + NOBODY_HEARD
    lost = Watch.objects.on().filter(job__in=silent, job__outcome__in=LOST, due_at__gt=again)
    lost.update(due_at=again)
    still = Q(is_draft=True) | Q(outcome__in=UNTOLD)  # not saved meanwhile
    rows = Job.objects.filter(still, pk__in=silent, is_rolled_up=False)
    return int(rows.update(is_rolled_up=True))


@transaction.atomic
def _judge(pk: uuid.UUID, served: Sequence[Served], now: datetime) -> bool:
    """False when another worker has it, or it is gone."""
    rows = Job.objects.select_for_update(skip_locked=True, of=("self",))
    job = rows.select_related("provider").filter(pk=pk, is_rolled_up=False).first()
    if job is None:
        return False
    if job.input_version == job.provider.version:  # else it tells of values that are gone
        results = _results(job, served)
        common = changes.Ended(
            mark=str(job.pk),
            provider=f"{PROVIDER}:{job.provider.name}",
            at=job.finished_at or now,
            now=now,
        )
        if job.task == Task.CHECK:
            spans.add(results, common.at)
        elif job.outcome == Outcome.OK:
            conditions.hasten()  # it may have lost a model that is in use
        changes.take(results, common)
    Job.objects.filter(pk=job.pk).update(is_rolled_up=True)
    return True


def _results(job: Job, served: Sequence[Served]) -> list[Result]:
    if job.task == Task.FETCH:
        return of_fetch(job)
    return of_check(job, [one for one in served if one.provider.pk == job.provider_id])
