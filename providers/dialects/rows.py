"""Reading the rows of a model list by paths, whatever is wrong with their types. Pure."""

from collections.abc import Mapping
from typing import Any

from providers.dialects.paths import values_at
from providers.spec.kind import Columns

Path = str | tuple[str, ...]  # a tuple: the first path at which there is something


def rows_of(data: Any, items: Path) -> list[Any] | None:
    """The list at the first path that holds one ("" = the top level); None = not this shape."""
    for path in (items,) if isinstance(items, str) else items:
        for value in values_at(data, path) if path else [data]:
            if isinstance(value, list):
                return value
    return None


def first(row: Any, path: Path) -> Any:
    """The first value at a path, or at the first of several, that is there and not null."""
    return column([row], path)[0]


def column(rows: list[Any], path: Path) -> list[Any]:
    """The same for each of these rows, None where there is none. All at once: a call for each value
    of a long list takes three times as long."""
    found: list[Any] = [None] * len(rows)
    for one in (path,) if isinstance(path, str) else path:
        if one and None in found:
            values = _values(rows, one)
            found = [new if old is None else old for old, new in zip(found, values, strict=True)]
    return found


def _values(rows: list[Any], path: str) -> list[Any]:
    if "|" in path or "[]" in path:
        return [next((v for v in values_at(row, path) if v is not None), None) for row in rows]
    for name in path.split("."):
        rows = [row.get(name) if isinstance(row, dict) else None for row in rows]
    return rows


def ids_of(rows: list[Any], columns: Columns) -> list[str]:
    """The id of each row, or of a row that is nothing but its id; "" = it has none."""
    named = zip(rows, column(rows, columns.model_id), strict=True)
    return [_id(row if isinstance(row, str) else value, columns.strip) for row, value in named]


def _id(value: Any, prefix: str) -> str:
    if not isinstance(value, str) or not value.isprintable():
        return ""
    return value.strip().removeprefix(prefix)


def has_shape(rows: list[Any], columns: Columns) -> bool:
    """Whether this is a list of models: empty, or with an id within its first few rows."""
    return not rows or any(ids_of(rows[:5], columns))


def without_hidden(rows: list[Any], hide: Mapping[str, tuple[Any, ...]]) -> list[Any]:
    for path, values in hide.items():
        found = zip(rows, column(rows, path), strict=True)
        rows = [row for row, value in found if value not in values]
    return rows
