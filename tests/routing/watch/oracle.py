"""What should have been told, computed from how the tests went and from what the script says.

Nothing here reads a row of the watch: two failures in a row, a success after them, a wall clock in
Berlin, and plain sums are all it knows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.routing.watch.scripts import ZONE, Asked, Script, Spell, is_quiet

GOOD = "ok"
BAD = {
    *("bad_key", "forbidden", "no_credit", "bad_endpoint", "server_error", "dns_error"),
    *("tls_error", "unreachable", "timeout", "unexpected_response", "model_not_found"),
    "bad_request",
}
Watched = Callable[[str, datetime], bool]
Span = tuple[datetime, datetime]


@dataclass(frozen=True, order=True)
class Told:
    at: datetime  # when the test ended that showed it
    kind: str
    about: str
    since: datetime


@dataclass
class _Line:
    """One subject's row of failures."""

    count: int = 0
    first: datetime | None = None
    since: datetime | None = None  # of its last change
    is_by_provider: bool = False


def changes(
    asked: Iterable[Asked],
    served: Mapping[str, Mapping[str, str]],
    is_watched: Watched,
) -> list[Told]:
    """Alerts of failing and working, in order. `served`: model by slot, by the provider's name.

    A wall clock that is set back shows some hours twice: none begins before what is known already.
    """
    lines: dict[str, _Line] = defaultdict(_Line)
    found = []
    for one in _ended(asked):
        assert one.ended_at
        for about, outcome, is_by_provider in _verdicts(one, served, lines):
            if not is_watched(about, one.true_at):
                lines.pop(about, None)
                continue
            line = lines[about]
            at = max(filter(None, (one.ended_at, line.first, line.since)))
            if outcome in BAD:
                line.count += 1
                line.first = line.first or at
                line.is_by_provider = is_by_provider if line.count <= 2 else line.is_by_provider
                if line.count == 2:
                    line.since = line.first
                if line.count == 2 and not line.is_by_provider:
                    found.append(Told(one.ended_at, "fails", about, line.first))
            elif outcome == GOOD:
                if line.count >= 2 and not line.is_by_provider:
                    assert line.first
                    found.append(Told(one.ended_at, "works_again", about, line.first))
                is_news = line.count >= 2 or line.since is None
                lines[about] = _Line(since=at if is_news else line.since)
    return found


def _ended(asked: Iterable[Asked]) -> list[Asked]:
    return [one for one in asked if one.ended_at and one.outcome]


def _verdicts(
    one: Asked, served: Mapping[str, Mapping[str, str]], lines: Mapping[str, _Line]
) -> Iterator[tuple[str, str, bool]]:
    """Subject, what was told of it, and whether its provider is at fault."""
    provider = f"provider:{one.provider}"
    if one.task == "fetch":
        is_down = provider in lines and lines[provider].count >= 2
        yield f"catalog:{one.provider}", one.outcome, is_down
        return
    yield provider, one.outcome, False
    for slot, model in served.get(one.provider, {}).items():
        if one.outcome in BAD:
            yield f"route:{slot}", one.outcome, True
        elif model in one.models:
            yield f"route:{slot}", one.model_outcome or one.outcome, False
        elif one.outcome == GOOD and f"route:{slot}" in lines:
            line = lines[f"route:{slot}"]
            if line.count == 0 or line.is_by_provider:
                yield f"route:{slot}", GOOD, True


def awake(since: datetime, span: timedelta) -> datetime:
    """The moment at which so much time outside of the quiet hours has gone by."""
    step, left, moment = timedelta(minutes=1), span, since
    while left > timedelta() or is_quiet(moment):
        left -= timedelta() if is_quiet(moment) else step
        moment += step
    return moment


def must_be_told(spells: Iterable[Spell], within: timedelta) -> list[tuple[Spell, datetime]]:
    """Outages that no schedule can miss, and until when the alert must be there."""
    found = []
    for spell in spells:
        latest = awake(spell.since, within)
        if latest < spell.until:
            found.append((spell, latest))
    return found


def paid(asked: Iterable[Asked], is_paid: Callable[[Asked], int]) -> dict[date, int]:
    """Calls that a provider bills and the schedule made, by the day in Berlin."""
    sums: Counter[date] = Counter()
    for one in asked:
        if one.is_scheduled and one.task == "check":
            sums[one.at.astimezone(ZONE).date()] += is_paid(one)
    return dict(sums)


def counted(
    asked: Iterable[Asked], served: Mapping[str, Mapping[str, str]]
) -> dict[str, Counter[str]]:
    """How often each outcome was told, by subject: of the provider, and of the routes whose model
    was to be asked, unless it was not reached and nothing is wrong."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for one in _ended(asked):
        if one.task != "check":
            continue
        sums[f"provider:{one.provider}"][one.outcome] += 1
        for slot, model in served.get(one.provider, {}).items():
            if model in one.models and (one.model_outcome or one.outcome in BAD):
                sums[f"route:{slot}"][one.model_outcome or one.outcome] += 1
    return dict(sums)


def quiet_between(since: datetime, until: datetime) -> timedelta:
    """How much of a time is quiet, to a minute."""
    step, total, moment = timedelta(minutes=1), timedelta(), since
    while moment < until:
        total += step if is_quiet(moment) else timedelta()
        moment += step
    return total


def disturbed(script: Script) -> list[Span]:
    """When nobody worked or the clock was wrong."""
    found = [*script.silences]
    marks = sorted(script.jumps)
    for number, (since, skew) in enumerate(marks):
        if skew:
            until = marks[number + 1][0] if number + 1 < len(marks) else script.end
            found.append((since, until))
    return found


def overlaps(since: datetime, until: datetime, spans: Collection[Span]) -> bool:
    return any(since < end and begin < until for begin, end in spans)
