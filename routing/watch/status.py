"""Where everything that is watched stands, for commands. Read-only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import Q

from routing.models import Delivery, Spent, Standing, Watch, WatchSettings
from routing.watch.schedule import day_of, is_quiet
from routing.watch.standing import Told, told_by
from routing.watch.subjects import label

State = Literal["works", "failing", "unknown", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One subject. `since`: of its state; `last_at`: when the schedule's last check of it ended."""

    about: str
    label: str
    every: int  # minutes; 0 = off
    due_at: datetime
    state: State
    since: datetime | None
    outcome: str  # of its last test, also of one that proved nothing; "" = none yet
    passed_over: str  # why it was not asked when it was last due; "" = it was
    last_at: datetime | None


def watched(rules: WatchSettings) -> list[Watched]:
    standings = {row.about: row for row in Standing.objects.all()}
    rows = Watch.objects.select_related("job").order_by("about")
    return [_watched(row, standings.get(row.about) or Standing(), rules) for row in rows]


def _watched(row: Watch, standing: Standing, rules: WatchSettings) -> Watched:
    return Watched(
        about=row.about,
        label=label(row.about),
        every=row.every,
        due_at=row.due_at,
        state=_state(standing) if row.every and rules.is_on else "off",
        since=standing.since,
        outcome=_last(row, standing),
        passed_over=row.passed_over,
        last_at=row.job.finished_at if row.job else None,
    )


def _last(row: Watch, standing: Standing) -> str:
    """A rate limit of days must not read as the good test before it."""
    outcome = str(row.job.outcome) if row.job and row.job.finished_at else ""
    proves_nothing = outcome and told_by(outcome) is Told.NOTHING
    return outcome if proves_nothing else standing.outcome


def _state(standing: Standing) -> State:
    if standing.since is None:
        return "unknown"
    return "failing" if standing.is_failing else "works"


def unsent() -> int:
    """Alerts that did not arrive: tried in vain so far, or given up at a channel that has taken
    none since."""
    tried = Q(status=Delivery.Status.WAITING, attempts__gt=0)
    given_up = Q(status=Delivery.Status.LOST) & ~Q(channel__fault="")
    return Delivery.objects.filter(tried | given_up, channel__is_on=True).count()


def settings_as_json(rules: WatchSettings, now: datetime) -> dict[str, Any]:
    begins, ends = rules.quiet_from, rules.quiet_until
    quiet = None
    if begins is not None and ends is not None and begins != ends:
        quiet = {
            "from": f"{begins:%H:%M}",
            "until": f"{ends:%H:%M}",
            "zone": rules.zone,
            "is_now": is_quiet(now, begins, ends, rules.zone),
        }
    return {
        "is_on": rules.is_on,
        "quiet": quiet,
        "completions": {"used": _used(rules, now), "allowed": rules.completions_a_day},
    }


def _used(rules: WatchSettings, now: datetime) -> int:
    """Paid calls of the schedule so far today."""
    of_today = Spent.objects.filter(day=day_of(now, rules.zone))
    return of_today.values_list("completions", flat=True).first() or 0


def is_well(found: Iterable[Watched], unsent_count: int) -> bool:
    return not unsent_count and all(one.state != "failing" for one in found)
