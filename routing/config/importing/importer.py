"""What an import would change: current state and a pasted document in, a plan out. Pure.

Nothing is saved here. The plan's edits say what to store; its document becomes the base of every
later export, so that what is not ours comes back unchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from providers.spec.kind import ProviderSpec, Specs
from providers.spec.masks import MASK, is_mask, is_placeholder, variable_form
from routing.config.difference import (
    SET,
    Path,
    PathChange,
    masked,
    overlaid,
    plain_path,
    same,
    semantic_diff,
    shown_path,
    value_at,
    with_value,
)
from routing.config.document import camel, get, part, provider_of, snake
from routing.config.edits import (
    Current,
    ProviderEdit,
    Retype,
    applied,
    changed_outside,
    exported,
    moves,
    retyped,
    with_deployments,
    with_secrets,
)
from routing.config.entries import (
    ABSENT,
    EMPTY,
    NOTHING,
    SECRET_KEYS,
    Entries,
    Entry,
    RouteState,
    Value,
    is_owned,
    owned_keys,
    read_entries,
    read_value,
    route_text,
    unowned_paths,
)
from routing.config.export import Mode, wanted_values
from routing.config.importing.reading import Reading, read_import
from routing.config.importing.risks import Risk
from routing.config.pasted import Ignored, Pasted, Warned
from routing.config.schema import Refused, out_of_reach, problems


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a value is not taken, and why: one of the codes of Ignored."""

    keys: Path
    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    is_merge: bool
    # In config.json. is_owned: set here; what no form would take is in the file alone, as the rest.
    changes: tuple[PathChange, ...]
    outside: tuple[str, ...]  # secrets that are stored and never stand in config.json
    kept: tuple[str, ...]  # paths that are not ours and come back unchanged
    ignored: tuple[Ignored, ...]
    warnings: tuple[Warned, ...]  # taken in, and not what it seems to be
    risks: tuple[Risk, ...]
    removes: tuple[str, ...]  # paths of what goes altogether: providers, routes, parts of others
    retype: tuple[Retype, ...]
    providers: tuple[ProviderEdit, ...]
    routes: tuple[RouteState, ...]  # the whole new route of each slot that changes
    document: Mapping[str, Any] | None = field(repr=False)  # the new base of exports
    after: Current = field(repr=False)  # all that is set here once it is taken in
    specs: Specs = field(repr=False)  # with the names that it brings
    said: Entries = field(repr=False)  # what was handed in
    result: Mapping[str, Any] = field(repr=False)  # config.json as it would be exported then

    @property
    def is_empty(self) -> bool:
        return not (self.changes or self.outside or self.providers or self.routes)

    @property
    def count(self) -> int:
        """How many changes it tells of, those that never stand in config.json among them."""
        deployments = sum(len(edit.add_deployments) for edit in self.providers)
        return len(self.changes) + len(self.outside) + deployments


def plan_import(
    pasted: Pasted,
    current: Current,
    *,
    specs: Specs,
    is_merge: bool | None = None,
    declined: Collection[str] = (),
    keeps_keys: bool = True,
) -> Plan:
    """Read and planned in one go. Raises Refused."""
    reading = read_import(pasted, current, specs=specs, is_merge=is_merge, keeps_keys=keeps_keys)
    return plan_of(reading, declined)


def plan_of(reading: Reading, declined: Collection[str] = ()) -> Plan:
    """What taking it in would do. Replace: what a config.json lacks goes; Merge: it stays.

    `declined` are paths of risks to which nobody consented: they stay as they are now. Raises
    Refused.
    """
    pasted, current, specs, now = reading.pasted, reading.current, reading.specs, reading.now
    incoming = _without_declined(reading, declined)
    said = read_entries(masked(incoming.document, reading.kept), specs, incoming)
    routes, faults = _routes(said, current, is_merge=reading.is_merge)
    edits, not_taken = _edits(said, reading)
    edits = with_secrets(edits, pasted.secrets, current, specs)
    edits = with_deployments(edits, pasted.deployments, routes, current, specs)
    base = _base(incoming, reading)
    after = applied(current, tuple(edits.values()), routes, base, specs=specs)
    result = exported(after, Mode.KEYS, specs, incoming)
    if refused := problems(result.document):
        raise Refused(refused)
    ignored, doubts = _told([*faults, *not_taken], reading, incoming.document, result.document)
    in_file = {plain_path(keys) for keys, _ in doubts}
    unread = {keys for keys, _ in out_of_reach(incoming.document)}
    changes = semantic_diff(now.document, result.document, specs=specs)
    return Plan(
        is_merge=reading.is_merge,
        changes=tuple(here for one in changes for here in _parted(one, in_file, unread, reading)),
        outside=changed_outside(pasted.secrets, current, specs),
        kept=result.unowned,
        ignored=(*pasted.ignored, *reading.unmasked, *ignored),
        warnings=(*reading.warnings, *(doubt for _, doubt in doubts)),
        risks=reading.risks,
        removes=tuple(_removed(now.document, result.document, specs)),
        retype=tuple(retyped(edits.values(), current, specs)),
        providers=tuple(edits.values()),
        routes=routes,
        document=base,
        after=after,
        specs=specs,
        said=said,
        result=result.document,
    )


def _told(
    faults: Iterable[Fault],
    reading: Reading,
    incoming: Mapping[str, Any],
    result: Mapping[str, Any],
) -> tuple[list[Ignored], list[tuple[Path, Warned]]]:
    """What is left out, and what goes into the file although nobody here would store it, with where
    it stands: the agent takes any text."""
    kept = {keys[:3] for keys in reading.kept}
    ignored: list[Ignored] = []
    doubts: list[tuple[Path, Warned]] = []
    for one in faults:
        if one.keys in kept:
            continue
        value, path = value_at(incoming, one.keys), shown_path(one.keys)
        is_there = value not in EMPTY and same(value, value_at(result, one.keys))
        if is_there and one.code != "oauth":
            doubt = Warned(path, "counts", {**one.params, "why": one.code})
            doubts.append((one.keys, doubt))
        else:
            ignored.append(Ignored(path, one.code, one.params))
    return ignored, doubts


def _parted(
    change: PathChange, in_file: Collection[Path], unread: Collection[Path], reading: Reading
) -> Iterator[PathChange]:
    """A change as it will be: a value that nobody here would store, or that the agent does not
    read, comes into the file alone, and one that is set here in its place goes."""
    keys = change.keys[:3]
    if keys in unread:
        shown = MASK if change.after == SET else change.after  # nothing is set by it
        yield replace(change, is_owned=False, after=shown)
        return
    if change.op == "removed" or plain_path(keys) not in in_file:
        yield change
        return
    if change.op == "changed" and _is_set(keys, reading):
        yield replace(change, op="removed", after="", values=(change.values[0], None))
        new = (None, SET if change.after == SET else change.values[1])
        change = replace(change, op="added", before="", values=new)
    yield replace(change, is_owned=False)


def _is_set(keys: Path, reading: Reading) -> bool:
    """Whether what stands there now is set here, and not in the imported file alone."""
    if keys[0] == "agents":
        return route_text(snake(keys[2]), value_at(reading.now.document, keys)) != ""
    stored = reading.now.stored.get(provider_of(keys[1], reading.specs), NOTHING)
    return stored.value(camel(keys[2])).meaning is not None


def _removed(
    now: Mapping[str, Any], result: Mapping[str, Any], specs: Specs, keys: Path = ()
) -> Iterator[str]:
    """Entries of providers, routes and other parts that are there no more."""
    for key, value in now.items():
        here = (*keys, key)
        ours = is_owned(here, specs)
        stays = value_at(result, here)
        if ours is None and len(here) < 3 and here[:2] != ("providers", key):
            if isinstance(value, dict):
                yield from _removed(value, result, specs, here)
        elif stays is None and value not in EMPTY:
            yield shown_path(here)


def _without_declined(reading: Reading, declined: Collection[str]) -> Entries:
    """With what stands there now; an object that is only there for it goes along."""
    incoming, now = reading.incoming.document, reading.now.document
    for keys in [risk.keys for risk in reading.risks if risk.path in declined]:
        incoming = with_value(incoming, keys, value_at(now, keys))
        for length in range(len(keys) - 1, 0, -1):
            above = keys[:length]
            if value_at(incoming, above) == {} and value_at(now, above) is None:
                incoming = with_value(incoming, above, None)
    return read_entries(incoming, reading.specs, reading.incoming)


def _base(incoming: Entries, reading: Reading) -> Mapping[str, Any] | None:
    """The document of later exports."""
    if not reading.is_merge:
        return incoming.document
    stands = reading.current.document
    if reading.pasted.source != "config" and not any(
        unowned_paths(incoming.document, reading.specs)
    ):
        return stands
    return overlaid(stands or {}, _without_silence(incoming))


def _without_silence(incoming: Entries) -> Mapping[str, Any]:
    """A merge takes nothing away: a null, an empty value or a mask of ours says nothing."""
    if "providers" not in incoming.document:
        return incoming.document
    entries = dict(part(incoming.document, "providers"))
    for name, entry in incoming.by_name.items():
        silent = {
            value.spelling
            for value in entry.values.values()
            if value.raw in EMPTY or value.fault == "placeholder" or is_mask(value.raw)
        }
        if silent:
            entries[name] = {key: v for key, v in entry.raw.items() if key not in silent}
            if not entries[name]:
                del entries[name]
    return {**incoming.document, "providers": entries}


# --- our parts ------------------------------------------------------------------------------


def _routes(
    said: Entries, current: Current, *, is_merge: bool
) -> tuple[tuple[RouteState, ...], list[Fault]]:
    """The routes that change, and what is not taken of them."""
    before = {route.slot: route for route in current.routes}
    changed: list[RouteState] = []
    faults: list[Fault] = []
    for slot, values in said.routes.items():
        unset = RouteState(slot=slot)
        old = before.get(slot, unset)
        model, provider = (
            stands
            if is_merge and value.raw in (None, "")
            else default
            if value.taken is None
            else value.taken
            for value, stands, default in zip(
                values, (old.model, old.provider), (unset.model, unset.provider), strict=True
            )
        )
        faults += [
            Fault(("agents", "defaults", value.spelling), value.fault)
            for value in values
            if value.fault
        ]
        new = RouteState(slot=slot, model=model, provider=provider)
        if new != old:
            changed.append(new)
    return tuple(changed), faults


def _edits(said: Entries, reading: Reading) -> tuple[dict[str, ProviderEdit], list[Fault]]:
    """What to store, by name, and what is not taken."""
    edits: dict[str, ProviderEdit] = {}
    faults: list[Fault] = []
    for name, spec in reading.specs.items():
        entry = said.by_provider.get(name, NOTHING)
        if spec.is_oauth:
            if get(entry.raw, "apiKey"):
                faults.append(Fault(("providers", entry.name), "oauth"))
            continue
        stored = reading.now.stored.get(name)
        if stored is None and not entry.raw:
            continue
        is_gone = all(value.meaning is None for value in entry.values.values())
        if is_gone and stored and not reading.is_merge and _is_in_file(stored, spec):
            edits[name] = ProviderEdit(name=name, is_removed=True)
            continue
        values, not_taken = _values(spec, entry, stored or NOTHING, reading)
        faults += not_taken
        is_bare = stored is None and spec.is_local and list(values) == ["apiKey"]
        if is_bare and reading.pasted.source != "config":
            faults.append(Fault(("providers", name, "apiKey"), "local_key"))
        elif values:
            edits[name] = ProviderEdit(name=name, values=values)
    return edits, faults


def _is_in_file(stored: Entry, spec: ProviderSpec) -> bool:
    """Whether an export would have an entry for it: else its absence from a file says nothing."""
    wanted = wanted_values(spec, stored, NOTHING)
    return any(value.meaning is not None for value in wanted.values())


def _values(
    spec: ProviderSpec, entry: Entry, stored: Entry, reading: Reading
) -> tuple[dict[str, Any], list[Fault]]:
    """What to store. Where the address moves, only what the entry itself says: neither the mask of
    a stored secret nor its absence takes it along."""
    found = _compared(spec, entry, stored.values, is_merge=reading.is_merge)
    state = reading.current.states.get(spec.name)
    if state and moves(state, found[0], spec):
        bare = {key: value for key, value in stored.values.items() if key not in SECRET_KEYS}
        return _compared(spec, entry, bare, is_merge=reading.is_merge)
    return found


def _compared(
    spec: ProviderSpec, entry: Entry, stored: Mapping[str, Value], *, is_merge: bool
) -> tuple[dict[str, Any], list[Fault]]:
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for key in owned_keys(spec):
        stands = stored.get(key, ABSENT)
        value = _with_stored(spec, key, entry.value(key), stands)
        if value.raw in EMPTY:
            if not is_merge and stands.meaning is not None:
                values[key] = None
        elif value.fault:
            form = variable_form(str(value.raw)) if key == "apiKey" else "${NAME}"
            params = {"form": form} if value.fault == "variable" else {}
            faults.append(Fault(("providers", entry.name, value.spelling), value.fault, params))
            is_said = key not in SECRET_KEYS and value.fault != "placeholder"
            if is_said and not is_merge and stands.raw:
                values[key] = None
        elif not same(value.meaning, stands.meaning):
            values[key] = value.raw if value.meaning is not None else None
    return values, faults


def _with_stored(spec: ProviderSpec, key: str, value: Value, stored: Value) -> Value:
    """Headers and body leaves that are only masked keep the stored value of their name."""
    if not isinstance(value.raw, dict) or not isinstance(stored.raw, dict):
        return value
    mixed = {name: stored.raw[name] for name in stored.raw if _is_masked(value.raw.get(name))}
    return read_value(spec, key, {**value.raw, **mixed}, value.spelling) if mixed else value


def _is_masked(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(map(_is_masked, value.values()))
    if isinstance(value, list):
        return bool(value) and all(map(_is_masked, value))
    return isinstance(value, str) and is_placeholder(value)
