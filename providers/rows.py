"""Reading the rows of a model list by paths, whatever is wrong with their types. Pure."""

from collections.abc import Mapping
from typing import Any

from providers.judge import values_at
from providers.specs import Columns


def rows_of(data: Any, items: str | tuple[str, ...]) -> list[Any] | None:
    """The list at the first path that holds one ("" = the top level); None = not this shape."""
    for path in (items,) if isinstance(items, str) else items:
        for value in values_at(data, path) if path else [data]:
            if isinstance(value, list):
                return value
    return None


def first(row: Any, path: str | tuple[str, ...]) -> Any:
    """The first value at a path, or at the first of several, that is there and not null."""
    for one in (path,) if isinstance(path, str) else path:
        for value in values_at(row, one) if one else []:
            if value is not None:
                return value
    return None


def id_of(row: Any, columns: Columns) -> str:
    """The id of a row, or of a row that is nothing but its id; "" = it has none."""
    value = row if isinstance(row, str) else first(row, columns.model_id)
    if not isinstance(value, str) or not value.isprintable():
        return ""
    return value.strip().removeprefix(columns.strip)


def has_shape(rows: list[Any], columns: Columns) -> bool:
    """Whether this is a list of models: empty, or with an id within its first few rows."""
    return not rows or any(id_of(row, columns) for row in rows[:5])


def is_hidden(row: Any, hide: Mapping[str, tuple[Any, ...]]) -> bool:
    return any(first(row, path) in values for path, values in hide.items())
