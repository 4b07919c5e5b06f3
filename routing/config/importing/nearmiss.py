"""Names in a config.json that are nearly those that the agent reads. Pure.

They are kept, for nothing of a file is lost, and nobody reads them: whoever wrote base_url meant
apiBase. Source of the names that are read: schema.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from routing.config.difference import Path, shown_path
from routing.config.document import camel, part, snake
from routing.config.pasted.records import Warned
from routing.config.schema import AGENT_FIELDS
from routing.rules.slots import MAIN, SLOTS, route_keys

# Words, without capitals and signs, that other tools have for a provider's fields.
_OTHER_WORDS: Mapping[str, tuple[str, ...]] = {
    "apiBase": (
        *("baseurl", "base", "url", "apiurl", "apibaseurl", "endpoint", "apiendpoint", "host"),
        *("openaiapibase", "openaibaseurl", "server", "serverurl", "address"),
    ),
    "apiKey": ("key", "token", "apitoken", "accesstoken", "authtoken", "secretkey", "openaiapikey"),
    "extraHeaders": ("headers", "customheaders", "defaultheaders", "httpheaders"),
    "extraBody": ("body", "extraparams", "extraparameters", "requestbody"),
    "extraQuery": ("query", "queryparams", "defaultquery"),
    "displayName": ("label", "title"),
}
_SECTIONS = {"provider": "providers", "agent": "agents", "modelproviders": "providers"}
_DEFAULTS = ("default", "defaults", "main", "global")


def near_misses(document: Mapping[str, Any]) -> tuple[Warned, ...]:
    """Each of these names, with what the agent reads in its place."""
    found = [*_top(document), *_entries(document), *_routes(document)]
    return tuple(
        Warned(shown_path(keys), "near_miss", {"name": keys[-1], "reads": reads})
        for keys, reads in found
    )


Found = tuple[Path, str]


def _top(document: Mapping[str, Any]) -> Iterator[Found]:
    for name, value in document.items():
        meant = _SECTIONS.get(_folded(name)) or _respelled(name, ("providers", "agents"))
        if meant and isinstance(value, dict):
            yield (name,), meant


def _entries(document: Mapping[str, Any]) -> Iterator[Found]:
    for name, entry in part(document, "providers").items():
        for key in entry if isinstance(entry, dict) else ():
            if meant := _field_meant(key):
                yield ("providers", name, key), meant


@lru_cache(maxsize=1024)
def _field_meant(key: str) -> str:
    """The field of a provider that a name nearly is; "" for a name that is read, or means none."""
    if key in AGENT_FIELDS or camel(key) in AGENT_FIELDS:
        return ""
    other = (name for name, words in _OTHER_WORDS.items() if _folded(key) in words)
    return _respelled(key, AGENT_FIELDS) or next(other, "")


def _routes(document: Mapping[str, Any]) -> Iterator[Found]:
    """Blocks and names under "agents" that are meant for a route."""
    agents = part(document, "agents")
    for name, value in agents.items():
        if name != "defaults" and isinstance(value, dict):
            yield from _block(("agents", name), value)
        elif name in ("model", "provider"):
            yield ("agents", name), f"agents.defaults.{name}"
    defaults = part(agents, "defaults")
    for name, value in defaults.items():
        keys = ("agents", "defaults", name)
        if isinstance(value, dict):
            yield from _block(keys, value)
        elif snake(name) not in _ROUTE_KEYS and (meant := _ROUTE_WORDS.get(_folded(name))):
            yield keys, meant


def _block(keys: Path, value: Mapping[str, Any]) -> Iterator[Found]:
    word = _folded(keys[-1])
    if len(keys) == 2 and word in _DEFAULTS and word != "main":
        yield keys, "agents.defaults"
    elif (slot := _SLOT_WORDS.get(word)) and {"model", "provider"}.intersection(value):
        names = (f"agents.defaults.{name}" for name in route_keys(slot))
        yield keys, ", ".join(names)


def _respelled(name: str, right: tuple[str, ...] | Mapping[str, Any]) -> str:
    """The one of `right` that differs from `name` in capitals and signs alone; "" = none."""
    if name in right or camel(name) in right:
        return ""
    return next((one for one in right if _folded(one) == _folded(name)), "")


@lru_cache(maxsize=1024)
def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_ROUTE_KEYS = {name for slot in SLOTS for name in route_keys(slot)}
_SLOT_WORDS = {
    **{slot: slot for slot in SLOTS},
    **{f"{slot}s": slot for slot in SLOTS},
    **dict.fromkeys(("subagents", "sub", "worker"), "subagent"),
    **dict.fromkeys(("imagegeneration", "imagegen", "images"), "image"),
    **dict.fromkeys(("videogeneration", "videogen"), "video"),
}
# What stands beside "model" and "provider" under agents.defaults: mainModel, model_name, ...
_ROUTE_WORDS = {
    **{
        f"{word}{key}": name
        for word, slot in _SLOT_WORDS.items()
        for key, name in zip(("model", "provider"), route_keys(slot), strict=True)
    },
    **{_folded(name): name for slot in SLOTS for name in route_keys(slot)},
    **dict.fromkeys(("modelname", "modelid", "defaultmodel"), route_keys(MAIN)[0]),
    **dict.fromkeys(("providername", "defaultprovider"), route_keys(MAIN)[1]),
}
