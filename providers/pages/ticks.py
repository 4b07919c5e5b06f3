"""The last tests of each provider as a line of ticks: told by colour and by shape, and in words."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from facio_site.templatetags.ui import tone
from providers.models import Provider
from providers.spec.outcomes import UNTOLD, Outcome

SHOWN = 20
STEP, HEIGHT = 5, 14  # of the drawing, in its own units
_AT_ONCE = 400  # providers in one query; SQLite takes five hundred parts
_SAYS_NOTHING = tuple(sorted([*UNTOLD, Outcome.REFERENCE]))
# Begins at the tick's own place: a full line, the upper half and a dot, a cross, the lower half.
_SHAPES = {"ok": "2v10", "warn": "2v5m0 5v0", "error": "4l3 6m0-6l-3 6", "info": "8v4"}
_LEFT = {"error": 1}  # of the middle, where the others stand

# Of one provider's tests of saved values, the last that told anything.
_LAST = (
    "SELECT * FROM (SELECT provider_id, outcome FROM providers_job "  # noqa: S608 # nosec B608 - no values
    "WHERE provider_id = %s AND task = 'check' AND status = 'done' AND NOT is_draft "
    f"AND outcome NOT IN ({', '.join(['%s'] * len(_SAYS_NOTHING))}) "
    f"ORDER BY created_at DESC LIMIT {SHOWN}) AS last"
)


def last_tones(providers: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[str, ...]]:
    """How the last tests of each went, oldest first: ok, warn, error, or info for what is neither.

    One query; those without a test are left out.
    """
    column, found = Provider._meta.pk, dict[uuid.UUID, list[str]]()
    keys = [column.get_db_prep_value(pk, connection) for pk in providers]
    for first in range(0, len(keys), _AT_ONCE):
        some = keys[first : first + _AT_ONCE]
        values = [value for key in some for value in (key, *_SAYS_NOTHING)]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join([_LAST] * len(some)), values)
            for pk, outcome in cursor.fetchall():
                found.setdefault(column.to_python(pk), []).append(tone(outcome))
    return {pk: tuple(reversed(newest_first)) for pk, newest_first in found.items()}


@dataclass(frozen=True, slots=True)
class Ticks:
    """`paths` are lines of an SVG by their tone."""

    words: str
    paths: Mapping[str, str]
    width: int
    height: int = HEIGHT


def ticks(tones: Sequence[str]) -> Ticks | None:
    """The drawing; None before the first test."""
    if not tones:
        return None
    paths: dict[str, str] = {}
    for place, one in enumerate(tones):
        shape, left = _SHAPES.get(one, _SHAPES["info"]), _LEFT.get(one, 2)
        paths[one] = paths.get(one, "") + f"M{place * STEP + left} {shape}"
    return Ticks(words=_words(tones), paths=paths, width=len(tones) * STEP)


def _words(tones: Sequence[str]) -> str:
    """As in: Last 20 tests: 18 ok, 2 failed."""
    counts = Counter(tones)
    failed = counts["warn"] + counts["error"]
    unproven = len(tones) - counts["ok"] - failed
    told = ((_("%d ok"), counts["ok"]), (_("%d inconclusive"), unproven), (_("%d failed"), failed))
    parts = ", ".join(words % count for words, count in told if count)
    words = ngettext("Last test: %(parts)s", "Last %(count)d tests: %(parts)s", len(tones))
    return words % {"count": len(tones), "parts": parts}
