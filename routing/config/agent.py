"""A config.json as the agent reads it: the providers that it counts, and its routes. Pure.

The agent takes every text that is not empty, whether a call with it can work or not; what is odd
about it is told beside. Kept out: who serves a route (rules/explain.py), and what is stored here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.kinds import OWN_KIND
from providers.spec.keyshapes import key_problem
from providers.spec.kind import ProviderSpec, Specs
from providers.spec.masks import is_placeholder, is_reference, variable_form, variable_in
from providers.spec.names import folded, known_name, same_name
from routing.config.difference import Path, shown_path
from routing.config.document import camel, get, key_of, part, snake
from routing.config.entries import normal_base
from routing.rules.explain import AUTO, Configured, Decision, explain
from routing.rules.order import FACTS
from routing.rules.slots import MAIN, MEDIA, ROUTE_KEYS

# What may be odd about an entry, in the order in which it is told.
KEY_EXAMPLE = "key_example"  # a mask or an example: the agent counts it as a key
KEY_VARIABLE = "key_variable"  # a variable in a form that the agent sends as it stands
KEY_UNSENDABLE = "key_unsendable"  # a line end, a blank or a sign that no header can carry
BASE_UNUSABLE = "base_unusable"  # no scheme or no host


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """`routes` has model and provider of every slot; "" = no model, AUTO = no provider is named.

    A provider is what stands there: "" names nobody. `odd` has codes by the name of a provider.
    """

    providers: tuple[Configured, ...] = ()
    routes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    odd: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    twins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # see twins_of()
    preset: str = ""  # agents.defaults.modelPreset, which goes before main's model (inherited)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.providers)

    def entry(self, name: str) -> Configured:
        """What it reads of a provider; nothing is there also of one without an entry."""
        return next((one for one in self.providers if one.name == name), Configured(name=name))

    def asked(self, slot: str) -> tuple[str, str]:
        return self.routes.get(slot, ("", AUTO))


def kind_named(name: str) -> str:
    """How a provider of this name is spoken to; names that the agent has built in are kinds."""
    return name if name in FACTS else OWN_KIND


def view_of(document: Mapping[str, Any], specs: Specs) -> AgentView:
    """Entries that would stop the agent's loader are passed over: the export tells of them."""
    providers, odd = [], {}
    section = part(document, "providers")
    for name, entry in _entries(section):
        key, base = _text(entry, "apiKey"), _text(entry, "apiBase")
        proxy = bool(_text(entry, "proxy"))
        providers.append(Configured(name=name, has_key=bool(key), api_base=base, has_proxy=proxy))
        spec = specs.get(name) or specs.get(OWN_KIND)
        if spec and (codes := tuple(_odd(spec, key, base))):
            odd[name] = codes
    defaults = part(document, "agents", "defaults")
    routes = {slot: _route(defaults, *keys) for slot, keys in ROUTE_KEYS.items()}
    preset = get(defaults, "modelPreset")
    return AgentView(
        providers=tuple(providers),
        routes=routes,
        odd=odd,
        twins=twins_of(section),
        preset=preset if isinstance(preset, str) else "",
    )


def decide(slot: str, view: AgentView) -> Decision | None:
    """Who serves a route; None for an override that is not set (it follows main)."""
    model, provider = view.asked(slot)
    if slot != MAIN and not model and provider in ("", AUTO):
        return None
    return explain(model, view.providers, provider, is_media=slot in MEDIA)


def _entries(section: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """By the agent's own name where it has one built in, else as spelled."""
    for name, entry in section.items():
        if not isinstance(entry, dict):
            continue
        known = known_name(name)
        if known not in FACTS:
            yield name, entry
        elif name == camel(known) or (name == known and camel(known) not in section):
            yield known, entry


def twins_of(section: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Spellings under "providers" that no name reaches, by the name that the agent takes them for.

    Of names of one's own it reads the first, of its own ones what its loader knows.
    """
    read = [name for name, _entry in _entries(section)]
    first: dict[str, str] = {}
    found: dict[str, tuple[str, ...]] = {}
    for spelling, entry in section.items():
        if not isinstance(entry, dict):
            continue
        known = known_name(spelling)
        is_known = known in FACTS
        name = known if is_known else first.setdefault(folded(spelling), spelling)
        reads = key_of(section, known) if is_known and known in read else name
        if spelling != reads:
            found[name] = (*found.get(name, ()), spelling)
    return found


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = get(entry, name)
    return value if isinstance(value, str) else ""


def _route(defaults: Mapping[str, Any], model: str, provider: str) -> tuple[str, str]:
    spelling = key_of(defaults, provider)
    named = defaults[spelling] if spelling is not None else None
    return _text(defaults, model), named if isinstance(named, str) else AUTO


def _odd(spec: ProviderSpec, key: str, base: str) -> Iterator[str]:
    if key and not is_reference(key):
        if variable_form(key):
            yield KEY_VARIABLE
        elif is_placeholder(key):
            yield KEY_EXAMPLE
        elif key_problem(key):
            yield KEY_UNSENDABLE
    if base and not variable_in(base) and not normal_base(spec, base):
        yield BASE_UNUSABLE


# --- names elsewhere ----------------------------------------------------------------------

# The routes that are set here, in both spellings.
_ROUTES = {
    spelling(key) for keys in ROUTE_KEYS.values() for key in keys for spelling in (camel, snake)
}


def mentions(document: Mapping[str, Any], name: str) -> list[str]:
    """Where it is named beside the routes that are set here, in presets and fallbacks.

    Under a key of providers that is its name, under one of models its name before a slash.
    """
    others = {key: value for key, value in document.items() if key != "providers"}
    return [shown_path(keys) for keys, text in _texts(others) if _means(keys, text, name)]


def _means(keys: Path, text: str, name: str) -> bool:
    if keys[:2] == ("agents", "defaults") and keys[2:3] and keys[2] in _ROUTES:
        return False
    word = next((snake(key) for key in reversed(keys) if isinstance(key, str)), "")
    prefix, slash, _model = text.partition("/")
    if "provider" in word:
        return bool(same_name(text, [name]))
    return "model" in word and bool(slash) and bool(same_name(prefix, [name]))


def _texts(value: Any, keys: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*keys, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, (*keys, str(place)))
