"""Results added up by the hour and by the day, UTC."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db.models import Q

from routing.models import Span
from routing.models.health import MOST_TIMES
from routing.watch.results import Result
from routing.watch.standing import Told


def add(results: Iterable[Result], at: datetime) -> None:
    """Count in those that were asked; inside the transaction that marks their job as counted."""
    asked = {one.about: one for one in results if one.is_asked and one.outcome}
    if not asked:
        return
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    began = {Span.HOUR: hour, Span.DAY: hour.replace(hour=0)}
    times = Q()
    for size, moment in began.items():
        times |= Q(size=size, began_at=moment)
    found = Span.objects.select_for_update().filter(times, about__in=asked)
    known = {(row.about, row.size): row for row in found}
    fresh = [
        Span(about=about, size=size, began_at=moment)
        for about in asked
        for size, moment in began.items()
        if (about, size) not in known
    ]
    for row in (*known.values(), *fresh):
        _count(row, asked[row.about])
    Span.objects.bulk_create(fresh)
    Span.objects.bulk_update(known.values(), ["good", "bad", "outcomes", "times"])


def _count(row: Span, one: Result) -> None:
    row.good += one.told is Told.GOOD
    row.bad += one.told is Told.BAD
    row.outcomes = {**row.outcomes, one.outcome: row.outcomes.get(one.outcome, 0) + 1}
    if one.told is Told.GOOD and one.ms is not None:
        row.times = [*row.times, one.ms][-MOST_TIMES:]
