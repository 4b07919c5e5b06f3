"""Celery's side: claim a job row, make the calls, store what came of it. Takes job ids only.

The commands call the same functions in their own process. A task returns nothing;
a fault in its work ends the row and is not raised.
"""

import logging
import secrets
import socket
import threading
import time
import uuid
from contextlib import suppress
from typing import Any

from celery import shared_task
from celery.signals import worker_ready, worker_shutdown
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils.module_loading import import_string
from kombu.exceptions import KombuError

from facio_site import clock, faults
from facio_site.accounts import limits
from facio_site.memory import give_back
from facio_site.sealing import rows
from providers import broker
from providers.catalog.fetch import Catalog, count_in, fetch_catalog
from providers.catalog.store import keep_with, take_in
from providers.dialects.curl import Recorder
from providers.dialects.ladder import makes_completion, run_check
from providers.dialects.money import Money
from providers.dialects.rungs import Ladder
from providers.dialects.turn import USUAL, Asked
from providers.models import BODY, Draft, Job, Provider, Status, Task
from providers.models.jobs import read
from providers.outbound import open_door, unused_proxy
from providers.spec.outcomes import Failed, KeyState, Outcome, Step
from providers.work.calls import only_call
from providers.work.keys import has_keys, is_locked
from providers.work.lost import end_lost, waiting
from providers.work.progress import Progress
from providers.work.together import leave_broker, say_broker

log = logging.getLogger(__name__)
WORKER = f"command-{socket.gethostname()}"  # until the worker says that it is one


def enqueue(job: Job) -> None:
    """Hand a job's id to the broker. Raises ConnectionError when that is not possible."""
    task = {Task.CHECK: check_provider, Task.FETCH: refresh_catalog}[Task(job.task)]
    try:
        task.apply_async((str(job.pk),), retry=False)
    except (KombuError, OSError):
        raise ConnectionError from None


@shared_task(name="providers.tasks.check_provider")
def check_provider(job_id: str) -> None:
    """Test one provider's connection, on saved or drafted values."""
    job = read(uuid.UUID(job_id))
    if job is None:
        return
    try:
        _check(job)
    except Exception as error:  # noqa: BLE001 - the row must end, whatever happened
        _end_by_bug(job, error)


def _check(job: Job) -> None:
    if is_locked(job):
        return
    entry = _entry(job)
    completes = makes_completion(entry.adapter(with_secrets=False), job.model_names)
    seconds = settings.COMPLETION_TEST_SECONDS if completes else settings.TEST_SECONDS
    asked: Asked = import_string(settings.ASKED_BY)(job.provider.name) if completes else USUAL
    if not job.claim(WORKER, seconds):
        return
    if not entry.has_fingerprint(job.input_digest):
        job.cancel()
        return
    with Progress(job) as progress:
        ladder = Ladder(progress.show)
        with open_door(seconds, observe=ladder.observe) as door, only_call(job, door):
            send = Recorder(door.send, entry.spec.auth, entry.values.get(BODY, ()))
            adapter = entry.adapter(asked=asked)
            result = run_check(adapter, send, ladder, models=job.model_names)
    models = [rung.label for rung in result.rungs if rung.step is Step.MODEL]
    pictured = [name for name in models if adapter.is_for_pictures(name)]
    job.finish(
        is_told=True,
        outcome=result.outcome,
        key_state=result.key_state,
        http_status=result.http_status,
        ms=result.ms,
        detail=result.detail,
        params={
            **result.params,
            **_told(result.money),
            **({"listed": result.listed} if result.listed else {}),
            **(_way(entry) if send.calls else {}),
            **({"sent_with": asked.as_json()} if completes else {}),
            **({"pictured": pictured} if pictured else {}),
            **unused_proxy(result.outcome, result.params),
            "calls": send.calls,
        },
        rungs=[rung.as_json() for rung in result.rungs],
    )


def _told(money: Money | None) -> dict[str, Any]:
    return {"money": money.as_json()} if money else {}


@shared_task(name="providers.tasks.refresh_catalog")
def refresh_catalog(job_id: str) -> None:
    """Fetch one provider's model list; the last good list stays when that fails."""
    job = read(uuid.UUID(job_id))
    if job is None:
        return
    try:
        _fetch(job)
    except Exception as error:  # noqa: BLE001 - the row must end, whatever happened
        _end_by_bug(job, error)


def _fetch(job: Job) -> None:
    if is_locked(job) or not job.claim(WORKER, settings.CATALOG_SECONDS):
        return
    broker.announce()
    entry = _entry(job)
    if not entry.has_fingerprint(job.input_digest):
        job.cancel()
        return
    start = time.monotonic()
    try:
        with open_door(settings.CATALOG_SECONDS) as door, only_call(job, door):
            send = Recorder(door.send, entry.spec.auth, entry.values.get(BODY, ()))
            known = "" if job.is_draft else job.provider.catalog_digest
            catalog = fetch_catalog(entry.adapter(), send, known=known)
    except Failed as failed:
        verdict = failed.verdict
        job.finish(
            outcome=verdict.outcome,
            key_state=entry.adapter().key_state(verdict),
            http_status=verdict.http_status,
            ms=int((time.monotonic() - start) * 1000),
            detail=verdict.detail,
            params={
                **verdict.params,
                **unused_proxy(verdict.outcome, verdict.params),
                "calls": send.calls,
            },
        )
        return
    _keep_list(job, entry, catalog, known, start, send.calls)


def _keep_list(
    job: Job,
    entry: Provider | Draft,
    catalog: Catalog,
    known: str,
    start: float,
    calls: list[dict[str, Any]],
) -> None:
    """The list and the end of its job, both or neither: whoever saves or cancels at this moment
    comes before or after. `entry` is what it was fetched with, `start` when, by time.monotonic."""
    with transaction.atomic():
        rows = Provider.objects.select_for_update(no_key=True)
        provider = rows.filter(pk=job.provider_id).first()
        jobs = Job.objects.select_for_update().filter(pk=job.pk, status=Status.RUNNING)
        now: Job | None = jobs.first() if provider else None
        if provider is None or now is None:
            return  # it was removed, and its jobs with it; or this one was cancelled
        is_held = _put(now, entry, provider, catalog, known)
        notes = provider.catalog_notes if catalog.is_known else catalog.notes
        count = provider.catalog_count if catalog.is_known else len(catalog.items)
        goes_on = "goes_on" in notes
        now.finish(
            outcome=Outcome.OK,
            key_state=KeyState.UNKNOWN,
            ms=int((time.monotonic() - start) * 1000),
            detail="held" if is_held else ("goes_on" if goes_on else "") if count else "no_models",
            params={
                **({"stored": provider.catalog_count} if is_held else {}),
                "count": count,
                "dropped": provider.catalog_dropped if catalog.is_known else catalog.dropped,
                "unnamed": count_in(notes, "unnamed"),
                "calls": calls,
            },
        )


def _put(
    job: Job, entry: Provider | Draft, provider: Provider, catalog: Catalog, known: str
) -> bool:
    """Put the list to the values that it belongs to by now, if they are there; whether it is held
    beside the stored one."""
    if job.is_draft and job.draft:
        keep_with(job.draft, catalog)
        return False
    is_overtaken = catalog.is_known and provider.catalog_digest != known
    if job.is_draft:  # that is gone, or was saved with more than a list is asked for by
        is_theirs = provider.is_configured and entry.lists_like(provider)
    else:
        is_theirs = provider.version == job.input_version
    return is_theirs and not is_overtaken and not take_in(provider, catalog)


def _way(entry: Provider | Draft) -> dict[str, Any]:
    """Which way to sign was tried, where another one is entered as well."""
    used, *others = entry.ways() or [""]
    return {"used": used, "unused": others} if others else {}


def _entry(job: Job) -> Provider | Draft:
    return job.draft or job.provider


def _end_by_bug(job: Job, error: Exception) -> None:
    reference = secrets.token_hex(4)
    log.error("%s in job %s: %s", reference, job.pk, faults.told(error))
    job.finish(
        outcome=Outcome.INTERNAL_ERROR,
        key_state=KeyState.UNKNOWN,
        params={"reference": reference},
    )


@shared_task(name="providers.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Every ten seconds: end what nobody ends, remove what is past its time, give memory back."""
    Job.objects.finish_overdue()
    end_lost()
    with suppress(ConnectionError):
        for job in waiting():
            enqueue(job)
    rows.sweep()
    limits.sweep()
    clock.skew()  # says so when it is large
    say_broker()
    give_back()


@worker_ready.connect
def take_up(**_kwargs: object) -> None:
    """A fresh worker: say so, queue again what waits, and end what a dead one left running. That
    comes later: a dead one counts as alive for a moment, and of an emptied broker none does."""
    global WORKER
    # Now, for a parent has loaded this before it forks: who comes after a dead one is another.
    WORKER = f"worker-{socket.gethostname()}-{uuid.uuid4().hex[:12]}"
    broker.beat_for_ever(WORKER, may=has_keys, skew=_skew)
    try:
        clock.skew()
        for job in Job.objects.filter(status="queued"):
            enqueue(job)
    except (ConnectionError, DatabaseError):
        log.warning("broker or database do not answer yet; the sweep queues what is left")
    connection.close()  # this thread needs it no more
    later = threading.Timer(broker.LIFETIME_SECONDS + broker.BEAT_SECONDS, _end_orphans)
    later.daemon = True
    later.start()


def _skew() -> float:
    """For its heartbeat, which goes on while the database is away."""
    try:
        return clock.skew()
    except DatabaseError:
        return 0.0


def _end_orphans() -> None:
    try:
        end_lost()
    except DatabaseError:
        log.warning("the database does not answer; the sweep ends what is left")
    finally:
        connection.close()


def is_worker() -> bool:
    """Whether this process is one, and under way."""
    return WORKER.startswith("worker-")


@worker_shutdown.connect
def leave(**_kwargs: object) -> None:
    with suppress(DatabaseError):
        leave_broker(WORKER)
    broker.stop_beating(WORKER)
