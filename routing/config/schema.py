"""What the agent's loader takes, for the areas that are written here; asked before any write.

Source: the loader of nanobot-ai 0.3 (inherited), which stops the agent at the first such fault.
Areas that are not ours (channels, tools, ...) are left to the agent: its versions differ there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from facio_site.marked import marked as _
from facio_site.strictjson import join
from providers.spec.names import INHERITED_NAMES, known_name
from routing.config.document import camel, key_of
from routing.rules.order import FACTS
from routing.rules.slots import MAIN, SLOTS, route_keys

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
    for slot in SLOTS:
        check = _text if slot == MAIN else _text_or_null
        for name in route_keys(slot):
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
