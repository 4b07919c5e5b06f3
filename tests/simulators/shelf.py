"""The catalogs as they stand: usual rows, rows set by a test, and lists that change or grow.

Thread-safe. Knows nothing of how a kind serialises or pages its rows.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, Any]


class Shelf:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: dict[str, list[Row | str]] = {}
        self._turns: dict[str, int] = {}
        self._huge: dict[tuple[str, int], list[Row]] = {}

    def set_models(self, kind: str, rows: Sequence[Row | str] | None) -> None:
        """Rows in the kind's own form, or bare ids; None brings the usual ones back."""
        with self._lock:
            if rows is None:
                self._set.pop(kind, None)
            else:
                self._set[kind] = list(rows)

    def rows(
        self,
        kind: str,
        usual: Sequence[Row],
        make: Callable[[str], Row],
        *,
        empty: bool,
        changing: bool,
        huge: int | None,
        fresh: bool,
    ) -> Sequence[Row]:
        with self._lock:
            chosen = self._set.get(kind)
            turn = self._turns.get(kind, 0)
            if changing and fresh:
                self._turns[kind] = turn + 1
            elif changing:
                turn -= 1
        if empty:
            return []
        if chosen is not None:
            return [make(row) if isinstance(row, str) else row for row in chosen]
        if huge is not None:
            return self._grown(kind, usual, make, huge)
        if changing:
            gone = turn % max(1, len(usual))
            return [*usual[gone:], *(make(f"fresh-model-{n}") for n in range(1, turn + 1))]
        return usual

    def _grown(
        self, kind: str, usual: Sequence[Row], make: Callable[[str], Row], count: int
    ) -> list[Row]:
        with self._lock:
            if (kind, count) not in self._huge:
                extra = max(0, count - len(usual))
                more = [make(f"demo/model-{n:05d}") for n in range(1, extra + 1)]
                self._huge[kind, count] = [*usual, *more][:count]
            return self._huge[kind, count]
