"""Many rows, read in pieces by their keys.

No cursor is held in the server, which a pooler of transactions would lose between two pieces, and
none on SQLite, which would keep its journal from shrinking for as long as a reader is slow.
"""

from collections.abc import Iterator
from typing import TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def in_pieces(rows: QuerySet[Row], *, newest_first: bool = False, size: int = 500) -> Iterator[Row]:
    """All of them in the order of their keys, or against it, whatever order they had."""
    order, beyond = ("-pk", "pk__lt") if newest_first else ("pk", "pk__gt")
    rows = rows.order_by(order)
    piece = list(rows[:size])
    while piece:
        yield from piece
        last = piece[-1].pk
        piece = list(rows.filter(**{beyond: last})[:size]) if len(piece) == size else []
