"""config.json from what is set here, over the imported document if there is one.

Pure: states in, document out; no request, file, clock or network. What is not ours (other sections,
unknown providers, unknown fields) stays as it came; a value of ours that means the same as the
imported one keeps its spelling and presence, so that an edit changes exactly what was edited.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from facio_site.strictjson import write_json
from providers.spec.kind import ProviderSpec, Specs
from providers.spec.masks import is_reference, names_in
from providers.spec.secret import Secret
from routing.config.clear import in_clear
from routing.config.difference import Path, same, shown_path, value_at
from routing.config.document import (
    drop,
    entry_key,
    get,
    make_part,
    part,
    provider_of,
    put,
    snake,
    texts,
)
from routing.config.entries import (
    ABSENT,
    NOTHING,
    Entries,
    Entry,
    ProviderState,
    RouteState,
    Value,
    env_name,
    is_as_called,
    own_names,
    owned_keys,
    read_entries,
    redacted,
    shown_document,
    stored_entry,
    stored_value,
    unowned_paths,
    with_own,
)
from routing.rules.explain import AUTO
from routing.rules.slots import MAIN, ROUTE_KEYS


class Mode(StrEnum):
    """What stands where a secret belongs: its value, ${NAME}, or ***."""

    KEYS = "keys"
    ENV = "env"
    REDACTED = "redacted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """`env` holds the values for the names that the file refers to (not in mode redacted)."""

    mode: Mode
    document: dict[str, Any] = field(repr=False)
    stored: Mapping[str, Entry]  # what is stored, by name, in plain
    env: Mapping[str, Secret]
    unowned: tuple[str, ...]  # paths of what is not ours
    has_extra_body: bool

    @property
    def text(self) -> str:
        return write_json(self.document)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Paths that are in the imported document and not in this one."""
        return self.unowned if self.mode is Mode.REDACTED else ()

    @property
    def may_hold_secrets(self) -> bool:
        """True when handing it out needs a fresh login: what is not ours may hold tokens."""
        if self.mode is Mode.REDACTED:
            return False
        is_open = self.mode is Mode.KEYS or bool(self.unowned) or self.has_extra_body
        return is_open or bool(self.in_clear)

    @property
    def in_clear(self) -> tuple[str, ...]:
        """Paths of what looks like a secret and stands there as it is."""
        return tuple(dict.fromkeys(map(shown_path, in_clear(self.document))))


def build_config(
    base: Mapping[str, Any] | None,
    providers: Sequence[ProviderState],
    routes: Sequence[RouteState],
    mode: Mode,
    *,
    specs: Specs,
    known: Entries | None = None,
) -> Exported:
    """The document that these states make of `base` (None = nothing was imported).

    A provider of `specs` without a state is not configured: what `base` holds for it is taken out.
    Entries of `base` that were read before are in `known`.
    """
    specs = with_own(specs, own_names(providers))
    before = read_entries(base or {}, specs, known)
    document = dict(before.document)
    for name in ("agents", "providers"):
        if name in document:
            document[name] = copy.deepcopy(document[name])
    slots = {route.slot: route for route in routes}
    for slot, values in before.routes.items():
        _put_route(document, slots.get(slot, RouteState(slot=slot)), *values)
    states = {state.name: state for state in providers}
    stored = {k: stored_entry(states[k], spec) for k, spec in specs.items() if k in states}
    for name, spec in specs.items():
        if not spec.is_oauth:
            _put_provider(document, spec, stored.get(name), before.by_provider.get(name, NOTHING))
    plain = Exported(
        mode=Mode.KEYS,
        document=document,
        stored=stored,
        env=_cloud_env(states, specs),
        unowned=tuple(unowned_paths(document, specs)),
        has_extra_body=any(get(section, "extraBody") for _, section in _sections(document, specs)),
    )
    return in_mode(plain, mode, specs)


def in_mode(plain: Exported, mode: Mode, specs: Specs) -> Exported:
    """An export in mode `keys`, with what stands for the secrets in this one."""
    if mode is Mode.KEYS:
        return plain
    specs = with_own(specs, plain.stored)
    if mode is Mode.REDACTED:
        return replace(plain, mode=mode, document=redacted(plain.document, specs), env={})
    document = copy.deepcopy(plain.document)
    return replace(
        plain, mode=mode, env={**_refer(document, specs, plain.env), **plain.env}, document=document
    )


def preview(exported: Exported, specs: Specs) -> str:
    """The document for a page: references stay, secrets are ***, what is not ours is only named."""
    specs = with_own(specs, exported.stored)
    return write_json(shown_document(exported.document, specs))


# --- routes ---------------------------------------------------------------------------------


def _put_route(document: dict[str, Any], route: RouteState, stands: Value, forced: Value) -> None:
    """Main says "auto" in words; an override that is not set is not there."""
    model, provider = ROUTE_KEYS[route.slot]
    is_main = route.slot == MAIN
    wanted = None if route.provider == AUTO else route.provider
    if route.model != (stands.taken or ""):
        _set(document, model, route.model or None)
    if wanted != forced.taken:
        _set(
            document,
            provider,
            (AUTO if is_main and route.model else None) if wanted is None else wanted,
        )
    elif is_main and route.model and not stands.taken and not forced.spelling:
        _set(document, provider, AUTO)
    elif is_main and stands.taken and not route.model and wanted is None:
        drop(part(document, "agents", "defaults"), provider)


def _set(document: dict[str, Any], name: str, value: str | None) -> None:
    defaults = make_part(document, "agents", "defaults")
    if value is None:
        drop(defaults, name)
    else:
        put(defaults, name, value)


# --- providers ------------------------------------------------------------------------------


def _put_provider(
    document: dict[str, Any], spec: ProviderSpec, stored: Entry | None, before: Entry
) -> None:
    if stored is None and not before.raw:
        return
    wanted = wanted_values(spec, stored, before) if stored else {}
    section = _entry_of(document, spec)
    for key in owned_keys(spec):
        stands, want = before.value(key), wanted.get(key, ABSENT)
        is_base = key == "apiBase"
        if same(stands.taken, want.meaning) and not (is_base and not is_as_called(spec, stands)):
            continue
        if want.meaning is None:
            drop(section, key)
            continue
        section = _made_entry(document, spec)
        put(section, key, want.meaning if is_base else _merged(stands.raw, want.raw))
    if before.raw and not section:
        entries = _providers(document)
        entries.pop(entry_key(entries, spec) or spec.name, None)


def _providers(document: Mapping[str, Any]) -> dict[str, Any]:
    """The object under "providers" itself; {} when it is not there."""
    found = get(document, "providers")
    return found if isinstance(found, dict) else {}


def _entry_of(document: Mapping[str, Any], spec: ProviderSpec) -> dict[str, Any]:
    entries = _providers(document)
    found = entries.get(entry_key(entries, spec) or spec.name)
    return found if isinstance(found, dict) else {}


def _made_entry(document: dict[str, Any], spec: ProviderSpec) -> dict[str, Any]:
    entries = make_part(document, "providers")
    key = entry_key(entries, spec) or spec.name
    if not isinstance(entries.get(key), dict):
        entries[key] = {}
    made: dict[str, Any] = entries[key]
    return made


def wanted_values(spec: ProviderSpec, stored: Entry, before: Entry) -> Mapping[str, Value]:
    """What an export says for each key of ours, over the entry that stands there.

    A base is what makes a local provider eligible: it is written even when it is the default,
    unless an imported entry does without it.
    """
    if not spec.is_local or stored.raw["apiBase"]:
        return stored.values
    is_imported = any(value.taken for value in before.values.values())
    if is_imported and before.value("apiBase").taken is None:
        return stored.values
    return {**stored.values, "apiBase": stored_value(spec, "apiBase", spec.api_base)}


def _merged(have: Any, want: Any) -> Any:
    """An object `want` in the order of `have`, new keys last."""
    if not isinstance(want, dict):
        return want
    kept = [name for name in have if name in want] if isinstance(have, dict) else []
    return {name: want[name] for name in [*kept, *(n for n in want if n not in kept)]}


def _sections(
    document: Mapping[str, Any], specs: Specs
) -> Iterator[tuple[ProviderSpec, dict[str, Any]]]:
    """The entries of ours that are there, in the order of `specs`."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, section in _providers(document).items():
        if section and isinstance(section, dict):
            found.setdefault(provider_of(name, specs), []).append(section)
    for name, spec in specs.items():
        if not spec.is_oauth:
            yield from ((spec, section) for section in found.get(name, ()))


# --- secrets --------------------------------------------------------------------------------


def _refer(document: dict[str, Any], specs: Specs, held: Collection[str]) -> dict[str, Secret]:
    """Put ${NAME} for every key and header of ours; the values by name.

    A name that the document refers to elsewhere, or that the environment has for something else
    (`held`), is somebody else's: with a value of ours it would send that there, too. Outside the
    providers, a vendor's own name means that vendor's key.
    """
    env: dict[str, Secret] = {}
    of_keys = {env_name(spec) for spec in specs.values()}
    vendors = {
        n for one in specs.values() if not one.own_name for n in (one.env_key, *one.env_also)
    }
    elsewhere = {name for _, text in texts(document) for name in names_in(text)} - vendors
    taken = {*held, *elsewhere}
    taken |= {name for _, text in texts(_providers(document)) for name in names_in(text)}
    for spec, section in _sections(document, specs):
        key = get(section, "apiKey")
        if _is_secret(key):
            name = env_name(spec)
            is_other = name in env and env[name].reveal() != key  # the same name spelled twice
            name = _free(name, {*env, *taken}) if is_other or name in taken else name
            put(section, "apiKey", f"${{{name}}}")
            also = (one for one in spec.env_also if one not in env and one not in taken)
            env.update(dict.fromkeys((name, *also), Secret(key)))
        headers = get(section, "extraHeaders")
        for header, value in headers.items() if isinstance(headers, dict) else ():
            if _is_secret(value):
                name = _header_name(spec, header, {*env, *of_keys, *taken})
                headers[header] = f"${{{name}}}"
                env[name] = Secret(value)
    return env


def own_references(said: Entries, plain: Exported, specs: Specs) -> tuple[Path, ...]:
    """Where a document has exactly the reference that mode `env` writes for a stored secret.

    The name says nothing new about the key: it counts as a mask, which never takes the place of a
    stored secret and does not move it to another address either.
    """
    found = {keys: text for keys, text in _texts(said) if text.startswith("${")}
    named = in_mode(plain, Mode.ENV, specs).document if found else {}
    return tuple(
        keys
        for keys, text in found.items()
        if text == value_at(named, keys) and text != value_at(plain.document, keys)
    )


def _texts(said: Entries) -> Iterator[tuple[Path, str]]:
    """Each key and header of ours with its path, as the document spells it."""
    for entry in said.by_name.values():
        for key, value in entry.raw.items() if entry.provider else ():
            keys = ("providers", entry.name, key)
            if snake(key) == "api_key" and isinstance(value, str):
                yield keys, value
            elif snake(key) == "extra_headers" and isinstance(value, dict):
                yield from (
                    ((*keys, n), text) for n, text in value.items() if isinstance(text, str)
                )


def _is_secret(value: Any) -> bool:
    """A value to hide: not empty, no mask already, and nothing that the agent has to resolve,
    which it does once: not in what stands in its environment."""
    if not isinstance(value, str) or not value or is_reference(value) or names_in(value):
        return False
    return re.fullmatch(r"[*•]+", value) is None


def _header_name(spec: ProviderSpec, header: str, taken: Collection[str]) -> str:
    plain = re.sub(r"[^A-Z0-9]+", "_", header.upper()).strip("_") or "X"
    stem = spec.kind.upper()
    if spec.own_name:
        stem = re.sub("(_API)?_KEY$", "", env_name(spec))
    return _free(f"{stem}_HEADER_{plain}", taken)


def _free(name: str, taken: Collection[str]) -> str:
    """The name, or with the first number that nobody has."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def _cloud_env(states: Mapping[str, ProviderState], specs: Specs) -> dict[str, Secret]:
    """Secrets that never stand in config.json: Bedrock's AWS_ACCESS_KEY_ID and the like."""
    return {
        item.env_names[0]: state.secrets[item.name]
        for kind, spec in specs.items()
        if (state := states.get(kind))
        for item in spec.extra_fields
        if item.is_secret and item.env_names and state.secrets.get(item.name)
    }
