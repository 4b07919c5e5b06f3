"""How it went over time, read from `Span` and `Outage`: for pages, files and metrics.

One query of spans and one of outages, whatever the time that is looked at and however many subjects
there are. What is worked out from the rows is pure: rows and a moment in, numbers out. Where nobody
asked there is no number: a gap is neither good nor bad.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet, Sum

from routing.models import Outage, Span, Watch
from routing.models.subjects import PROVIDER, ROUTE, split

P50, P95 = 0.5, 0.95
LATELY = timedelta(days=7)  # what the failure drill and the count of outages look back


@dataclass(frozen=True, slots=True)
class Frame:
    """The time that is looked at, in cells of an hour or a day (UTC). The last one is that of now,
    which is not over."""

    name: str
    size: str  # Span.HOUR or Span.DAY
    cells: int

    @property
    def step(self) -> timedelta:
        return timedelta(days=1) if self.size == Span.DAY else timedelta(hours=1)

    def first(self, now: datetime) -> datetime:
        """When the first cell begins."""
        now = now.astimezone(UTC)
        hour = 0 if self.size == Span.DAY else now.hour
        last = now.replace(hour=hour, minute=0, second=0, microsecond=0)
        return last - self.step * (self.cells - 1)

    def place(self, at: datetime, first: datetime) -> int:
        """The number of the cell in which a moment lies, by when the first one begins; below 0 or
        too high outside of them."""
        return math.floor((at - first) / self.step)


DAY, WEEK = Frame("24h", Span.HOUR, 24), Frame("7d", Span.HOUR, 7 * 24)
QUARTER = Frame("90d", Span.DAY, 90)
FRAMES = {frame.name: frame for frame in (DAY, WEEK, QUARTER)}


def frame_of(name: str) -> Frame:
    """The one of this name; for any other word the shortest."""
    return FRAMES.get(name, DAY)


def percentile(times: Iterable[int], share: float) -> int | None:
    """The smallest time that so large a share of all does not exceed; None of none."""
    ordered = sorted(times)
    return ordered[max(math.ceil(len(ordered) * share), 1) - 1] if ordered else None


def percent(ratio: float) -> float:
    """With one decimal, rounded so that 100 is said of no failure only, and 0 of no success."""
    if ratio in (0, 1):
        return ratio * 100
    return min(max(math.floor(round(ratio * 1000, 6)) / 10, 0.1), 99.9)


@dataclass(frozen=True, slots=True)
class Tally:
    """What tests told, of one cell or of many. `times` are milliseconds of good ones."""

    good: int = 0
    bad: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    times: Sequence[int] = ()

    @property
    def proved(self) -> int:
        """Tests that say whether it works."""
        return self.good + self.bad

    @property
    def total(self) -> int:
        return max(sum(self.outcomes.values()), self.proved)

    @property
    def other(self) -> int:
        """Tests that proved neither."""
        return self.total - self.proved

    @property
    def uptime(self) -> float | None:
        """The share of good ones; None = nothing was proved."""
        return self.good / self.proved if self.proved else None

    @property
    def percent(self) -> float | None:
        return None if self.uptime is None else percent(self.uptime)

    @property
    def p50(self) -> int | None:
        return percentile(self.times, P50)

    @property
    def p95(self) -> int | None:
        return percentile(self.times, P95)


NOTHING = Tally()


def together(tallies: Iterable[Tally]) -> Tally:
    """With all times in order: who sorts them again finds them sorted."""
    good = bad = 0
    outcomes: dict[str, int] = {}
    times: list[int] = []
    for one in tallies:
        good, bad = good + one.good, bad + one.bad
        for name, count in one.outcomes.items():
            outcomes[name] = outcomes.get(name, 0) + count
        times += one.times
    times.sort()
    return Tally(good, bad, outcomes, times)


@dataclass(frozen=True, slots=True)
class Course:
    """One subject by cells, at their places in the frame. A cell that is missing: nobody asked."""

    cells: Mapping[int, Tally]
    whole: Tally

    def listed(self, frame: Frame, now: datetime) -> list[tuple[datetime, Tally]]:
        """For a table, the newest first: by the hour for one day, else by the day (UTC)."""
        by_begin: dict[datetime, list[Tally]] = {}
        for place in sorted(self.cells, reverse=True):
            begin = frame.first(now) + place * frame.step
            by_begin.setdefault(begin if frame == DAY else begin.replace(hour=0), []).append(
                self.cells[place]
            )
        return [(begin, together(inside)) for begin, inside in by_begin.items()]


UNASKED = Course({}, NOTHING)


def spans(frame: Frame, now: datetime, about: str = "") -> QuerySet[Span]:
    """Rows of the cells of this time; "" = of all subjects."""
    rows = Span.objects.filter(size=frame.size, began_at__range=(frame.first(now), now))
    return rows.filter(about=about) if about else rows


def courses(frame: Frame, now: datetime, about: str = "") -> dict[str, Course]:
    """By subject; "" = of all of them. Those that nobody tested are left out. One query."""
    first, kept = frame.first(now), spans(frame, now, about)
    found: dict[str, dict[int, Tally]] = {}
    columns = ("about", "began_at", "good", "bad", "outcomes", "times")
    for subject, began_at, *told in kept.values_list(*columns):
        found.setdefault(subject, {})[frame.place(began_at, first)] = Tally(*told)
    return {
        subject: Course(cells, together(cells[place] for place in sorted(cells)))
        for subject, cells in found.items()
    }


def uptimes(frame: Frame, now: datetime) -> dict[str, float]:
    """By subject of which anything was proved. One query, whose answer is sums."""
    sums = spans(frame, now).order_by().values_list("about").annotate(Sum("good"), Sum("bad"))
    return {about: good / (good + bad) for about, good, bad in sums if good + bad}


# Outages ----------------------------------------------------------------------------------------


class Down(NamedTuple):
    """How often something was out of reach, and for how long altogether."""

    times: int
    seconds: float


def outages(since: datetime, now: datetime) -> QuerySet[Outage]:
    """All that reached into this time, the newest first."""
    rows = Outage.objects.filter(Q(ended_at=None) | Q(ended_at__gt=since), began_at__lte=now)
    return rows.order_by("-began_at", "about")


def touching(found: Iterable[Outage], about: str) -> list[Outage]:
    """Those of one subject; of a route, those of providers that served it then as well."""
    sort, name = split(about)
    return [one for one in found if one.about == about or (sort == ROUTE and name in one.hit)]


def lasted(outage: Outage, now: datetime) -> float:
    """Seconds from its begin to its end, or to now while it lasts."""
    return max(((outage.ended_at or now) - outage.began_at).total_seconds(), 0.0)


def told(found: Iterable[Outage], about: str, since: datetime, now: datetime) -> Down:
    """What overlaps is one outage: a provider's and that of the route which it served are."""
    times, seconds, until = 0, 0.0, since
    for one in sorted(touching(found, about), key=lambda one: one.began_at):
        began, ended = max(one.began_at, since), min(one.ended_at or now, now)
        if one.began_at > now or ended <= since:
            continue
        if not times or began > until:
            times, until = times + 1, began
        seconds += max((ended - until).total_seconds(), 0.0)
        until = max(until, ended)
    return Down(times, seconds)


def lately(served: Mapping[str, str], now: datetime) -> dict[str, Down]:
    """Of routes, given with the provider that serves each, how often they were out of reach in the
    last days. Those that nobody watches are left out. Two queries."""
    names = {
        slot: {f"{ROUTE}:{slot}", f"{PROVIDER}:{provider}"} for slot, provider in served.items()
    }
    asked = set().union(*names.values())
    watched = set(Watch.objects.watched().filter(about__in=asked).values_list("about", flat=True))
    if not watched:
        return {}
    since = now - LATELY
    found = list(outages(since, now))
    return {
        slot: told(found, f"{ROUTE}:{slot}", since, now)
        for slot, subjects in names.items()
        if subjects & watched
    }
