"""What an import or a write would do, before anybody has agreed to it. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.kinds import KINDS
from providers.spec.kind import Specs
from routing.config.agent import AgentView, decide, view_of
from routing.config.difference import (
    Path,
    PathChange,
    Place,
    Side,
    merge,
    plain_path,
    semantic_diff,
    shown_path,
    value_at,
)
from routing.config.edits import Current, exported
from routing.config.entries import own_names, read_entries, with_own
from routing.config.export import Exported, Mode
from routing.config.importing.importer import Plan, plan_import, plan_of
from routing.config.importing.reading import Reading, read_import
from routing.config.importing.risks import Danger, Risk, risks_of
from routing.config.pasted import Pasted, Warned
from routing.rules.explain import Rule


@dataclass(frozen=True, slots=True)
class Part:
    """A risky part, which is only taken in by its own consent."""

    path: str
    danger: Danger
    changes: tuple[PathChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    pasted: Pasted
    plan: Plan  # without any risky part
    parts: tuple[Part, ...]
    named_keys: tuple[str, ...]  # paths where the file only names a key that is stored here
    kinds: tuple[str, ...]  # names of the providers that it speaks of
    slots: tuple[str, ...]  # and the routes
    token: str  # of the state that it was made for

    @property
    def is_whole(self) -> bool:
        """A config.json, which can replace what is here or be merged with it."""
        return self.pasted.source == "config"


def make_preview(
    pasted: Pasted,
    before: Current,
    *,
    is_merge: bool | None = None,
    keeps_keys: bool = True,
    token: str,
) -> Preview:
    """`is_merge` None: as what was handed in asks for. Raises schema.Refused."""
    reading = read_import(pasted, before, specs=KINDS, is_merge=is_merge, keeps_keys=keeps_keys)
    full = plan_of(reading)
    safe = _consented(reading, full, consents=())
    inside = _by_risk(full, set(full.changes) - set(safe.changes))
    return Preview(
        pasted=pasted,
        plan=safe,
        parts=tuple(
            Part(risk.path, risk.danger, tuple(inside[plain_path(risk.keys)]))
            for risk in full.risks
        ),
        named_keys=tuple(map(shown_path, reading.kept)),
        kinds=tuple(name for name in reading.specs if _speaks_of(reading, name)),
        slots=tuple(
            slot for slot, values in reading.incoming.routes.items() if any(v.raw for v in values)
        ),
        token=token,
    )


def plan_with(
    pasted: Pasted,
    before: Current,
    *,
    is_merge: bool | None = None,
    consents: Collection[str] | None,
    keeps_keys: bool = True,
) -> Plan:
    """The plan of these choices. `consents` are paths of risky parts; None = to all of them.

    Raises schema.Refused.
    """
    reading = read_import(pasted, before, specs=KINDS, is_merge=is_merge, keeps_keys=keeps_keys)
    full = plan_of(reading)
    return full if consents is None else _consented(reading, full, consents)


def _consented(reading: Reading, full: Plan, consents: Collection[str]) -> Plan:
    declined = [risk.path for risk in full.risks if risk.path not in consents]
    return plan_of(reading, declined) if declined else full


def does_nothing(plan: Plan, before: Current) -> bool:
    """Whether storing it would change nothing, not even the spelling of later exports."""
    return plan.is_empty and json.dumps(plan.document) == json.dumps(before.document)


def risky_changes(plan: Plan) -> list[PathChange]:
    """Those inside a risky part."""
    return [change for inside in _by_risk(plan, set(plan.changes)).values() for change in inside]


def _by_risk(plan: Plan, changes: set[PathChange]) -> dict[Path, list[PathChange]]:
    """The changes of each risky part, in order, by its keys; the others are left out."""
    inside: dict[Path, list[PathChange]] = {plain_path(risk.keys): [] for risk in plan.risks}
    for change in plan.changes if inside and changes else ():
        keys = plain_path(change.keys)
        above = next((keys[:n] for n in range(1, len(keys) + 1) if keys[:n] in inside), None)
        if above and change in changes:
            inside[above].append(change)
    return inside


def _speaks_of(reading: Reading, name: str) -> bool:
    entry = reading.incoming.by_provider.get(name)
    return bool(entry and entry.raw) or name in reading.pasted.secrets


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
    specs: Specs,
    last: Mapping[str, Any] | None = None,
    choices: Choices | None = None,
) -> WritePlan:
    """Write what is set here over `disk`, the document in the file ({} = there is none).

    `last` is what we wrote there before, if somebody else changed the file since ({} = we never
    wrote it); None when it is still ours. What they changed stays unless `choices` (by path) says
    "ours"; a conflict is ours unless it says "theirs". Raises schema.Refused.
    """
    ours = exported(current, mode, specs)
    specs = with_own(specs, own_names(current.providers))
    if last is None:
        changes = semantic_diff(disk, ours.document, specs=specs)
        return WritePlan(exported=ours, after=current, changes=changes)
    merged = merge(last, ours.document, disk, specs=specs, choices=choices)
    dangers = _dangers(merged.places, risks_of(ours.document, read_entries(disk, specs), specs))
    plan, after, written = None, current, ours
    if any(place.side == "theirs" for place in merged.places):
        pasted = Pasted(source="config", document=merged.document)
        plan = plan_import(pasted, current, specs=specs, is_merge=False)
        after = plan.after
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


def plan_back(pasted: Pasted, current: Current) -> Plan:
    """Bring back all of a version. It holds keys in plain, so a reference in it stood there as one
    and takes the place of a key that was stored since. Raises schema.Refused."""
    return plan_with(pasted, current, is_merge=False, consents=None, keeps_keys=False)


def plan_return(
    current: Current, mode: Mode, *, disk: Mapping[str, Any], pasted: Pasted, specs: Specs
) -> WritePlan:
    """Make everything as `pasted` says, a version in plain, risky parts too, and write that over
    `disk`. Raises schema.Refused."""
    plan = plan_back(pasted, current)
    written = exported(plan.after, mode, specs)
    names = (*own_names(current.providers), *own_names(plan.after.providers))
    changes = semantic_diff(disk, written.document, specs=with_own(specs, names))
    needed = None if does_nothing(plan, current) else plan
    return WritePlan(exported=written, after=plan.after, changes=changes, plan=needed)


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


def warnings_of(plan: Plan) -> tuple[Warned, ...]:
    """What is taken in and is not what it seems to be, to the agent as well."""
    view = view_of(plan.result, plan.specs)
    return (*plan.warnings, *_unreached(plan, view), *_doubts(plan, view))


_NAMES_NOBODY = {
    Rule.UNKNOWN_PROVIDER: "names_nobody",
    Rule.MEDIA_UNKNOWN: "media_unknown",
}


def _unreached(plan: Plan, view: AgentView) -> Iterator[Warned]:
    """The routes of a file whose provider names nobody whom the agent would know then, and its
    entries that no name would reach."""
    for name, others in view.twins.items():
        for other in others:
            if other in plan.said.by_name:
                yield Warned(shown_path(("providers", other)), "twin", {"name": name})
    for slot, (_model, provider) in plan.said.routes.items():
        decision = decide(slot, view)
        code = _NAMES_NOBODY.get(decision.rule) if decision and provider.spelling else None
        if decision and code and decision.word == provider.raw:
            path = shown_path(("agents", "defaults", provider.spelling))
            yield Warned(path, code, {"name": decision.word})


def _doubts(plan: Plan, view: AgentView) -> Iterator[Warned]:
    """What the agent's loader may stop at then, and what it takes for another, of what was said."""
    for doubt in view.doubts:
        if value_at(plan.said.document, doubt.keys) is not None:
            yield Warned(shown_path(doubt.keys), doubt.code, doubt.params)
