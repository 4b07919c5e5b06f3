"""A difference between two config.json as it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from routing.config.difference import SET, PathChange

CHANGES_SHOWN = 300


# --- changes --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changes:
    """A difference as it is shown: what is set here, then the rest, which is only named."""

    ours: Sequence[tuple[PathChange, str, str]]  # with its two values in words
    others: Sequence[tuple[PathChange, str, str]]
    more: int  # that are not shown

    @property
    def count(self) -> int:
        return len(self.ours) + len(self.others) + self.more


def shown_changes(changes: Sequence[PathChange], most: int = CHANGES_SHOWN) -> Changes:
    ours = [_in_words(change) for change in changes if change.is_owned]
    others = [_in_words(change) for change in changes if not change.is_owned]
    return Changes(ours, others[:most], max(0, len(others) - most))


def _in_words(change: PathChange) -> tuple[PathChange, str, str]:
    before, after = value_words(change.before), value_words(change.after)
    if change.before == change.after == SET:
        after = _("changed")
    return change, before, after


def value_words(text: str) -> str:
    return _("set") if text == SET else text
