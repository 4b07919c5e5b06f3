"""Reading the rows of a model list by paths, whatever is wrong with their types. Pure."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from providers.dialects.judge import values_at
from providers.specs import Columns

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
    return reader(path)(row)


@lru_cache(maxsize=256)
def reader(path: Path) -> Callable[[Any], Any]:
    """`first` for one path, read once: a list of models has the same paths in every row."""
    paths = (path,) if isinstance(path, str) else path
    if any("|" in one or "[]" in one for one in paths):
        return lambda row: next((v for one in paths for v in _values(row, one)), None)
    return _plain([one.partition(".") for one in paths if one])


def _values(row: Any, path: str) -> list[Any]:
    return [value for value in values_at(row, path) if value is not None] if path else []


def _plain(paths: list[tuple[str, str, str]]) -> Callable[[Any], Any]:
    steps = [(name, reader(rest) if rest else None) for name, _, rest in paths]

    def read(row: Any) -> Any:
        if isinstance(row, dict):
            for name, onward in steps:
                value = row.get(name)
                if onward is not None:
                    value = onward(value)
                if value is not None:
                    return value
        return None

    return read


def id_of(row: Any, columns: Columns) -> str:
    """The id of a row, or of a row that is nothing but its id; "" = it has none."""
    value = row if isinstance(row, str) else reader(columns.model_id)(row)
    if not isinstance(value, str) or not value.isprintable():
        return ""
    return value.strip().removeprefix(columns.strip)


def has_shape(rows: list[Any], columns: Columns) -> bool:
    """Whether this is a list of models: empty, or with an id within its first few rows."""
    return not rows or any(id_of(row, columns) for row in rows[:5])


def is_hidden(row: Any, hide: Mapping[str, tuple[Any, ...]]) -> bool:
    return any(first(row, path) in values for path, values in hide.items())
