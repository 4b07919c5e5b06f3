"""The tests of the last 24 hours, by provider and hour: small charts, and the same in numbers.

templates/routing/_day.html draws them. One query, whose answer is counts and no rows: at most one
for each provider, hour and way to end.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Case, Count, Max, Sum, Value, When
from django.utils import timezone

from facio_site.templatetags.ui import tone
from providers.models import Job, Provider, Status, Task
from providers.spec.outcomes import UNTOLD, Outcome

HOURS = 24
MOST = 5_000  # jobs that are looked at: the newest
SHOWN = 6  # providers; those with failures first
COLUMN, GAP, HEIGHT = 10, 2, 32  # of the drawing, in its own units
_LEAST = 6.0  # height of a bar, so that a fast test is still seen
_TONES = ("ok", "info", "warn", "error")  # from the bottom up


class Ended(NamedTuple):
    """Tests of one provider that ended alike within one hour."""

    provider: Any  # id
    back: int  # hours ago: 0 = the last 60 minutes
    outcome: str
    tests: int
    ms: int | None  # of all of them together
    last: datetime


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour in numbers. `ms` is the mean of all its tests; None = nobody measured."""

    back: int
    total: int
    worked: int
    ms: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """`paths` are the bars, one path a tone. Hours without a test are left out; newest first."""

    provider: Provider
    total: int
    worked: int
    ms: int | None  # mean
    failed: str  # the newest outcome that is bad; "" = none
    failed_at: datetime | None
    hours: Sequence[Hour]
    paths: Mapping[str, str]


def last_day(rows: Collection[Provider]) -> list[Day]:
    """Of the providers that were tested lately, as they are saved: those with failures first, then
    those with most tests."""
    found: dict[Any, list[Ended]] = defaultdict(list)
    for ended in map(Ended._make, _counted(timezone.now())):
        found[ended.provider].append(ended)
    slowest = max((hour.ms or 0 for one in found.values() for hour in _hours(one)), default=0)
    days = [_day(row, found[row.pk], slowest) for row in rows if row.pk in found]
    return sorted(days, key=lambda day: (day.worked - day.total, -day.total))


def _counted(now: datetime) -> Any:
    begins = {back: now - timedelta(hours=back + 1) for back in range(HOURS)}
    hour = Case(*(When(created_at__gt=at, then=Value(back)) for back, at in begins.items()))
    rows = Job.objects.filter(created_at__gt=begins[HOURS - 1]).order_by("-created_at")
    newest = Job.objects.filter(pk__in=rows.values("pk")[:MOST]).order_by()
    saved = newest.filter(task=Task.CHECK, status=Status.DONE, is_draft=False)
    told: Any = saved.exclude(outcome__in=[*UNTOLD, Outcome.REFERENCE])
    counts = {"tests": Count("pk"), "took": Sum("ms"), "last": Max("created_at")}
    named = told.annotate(back=hour).values("provider", "back", "outcome").annotate(**counts)
    return named.values_list("provider", "back", "outcome", "tests", "took", "last")


def _day(row: Provider, ended: Sequence[Ended], slowest: int) -> Day:
    bad = [one for one in ended if tone(one.outcome) in ("warn", "error")]
    newest = max(bad, key=lambda one: one.last, default=None)
    hours = _hours(ended)
    return Day(
        provider=row,
        total=sum(hour.total for hour in hours),
        worked=sum(hour.worked for hour in hours),
        ms=_mean(ended),
        failed=newest.outcome if newest else "",
        failed_at=newest.last if newest else None,
        hours=hours,
        paths=_paths(ended, hours, slowest),
    )


def _hours(ended: Sequence[Ended]) -> list[Hour]:
    by_hour: dict[int, list[Ended]] = defaultdict(list)
    for one in ended:
        by_hour[one.back].append(one)
    return [
        Hour(back, _count(inside), _count(_worked(inside)), _mean(inside))
        for back, inside in sorted(by_hour.items())
    ]


def _worked(ended: Sequence[Ended]) -> list[Ended]:
    return [one for one in ended if one.outcome == Outcome.OK]


def _count(ended: Sequence[Ended]) -> int:
    return sum(one.tests for one in ended)


def _mean(ended: Sequence[Ended]) -> int | None:
    timed = [one for one in ended if one.ms is not None]
    return round(sum(one.ms or 0 for one in timed) / _count(timed)) if timed else None


def _paths(ended: Sequence[Ended], hours: Sequence[Hour], slowest: int) -> dict[str, str]:
    """A bar for each hour, as high as its tests took long, parted by how they ended."""
    drawn: dict[str, list[str]] = {name: [] for name in _TONES}
    for hour in hours:
        x, y = (HOURS - 1 - hour.back) * COLUMN + GAP // 2, float(HEIGHT)
        whole = _height(hour.ms or 0, slowest)
        for name in _TONES:
            alike = [one for one in ended if one.back == hour.back and tone(one.outcome) == name]
            height = round(whole * _count(alike) / hour.total, 1)
            if height:
                y = round(y - height, 1)
                drawn[name].append(f"M{x} {y:g}h{COLUMN - GAP}v{height:g}h-{COLUMN - GAP}z")
    return {name: "".join(bars) for name, bars in drawn.items() if bars}


def _height(ms: int, slowest: int) -> float:
    """On a logarithmic scale: one hour of 15 s must not flatten all others."""
    share = math.log(max(ms, 1)) / math.log(slowest) if slowest > 1 else 0
    return _LEAST + share * (HEIGHT - _LEAST)
