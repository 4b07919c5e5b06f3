"""What is set here, what to store of an import, and what is set after that. Pure.

Secrets were typed for certain origins: an edit that moves a provider elsewhere leaves them behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from providers.dialects.adapters import Adapter, Entered
from providers.spec.kind import ProviderSpec, Specs
from providers.spec.limits import DEPLOYMENT_LENGTH
from providers.spec.secret import Secret
from routing.config.entries import Entries, ProviderState, RouteState, with_own
from routing.config.export import Exported, Mode, build_config, in_mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """What is set here now. `document` is the imported one, None when there is none.

    `plain` remembers what an export of it is in mode `keys`, by the declarations it was made with.
    """

    providers: Sequence[ProviderState] = ()
    routes: Sequence[RouteState] = ()
    document: Mapping[str, Any] | None = field(default=None, repr=False)
    deployments: tuple[str, ...] = ()  # of the kind that has them
    plain: list[tuple[Specs, Exported]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    @property
    def states(self) -> dict[str, ProviderState]:
        """By name."""
        return {state.name: state for state in self.providers}


def deployment_kind(specs: Specs) -> str:
    """The one kind whose models are deployments; "" = none of these."""
    return next((kind for kind, spec in specs.items() if spec.has_deployments), "")


def exported(current: Current, mode: Mode, specs: Specs, known: Entries | None = None) -> Exported:
    """What an export of it hands out. Entries of its document that were read before are `known`."""
    made = next((plain for of, plain in current.plain if of is specs), None)
    if made is None:
        state = (current.document, current.providers, current.routes)
        made = build_config(*state, Mode.KEYS, specs=specs, known=known)
        current.plain.append((specs, made))
    return in_mode(made, mode, specs)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEdit:
    """What to store for one provider. `values` are in config.json's names, in plain: a value
    replaces, None clears, a name that is not there keeps. `secrets` likewise, for what has none."""

    name: str
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    add_deployments: tuple[str, ...] = ()
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class Retype:
    """The address changes and these secrets do not come along: they must be typed again."""

    provider: str
    names: tuple[str, ...]


def lost_secrets(state: ProviderState, edit: ProviderEdit, spec: ProviderSpec) -> tuple[str, ...]:
    """The stored secrets that were typed for other origins than those after `edit`."""
    if not moves(state, edit.values, spec):
        return ()
    names = [name for name in state.secrets if name not in edit.secrets]
    if "apiKey" in edit.values and "api_key" in names:
        names.remove("api_key")
    for name, stored in (("extraHeaders", state.extra_headers), ("extraBody", state.extra_body)):
        if stored and name not in edit.values:
            names.append(name)
    return tuple(names)


def moves(state: ProviderState, values: Mapping[str, Any], spec: ProviderSpec) -> bool:
    """Whether calls would go elsewhere with these values."""
    after = _plain_after(state, values, spec)
    if (after.api_base, after.values) == (state.api_base, state.values):
        return False
    return origins(after, spec) != origins(state, spec)


def origins(state: ProviderState, spec: ProviderSpec) -> frozenset[str]:
    """Where calls of this provider may go; its secrets are for these places only."""
    entered = Entered(api_base=state.api_base, values=state.values)
    return frozenset((spec.adapter or Adapter)(spec, entered).origins())


def _plain_after(
    state: ProviderState, told: Mapping[str, Any], spec: ProviderSpec
) -> ProviderState:
    """Address and extra fields after an edit; secrets as they were."""
    values = dict(state.values)
    for item in spec.extra_fields:
        if item.config_key in told:
            values[item.name] = told[item.config_key] or ""
    base = told.get("apiBase", state.api_base) or ""
    return replace(state, api_base=base, values={n: v for n, v in values.items() if v})


def applied(
    current: Current,
    providers: Sequence[ProviderEdit],
    routes: Sequence[RouteState],
    document: Mapping[str, Any] | None,
    *,
    specs: Specs,
) -> Current:
    """The state after these edits, as a preview shows it and as storing them must come out."""
    named = with_own(specs, (edit.name for edit in providers))
    states = current.states
    for edit in providers:
        if edit.is_removed:
            states.pop(edit.name, None)
            continue
        spec = named[edit.name]
        state = states.get(edit.name, ProviderState(kind=spec.kind, name=spec.name))
        states[edit.name] = _edited(state, edit, spec)
    slots = {route.slot: route for route in current.routes}
    slots |= {route.slot: route for route in routes}
    added = tuple(name for edit in providers for name in edit.add_deployments)
    return Current(
        providers=tuple(states.values()),
        routes=tuple(slots.values()),
        document=document,
        deployments=(*current.deployments, *added),
    )


def _edited(state: ProviderState, edit: ProviderEdit, spec: ProviderSpec) -> ProviderState:
    lost = lost_secrets(state, edit, spec)
    secrets = {name: text for name, text in state.secrets.items() if name not in lost}
    secrets |= edit.secrets
    if "apiKey" in edit.values:
        secrets.pop("api_key", None)
        if edit.values["apiKey"]:
            secrets["api_key"] = Secret(edit.values["apiKey"])
    headers = {} if "extraHeaders" in lost else state.extra_headers
    if "extraHeaders" in edit.values:
        told = edit.values["extraHeaders"] or {}
        headers = {name: Secret(text) for name, text in told.items()}
    body = {} if "extraBody" in lost else state.extra_body
    if "extraBody" in edit.values:
        body = edit.values["extraBody"] or {}
    after = _plain_after(state, edit.values, spec)
    return replace(after, secrets=secrets, extra_headers=headers, extra_body=body)


# --- beside config.json ---------------------------------------------------------------------

Outside = Mapping[str, Mapping[str, Secret]]  # secrets that have no key in it, by provider and name


def changed_outside(secrets: Outside, current: Current, specs: Specs) -> tuple[str, ...]:
    """Those that are not stored already."""
    states = current.states
    return tuple(
        f"{kind}.{name}"
        for kind, texts in secrets.items()
        for name, secret in texts.items()
        if kind in specs and not (kind in states and states[kind].secrets.get(name) == secret)
    )


def with_secrets(
    edits: Mapping[str, ProviderEdit], secrets: Outside, current: Current, specs: Specs
) -> dict[str, ProviderEdit]:
    """Add what is not stored already, and all of it where the address moves."""
    changed = changed_outside(secrets, current, specs)
    states, result = current.states, dict(edits)
    for kind, texts in secrets.items():
        edit = edits.get(kind, ProviderEdit(name=kind))
        is_moved = kind in states and moves(states[kind], edit.values, specs[kind])
        new = {n: text for n, text in texts.items() if is_moved or f"{kind}.{n}" in changed}
        if new:
            result[kind] = replace(edit, secrets=new, is_removed=False)
    return result


def with_deployments(
    edits: Mapping[str, ProviderEdit],
    named: Iterable[str],
    routes: Iterable[RouteState],
    current: Current,
    specs: Specs,
) -> dict[str, ProviderEdit]:
    """Add these, and those that routes forced to their kind name; not what no form would take."""
    kind = deployment_kind(specs)
    models = (route.model for route in routes if route.provider == kind and route.model)
    fit = (name for name in (*named, *models) if len(name) <= DEPLOYMENT_LENGTH)
    new = tuple(dict.fromkeys(name for name in fit if name not in current.deployments))
    edit = edits.get(kind, ProviderEdit(name=kind) if kind in current.states else None)
    if not new or edit is None or edit.is_removed:
        return dict(edits)
    return {**edits, kind: replace(edit, add_deployments=new)}


def retyped(edits: Iterable[ProviderEdit], current: Current, specs: Specs) -> Iterator[Retype]:
    states = current.states
    for edit in edits:
        if edit.is_removed or edit.name not in states:
            continue
        if lost := lost_secrets(states[edit.name], edit, specs[edit.name]):
            yield Retype(edit.name, lost)
