"""Start a job: join the one under way, supersede it, or make a row; hand its id to the broker."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from facio_site import clock
from providers import broker
from providers.models import Draft, Job, Provider, Task
from providers.models.jobs import read
from providers.spec.outcomes import Outcome
from providers.work import tasks

SOON_SECONDS = 0.1  # so much later still looks like at once
QUEUE_SECONDS = 20  # how long a job may wait for a worker; with the longest task still below 90 s


class TooMany(Exception):
    """The user started more tests within a minute than the setting allows."""


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
    running = Job.objects.pending().filter(provider=provider.pk, task=task).first()
    if running and _is_joined(running, digest, names):
        return running
    try:
        with transaction.atomic():
            if user and batch is None:
                _count_in(user)
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
                **next(_times()),
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
    if running.deadline < clock.now():
        Job.objects.finish_overdue()
        return False
    if running.input_digest == digest and running.model_names == names:
        return True
    running.cancel()
    return False


def start_scheduled(
    provider: Provider, task: Task, *, model_names: Iterable[str] = (), hand_over: bool = True
) -> Job | None:
    """The same for the schedule, on saved values, within the caller's transaction. It joins and
    supersedes nothing: None while anything of that task is pending for the provider. It counts
    against nobody's limit."""
    try:
        with transaction.atomic():
            job: Job = Job.objects.create(
                provider=provider,
                task=task,
                model_names=list(model_names),
                is_scheduled=True,
                input_version=provider.version,
                input_digest=provider.fingerprint(),
                **next(_times()),
            )
    except IntegrityError:
        return None
    if hand_over:
        transaction.on_commit(lambda: _hand_over([job]))
    return job


def start_all(providers: Sequence[Provider], task: Task, *, user: Any = None) -> None:
    """The same for all of these on their saved values, as one batch; handed over like a single one.

    Local kinds come last: who is far away takes longest, so their calls leave first. Raises TooMany
    over the user's limit.
    """
    batch = uuid.uuid4()
    providers = sorted(providers, key=lambda provider: provider.spec.is_local)
    pending = Job.objects.pending().filter(task=task)
    running = {job.provider_id: job for job in pending.filter(provider__in=providers)}
    fresh = []
    times = _times(len(providers))
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
                    **next(times),
                )
            )
    try:
        with transaction.atomic():
            if user:
                _count_in(user)
            Job.objects.bulk_create(fresh)
    except IntegrityError:  # somebody started one of them just now: one after the other
        for provider in providers:
            start(provider, task, user=user, batch=batch)
        return
    transaction.on_commit(lambda: _hand_over(fresh))


def _count_in(user: Any) -> None:
    """Inside the transaction that makes the job: others of this user wait for its end, whichever
    process they are in. Raises TooMany over the limit."""
    same = get_user_model().objects.filter(pk=user.pk).select_for_update(no_key=True)
    list(same.values_list("pk"))
    if Job.objects.started_within_a_minute(user) >= limit():
        raise TooMany


def limit() -> int:
    """Starts a minute that one user may make; a batch counts as one."""
    return int(settings.TESTS_PER_MINUTE)


def _times(number: int = 1) -> Iterator[dict[str, datetime]]:
    """When each of so many jobs is made, one after the other, and until when it may wait."""
    now = clock.now()
    for place in range(number):
        made = now + timedelta(microseconds=place)
        yield {"created_at": made, "deadline": made + timedelta(seconds=QUEUE_SECONDS)}


def _hand_over(jobs: Iterable[Job]) -> None:
    """Publish ids; a missing broker or worker ends the jobs at once instead of leaving them. One
    that was taken before the broker broke is under way and stays."""
    detail = "no_broker"
    with contextlib.suppress(ConnectionError):
        if broker.workers():
            for job in jobs:
                tasks.enqueue(job)
            return
        detail = ""
    for job in jobs:
        job.give_up(Outcome.NO_WORKER, detail)
