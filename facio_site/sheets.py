"""Rows as CSV that a spreadsheet opens as data and never as formulas."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from io import StringIO
from itertools import chain

# What a spreadsheet takes for the beginning of a formula; the white space before one as well.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
Cell = str | int | float | datetime | None


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """One line after the other, as RFC 4180 has them; moments in UTC, "" for None."""
    for row in chain([head], rows):
        line = StringIO()
        csv.writer(line).writerow([_text(cell) for cell in row])
        yield line.getvalue()


def _text(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA):
        return f"'{cell}"
    return cell
