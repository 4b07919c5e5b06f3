"""config.json as a JSON document: edits that keep the rest, in the spelling that is there.

The agent takes each key in camelCase or snake_case. An edit goes under the spelling that is there;
a new key gets the name it is asked for by. Pure: dicts; not here: what the keys mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from facio_site.strictjson import join
from providers.spec.kind import ProviderSpec, Specs
from providers.spec.names import same_name

# --- spellings ------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


@lru_cache(maxsize=1024)
def snake(name: str) -> str:
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def key_of(section: Mapping[str, Any], name: str) -> str | None:
    """How `section` spells `name`; None when it is not there.

    With both spellings there it is the camelCase one, which the agent's loader takes.
    """
    return next((key for key in (camel(name), name, snake(name)) if key in section), None)


def is_beside(section: Mapping[str, Any], key: str) -> bool:
    """Whether the camelCase spelling of a key stands there too: the agent's loader takes that."""
    return camel(key) != key and camel(key) in section


def get(section: Mapping[str, Any], name: str) -> Any:
    """The value under either spelling; None when it is missing or null."""
    key = key_of(section, name)
    return section[key] if key is not None else None


def provider_of(key: str, specs: Specs) -> str:
    """The provider that a key under "providers" means, in any spelling that the agent takes; ""
    when it is not ours."""
    if key in specs:
        return key
    kind = snake(key)
    if kind in specs and key == camel(kind):
        return kind
    return same_name(key, (name for name, spec in specs.items() if spec.own_name))


def entry_key(section: Mapping[str, Any], spec: ProviderSpec) -> str | None:
    """How `section`, which is "providers", spells a provider; None when it is not there."""
    if not spec.own_name:
        return key_of(section, spec.kind)
    if spec.name in section:
        return spec.name
    return same_name(spec.name, section) or None


def put(section: dict[str, Any], name: str, value: Any) -> None:
    """Set under the spelling that is there, else as `name`; never leaves both spellings."""
    key = key_of(section, name) or name
    for other in {camel(name), name, snake(name)} - {key}:
        section.pop(other, None)
    section[key] = value


def drop(section: dict[str, Any], name: str) -> None:
    for key in (camel(name), name, snake(name)):
        section.pop(key, None)


def part(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The object at a path of names, each in either spelling; {} when it is not there."""
    here = dict(document)
    for name in names:
        inner = get(here, name)
        if not isinstance(inner, dict):
            return {}
        here = inner
    return here


def make_part(document: dict[str, Any], *names: str) -> dict[str, Any]:
    """The object at a path of names, made where it is missing (or is no object)."""
    here = document
    for name in names:
        inner = get(here, name)
        if not isinstance(inner, dict):
            inner = {}
            put(here, name, inner)
        here = inner
    return here


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each text with its path; that of a list's item is the list's."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inside in value.items():
            yield from texts(inside, join(path, key))
    elif isinstance(value, list):
        for inside in value:
            yield from texts(inside, path)
