"""Where everything that is watched stands, for commands. Read-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from providers.models import Job, Task
from providers.models.jobs import LOOKED_BACK
from routing.models import Delivery, Spent, Standing, Watch, WatchSettings
from routing.models.subjects import CATALOG, ROUTE, split
from routing.watch.results import outcome_of
from routing.watch.schedule import day_of, quiet_until
from routing.watch.subjects import Served, label, served_routes


def watched(rules: WatchSettings) -> list[dict[str, Any]]:
    """Each subject. `since` is of its state; `outcome` of its last test, also of one that proved
    nothing, "" = none yet; `passed_over` says why it was not asked when it was last due, "" = it
    was; `last_at` is when the schedule's last check of it ended."""
    standings = {row.about: row for row in Standing.objects.all()}
    served = {one.slot: one for one in served_routes()}
    found = []
    for row in Watch.objects.select_related("job").order_by("about"):
        standing = standings.get(row.about) or Standing()
        one = {
            "about": row.about,
            "label": label(row.about),
            "every": row.every,
            "due_at": row.due_at,
            "state": _state(standing) if row.every and rules.is_on else "off",
            "since": standing.since,
            "outcome": _last(row.about, served) or standing.outcome,
            "passed_over": row.passed_over,
            "last_at": row.job.finished_at if row.job else None,
        }
        found.append(one)
    return found


def _last(about: str, served: Mapping[str, Served]) -> str:
    """Of the newest test or fetch that has ended and says anything of it."""
    sort, name = split(about)
    task = Task.FETCH if sort == CATALOG else Task.CHECK
    ended = Job.objects.filter(task=task, is_draft=False, finished_at__isnull=False)
    jobs = ended.order_by("-finished_at").select_related("provider")
    if sort != ROUTE:
        job = jobs.filter(provider__name=name).first()
        return outcome_of(job) if job else ""
    if (one := served.get(name)) is None:
        return ""
    ends = (outcome_of(job, one) for job in jobs.filter(provider=one.provider)[:LOOKED_BACK])
    return next(filter(None, ends), "")


def _state(standing: Standing) -> str:
    if standing.since is None:
        return "unknown"
    return "failing" if standing.is_failing else "works"


def unsent() -> int:
    return int(Delivery.objects.unsent().count())


def settings_as_json(rules: WatchSettings, now: datetime) -> dict[str, Any]:
    begins, ends = rules.quiet_from, rules.quiet_until
    quiet = None
    if begins and ends:
        quiet = {
            "from": f"{begins:%H:%M}",
            "until": f"{ends:%H:%M}",
            "zone": rules.zone,
            "is_now": quiet_until(rules, now) is not None,
        }
    return {
        "is_on": rules.is_on,
        "quiet": quiet,
        "completions": {
            "used": Spent.on(day_of(now, rules.zone)),
            "allowed": rules.completions_a_day,
        },
    }


def is_well(found: Iterable[Mapping[str, Any]], unsent_count: int) -> bool:
    return not unsent_count and all(one["state"] != "failing" for one in found)
