"""Jobs run in a command's own process: the task's function, no worker, no broker."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections, transaction

from facio_site import keys, sealing
from facio_site.audit import record
from facio_site.commands import UsageError
from providers import broker
from providers.kinds import KINDS
from providers.models import Job, Provider, Task
from providers.spec.outcomes import Outcome
from providers.wording import sentence
from providers.work import queue

SIDE_BY_SIDE = 32
LOOK_SECONDS = 0.2


def chosen(names: Sequence[str]) -> list[Provider]:
    """The configured providers among `names`, or all. Raises CommandError for others."""
    rows = {row.name: row for row in Provider.objects.checkable()}
    if unknown := [name for name in names if name not in KINDS and name not in rows]:
        raise UsageError(f"unknown provider: {unknown[0]}")
    if oauth := [name for name in names if name in KINDS and KINDS[name].is_oauth]:
        raise CommandError(f"{oauth[0]} signs in at the agent; nothing can be called from here")
    if missing := [name for name in names if name not in rows]:
        raise CommandError(f"{missing[0]} is not configured")
    return [rows[name] for name in dict.fromkeys(names)] if names else list(rows.values())


def told(job: Job) -> dict[str, str]:
    """What came of a job in words, for --json: our sentence, the provider's own words as far as
    they may be shown, and the API base that would be right; "" where there is none."""
    params = job.params
    return {
        "detail": job.detail,
        "message": sentence(job.outcome, job.detail, params, job.provider.spec),
        "quote": str(params.get("quote") or ""),
        "suggested_base": str(params.get("base") or ""),
    }


def as_row(job: Job) -> dict[str, Any]:
    """A test as --json prints it."""
    return {
        "kind": job.provider.kind,
        "name": job.provider.name,
        "outcome": job.outcome,
        "key_state": job.key_state,
        "http_status": job.http_status,
        "ms": job.ms,
        **told(job),
    }


def _started(row: Provider, task: Task, models: Sequence[str]) -> Job:
    action = "provider.tested" if task == Task.CHECK else "catalog.fetched"
    with transaction.atomic():
        job = queue.start(row, task, model_names=models, hand_over=False)
        record(action, actor=None, target=row.name)
    return job


@broker.unneeded()
def run(
    rows: Iterable[Provider],
    task: Task,
    call: Callable[[str], None],
    models: Sequence[str] = (),
) -> list[Job]:
    """One finished job for each provider, in their order; all calls side by side. A test asks
    each of `models` as well."""
    made = [_started(row, task, models) for row in rows]
    carry_out(made, lambda job: call(str(job.pk)))
    return made


@broker.unneeded()
def carry_out(made: Sequence[Job], call: Callable[[Job], None]) -> None:
    """All calls side by side; each job is then as it ended."""

    def one(job: Job) -> None:
        try:
            call(job)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        list(pool.map(one, made))
    for job in made:
        job.refresh_from_db()
        while job.is_pending:  # a worker has it; its deadline ends that
            sleep(LOOK_SECONDS)
            Job.objects.finish_overdue()
            job.refresh_from_db()


def tell_keys(command: BaseCommand) -> bool:
    """On stderr, which master key this machine lacks: jobs that end by that say that its terminal
    names the key, and this is it. False = it lacks none."""
    if sealing.master_keys(now=True):
        return False
    for line in keys.told():
        command.stderr.write(line)
    return True


def tell(command: BaseCommand, rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """One line for each job, or all in JSON. Exits with 1 unless all went well."""
    tell_keys(command)
    if as_json:
        command.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for row in rows:
            command.stdout.write(f"{row['name']:<22}{row['outcome']:<22}{row['message']}")
    if any(row["outcome"] != Outcome.OK for row in rows):
        sys.exit(1)
