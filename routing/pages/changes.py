"""A difference between two config.json as it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from providers.kinds import KINDS, named
from routing.config.difference import SET, PathChange
from routing.config.document import provider_of

CHANGES_SHOWN = 300


# --- changes --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changes:
    """A difference as it is shown, values and all but secrets: what is set here, then the rest."""

    ours: Sequence[tuple[PathChange, str, str]]  # with its two values in words
    others: Sequence[tuple[PathChange, str, str]]
    more: int  # that are not shown

    @property
    def rows(self) -> list[tuple[PathChange, str, str]]:
        return [*self.ours, *self.others]

    @property
    def count(self) -> int:
        return len(self.ours) + len(self.others) + self.more


def shown_changes(changes: Sequence[PathChange], most: int = CHANGES_SHOWN) -> Changes:
    ours = [_in_words(change) for change in changes if change.is_owned]
    others = [_in_words(change) for change in changes if not change.is_owned]
    return Changes(ours, others[:most], max(0, len(others) - most))


def by_subject(changes: Changes) -> dict[str, list[tuple[PathChange, str, str]]]:
    """The same rows under a heading each: providers by their names, routes, and what is set
    nowhere here."""
    routes, rest = _("Routes"), _("Only in config.json, not set here")
    groups: dict[str, list[tuple[PathChange, str, str]]] = {}
    for row in changes.rows:
        keys, heading = row[0].keys, routes
        if not row[0].is_owned:
            heading = rest
        elif keys[0] == "providers":
            heading = named(provider_of(keys[1], KINDS) or keys[1]).label
        groups.setdefault(heading, []).append(row)
    last = {name: groups.pop(name) for name in (routes, rest) if name in groups}
    return groups | last


def _in_words(change: PathChange) -> tuple[PathChange, str, str]:
    before, after = value_words(change.before), value_words(change.after)
    if change.before == change.after == SET:
        after = _("changed")
    return change, before, after


def value_words(text: str) -> str:
    return _("set") if text == SET else text
