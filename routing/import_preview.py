"""What a person sees before anything is imported, and the plan that their choices make.

Kept out: requests, words and rows.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from providers.registry import KINDS
from routing.difference import Path, PathChange, shown_path
from routing.document import get, part, snake
from routing.edits import Current
from routing.importer import Plan, plan_import
from routing.owned import SLOTS, route_keys
from routing.pasted import Pasted
from routing.references import own_references
from routing.risks import Danger, Risk
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
    extra = [change for change in full.changes if change not in safe.changes]
    defaults = part(pasted.document, "agents", "defaults")
    return Preview(
        pasted=pasted,
        plan=safe,
        parts=tuple(_part(risk, extra) for risk in full.risks),
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


def _part(risk: Risk, changes: list[PathChange]) -> Part:
    inside = tuple(change for change in changes if is_inside(change.keys, risk.keys))
    return Part(risk.path, risk.danger, inside)


def is_inside(keys: Path, above: Path) -> bool:
    return [*map(snake, keys[: len(above)])] == [*map(snake, above)]


def _speaks_of(pasted: Pasted, kind: str) -> bool:
    return bool(part(pasted.document, "providers", kind)) or kind in pasted.secrets
