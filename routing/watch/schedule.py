"""When a subject is due next, and when nothing is asked. Pure: moments in, moments out.

Wall times are those of a time zone by its IANA name. Where a change of summer time brings a time
twice or leaves it out, the longer of both readings is quiet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from routing.models import WatchSettings

MOST_JITTER = timedelta(minutes=5)
OVERTAKEN = timedelta(minutes=10)  # how far a slow look may be behind one that has started since
_DAYS = (-1, 0, 1)  # whose quiet hours may hold a moment of a day


def jitter(minutes: int, name: str) -> timedelta:
    """How much later than the others this one comes, the same each time: at most a tenth of the
    interval, and never more than MOST_JITTER."""
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
    most = min(timedelta(minutes=minutes) / 10, MOST_JITTER)
    return most * (int.from_bytes(digest) / 2**32)


def next_due(now: datetime, minutes: int, name: str) -> datetime:
    """After a check that is made now, however late it is: what was missed is not made up for."""
    return now + timedelta(minutes=minutes) + jitter(minutes, name)


def soon_due(now: datetime, minutes: int, name: str) -> datetime:
    """The first time, and after what brings many at one moment: spread over the jitter."""
    return now + jitter(minutes, name)


def is_too_far(due_at: datetime, now: datetime, minutes: int, name: str) -> bool:
    """Whether no check that was made before now can have led to this time: the clock was set
    back, or the interval was longer then. One that another look has made meanwhile can."""
    return due_at > next_due(now, minutes, name) + OVERTAKEN


def zone_named(name: str) -> tzinfo:
    """UTC where this machine knows no such zone."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # the last: the name of a folder of zones
        return UTC


def day_of(now: datetime, zone: str) -> date:
    """The day that it is there."""
    return now.astimezone(zone_named(zone)).date()


def quiet_until(rules: WatchSettings, now: datetime) -> datetime | None:
    """When the quiet hours end in which `now` is; None = it is in none."""
    return quiet_end(now, rules.quiet_from, rules.quiet_until, rules.zone)


def asked_at(rules: WatchSettings, due_at: datetime, now: datetime) -> datetime:
    """When what is due then is asked, as it looks now: not before the quiet hours are over."""
    first = max(due_at, now)
    return quiet_until(rules, first) or first


def quiet_end(now: datetime, begins: time | None, ends: time | None, zone: str) -> datetime | None:
    """The same of wall times in a zone. `begins` after `ends` goes over midnight; both equal, or
    one that is missing, is never."""
    if begins is None or ends is None or begins == ends:
        return None
    found = None
    for start, end in _quiet_hours(day_of(now, zone), begins, ends, zone_named(zone)):
        if start <= (found or now) < end:  # a long night may reach into the next one
            found = end
    return found


def _quiet_hours(
    day: date, begins: time, ends: time, zone: tzinfo
) -> Iterator[tuple[datetime, datetime]]:
    """Those that may hold a moment of that day."""
    for number in _DAYS:
        first = day + timedelta(days=number)
        last = first if begins < ends else first + timedelta(days=1)
        yield _readings(first, begins, zone)[0], _readings(last, ends, zone)[1]


def _readings(day: date, wall: time, zone: tzinfo) -> tuple[datetime, datetime]:
    """What a wall time may mean, the earlier first: the same moment twice, but for a change."""
    local = datetime.combine(day, wall.replace(tzinfo=None), zone)
    one, other = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return min(one, other), max(one, other)
