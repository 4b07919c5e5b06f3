"""Which parts of config.json are set here, and what of it may be shown or handed out. Pure.

All that is not ours counts as secret as a whole: it is named by its path and never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from providers.specs import ProviderSpec
from routing.config.document import camel, join, snake
from routing.config.understood import is_reference

MASK = "***"
MAIN = "main"
SLOTS = (MAIN, "subagent", "vision", "image", "video")


def route_keys(slot: str) -> tuple[str, str]:
    """The names of a slot's model and provider in agents.defaults."""
    return ("model", "provider") if slot == MAIN else (f"{slot}_model", f"{slot}_provider")


def owned_keys(spec: ProviderSpec) -> tuple[str, ...]:
    """The keys of a provider's entry that are set here, by the names that new ones get."""
    extra = tuple(item.config_key for item in spec.extra_fields if item.config_key)
    headers = ("extraHeaders",) if spec.has_extra_headers else ()
    body = ("extraBody",) if spec.has_extra_body else ()
    return ("apiKey", "apiBase", *headers, *body, *extra)


def kind_of(name: str, specs: Mapping[str, ProviderSpec]) -> str:
    """The kind that a key under "providers" names, in either spelling; "" when it is not ours."""
    kind = name if name in specs else snake(name)
    return kind if kind in specs and name in (kind, camel(kind)) else ""


_ROUTE_KEYS = {name for slot in SLOTS for name in route_keys(slot)}


def is_owned(path: tuple[str, ...], specs: Mapping[str, ProviderSpec]) -> bool | None:
    """True: ours. False: not ours. None: an object that holds both. At most three keys deep."""
    match path:
        case ("agents",) | ("agents", "defaults") | ("providers",):
            return None
        case ("agents", "defaults", name):
            return snake(name) in _ROUTE_KEYS
        case ("providers", name, *rest):
            kind = kind_of(name, specs)
            if not kind or specs[kind].is_oauth:
                return False
            owned = owned_keys(specs[kind])
            return rest[0] in owned or rest[0] in map(snake, owned) if rest else None
        case _:
            return False


def unowned_paths(
    value: Mapping[str, Any],
    specs: Mapping[str, ProviderSpec],
    path: tuple[str, ...] = (),
    shown: str = "",
) -> Iterator[str]:
    for key, item in value.items():
        here, name = (*path, key), join(shown, key)
        ours = is_owned(here, specs)
        if ours is None and isinstance(item, dict):
            yield from unowned_paths(item, specs, here, name)
        elif not ours:
            yield name


def redacted(
    value: Mapping[str, Any], specs: Mapping[str, ProviderSpec], path: tuple[str, ...] = ()
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, item in value.items():
        here = (*path, key)
        ours = is_owned(here, specs)
        if ours is None and isinstance(item, dict):
            kept[key] = redacted(item, specs, here)
        elif ours:
            kept[key] = _redacted_field(snake(key), item) if path[0] == "providers" else item
    return kept


def _redacted_field(name: str, value: Any) -> Any:
    if name in ("api_key", "extra_headers", "extra_body"):
        return _masked(value)
    if name == "api_base" and re.search(r"[@?#]", str(value)):
        return MASK  # more than an address: it may carry a password or a token
    return value


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return value if value is None or value == "" else MASK


def shown_document(
    value: Mapping[str, Any], specs: Mapping[str, ProviderSpec], path: tuple[str, ...] = ()
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, item in value.items():
        here = (*path, key)
        ours = is_owned(here, specs)
        if ours is None and isinstance(item, dict):
            kept[key] = shown_document(item, specs, here)
        elif not ours:
            kept[key] = "…"
        elif path[0] != "providers" or (isinstance(item, str) and is_reference(item)):
            kept[key] = item
        elif snake(key) == "extra_headers" and isinstance(item, dict):
            kept[key] = {n: v if is_reference(str(v)) else MASK for n, v in item.items()}
        else:
            kept[key] = _redacted_field(snake(key), item)
    return kept
