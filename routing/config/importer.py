"""What an import would change: current state and a pasted document in, a plan out. Pure.

Nothing is saved here. The plan's edits say what to store; its document becomes the base of every
later export, so that what is not ours comes back unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from providers.spec.kind import ProviderSpec
from providers.spec.masks import is_mask, is_placeholder
from routing.config.difference import (
    Path,
    PathChange,
    overlaid,
    same,
    semantic_diff,
    shown_path,
    value_at,
    with_value,
)
from routing.config.document import camel, get, key_of, part
from routing.config.edits import (
    Current,
    ProviderEdit,
    Retype,
    applied,
    deployment_kind,
    exported,
    lost_secrets,
    masked,
    moves,
    plain_values,
)
from routing.config.export import Mode, ProviderState, RouteState, build_config
from routing.config.keys import (
    fault,
    is_owned,
    kind_of,
    meaning,
    owned_keys,
    route_text,
    unowned_paths,
)
from routing.config.pasted import Ignored, Pasted, Source
from routing.config.risks import Risk, risks_of
from routing.config.schema import Refused, problems
from routing.rules.explain import AUTO
from routing.rules.slots import SLOTS, route_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    source: Source
    is_merge: bool
    changes: tuple[PathChange, ...]  # in config.json; is_owned tells ours from the rest
    outside: tuple[str, ...]  # secrets that are stored and never stand in config.json
    kept: tuple[str, ...]  # paths that are not ours and come back unchanged
    ignored: tuple[Ignored, ...]
    risks: tuple[Risk, ...]
    retype: tuple[Retype, ...]
    providers: tuple[ProviderEdit, ...]
    routes: tuple[RouteState, ...]  # the whole new route of each slot that changes
    document: dict[str, Any] | None = field(repr=False)  # the new base of exports

    @property
    def is_empty(self) -> bool:
        return not (self.changes or self.outside or self.providers or self.routes)


def plan_import(
    pasted: Pasted,
    current: Current,
    *,
    specs: Mapping[str, ProviderSpec],
    is_merge: bool = False,
    declined: frozenset[str] = frozenset(),
    kept: Sequence[Path] = (),
) -> Plan:
    """What taking in `pasted` would do. Replace: what a config.json lacks goes; Merge: it stays.

    `declined` are paths of risks to which nobody consented: they stay as they are now. `kept` are
    places where a reference names a stored secret, which stays. Everything but a whole config.json
    is merged. Raises Refused for a document that the agent would not load.
    """
    if faults := problems(pasted.document):
        raise Refused(faults)
    is_merge = is_merge or pasted.source != "config"
    now = exported(current, Mode.KEYS, specs).document
    incoming, ignored = _unmasked(pasted.document, now, specs)
    risks = risks_of(now, masked(incoming, kept), specs=specs)
    for risk in risks:
        if risk.path in declined:
            incoming = _declined(incoming, now, risk.keys)
    reading = _Reading(current, masked(incoming, kept), specs, is_merge=is_merge)
    plan = Plan(
        source=pasted.source,
        is_merge=is_merge,
        changes=(),
        outside=_outside(pasted, current, specs),
        kept=(),
        ignored=(*pasted.ignored, *ignored),
        risks=risks,
        retype=(),
        providers=(),
        routes=tuple(reading.routes()),
        document=_base(pasted, current, incoming, specs, is_merge=is_merge),
    )
    names = {f"providers.{kind_of(keys[1], specs)}.{camel(keys[2])}" for keys in kept}
    edits = {edit.kind: edit for edit in reading.providers()}
    edits = _with_outside(edits, pasted, current, plan.routes, specs)
    plan = replace(
        plan,
        providers=tuple(edits.values()),
        retype=tuple(_retype(edits.values(), current, specs)),
        ignored=(*plan.ignored, *(one for one in reading.ignored if one.path not in names)),
    )
    state = applied(current, plan.providers, plan.routes, plan.document, specs=specs)
    after = exported(state, Mode.KEYS, specs).document
    if faults := problems(after):
        raise Refused(faults)
    return replace(
        plan,
        changes=semantic_diff(now, after, specs=specs),
        kept=tuple(unowned_paths(after, specs)),
    )


def _declined(incoming: dict[str, Any], now: Mapping[str, Any], keys: Path) -> dict[str, Any]:
    """`incoming` with what stands there now; an object that is only there for it goes along."""
    incoming = with_value(incoming, keys, value_at(now, keys))
    for length in range(len(keys) - 1, 0, -1):
        above = keys[:length]
        if value_at(incoming, above) == {} and value_at(now, above) is None:
            incoming = with_value(incoming, above, None)
    return incoming


def _base(
    pasted: Pasted,
    current: Current,
    incoming: dict[str, Any],
    specs: Mapping[str, ProviderSpec],
    *,
    is_merge: bool,
) -> dict[str, Any] | None:
    if not is_merge:
        return incoming
    if pasted.source != "config" and not any(unowned_paths(incoming, specs)):
        return None if current.document is None else dict(current.document)
    return overlaid(current.document or {}, _without_silence(incoming, specs))


def _without_silence(incoming: dict[str, Any], specs: Mapping[str, ProviderSpec]) -> dict[str, Any]:
    """A merge takes nothing away: a null, an empty value or a mask of ours says nothing."""
    entries = {}
    for name, entry in part(incoming, "providers").items():
        kind = kind_of(name, specs)
        if kind and not specs[kind].is_oauth:
            spec = specs[kind]
            silent = {
                key_of(entry, name)
                for name in owned_keys(spec)
                if (value := get(entry, name)) in (None, "", {})
                or fault(spec, name, value) == "placeholder"
            }
            full = {key: value for key, value in entry.items() if key not in silent}
            if entry and not full:
                continue
            entry = full
        entries[name] = entry
    return {**incoming, "providers": entries} if "providers" in incoming else incoming


# --- masks ----------------------------------------------------------------------------------


def _unmasked(
    incoming: Mapping[str, Any], now: Mapping[str, Any], specs: Mapping[str, ProviderSpec]
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


class _Reading:
    """Compares what a document says of ours with what is set here."""

    def __init__(
        self,
        current: Current,
        incoming: Mapping[str, Any],
        specs: Mapping[str, ProviderSpec],
        *,
        is_merge: bool,
    ) -> None:
        self.current, self.incoming, self.specs = current, incoming, specs
        self.is_merge = is_merge
        self.states = {state.kind: state for state in current.providers}
        self.ignored: list[Ignored] = []

    def routes(self) -> Iterator[RouteState]:
        before = {route.slot: route for route in self.current.routes}
        defaults = part(self.incoming, "agents", "defaults")
        for slot in SLOTS:
            old = before.get(slot, RouteState(slot=slot))
            texts = {}
            for name, stands in zip(route_keys(slot), (old.model, old.provider), strict=True):
                value = get(defaults, name)
                text = route_text(name, value)
                if value not in (None, "", AUTO) and not text:
                    self.ignored.append(Ignored(f"agents.defaults.{name}", "too_long"))
                is_silent = value in (None, "") and self.is_merge
                default = AUTO if name.endswith("provider") else ""
                texts[name] = stands if is_silent else text or default
            model, provider = texts.values()
            new = RouteState(slot=slot, model=model, provider=provider)
            if new != old:
                yield new

    def providers(self) -> Iterator[ProviderEdit]:
        for kind, spec in self.specs.items():
            entry = part(self.incoming, "providers", kind)
            if spec.is_oauth:
                if get(entry, "apiKey"):
                    path = f"providers.{key_of(part(self.incoming, 'providers'), kind)}"
                    self.ignored.append(Ignored(path, "oauth"))
                continue
            state = self.states.get(kind)
            if state is None and not entry:
                continue
            said = [meaning(spec, name, get(entry, name)) for name in owned_keys(spec)]
            is_gone = not self.is_merge and all(value is None for value in said)
            if is_gone and state and _is_in_file(state, spec):
                yield ProviderEdit(kind=kind, is_removed=True)
            elif values := self.values(spec, entry, state):
                yield ProviderEdit(kind=kind, values=values)

    def values(
        self, spec: ProviderSpec, entry: Mapping[str, Any], state: ProviderState | None
    ) -> dict[str, Any]:
        """What to store. Where the address moves, only what the entry itself says: neither the
        mask of a stored secret nor its absence takes it along."""
        told = len(self.ignored)
        values = dict(self._values(spec, entry, state))
        if state and moves(state, values, spec):
            del self.ignored[told:]
            bare = replace(state, secrets={}, extra_headers={}, extra_body={})
            values = dict(self._values(spec, entry, bare))
        return values

    def _values(
        self, spec: ProviderSpec, entry: Mapping[str, Any], state: ProviderState | None
    ) -> Iterator[tuple[str, Any]]:
        stored = plain_values(state, spec) if state else {}
        for name in owned_keys(spec):
            value = _with_stored(get(entry, name), stored.get(name))
            if value in (None, "", {}):
                if not self.is_merge and meaning(spec, name, stored.get(name)) is not None:
                    yield name, None
                continue
            if code := fault(spec, name, value):
                self.ignored.append(Ignored(f"providers.{spec.kind}.{name}", code))
                is_secret = name in ("apiKey", "extraHeaders", "extraBody")
                if not is_secret and not self.is_merge and stored.get(name):
                    yield name, None
                continue
            said = meaning(spec, name, value)
            if not same(said, meaning(spec, name, stored.get(name))):
                yield name, value if said is not None else None


def _with_stored(value: Any, stored: Any) -> Any:
    """Headers and body leaves that are only masked keep the stored value of their name."""
    if not isinstance(value, dict) or not isinstance(stored, dict):
        return value
    return {
        name: stored[name] if name in stored and _is_masked(item) else item
        for name, item in value.items()
    }


def _is_masked(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(map(_is_masked, value.values()))
    if isinstance(value, list):
        return bool(value) and all(map(_is_masked, value))
    return isinstance(value, str) and is_placeholder(value)


def _is_in_file(state: ProviderState, spec: ProviderSpec) -> bool:
    """Whether an export would have an entry for it: else its absence from a file says nothing."""
    text = build_config(None, [state], [], Mode.REDACTED, specs={spec.kind: spec}).document
    return bool(text)


# --- beside config.json ---------------------------------------------------------------------


def _outside(
    pasted: Pasted, current: Current, specs: Mapping[str, ProviderSpec]
) -> tuple[str, ...]:
    states = {state.kind: state for state in current.providers}
    return tuple(
        f"{kind}.{name}"
        for kind, secrets in pasted.secrets.items()
        for name, secret in secrets.items()
        if kind in specs and not (kind in states and states[kind].secrets.get(name) == secret)
    )


def _with_outside(
    edits: dict[str, ProviderEdit],
    pasted: Pasted,
    current: Current,
    routes: Sequence[RouteState],
    specs: Mapping[str, ProviderSpec],
) -> dict[str, ProviderEdit]:
    """Add cloud secrets, and the deployments that routes forced to them name."""
    changed = _outside(pasted, current, specs)
    states = {state.kind: state for state in current.providers}
    for kind, secrets in pasted.secrets.items():
        edit = edits.get(kind, ProviderEdit(kind=kind))
        is_moved = kind in states and moves(states[kind], edit.values, specs[kind])
        new = {n: text for n, text in secrets.items() if is_moved or f"{kind}.{n}" in changed}
        if new:
            edits[kind] = replace(edit, secrets=new, is_removed=False)
    own = deployment_kind(specs)
    named = [route.model for route in routes if route.provider == own and route.model]
    found = [*pasted.deployments, *named]
    missing = tuple(dict.fromkeys(name for name in found if name not in current.deployments))
    if missing and (own in edits or own in states):
        edit = edits.get(own, ProviderEdit(kind=own))
        if not edit.is_removed:
            edits[own] = replace(edit, add_deployments=missing)
    return edits


def _retype(
    edits: Iterable[ProviderEdit], current: Current, specs: Mapping[str, ProviderSpec]
) -> Iterator[Retype]:
    states = {state.kind: state for state in current.providers}
    for edit in edits:
        state = states.get(edit.kind)
        if state is None or edit.is_removed:
            continue
        lost = lost_secrets(state, edit, specs[edit.kind])
        if lost:
            yield Retype(edit.kind, lost)
