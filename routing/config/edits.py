"""References in a document that stand for keys which are stored here. Pure.

An export in mode `env` writes ${NAME} where a key is. When that file comes back, the name says
nothing new about the key: it counts as a mask, which never takes the place of a stored secret and
does not move it to another address either.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from providers.dialects.adapters import Adapter, Entered
from providers.spec.kind import ProviderSpec
from providers.spec.masks import MASK
from providers.spec.secret import Secret
from routing.config.difference import Path, value_at
from routing.config.document import snake
from routing.config.export import Exported, Mode, ProviderState, RouteState, build_config
from routing.config.keys import kind_of


def own_references(
    document: Mapping[str, Any], current: Current, specs: Mapping[str, ProviderSpec]
) -> tuple[Path, ...]:
    """Where `document` has exactly the reference that an export writes for a stored secret."""
    real = exported(current, Mode.KEYS, specs).document
    named = exported(current, Mode.ENV, specs).document
    return tuple(
        keys
        for keys, value in _leaves(document, specs)
        if isinstance(value, str)
        and value.startswith("${")
        and value == value_at(named, keys)
        and value != value_at(real, keys)
    )


def masked(document: Mapping[str, Any], paths: Sequence[Path]) -> dict[str, Any]:
    """A copy with a mask at each of these paths that is there."""
    result = copy.deepcopy(dict(document))
    for *above, last in paths:
        here: Any = result
        for key in above:
            here = here.get(key) if isinstance(here, dict) else None
        if isinstance(here, dict) and last in here:
            here[last] = MASK
    return result


def _leaves(
    document: Mapping[str, Any], specs: Mapping[str, ProviderSpec]
) -> Iterator[tuple[Path, Any]]:
    """Each key and header of our kinds with its path, as the document spells it."""
    entries = document.get("providers")
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        if not kind_of(name, specs) or not isinstance(entry, dict):
            continue
        for key, value in entry.items():
            if snake(key) == "api_key":
                yield ("providers", name, key), value
            elif snake(key) == "extra_headers" and isinstance(value, dict):
                yield from (
                    (("providers", name, key, header), text) for header, text in value.items()
                )


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
