"""What time it is: the database's, which every process of the site can ask.

With SQLite that is this machine's own clock.
"""

import logging
import threading
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

TOLD_ABOVE = 5.0  # seconds between this process and the database
LOOKED_EVERY = 60.0
TOLD_EVERY = 3600.0

log = logging.getLogger(__name__)
_lock = threading.Lock()
_looked_at = _told_at = float("-inf")
_skew = 0.0


def now() -> datetime:
    """The database's time at this very moment, inside of a transaction as well."""
    if connection.vendor == "sqlite":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def moment() -> Any:
    """The same inside of a query, at no question of its own."""
    return timezone.now() if connection.vendor == "sqlite" else Now()


def skew() -> float:
    """Seconds by which this process is ahead of the database, behind is negative; looked at once a
    minute. Above TOLD_ABOVE it is logged, once an hour."""
    global _looked_at, _told_at, _skew
    if connection.vendor == "sqlite":
        return 0.0
    looked_at = time.monotonic()
    with _lock:
        if looked_at - _looked_at < LOOKED_EVERY:
            return _skew
        _looked_at = looked_at
    began = timezone.now()
    there = now()
    ended = timezone.now()
    _skew = (began + (ended - began) / 2 - there).total_seconds()
    if is_off(_skew) and looked_at - _told_at > TOLD_EVERY:
        _told_at = looked_at
        log.warning(
            "the clock of this process is %.0f s %s the database's: set both by NTP",
            abs(_skew),
            "ahead of" if _skew > 0 else "behind",
        )
    return _skew


def is_off(seconds: float) -> bool:
    return abs(seconds) > TOLD_ABOVE


def about_now() -> datetime:
    """The same without a question to the database: for ages that are shown, right to a second."""
    return timezone.now() - timedelta(seconds=skew())
