"""What is to happen in a simulated world, and what did: see month.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from providers.catalog.items import CatalogItem
from providers.spec.outcomes import Outcome

if TYPE_CHECKING:
    from tests.routing.watch.month import World

ZONE = ZoneInfo("Europe/Berlin")
QUIET_FROM, QUIET_UNTIL = 22, 7  # hours of the wall clock there


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@dataclass(frozen=True)
class Spell:
    """A time in which a provider, or one of its models, answers like this."""

    name: str
    since: datetime
    until: datetime
    outcome: Outcome
    model: str = ""


@dataclass(frozen=True)
class Flap:
    """The first test from then on fails, and no other one."""

    name: str
    at: datetime
    outcome: Outcome = Outcome.TIMEOUT


@dataclass(frozen=True)
class Manner:
    """How a receiver answers for a time. `lasts`: only so long from the first message on."""

    channel: str
    since: datetime
    until: datetime
    how: str  # of HOW
    lasts: timedelta | None = None


@dataclass
class Script:
    start: datetime
    end: datetime
    spells: list[Spell] = field(default_factory=list)
    flaps: list[Flap] = field(default_factory=list)
    deaths: list[datetime] = field(default_factory=list)  # of whoever takes the next job
    silences: list[tuple[datetime, datetime]] = field(default_factory=list)  # nobody works
    jumps: list[tuple[datetime, timedelta]] = field(default_factory=list)  # the clock is that off
    manners: list[Manner] = field(default_factory=list)
    events: list[tuple[datetime, Callable[[World], None]]] = field(default_factory=list)
    money: list[tuple[datetime, str, str]] = field(default_factory=list)  # when, whose, how much
    # What a provider lists at a time
    lists: dict[str, Callable[[datetime], tuple[CatalogItem, ...]]] = field(default_factory=dict)
    twice: bool = True  # whether two workers do each beat


@dataclass
class Asked:
    """One test or fetch as it went. Times are those of the clock that the site is shown."""

    provider: str
    task: str
    models: tuple[str, ...]
    is_scheduled: bool
    at: datetime
    true_at: datetime
    ended_at: datetime | None = None
    outcome: str = ""  # of the provider; what a dead worker never said is ""
    model_outcome: str = ""  # of its models
    abouts: tuple[str, ...] = ()  # the subjects that the schedule asked it for


@dataclass(frozen=True)
class Hit:
    """One message that reached a receiver."""

    channel: str
    message: str
    alerts: tuple[str, ...]
    at: datetime
    is_taken: bool


@dataclass(frozen=True)
class Answer:
    """What a receiver answers: how it ends, after how long, and when it wants to be asked again."""

    outcome: Outcome
    seconds: float = 0.2
    retry_after: int | None = None
    status: int | None = 200


HOW = {
    "fine": Answer(Outcome.OK),
    "dead": Answer(Outcome.UNREACHABLE, status=None),
    "late": Answer(Outcome.OK, 20),
    "limited": Answer(Outcome.RATE_LIMITED, retry_after=120, status=429),
    "broken": Answer(Outcome.SERVER_ERROR, status=500),
}


def every_hour(script: Script) -> Iterator[datetime]:
    moment = script.start
    while moment < script.end:
        yield moment
        moment += timedelta(hours=1)


def is_quiet(moment: datetime) -> bool:
    there = moment.astimezone(ZONE).hour
    return there >= QUIET_FROM or there < QUIET_UNTIL
