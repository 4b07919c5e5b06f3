"""What has outlived its time and goes: rows of several kinds, named by the apps that keep them.

Audit entries stay. Each piece is deleted by itself, so that nobody waits long for the database.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from facio_site import clock

PIECE = 500  # rows deleted at once
PAUSE_SECONDS = 0.05  # between two pieces, for everybody else


@dataclass(frozen=True)
class Old:
    """Rows of one kind that may go. `name` is in the plural, as a command prints it."""

    name: str
    count: Callable[[], int]
    remove: Callable[[], int]  # returns how many went


def of_rows(
    name: str, rows: QuerySet[Any], remove: Callable[[QuerySet[Any]], object] = QuerySet.delete
) -> Old:
    """Those that a queryset finds; after `remove` it must not find them any more."""
    return Old(name, rows.count, lambda: _in_pieces(rows, remove))


def limit() -> Any:
    """What is older than this may go, for use in a query."""
    return clock.moment() - timedelta(days=settings.KEEP_JOBS_DAYS)


def counts() -> dict[str, int]:
    """How many of each kind would go now."""
    return _by_name((old.name, old.count()) for old in _all())


def prune() -> dict[str, int]:
    """Remove them; returns how many of each kind went. Several at once do no harm."""
    return _by_name((old.name, old.remove()) for old in _all())


def _all() -> Iterable[Old]:
    for path in settings.HISTORY:
        yield from import_string(path)()


def _by_name(found: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, count in found:
        sums[name] = sums.get(name, 0) + count
    return sums


def _in_pieces(rows: QuerySet[Any], remove: Callable[[QuerySet[Any]], object]) -> int:
    count = 0
    while piece := _remove_some(rows, remove):
        count += len(piece)
        time.sleep(PAUSE_SECONDS)
    return count


@transaction.atomic
def _remove_some(rows: QuerySet[Any], remove: Callable[[QuerySet[Any]], object]) -> Sequence[Any]:
    """One piece; what somebody else is removing at this moment is left to them."""
    some = rows.order_by("pk").select_for_update(skip_locked=True).values_list("pk", flat=True)
    piece = list(some[:PIECE])
    remove(rows.model._default_manager.filter(pk__in=piece))
    return piece
