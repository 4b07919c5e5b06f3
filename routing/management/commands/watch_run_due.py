"""watch_run_due: what beat and a worker would do now, in this process; for cron."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from time import sleep
from typing import Any

from django.core.management.base import CommandParser

from facio_site import clock
from facio_site.commands import Command as OneLine
from providers import broker
from providers.management.run import carry_out, tell_keys
from providers.models import Job, Task
from providers.wording import sentence
from providers.work.tasks import check_provider, refresh_catalog
from routing.models import Slot, Watch, WatchSettings
from routing.models.subjects import ROUTE, split
from routing.watch import conditions, judging, tasks
from routing.watch.alerts import deliver as sender
from routing.watch.due import start_due
from routing.watch.status import is_well, settings_as_json, unsent, watched
from routing.watch.subjects import label, served_routes

SECOND_LOOK = timedelta(minutes=1)  # within which what failed for the first time is asked again
_CALLS: dict[str, Callable[[str], None]] = {
    Task.CHECK: check_provider,
    Task.FETCH: refresh_catalog,
}


class Command(OneLine):
    help = (
        "Asks what is due side by side, tells changes and sends alerts, without beat and worker. "
        "What fails for the first time is asked again half a minute later. Exit 1 when something "
        "fails or an alert could not be sent."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a JSON object")

    @broker.unneeded()
    def handle(self, *args: Any, **options: Any) -> None:
        Job.objects.finish_overdue()
        due = list(Watch.objects.due(clock.now()).values_list("pk", flat=True))
        jobs = _ask()
        went_well = _step(judging.judge_ended)
        if jobs and _wait_for_second(jobs):
            jobs += _ask()
            went_well &= _step(judging.judge_ended)
        went_well &= _step(conditions.look)
        went_well &= _step(_send)
        rules, count = WatchSettings.read(), unsent()
        rows = [_row(watch, jobs) for watch in _in_order(due)] if rules.is_on else []
        went_well &= not tell_keys(self)  # then nothing is asked or sent
        if options["json"]:
            told = {**settings_as_json(rules, clock.now()), "asked": rows, "unsent": count}
            self.stdout.write(json.dumps(told, indent=2, ensure_ascii=False))
        else:
            for row in rows:
                self.stdout.write(f"{row['about']:<32}{row['outcome']:<22}{row['message']}")
            if not rows:
                self.stdout.write("Nothing is due.")
            if count:
                self.stdout.write(f"Alerts that could not be sent: {count}")
        if not went_well or not is_well(watched(rules), count):
            sys.exit(1)


def _step(step: Callable[[datetime], object]) -> bool:
    return tasks.attempt(step, clock.now())


def _ask() -> list[Job]:
    """Everything that is due, as many at once as threads are there."""
    made: list[Job] = []
    while fresh := start_due(clock.now(), hand_over=False):
        carry_out(fresh, lambda job: _CALLS[job.task](str(job.pk)))
        made += fresh
    return made


def _wait_for_second(jobs: Iterable[Job]) -> bool:
    """Until those are due that a first failure makes due again; False = there is none."""
    now = clock.now()
    again = Watch.objects.on().filter(job__in=[job.pk for job in jobs])
    soon = again.filter(due_at__lte=now + SECOND_LOOK).order_by("due_at").last()
    if soon is None:
        return False
    sleep(max(0.0, (soon.due_at - now).total_seconds()))
    return True


def _send(now: datetime) -> None:
    """Channel after channel; one that is slow or fails leaves the others."""
    for channel_id in sender.due_channels(now):
        tasks.deliver(str(channel_id))


def _in_order(names: Collection[str]) -> list[Watch]:
    rows = Watch.objects.select_related("job__provider").in_bulk(names)
    return [rows[name] for name in names if name in rows]


def _row(watch: Watch, jobs: Collection[Job]) -> dict[str, str]:
    """How its check ended; without one `outcome` is "", and `passed_over` may say why."""
    row = {"about": watch.about, "label": label(watch.about), "outcome": "", "message": ""}
    row |= {"passed_over": watch.passed_over}
    job = next((job for job in jobs if watch.job_id == job.pk), None)
    if job is None:
        over = f"passed over: {watch.passed_over}" if watch.passed_over else "not asked yet"
        return {**row, "message": over}
    outcome, detail, params = job.outcome, job.detail, job.params
    sort, name = split(watch.about)
    if sort == ROUTE:
        model = next((one.model for one in served_routes() if one.slot == name), "")
        if rung := job.rung_of(model) if model else {}:
            own = job.for_agent(model, sees=name == Slot.VISION)
            outcome, detail = own if own[0] else (rung["outcome"], rung["detail"])
            params = {**rung["params"], "model": model}
    message = sentence(outcome, detail, params, job.provider.spec)
    return {**row, "outcome": str(outcome), "message": message}
