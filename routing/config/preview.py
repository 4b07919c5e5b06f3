"""What a person sees before anything is imported, and the plan that their choices make.

Kept out: requests, words and rows.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from providers.registry import KINDS
from routing.config.difference import Path, PathChange, shown_path
from routing.config.document import get, part, snake
from routing.config.edits import Current
from routing.config.importer import Plan, plan_import
from routing.config.owned import SLOTS, route_keys
from routing.config.pasted import Pasted
from routing.config.references import own_references
from routing.config.risks import Danger
from routing.state import fingerprint


@dataclass(frozen=True, slots=True)
class Part:
    """A risky part, which is only taken in by its own consent."""

    path: str
    danger: Danger
    changes: tuple[PathChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    pasted: Pasted
    plan: Plan  # without any risky part, and with stored keys kept
    parts: tuple[Part, ...]
    named_keys: tuple[str, ...]  # paths where the file only names a key that is stored here
    kinds: tuple[str, ...]  # the providers that it speaks of
    slots: tuple[str, ...]  # and the routes
    token: str  # of the state that it was made for

    @property
    def is_whole(self) -> bool:
        """A config.json, which can replace what is here or be merged with it."""
        return self.pasted.source == "config"


def make_preview(pasted: Pasted, before: Current, *, is_merge: bool) -> Preview:
    """Raises schema.Refused."""
    full = plan_with(pasted, before, is_merge=is_merge, consents=None)
    safe = plan_with(pasted, before, is_merge=is_merge, consents=())
    inside = _by_risk(full, set(full.changes) - set(safe.changes))
    defaults = part(pasted.document, "agents", "defaults")
    return Preview(
        pasted=pasted,
        plan=safe,
        parts=tuple(
            Part(risk.path, risk.danger, tuple(inside[_plain(risk.keys)])) for risk in full.risks
        ),
        named_keys=tuple(map(shown_path, own_references(pasted.document, before, KINDS))),
        kinds=tuple(kind for kind in KINDS if _speaks_of(pasted, kind)),
        slots=tuple(slot for slot in SLOTS if any(get(defaults, n) for n in route_keys(slot))),
        token=fingerprint(before),
    )


def plan_with(
    pasted: Pasted,
    before: Current,
    *,
    is_merge: bool,
    consents: Collection[str] | None,
    keeps_keys: bool = True,
) -> Plan:
    """The plan of these choices. `consents` are paths of risky parts; None = to all of them.

    Raises schema.Refused.
    """
    kept = own_references(pasted.document, before, KINDS) if keeps_keys else ()
    full = plan_import(pasted, before, specs=KINDS, is_merge=is_merge, kept=kept)
    if consents is None:
        return full
    declined = frozenset(risk.path for risk in full.risks if risk.path not in consents)
    if not declined:
        return full
    return plan_import(pasted, before, specs=KINDS, is_merge=is_merge, declined=declined, kept=kept)


def does_nothing(plan: Plan, before: Current) -> bool:
    """Whether storing it would change nothing, not even the spelling of later exports."""
    return plan.is_empty and json.dumps(plan.document) == json.dumps(before.document)


def risky_changes(plan: Plan) -> list[PathChange]:
    """Those inside a risky part."""
    return [change for inside in _by_risk(plan, set(plan.changes)).values() for change in inside]


def _by_risk(plan: Plan, changes: set[PathChange]) -> dict[Path, list[PathChange]]:
    """The changes of each risky part, in order, by its keys; the others are left out."""
    inside: dict[Path, list[PathChange]] = {_plain(risk.keys): [] for risk in plan.risks}
    for change in plan.changes:
        keys = _plain(change.keys)
        above = next((keys[:n] for n in range(1, len(keys) + 1) if keys[:n] in inside), None)
        if above and change in changes:
            inside[above].append(change)
    return inside


def _plain(keys: Path) -> Path:
    return tuple(map(snake, keys))


def _speaks_of(pasted: Pasted, kind: str) -> bool:
    return bool(part(pasted.document, "providers", kind)) or kind in pasted.secrets
