"""What the agent's loader takes, for the areas that are written here; asked before any write.

Names that are nearly those that it reads are told: they are kept, for nothing of a file is lost,
and nobody reads them (whoever wrote base_url meant apiBase).

Source: the loader of nanobot-ai 0.3 (inherited), which stops the agent at the first such fault.
Areas that are not ours (channels, tools, ...) are left to the agent: its versions differ there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from facio_site.marked import marked as _
from facio_site.strictjson import join
from providers.spec.names import INHERITED_NAMES, known_name
from routing.config.document import camel, get, is_beside, key_of, part, snake
from routing.rules.order import FACTS
from routing.rules.slots import ALL_ROUTE_KEYS, MAIN, ROUTE_KEYS, SLOTS

MESSAGES: Mapping[str, str] = {
    "not_object": _("{path} must be an object."),
    "not_text": _("{path} must be a text."),
    "not_text_or_null": _("{path} must be a text or null."),
    "not_object_or_null": _("{path} must be an object or null."),
    "not_text_map": _("{path} must be an object whose values are texts, or null."),
    "not_choice": _("{path} has a value that the agent does not know."),
    "only_openai": _("{path} is taken for openai only."),
    "reserved_name": _("{path} is another spelling of a provider that the agent has built in."),
    "both_spellings": _("{path} is there in both spellings."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    path: str

    @property
    def sentence(self) -> str:
        return MESSAGES[self.code].format(path=self.path)


class Refused(ValueError):
    """A document that the agent's loader would not take."""

    def __init__(self, faults: tuple[Problem, ...]) -> None:
        self.faults = faults
        super().__init__(" ".join(fault.sentence for fault in faults[:5]))


def problems(document: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Why the agent would refuse this document; empty when it would not."""
    return tuple(_routes(document)) + tuple(_providers(document))


def _routes(document: Mapping[str, Any]) -> Iterator[Problem]:
    if "agents" not in document:
        return
    agents = document["agents"]
    if not isinstance(agents, dict):
        yield Problem("not_object", "agents")
        return
    defaults = agents.get("defaults", {})
    if not isinstance(defaults, dict):
        yield Problem("not_object", "agents.defaults")
        return
    for slot, names in ROUTE_KEYS.items():
        check = _text if slot == MAIN else _text_or_null
        for name in names:
            key = key_of(defaults, name)
            if key is not None and (code := check(defaults[key])):
                yield Problem(code, f"agents.defaults.{key}")


def _providers(document: Mapping[str, Any]) -> Iterator[Problem]:
    providers = document.get("providers", {})
    if not isinstance(providers, dict):
        yield Problem("not_object", "providers")
        return
    for name, entry in providers.items():
        path = join("providers", name)
        kind = known_name(name)
        if kind not in FACTS and kind not in INHERITED_NAMES:
            if isinstance(entry, dict):
                yield from _entry(entry, path, name)
        elif name not in (kind, camel(kind)):
            yield Problem("reserved_name", path)
        elif name != kind and kind in providers:
            yield Problem("both_spellings", path)
        elif not isinstance(entry, dict):
            yield Problem("not_object", path)
        else:
            yield from _entry(entry, path, kind)


def _entry(entry: Mapping[str, Any], path: str, kind: str) -> Iterator[Problem]:
    checks = {**_FIELDS, **_BEDROCK} if kind == "bedrock" else _FIELDS
    for name, check in checks.items():
        key = key_of(entry, name)
        if key is None:
            continue
        code = check(entry[key])
        if not code and name == "apiType" and kind != "openai" and entry[key] != "auto":
            code = "only_openai"
        if code:
            yield Problem(code, join(path, key))


def _text(value: Any) -> str:
    return "" if isinstance(value, str) else "not_text"


def _text_or_null(value: Any) -> str:
    return "" if value is None or isinstance(value, str) else "not_text_or_null"


def _object_or_null(value: Any) -> str:
    return "" if value is None or isinstance(value, dict) else "not_object_or_null"


def _text_map(value: Any) -> str:
    if value is None:
        return ""
    is_map = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    return "" if is_map else "not_text_map"


def _one_of(*choices: str | None) -> Callable[[Any], str]:
    return lambda value: "" if value in choices and isinstance(value, str | None) else "not_choice"


_FIELDS: Mapping[str, Callable[[Any], str]] = {
    "displayName": _text_or_null,
    "apiKey": _text_or_null,
    "apiBase": _text_or_null,
    "apiType": _one_of("auto", "chat_completions", "responses"),
    "extraHeaders": _text_map,
    "extraBody": _object_or_null,
    "extraQuery": _text_map,
    "proxy": _text_or_null,
    "thinkingStyle": _one_of(None, "", "thinking_type", "enable_thinking", "reasoning_split"),
}
_BEDROCK: Mapping[str, Callable[[Any], str]] = {"region": _text_or_null, "profile": _text_or_null}
AGENT_FIELDS = (*_FIELDS, *_BEDROCK)  # all that an entry may say


def as_read(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document without what the agent's loader passes over in entries of providers: other
    fields, and a spelling beside the one that it takes."""
    entries = get(document, "providers")
    if not isinstance(entries, dict):
        return document
    read = {name: _as_read(name, entry) for name, entry in entries.items()}
    return {**document, key_of(document, "providers") or "": read}


def _as_read(name: str, entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    fields = AGENT_FIELDS if known_name(name) == "bedrock" else tuple(_FIELDS)
    return {
        key: value
        for key, value in entry.items()
        if (key in fields or camel(key) in fields) and not is_beside(entry, key)
    }


# --- names that are nearly read -------------------------------------------------------------

NearMiss = tuple[tuple[str, ...], str]  # where such a name stands, and what is read in its place
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


def near_misses(document: Mapping[str, Any]) -> Iterator[NearMiss]:
    yield from _top(document)
    yield from _in_entries(document)
    yield from _in_agents(document)


def out_of_reach(document: Mapping[str, Any]) -> Iterator[NearMiss]:
    """Names that the agent would read, did their other spelling not stand beside them."""
    sections: dict[tuple[str, ...], Any] = {
        (): document,
        ("agents", "defaults"): part(document, "agents", "defaults"),
        **{("providers", name): entry for name, entry in part(document, "providers").items()},
    }
    for keys, section in sections.items():
        for key in section if isinstance(section, dict) else ():
            is_read = keys[:1] != ("providers",) or camel(key) in AGENT_FIELDS
            if is_read and is_beside(section, key):
                yield (*keys, key), camel(key)


def _top(document: Mapping[str, Any]) -> Iterator[NearMiss]:
    for name, value in document.items():
        meant = _SECTIONS.get(_folded(name)) or _respelled(name, ("providers", "agents"))
        if meant and isinstance(value, dict):
            yield (name,), meant


def _in_entries(document: Mapping[str, Any]) -> Iterator[NearMiss]:
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


def _in_agents(document: Mapping[str, Any]) -> Iterator[NearMiss]:
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
        elif snake(name) not in ALL_ROUTE_KEYS and (meant := _ROUTE_WORDS.get(_folded(name))):
            yield keys, meant


def _block(keys: tuple[str, ...], value: Mapping[str, Any]) -> Iterator[NearMiss]:
    word = _folded(keys[-1])
    if len(keys) == 2 and word in _DEFAULTS and word != "main":
        yield keys, "agents.defaults"
    elif (slot := _SLOT_WORDS.get(word)) and {"model", "provider"}.intersection(value):
        yield keys, ", ".join(f"agents.defaults.{name}" for name in ROUTE_KEYS[slot])


def _respelled(name: str, right: tuple[str, ...] | Mapping[str, Any]) -> str:
    """The one of `right` that differs from `name` in capitals and signs alone; "" = none."""
    if name in right or camel(name) in right:
        return ""
    return next((one for one in right if _folded(one) == _folded(name)), "")


@lru_cache(maxsize=1024)
def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


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
        for key, name in zip(("model", "provider"), ROUTE_KEYS[slot], strict=True)
    },
    **{_folded(name): name for name in ALL_ROUTE_KEYS},
    **dict.fromkeys(("modelname", "modelid", "defaultmodel"), "model"),
    **dict.fromkeys(("providername", "defaultprovider"), "provider"),
}
