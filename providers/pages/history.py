"""A provider's last tests: bars for a small chart, and the same in numbers.

templates/providers/_history.html draws them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from providers.models import Job, Provider, Status, Task
from providers.spec.outcomes import UNTOLD, Outcome

SHOWN = 30
LISTED = 8
WIDTH, HEIGHT, GAP = 300, 48, 2  # of the drawing, in its own units
_LEAST = 5.0  # height of a bar, so that a fast test is still seen


@dataclass(frozen=True, slots=True)
class Past:
    """One finished test."""

    at: datetime
    outcome: str
    ms: int | None
    is_scheduled: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    outcome: str


@dataclass(frozen=True, slots=True)
class History:
    """Newest last in `bars`, newest first in `listed`. Times are of tests that worked."""

    bars: Sequence[Bar]
    listed: Sequence[Past]
    total: int
    worked: int
    median_ms: int | None
    slowest_ms: int | None


def history(provider: Provider) -> History | None:
    """The last tests of what is saved that reached somebody; None before the second one."""
    return told([Past(*columns) for columns in _newest(provider=provider.pk)])


def _newest(provider: Any) -> Any:
    rows = Job.objects.filter(provider=provider, task=Task.CHECK, status=Status.DONE)
    told_by_it = rows.exclude(outcome__in=[*UNTOLD, Outcome.REFERENCE])
    newest = told_by_it.filter(is_draft=False, finished_at__isnull=False).order_by("-created_at")
    return newest.values_list("finished_at", "outcome", "ms", "is_scheduled")[:SHOWN]


def told(newest_first: Sequence[Past]) -> History | None:
    """What a page shows of these tests; None of fewer than two."""
    if len(newest_first) < 2:
        return None
    times = [one.ms for one in newest_first if one.outcome == Outcome.OK and one.ms is not None]
    slowest = max((one.ms or 0 for one in newest_first), default=0)
    step = WIDTH / SHOWN
    first = WIDTH - step * len(newest_first)  # the newest stands at the right edge
    bars = []
    for place, one in enumerate(reversed(newest_first)):
        height = _height(one.ms or 0, slowest)
        x = round(first + place * step + GAP / 2, 1)
        bars.append(Bar(x, HEIGHT - height, step - GAP, height, one.outcome))
    return History(
        bars=bars,
        listed=newest_first[:LISTED],
        total=len(newest_first),
        worked=sum(one.outcome == Outcome.OK for one in newest_first),
        median_ms=round(median(times)) if times else None,
        slowest_ms=max(times) if times else None,
    )


def _height(ms: int, slowest: int) -> float:
    """On a logarithmic scale: one test of 15 s must not flatten all others."""
    if slowest <= 1:
        return _LEAST
    share = math.log(max(ms, 1)) / math.log(slowest)
    return round(_LEAST + share * (HEIGHT - _LEAST), 1)
