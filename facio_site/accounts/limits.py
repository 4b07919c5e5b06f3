"""The counters of guesses, each a row in the table of Django's cache, which all processes share.

Nothing but time removes one: the cache is told to keep any number of rows, because a full one would
forget counters to make room for those of other names.
"""

from typing import Any

from django.db import connection

from facio_site import clock


def expired() -> int:
    """How many counters are past their time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cache WHERE expires < %s", [_moment()])
        return int(cursor.fetchone()[0])


def sweep() -> int:
    """Remove those; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM cache WHERE expires < %s", [_moment()])
        return int(cursor.rowcount)


def _moment() -> Any:
    return connection.ops.adapt_datetimefield_value(clock.now())
