"""Queries that run at every request or job, compiled once.

Django takes longer to put such a query into SQL than the database to answer it. What a function
under `@compiled` builds is put into SQL at its first call; later ones only fill in the values.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Field, QuerySet, Value

Build = Callable[..., "QuerySet[Any, Any]"]


class _Given(Value):
    """Stands in the SQL for a value that each run gives."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [self]


class Compiled:
    """Values are given by name. None is no such value: SQL asks for it in other words."""

    def __init__(self, build: Build, fields: dict[str, Field[Any, Any]]) -> None:
        self._build, self._fields = build, fields

    @cached_property
    def _prepared(self) -> tuple[QuerySet[Any, Any], Any, str, tuple[Any, ...]]:
        rows = self._build(**{name: _Given(name, field) for name, field in self._fields.items()})
        compiler = rows.query.get_compiler(connection=connection)
        return rows, compiler, *compiler.as_sql()

    def __call__(self, **values: Any) -> list[Any]:
        """The rows, read now."""
        rows, compiler, sql, places = self._prepared
        filled = [self._fill(one, values) if isinstance(one, _Given) else one for one in places]
        compiler = copy.copy(compiler)
        compiler.as_sql = lambda *_args, **_kwargs: (sql, filled)
        rows = rows.all()
        rows.query.get_compiler = lambda *_args, **_kwargs: compiler  # type: ignore[method-assign]
        return list(rows)

    def first(self, **values: Any) -> Any:
        """The first row; None when there is none."""
        return next(iter(self(**values)), None)

    def _fill(self, place: _Given, values: dict[str, Any]) -> Any:
        name = place.value
        return self._fields[name].get_db_prep_value(values[name], connection)


def compiled(**fields: Field[Any, Any]) -> Callable[[Build], Compiled]:
    """For a function that builds a queryset out of values; the fields say how the database wants
    each of them."""
    return lambda build: Compiled(build, fields)
