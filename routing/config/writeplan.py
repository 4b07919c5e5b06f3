"""What a write to the live file would do: to the file, and to what is set here. Pure.

When somebody else changed the file since our last write, each of their changes is either taken in
here as an import would take it, or undone by the write. Nothing is saved here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.specs import ProviderSpec
from routing.config.difference import Path, PathChange, Place, Side, merge, semantic_diff
from routing.config.edits import Current, applied, exported
from routing.config.export import Exported, Mode
from routing.config.importer import Plan, plan_import
from routing.config.pasted import Pasted
from routing.config.references import own_references
from routing.config.risks import Danger, Risk, risks_of

Choices = Mapping[str, Side]


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePlan:
    exported: Exported
    after: Current = field(repr=False)  # all that is set here once this is done
    changes: tuple[PathChange, ...]  # what the write changes in the file
    places: tuple[Place, ...] = ()  # what somebody else changed since our last write
    dangers: Mapping[str, Danger] = field(default_factory=dict)  # of places, by path
    undecided: frozenset[str] = frozenset()  # paths of places that ask for a choice
    plan: Plan | None = None  # what their changes do to what is set here; None = nothing


def plan_write(
    current: Current,
    mode: Mode,
    *,
    disk: Mapping[str, Any],
    specs: Mapping[str, ProviderSpec],
    last: Mapping[str, Any] | None = None,
    choices: Choices | None = None,
) -> WritePlan:
    """Write what is set here over `disk`, the document in the file ({} = there is none).

    `last` is what we wrote there before, if somebody else changed the file since ({} = we never
    wrote it); None when it is still ours. What they changed stays unless `choices` (by path) says
    "ours"; a conflict is ours unless it says "theirs". Raises schema.Refused.
    """
    ours = exported(current, mode, specs)
    if last is None:
        changes = semantic_diff(disk, ours.document, specs=specs)
        return WritePlan(exported=ours, after=current, changes=changes)
    merged = merge(last, ours.document, disk, specs=specs, choices=choices)
    dangers = _dangers(merged.places, risks_of(ours.document, disk, specs=specs))
    plan, after, written = None, current, ours
    if any(place.side == "theirs" for place in merged.places):
        pasted = Pasted(source="config", document=merged.document)
        kept = own_references(merged.document, current, specs)
        plan = plan_import(pasted, current, specs=specs, kept=kept)
        after = applied(current, plan.providers, plan.routes, plan.document, specs=specs)
        written = exported(after, mode, specs)
    return WritePlan(
        exported=written,
        after=after,
        changes=semantic_diff(disk, written.document, specs=specs),
        places=merged.places,
        dangers=dangers,
        undecided=frozenset(dangers) - frozenset(choices or ()),
        plan=plan,
    )


def _dangers(places: tuple[Place, ...], risks: tuple[Risk, ...]) -> dict[str, Danger]:
    """Places that hold a risk or stand inside one: nobody takes them in without saying so."""
    return {
        place.path: risk.danger
        for place in places
        for risk in reversed(risks)
        if _overlap(place.keys, risk.keys)
    }


def _overlap(one: Path, other: Path) -> bool:
    length = min(len(one), len(other))
    return one[:length] == other[:length]
