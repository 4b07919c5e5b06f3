"""Drawings of how a subject did: a strip of cells, bars of what tests told, lines of how long they
took. Pure: tallies in, lines of an SVG out; templates/routing/_strip.html, _bars.html and
_lines.html draw them.

What a colour says, the shape says as well: a full cell works, one that hangs from above failed, one
that is half as high proved nothing, a line at the foot was not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from routing.watch.health import NOTHING, Course, Frame, Tally, together

CELL, STRIP = 4, 24  # of a strip, in its own units; a cell ends with a gap
COLUMN, HEIGHT = 10, 120  # of a chart
_LEAST = 4  # height of what is drawn at all
_ROUND = (2, 4, 6, 8, 10)  # the halves of these are whole

Line = list[tuple[int, int]]  # its points, from the left and from above

# What a cell told: worked, failed at times, failed, proved neither, was not asked
GOOD, SOME, BAD, OTHER, NONE = "good", "some", "bad", "other", "none"


class Lane(NamedTuple):
    """Thick lines at one height of a strip."""

    tone: str
    y: int
    width: int
    d: str = ""


_LANES: Mapping[str, Sequence[Lane]] = {
    GOOD: (Lane("ok", 12, 24),),
    SOME: (Lane("error", 6, 12), Lane("ok", 20, 8)),
    BAD: (Lane("error", 6, 12),),
    OTHER: (Lane("info", 18, 12),),
    NONE: (Lane("idle", 23, 2),),
}


@dataclass(frozen=True, slots=True)
class Strip:
    """`counts` are cells by what they told, in the order of a legend, without those that are 0.
    `hours` = the length of a cell."""

    width: int
    lanes: Sequence[Lane]
    counts: Mapping[str, int]
    hours: int = 1

    @property
    def words(self) -> str:
        """As in: 24 hours: 20 passed, 4 without a test."""
        number = sum(self.counts.values())
        whole = {
            1: ngettext("%(n)d hour: %(parts)s", "%(n)d hours: %(parts)s", number),
            24: ngettext("%(n)d day: %(parts)s", "%(n)d days: %(parts)s", number),
        }.get(self.hours, _("%(n)d times %(hours)d hours: %(parts)s"))
        told = {
            GOOD: _("%d passed"),
            SOME: _("%d failed in part"),
            BAD: _("%d failed"),
            OTHER: _("%d inconclusive"),
            NONE: _("%d without a test"),
        }
        parts = ", ".join(told[name] % count for name, count in self.counts.items())
        return whole % {"n": number, "hours": self.hours, "parts": parts}


def state_of(cell: Tally) -> str:
    if not cell.total:
        return NONE
    if not cell.proved:
        return OTHER
    if not cell.bad:
        return GOOD
    return SOME if cell.good else BAD


def strip(course: Course, frame: Frame) -> Strip:
    number = 1 if frame.cells < 100 else 3  # of more than a hundred none could be seen
    places = range(0, frame.cells, number)
    cells = ([course.cells.get(place + one, NOTHING) for one in range(number)] for place in places)
    states = [state_of(together(some) if number > 1 else some[0]) for some in cells]
    counts = {name: states.count(name) for name in _LANES if name in states}
    hours = number * round(frame.step.total_seconds() / 3600)
    return Strip(len(states) * CELL, _drawn(states), counts, hours)


def key(name: str) -> Strip:
    """One cell, for a legend."""
    return Strip(CELL, _drawn([name]), {})


def _drawn(states: Sequence[str]) -> list[Lane]:
    lanes = dict.fromkeys(lane for some in _LANES.values() for lane in some)
    found = []
    for lane in lanes:
        marked = [lane in _LANES[state] for state in states]
        d = "".join(f"M{CELL * begin} {lane.y}h{CELL * long - 1}" for begin, long in _runs(marked))
        if d:
            found.append(lane._replace(d=d))
    return found


def _runs(marked: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Begin and length of what follows each other."""
    for is_marked, places in groupby(range(len(marked)), key=lambda place: marked[place]):
        run = [*places]
        if is_marked:
            yield run[0], len(run)


@dataclass(frozen=True, slots=True)
class Chart:
    """`paths` by what they stand for; `top` is what the upper edge means, `half` the middle."""

    width: int
    top: int
    paths: Mapping[str, str]
    height: int = HEIGHT

    @property
    def half(self) -> int:
        return self.top // 2


def rounded(most: int) -> int:
    """The upper edge of an axis: at least `most`, even, and told in few digits."""
    size = 1
    while most > 10 * size:
        size *= 10
    return next(step * size for step in _ROUND if step * size >= most)


def bars(course: Course, frame: Frame) -> Chart:
    """Tests of each cell: those that worked, on them those that proved neither, then failures."""
    top = rounded(max((cell.total for cell in course.cells.values()), default=0))
    drawn: dict[str, list[Line]] = {GOOD: [], OTHER: [], BAD: []}
    for place, cell in sorted(course.cells.items()):
        x, y = _middle(place), HEIGHT
        for name, height in _heights(cell, top).items():
            drawn[name].append([(x, y), (x, y - height)])
            y -= height
    paths = {name: _path(lines) for name, lines in drawn.items() if lines}
    return Chart(frame.cells * COLUMN, top, paths)


def _heights(cell: Tally, top: int) -> dict[str, int]:
    """Of what stands on each other, from below; the few are seen at the expense of the many."""
    counts = {GOOD: cell.good, OTHER: cell.other, BAD: cell.bad}
    found = {
        name: max(round(count / top * HEIGHT), _LEAST) for name, count in counts.items() if count
    }
    if found:
        found[max(found, key=lambda name: found[name])] -= max(sum(found.values()) - HEIGHT, 0)
    return found


def lines(course: Course, frame: Frame) -> Chart | None:
    """How long good tests took, half of them and nearly all; None where none was measured."""
    timed = {place: cell for place, cell in sorted(course.cells.items()) if cell.times}
    if not timed:
        return None
    p50 = {place: cell.p50 or 0 for place, cell in timed.items()}
    p95 = {place: cell.p95 or 0 for place, cell in timed.items()}
    top = rounded(max(p95.values()))
    paths = {"p95": _path(_broken(p95, top)), "p50": _path(_broken(p50, top))}
    return Chart(frame.cells * COLUMN, top, paths)


def _middle(place: int) -> int:
    return place * COLUMN + COLUMN // 2


def _broken(values: Mapping[int, int], top: int) -> list[Line]:
    """A line ends where nothing was measured."""
    found: list[Line] = []
    for place, value in values.items():
        if place - 1 not in values:
            found.append([])
        found[-1].append((_middle(place), round(HEIGHT - value / top * HEIGHT)))
    return found


def _path(drawn: Iterable[Line]) -> str:
    """From each point to the next one, which packs better than where they are; one alone is as
    wide as its column, for a dot would hardly be seen."""
    words, x, y = list[str](), 0, 0
    for points in drawn:
        line = points if len(points) > 1 else _dash(*points)
        for number, (right, down) in enumerate(line):
            step, fall = right - x, down - y
            if not number:
                words.append(f"{'m' if words else 'M'}{step} {fall}")
            elif step and fall:
                words.append(f"l{step} {fall}")
            else:
                words.append(f"h{step}" if step else f"v{fall}")
            x, y = right, down
    return "".join(words)


def _dash(point: tuple[int, int]) -> Line:
    x, y = point
    return [(x - COLUMN // 2, y), (x + COLUMN // 2, y)]
