"""Edits of what is set here, as an import makes them, and the state that comes of them. Pure.

A secret goes only to the origins that it was typed for: an edit that changes them leaves the
stored secrets behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from providers.dialects.adapters import Adapter, Entered
from providers.secret import Secret
from providers.specs import ProviderSpec
from routing.config.export import Exported, Mode, ProviderState, RouteState, build_config


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """What is set here now. `document` is the imported one, None when there is none."""

    providers: Sequence[ProviderState] = ()
    routes: Sequence[RouteState] = ()
    document: Mapping[str, Any] | None = field(default=None, repr=False)
    deployments: tuple[str, ...] = ()  # of the kind that has them


def deployment_kind(specs: Mapping[str, ProviderSpec]) -> str:
    """The one kind whose models are deployments; "" = none of these."""
    return next((kind for kind, spec in specs.items() if spec.has_deployments), "")


def exported(current: Current, mode: Mode, specs: Mapping[str, ProviderSpec]) -> Exported:
    """What an export of it hands out."""
    state = (current.document, current.providers, current.routes)
    return build_config(*state, mode, specs=specs)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEdit:
    """What to store for one kind. `values` are in config.json's names, in plain: a value replaces,
    None clears, a name that is not there keeps. `secrets` likewise, for what has no such name."""

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    add_deployments: tuple[str, ...] = ()
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class Retype:
    """The address changes and these secrets do not come along: they must be typed again."""

    kind: str
    names: tuple[str, ...]


def plain_values(state: ProviderState, spec: ProviderSpec) -> dict[str, Any]:
    """A state in config.json's names, in plain; what is not set is None or empty."""
    key = state.secrets.get("api_key")
    values = {
        "apiKey": key.reveal() if key else None,
        "apiBase": state.api_base,
        "extraHeaders": {name: text.reveal() for name, text in state.extra_headers.items()},
        "extraBody": dict(state.extra_body),
    }
    extra = {f.config_key: state.values.get(f.name) for f in spec.extra_fields if f.config_key}
    return values | extra


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
    return origins(_plain_after(state, values, spec), spec) != origins(state, spec)


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
    specs: Mapping[str, ProviderSpec],
) -> Current:
    """The state after these edits, as a preview shows it and as storing them must come out."""
    states = {state.kind: state for state in current.providers}
    for edit in providers:
        if edit.is_removed:
            states.pop(edit.kind, None)
            continue
        state = states.get(edit.kind, ProviderState(kind=edit.kind))
        states[edit.kind] = _edited(state, edit, specs[edit.kind])
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
