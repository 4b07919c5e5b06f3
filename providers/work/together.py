"""One broker for all workers of a database: two sites on one would not see each other's jobs.

The broker has a mark, and the database names the mark of the one that the site's workers share;
their sweep says so every ten seconds. State never lives in the broker: one that was emptied gets
another mark, which the next sweep writes down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.db.models.functions import Now

from facio_site import schema
from facio_site.models import SiteBroker
from providers import broker

FRESH = timedelta(seconds=15)  # a mark that was not said again for so long is nobody's
LOOK_SECONDS = 0.5
ANOTHER = (
    "Another site works on this database with another broker: give both the same REDIS_URL, or "
    "this one a database of its own."
)


def share_broker(say: Callable[[str], object], pause: Callable[[float], object]) -> None:
    """At a start. Raises schema.Refused while others use the database with another broker, and
    what `pause` raises. Without an answer of the broker nothing can be told. It leaves no
    connection to it open."""
    if not schema.is_own_file():
        try:
            _share(say, pause)
        finally:
            broker.hang_up()


def _share(say: Callable[[str], object], pause: Callable[[float], object]) -> None:
    if mark := broker.mark():  # of two at once, one is the first to say so
        SiteBroker.objects.get_or_create(pk=1, defaults={"mark": mark, "seen_at": Now()})
    first = said = _said()
    while first and said and said.is_fresh and broker.mark() not in ("", said.mark):
        if said.seen_at > first.seen_at:
            raise schema.Refused(ANOTHER)
        if said is first:
            say("another broker was used with this database just now: looking whether it still is")
        pause(LOOK_SECONDS)
        said = _said()
    say_broker()


def say_broker() -> None:
    """Write down that this broker is the one in use."""
    if not schema.is_own_file() and (mark := broker.mark()):
        SiteBroker.objects.update_or_create(pk=1, defaults={"mark": mark, "seen_at": Now()})


def leave_broker(worker: str) -> None:
    """At a clean stop of the last worker: whoever starts next need not wait whether somebody is
    still there."""
    if schema.is_own_file() or broker.other_workers(worker):
        return
    long_ago = models.ExpressionWrapper(Now() - 2 * FRESH, models.DateTimeField())
    SiteBroker.objects.filter(mark=broker.mark()).update(seen_at=long_ago)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the database says of the broker in use, by the database's clock."""

    mark: str
    seen_at: datetime
    is_fresh: bool


def _said() -> _Said | None:
    row = SiteBroker.objects.annotate(now=Now()).first()
    return _Said(row.mark, row.seen_at, row.now - row.seen_at < FRESH) if row else None
