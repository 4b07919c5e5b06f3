"""config.json from what is set here, over the imported document if there is one.

Pure: states in, document out; no request, file, clock or network. What is not ours (other sections,
unknown providers, unknown fields) stays as it came; a value of ours that means the same as the
imported one keeps its spelling and presence, so that an edit changes exactly what was edited.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from facio_site.strictjson import write_json
from providers.spec.kind import ProviderSpec
from providers.spec.masks import is_reference
from providers.spec.secret import Secret
from routing.config.difference import same
from routing.config.document import drop, get, key_of, make_part, part, put
from routing.config.keys import (
    fault,
    kind_of,
    meaning,
    owned_keys,
    redacted,
    route_text,
    shown_document,
    unowned_paths,
)
from routing.rules.explain import AUTO, Configured
from routing.rules.slots import MAIN, SLOTS, route_keys

# What the Docker quickstart reads. Source: https://facio.bot/docs/configuration
QUICKSTART_KINDS = ("openrouter", "anthropic", "openai")
QUICKSTART_MODEL = "FACIO_MODEL"


class Mode(StrEnum):
    """What stands where a secret belongs: its value, ${NAME}, or ***."""

    KEYS = "keys"
    ENV = "env"
    REDACTED = "redacted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """One configured provider. `api_base` as it was typed, "" = the kind's default."""

    kind: str
    api_base: str = ""
    values: Mapping[str, str] = field(default_factory=dict)  # extra fields by name: region, profile
    secrets: Mapping[str, Secret] = field(default_factory=dict)  # api_key, access_key_id, ...
    extra_headers: Mapping[str, Secret] = field(default_factory=dict)
    extra_body: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteState:
    slot: str  # one of SLOTS
    model: str = ""  # "" = not set
    provider: str = AUTO


def quickstart_env(
    providers: Sequence[ProviderState],
    routes: Sequence[RouteState],
    *,
    specs: Mapping[str, ProviderSpec],
) -> dict[str, Secret]:
    """What Facio's Docker quickstart reads; the other settings have no name there."""
    states = {state.kind: state for state in providers}
    env: dict[str, Secret] = {}
    for kind in QUICKSTART_KINDS:
        key = states[kind].secrets.get("api_key") if kind in states else None
        if key and not is_reference(key.reveal()):
            env[env_name(specs[kind])] = key
    model = next((route.model for route in routes if route.slot == MAIN), "")
    if model:
        env[QUICKSTART_MODEL] = Secret(model)
    return env


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """`env` holds the values for the names that the file refers to (not in mode redacted)."""

    mode: Mode
    document: dict[str, Any] = field(repr=False)
    text: str = field(repr=False)
    env: Mapping[str, Secret]
    unowned: tuple[str, ...]  # paths of what is not ours
    has_extra_body: bool

    @property
    def left_out(self) -> tuple[str, ...]:
        """Paths that are in the imported document and not in this one."""
        return self.unowned if self.mode is Mode.REDACTED else ()

    @property
    def may_hold_secrets(self) -> bool:
        """True when handing it out needs a fresh login: what is not ours may hold tokens."""
        if self.mode is Mode.REDACTED:
            return False
        return self.mode is Mode.KEYS or bool(self.unowned) or self.has_extra_body


def build_config(
    base: Mapping[str, Any] | None,
    providers: Sequence[ProviderState],
    routes: Sequence[RouteState],
    mode: Mode,
    *,
    specs: Mapping[str, ProviderSpec],
) -> Exported:
    """The document that these states make of `base` (None = nothing was imported).

    A kind of `specs` without a state is not configured: what `base` holds for it is taken out.
    """
    document = copy.deepcopy(dict(base or {}))
    _put_routes(document, routes)
    states = {state.kind: state for state in providers}
    for kind, spec in specs.items():
        if not spec.is_oauth:
            _put_provider(document, spec, states.get(kind))
    unowned = tuple(unowned_paths(document, specs))
    env: dict[str, Secret] = {}
    if mode is not Mode.REDACTED:
        env = _cloud_env(states, specs)
    if mode is Mode.ENV:
        env = {**_refer(document, specs), **env}
    has_extra_body = any(get(section, "extraBody") for _, section in _sections(document, specs))
    if mode is Mode.REDACTED:
        document = redacted(document, specs)
    return Exported(
        mode=mode,
        document=document,
        text=write_json(document),
        env=env,
        unowned=unowned,
        has_extra_body=has_extra_body,
    )


def preview(exported: Exported, specs: Mapping[str, ProviderSpec]) -> str:
    """The document for a page: references stay, secrets are ***, what is not ours is only named."""
    return write_json(shown_document(exported.document, specs))


# --- routes ---------------------------------------------------------------------------------


def _put_routes(document: dict[str, Any], routes: Sequence[RouteState]) -> None:
    states = {route.slot: route for route in routes}
    for slot in SLOTS:
        _put_route(document, states.get(slot, RouteState(slot=slot)))


def _put_route(document: dict[str, Any], route: RouteState) -> None:
    """Main says "auto" in words; an override that is not set is not there."""
    model, provider = route_keys(route.slot)
    is_main = route.slot == MAIN
    defaults = part(document, "agents", "defaults")
    before = route_text(model, get(defaults, model))
    if route.model != before:
        defaults = make_part(document, "agents", "defaults")
        _set(defaults, model, route.model)
    wanted = "" if route.provider == AUTO else route.provider
    if wanted != route_text(provider, get(defaults, provider)):
        defaults = make_part(document, "agents", "defaults")
        _set(defaults, provider, wanted or (AUTO if is_main and route.model else ""))
    elif is_main and route.model and not before and key_of(defaults, provider) is None:
        put(defaults, provider, AUTO)
    elif is_main and before and not route.model and not wanted:
        drop(defaults, provider)


def _set(section: dict[str, Any], name: str, value: str) -> None:
    if value:
        put(section, name, value)
    else:
        drop(section, name)


# --- providers ------------------------------------------------------------------------------


def env_name(spec: ProviderSpec) -> str:
    """The name of a provider's key in environments and ${...}."""
    return spec.env_key or f"{spec.kind.upper()}_API_KEY"


def _put_provider(
    document: dict[str, Any], spec: ProviderSpec, state: ProviderState | None
) -> None:
    before = part(document, "providers", spec.kind)
    if state is None and not before:
        return
    was_there = bool(before)
    wanted = _wanted(spec, state, before) if state else {}
    for name in owned_keys(spec):
        stands, want = get(before, name), wanted.get(name)
        if same(_understood(spec, name, stands), meaning(spec, name, want)):
            continue
        if meaning(spec, name, want) is None:
            drop(before, name)
            continue
        section = make_part(document, "providers", spec.kind)
        put(section, name, _merged(stands, want) if isinstance(want, dict) else want)
    if was_there and not part(document, "providers", spec.kind):
        drop(part(document, "providers"), spec.kind)


def _wanted(spec: ProviderSpec, state: ProviderState, before: Mapping[str, Any]) -> dict[str, Any]:
    """What the state says for each owned key, in plain."""
    key = state.secrets.get("api_key")
    wanted: dict[str, Any] = {
        "apiKey": key.reveal() if key else None,
        "apiBase": state.api_base,
        "extraHeaders": {name: text.reveal() for name, text in state.extra_headers.items()},
        "extraBody": dict(state.extra_body),
    }
    for item in spec.extra_fields:
        if item.config_key:
            wanted[item.config_key] = state.values.get(item.name)
    if spec.is_local and not state.api_base:
        # A base is what makes a local provider eligible: written even when it is the default,
        # unless an imported entry does without it.
        is_imported = any(_understood(spec, name, get(before, name)) for name in owned_keys(spec))
        has_base = _understood(spec, "apiBase", get(before, "apiBase")) is not None
        wanted["apiBase"] = "" if is_imported and not has_base else spec.api_base
    return wanted


def _understood(spec: ProviderSpec, name: str, value: Any) -> Any:
    """What a value of the document means; None also when nothing here would have taken it."""
    return None if fault(spec, name, value) else meaning(spec, name, value)


def _merged(have: Any, want: dict[str, Any]) -> dict[str, Any]:
    """`want` in the order of `have`, new keys last."""
    kept = [name for name in have if name in want] if isinstance(have, dict) else []
    return {name: want[name] for name in [*kept, *(n for n in want if n not in kept)]}


def _sections(
    document: Mapping[str, Any], specs: Mapping[str, ProviderSpec]
) -> Iterator[tuple[ProviderSpec, dict[str, Any]]]:
    """The entries of our kinds that are there, in the order of `specs`."""
    for kind, spec in specs.items():
        section = part(document, "providers", kind)
        if section and not spec.is_oauth:
            yield spec, section


def configured(
    document: Mapping[str, Any], specs: Mapping[str, ProviderSpec]
) -> tuple[Configured, ...]:
    """The providers of a document as the agent's routing sees them."""
    return tuple(
        Configured(
            kind=kind_of(name, specs) or name,
            has_key=bool(get(section, "apiKey")),
            api_base=str(get(section, "apiBase") or ""),
        )
        for name, section in part(document, "providers").items()
        if isinstance(section, dict)
    )


# --- secrets --------------------------------------------------------------------------------


def _refer(document: dict[str, Any], specs: Mapping[str, ProviderSpec]) -> dict[str, Secret]:
    """Put ${NAME} for every key and header of our kinds; the values by name."""
    env: dict[str, Secret] = {}
    for spec, section in _sections(document, specs):
        key = get(section, "apiKey")
        if _is_secret(key):
            put(section, "apiKey", f"${{{env_name(spec)}}}")
            for name in (env_name(spec), *spec.env_also):
                env[name] = Secret(key)
        headers = get(section, "extraHeaders")
        for header, value in headers.items() if isinstance(headers, dict) else ():
            if _is_secret(value):
                name = _header_name(spec.kind, header, env)
                headers[header] = f"${{{name}}}"
                env[name] = Secret(value)
    return env


def _is_secret(value: Any) -> bool:
    """A value to hide: not empty, not a reference, and not a mask already."""
    if not isinstance(value, str) or not value or is_reference(value):
        return False
    return re.fullmatch(r"[*•]+", value) is None


def _header_name(kind: str, header: str, taken: Mapping[str, Secret]) -> str:
    plain = re.sub(r"[^A-Z0-9]+", "_", header.upper()).strip("_") or "X"
    name = f"{kind.upper()}_HEADER_{plain}"
    number = 2
    while name in taken:
        name = f"{kind.upper()}_HEADER_{plain}_{number}"
        number += 1
    return name


def _cloud_env(
    states: Mapping[str, ProviderState], specs: Mapping[str, ProviderSpec]
) -> dict[str, Secret]:
    """Secrets that never stand in config.json: Bedrock's AWS_ACCESS_KEY_ID and the like."""
    return {
        item.env_names[0]: state.secrets[item.name]
        for kind, spec in specs.items()
        if (state := states.get(kind))
        for item in spec.extra_fields
        if item.is_secret and item.env_names and state.secrets.get(item.name)
    }
