"""What an import would change: current state and a pasted document in, a plan out. Pure.

Nothing is saved here. The plan's edits say what to store; its document becomes the base of every
later export, so that what is not ours comes back unchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.spec.kind import ProviderSpec, Specs
from providers.spec.masks import is_mask, is_placeholder, variable_form
from routing.config.difference import (
    Path,
    PathChange,
    masked,
    overlaid,
    same,
    semantic_diff,
    shown_path,
    value_at,
    with_value,
)
from routing.config.document import camel, get, part, snake
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
    named_in,
    own_names,
    owned_keys,
    provider_of,
    read_entries,
    read_value,
    unowned_paths,
    with_own,
)
from routing.config.export import Exported, Mode, own_references, wanted_values
from routing.config.pasted import Ignored, Pasted
from routing.config.risks import Risk, risks_of
from routing.config.schema import Refused, problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    is_merge: bool
    changes: tuple[PathChange, ...]  # in config.json; is_owned tells ours from the rest
    outside: tuple[str, ...]  # secrets that are stored and never stand in config.json
    kept: tuple[str, ...]  # paths that are not ours and come back unchanged
    ignored: tuple[Ignored, ...]
    risks: tuple[Risk, ...]
    retype: tuple[Retype, ...]
    providers: tuple[ProviderEdit, ...]
    routes: tuple[RouteState, ...]  # the whole new route of each slot that changes
    document: Mapping[str, Any] | None = field(repr=False)  # the new base of exports
    after: Current = field(repr=False)  # all that is set here once it is taken in

    @property
    def is_empty(self) -> bool:
        return not (self.changes or self.outside or self.providers or self.routes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was handed in, beside what is set here; both are read once for all choices."""

    pasted: Pasted
    current: Current
    specs: Specs
    is_merge: bool
    kept: tuple[Path, ...]  # where a reference names a stored secret, which stays
    now: Exported  # what is set here, in plain
    incoming: Entries
    unmasked: tuple[Ignored, ...]
    risks: tuple[Risk, ...]


def read_import(
    pasted: Pasted, current: Current, *, specs: Specs, is_merge: bool, keeps_keys: bool
) -> Reading:
    """Everything but a whole config.json is merged. `keeps_keys`: where it has the reference that
    an export writes for a stored secret, that secret stays. Raises Refused for a document that the
    agent would not load."""
    if faults := problems(pasted.document):
        raise Refused(faults)
    now = exported(current, Mode.KEYS, specs)
    there = own_names(current.providers)
    specs = with_own(specs, (*there, *named_in(pasted.document, there)))
    document, unmasked = _unmasked(pasted.document, now.document, specs)
    incoming = read_entries(document, specs)
    kept = own_references(incoming, now, specs) if keeps_keys else ()
    return Reading(
        pasted=pasted,
        current=current,
        specs=specs,
        is_merge=is_merge or pasted.source != "config",
        kept=kept,
        now=now,
        incoming=incoming,
        unmasked=tuple(unmasked),
        risks=risks_of(now.document, read_entries(masked(document, kept), specs, incoming)),
    )


def plan_import(
    pasted: Pasted,
    current: Current,
    *,
    specs: Specs,
    is_merge: bool = False,
    declined: Collection[str] = (),
    keeps_keys: bool = False,
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
    routes, ignored_routes = _routes(said, current, is_merge=reading.is_merge)
    edits, ignored = _edits(said, reading)
    edits = with_secrets(edits, pasted.secrets, current, specs)
    edits = with_deployments(edits, pasted.deployments, routes, current, specs)
    base = _base(incoming, reading)
    after = applied(current, tuple(edits.values()), routes, base, specs=specs)
    result = exported(after, Mode.KEYS, specs, incoming)
    if faults := problems(result.document):
        raise Refused(faults)
    names = {
        shown_path(("providers", provider_of(keys[1], specs), camel(keys[2])))
        for keys in reading.kept
    }
    told = (one for one in (*ignored_routes, *ignored) if one.path not in names)
    return Plan(
        is_merge=reading.is_merge,
        changes=semantic_diff(now.document, result.document, specs=specs),
        outside=changed_outside(pasted.secrets, current, specs),
        kept=result.unowned,
        ignored=(*pasted.ignored, *reading.unmasked, *told),
        risks=reading.risks,
        retype=tuple(retyped(edits.values(), current, specs)),
        providers=tuple(edits.values()),
        routes=routes,
        document=base,
        after=after,
    )


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
            if value.raw in EMPTY or value.fault == "placeholder"
        }
        if silent:
            entries[name] = {key: v for key, v in entry.raw.items() if key not in silent}
            if not entries[name]:
                del entries[name]
    return {**incoming.document, "providers": entries}


# --- masks ----------------------------------------------------------------------------------


def _unmasked(
    incoming: Mapping[str, Any], now: Mapping[str, Any], specs: Specs
) -> tuple[dict[str, Any], list[Ignored]]:
    """Masks in parts that are not ours give way to what stands there now."""
    found: list[Path] = []

    def without(value: Any, keys: Path) -> Any:
        if isinstance(value, dict):
            return {key: without(item, (*keys, key)) for key, item in value.items()}
        if not is_mask(value) or is_owned(keys[:3], specs):
            return value
        stands = value_at(now, keys)
        if stands is None or same(stands, value):
            return value
        found.append(keys)
        return stands

    result = without(dict(incoming), ())
    return result, [Ignored(shown_path(keys), "placeholder") for keys in found]


# --- our parts ------------------------------------------------------------------------------


def _routes(
    said: Entries, current: Current, *, is_merge: bool
) -> tuple[tuple[RouteState, ...], list[Ignored]]:
    """The routes that change, and what is not taken of them."""
    before = {route.slot: route for route in current.routes}
    changed, ignored = [], []
    for slot, values in said.routes.items():
        unset = RouteState(slot=slot)
        old = before.get(slot, unset)
        model, provider = (
            stands if is_merge and value.raw in (None, "") else value.taken or default
            for value, stands, default in zip(
                values, (old.model, old.provider), (unset.model, unset.provider), strict=True
            )
        )
        ignored += [
            Ignored(f"agents.defaults.{snake(value.spelling)}", value.fault)
            for value in values
            if value.fault
        ]
        new = RouteState(slot=slot, model=model, provider=provider)
        if new != old:
            changed.append(new)
    return tuple(changed), ignored


def _edits(said: Entries, reading: Reading) -> tuple[dict[str, ProviderEdit], list[Ignored]]:
    """What to store, by name, and what is not taken."""
    edits: dict[str, ProviderEdit] = {}
    ignored: list[Ignored] = []
    for name, spec in reading.specs.items():
        entry = said.by_provider.get(name, NOTHING)
        if spec.is_oauth:
            if get(entry.raw, "apiKey"):
                ignored.append(Ignored(f"providers.{entry.name}", "oauth"))
            continue
        stored = reading.now.stored.get(name)
        if stored is None and not entry.raw:
            continue
        is_gone = all(value.meaning is None for value in entry.values.values())
        if is_gone and stored and not reading.is_merge and _is_in_file(stored, spec):
            edits[name] = ProviderEdit(name=name, is_removed=True)
            continue
        values, faults = _values(spec, entry, stored or NOTHING, reading)
        ignored += faults
        is_bare = stored is None and spec.is_local and list(values) == ["apiKey"]
        if is_bare and reading.pasted.source != "config":
            ignored.append(Ignored(shown_path(("providers", name, "apiKey")), "local_key"))
        elif values:
            edits[name] = ProviderEdit(name=name, values=values)
    return edits, ignored


def _is_in_file(stored: Entry, spec: ProviderSpec) -> bool:
    """Whether an export would have an entry for it: else its absence from a file says nothing."""
    wanted = wanted_values(spec, stored, NOTHING)
    return any(value.meaning is not None for value in wanted.values())


def _values(
    spec: ProviderSpec, entry: Entry, stored: Entry, reading: Reading
) -> tuple[dict[str, Any], list[Ignored]]:
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
) -> tuple[dict[str, Any], list[Ignored]]:
    values: dict[str, Any] = {}
    ignored = []
    for key in owned_keys(spec):
        stands = stored.get(key, ABSENT)
        value = _with_stored(spec, key, entry.value(key), stands)
        if value.raw in EMPTY:
            if not is_merge and stands.meaning is not None:
                values[key] = None
        elif value.fault:
            form = variable_form(str(value.raw)) if key == "apiKey" else "${NAME}"
            told = {"form": form} if value.fault == "variable" else {}
            path = shown_path(("providers", spec.name, key))
            ignored.append(Ignored(path, value.fault, told))
            if key not in SECRET_KEYS and not is_merge and stands.raw:
                values[key] = None
        elif not same(value.meaning, stands.meaning):
            values[key] = value.raw if value.meaning is not None else None
    return values, ignored


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
