"""Keys of config.json: which of them are ours, and what a value under them means or lacks.

Pure. Kept out: whole documents, and what a change of them does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from facio_site.strictjson import join
from providers.dialects.adapters import Adapter, Entered
from providers.http import BadURL, check_headers
from providers.spec.keyshapes import key_problem
from providers.spec.kind import ProviderSpec
from providers.spec.limits import BASE_LENGTH, BODY_BYTES, MODEL_LENGTH
from providers.spec.masks import MASK, is_placeholder, is_reference
from routing.config.document import camel, snake
from routing.rules.explain import AUTO, known_name
from routing.rules.order import FACTS
from routing.rules.slots import SLOTS, route_keys


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


MAX_PROVIDER = 60


def fault(spec: ProviderSpec, name: str, value: Any) -> str:
    """Why this value of an owned key is not understood; "" when it is, or when nothing is set.

    Codes: not_text, placeholder, bad_key, bad_base, bad_header, too_large, bad_value.
    """
    if value in (None, "", {}):
        return ""
    if name == "extraHeaders":
        return _headers_fault(value)
    if name == "extraBody":
        is_fine = isinstance(value, dict) and len(json.dumps(value)) <= BODY_BYTES
        return "" if is_fine else "too_large"
    if not isinstance(value, str):
        return "not_text"
    if any(item.config_key == name and not item.fits(value) for item in spec.extra_fields):
        return "bad_value"
    if is_reference(value):
        return ""
    if name == "apiKey":
        return "placeholder" if is_placeholder(value) else "bad_key" * bool(key_problem(value))
    if name == "apiBase":
        return "" if normal_base(spec, value) else "bad_base"
    return "" if len(value) <= BASE_LENGTH and value.isprintable() else "not_text"


def _headers_fault(value: Any) -> str:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        return "not_text"
    if any(is_placeholder(text) for text in value.values()):
        return "placeholder"
    try:
        check_headers(value.items())
    except ValueError:
        return "bad_header"
    return ""


def route_text(name: str, value: Any) -> str:
    """A model or provider of a route as it is kept here; "" when it is not set or not taken.

    "auto" is how a provider that is not set is written; known providers are named by their kind.
    """
    limit = MAX_PROVIDER if name.endswith("provider") else MODEL_LENGTH
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        return ""
    if not name.endswith("provider"):
        return value
    kind = known_name(value)
    return "" if value == AUTO else kind if kind in FACTS else value


def normal_base(spec: ProviderSpec, text: str) -> str:
    """An address in the form that calls use; "" when it is none."""
    try:
        return (spec.adapter or Adapter)(spec, Entered()).normalise_base(text)
    except BadURL:
        return ""


def meaning(spec: ProviderSpec, name: str, value: Any) -> Any:
    """A value in the form in which two of them are compared; None for all that means "not set":
    missing, null, empty, and a hosted kind's own default base."""
    if value in (None, "", {}):
        return None
    if name == "apiBase" and isinstance(value, str):
        base = normal_base(spec, value) or value
        default = spec.api_base and normal_base(spec, spec.api_base)
        return None if base == default and not spec.is_local else base
    return value
