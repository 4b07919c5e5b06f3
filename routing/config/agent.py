"""A config.json as the agent reads it: the providers that it counts, and its routes. Pure.

The agent takes every text that is not empty, whether a call with it can work or not; what is odd
about it is told beside. Kept out: who serves a route (rules/explain.py), and what is stored here.
"""

from __future__ import annotations

import re
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
from routing.config.entries import EMPTY, normal_base
from routing.rules.asking import USUAL, Asking
from routing.rules.explain import AUTO, Configured, Decision, Rule, explain
from routing.rules.order import FACTS
from routing.rules.slots import MAIN, MEDIA, ROUTE_KEYS

# What may be odd about an entry, in the order in which it is told.
KEY_EXAMPLE = "key_example"  # a mask or an example: the agent counts it as a key
KEY_VARIABLE = "key_variable"  # a variable in a form that the agent sends as it stands
KEY_UNSENDABLE = "key_unsendable"  # a line end, or a sign that no header can carry
KEY_DOUBTS = {"quote": "key_quoted", "blank": "key_blank", "too_long": "key_long"}  # can be sent
BASE_UNUSABLE = "base_unusable"  # no scheme or no host
# Source: _make_provider_core of nanobot-ai 0.3 (inherited).
_UNTESTED = ("proxy", "extraQuery", "apiType")


@dataclass(frozen=True, slots=True)
class Doubt:
    """At a path, in the document's own spelling. `params` are safe to show."""

    keys: Path
    code: str
    params: Mapping[str, str] = field(default_factory=dict)


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
    has_preset: bool = False  # it is there: main's model and provider are its own
    has_empty_model: bool = False  # main's model is the empty text, which the agent takes
    fallbacks: tuple[tuple[str, str], ...] = ()  # models and providers for when main's fails
    asking: Asking = USUAL  # what it asks of every model
    doubts: tuple[Doubt, ...] = ()  # what its loader may stop at, and takes for another

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
        untested = tuple(f for f in _UNTESTED if get(entry, f) not in (*EMPTY, AUTO))
        providers.append(Configured(name=name, has_key=bool(key), api_base=base, untested=untested))
        spec = specs.get(name) or specs.get(OWN_KIND)
        if spec and (codes := tuple(_odd(spec, key, base))):
            odd[name] = codes
    defaults = part(document, "agents", "defaults")
    routes = {slot: _route(defaults, *keys) for slot, keys in ROUTE_KEYS.items()}
    preset, main = preset_of(document)
    routes[MAIN] = main or routes[MAIN]
    return AgentView(
        providers=tuple(providers),
        routes=routes,
        odd=odd,
        twins=twins_of(section),
        preset=preset,
        has_preset=main is not None,
        has_empty_model=(main[0] if main else get(defaults, "model")) == "",
        fallbacks=fallbacks_of(document),
        asking=asking_of(document),
        doubts=tuple(doubts(document)),
    )


def decide(slot: str, view: AgentView) -> Decision | None:
    """Who serves a route; None for an override that is not set (it follows main)."""
    model, provider = view.asked(slot)
    if slot == MAIN and view.has_empty_model:
        return Decision(provider=None, rule=Rule.EMPTY_MODEL)
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
        elif problem := key_problem(key):
            # A blank at its end is taken for a part of the header's line.
            doubt = KEY_DOUBTS.get(problem, KEY_UNSENDABLE)
            yield KEY_UNSENDABLE if key != key.rstrip() else doubt
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


# --- presets and fallbacks ----------------------------------------------------------------
# Source: the schema of nanobot-ai 0.3 (inherited); no page of Facio's tells of them. What is
# doubtful is told and never refused: all of it is kept as it came.

DEFAULT = "default"  # the name for model and provider of agents.defaults themselves
# Areas of config.json. Source: https://facio.bot/docs/configuration; the last two are inherited.
AREAS = frozenset(
    {
        *("agents", "providers", "channels", "api", "gateway", "tools", "audit", "logging"),
        *("transcription", "modelPresets"),
    }
)


def preset_of(document: Mapping[str, Any]) -> tuple[str, tuple[str, str] | None]:
    """The preset that goes before main's model, "" = none; its model and provider, None = it is
    not there, or names no model."""
    name = get(part(document, "agents", "defaults"), "modelPreset")
    if not isinstance(name, str) or name in ("", DEFAULT):
        return "", None
    return name, _named(part(document, "modelPresets").get(name))


def fallbacks_of(document: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Models with their providers that the agent may try when main's fails, in its order."""
    presets = part(document, "modelPresets")
    found = (
        _named(presets.get(one) if isinstance(one, str) else one)
        for one in _list(get(part(document, "agents", "defaults"), "fallbackModels"))
    )
    return tuple(one for one in found if one)


def asking_of(document: Mapping[str, Any]) -> Asking:
    """By the preset that goes before main's model, else by agents.defaults. What its loader would
    stop at is passed over."""
    defaults = part(document, "agents", "defaults")
    name, main = preset_of(document)
    said = part(document, "modelPresets", name) if main else defaults
    effort = get(said, "reasoningEffort")
    return Asking(
        temperature=_number(get(said, "temperature"), USUAL.temperature),
        effort=effort if isinstance(effort, str) else "",
        max_tokens=int(_number(get(said, "maxTokens"), USUAL.max_tokens)),
        context_window=int(_number(get(said, "contextWindowTokens"), 0)) or None,
    )


def _number(value: Any, usual: float) -> float:
    """A number, or a text that its loader reads as one."""
    try:
        found = usual if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return usual
    return found if 0 <= found < 1e12 else usual


def _named(entry: Any) -> tuple[str, str] | None:
    if not isinstance(entry, dict):
        return None
    model, provider = entry.get("model"), entry.get("provider", AUTO)
    return (model, provider) if isinstance(model, str) and isinstance(provider, str) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


# The names of the preset for the agent's dreams, the first that is there counts.
_OVERRIDES = ("modelOverride", "model", "model_override")


# --- what is doubtful -----------------------------------------------------------------------


def doubts(document: Mapping[str, Any]) -> Iterator[Doubt]:
    for name in document:
        if camel(name) not in AREAS:
            yield Doubt((name,), "unknown_area")
    yield from _of_presets(document)
    yield from _of_names(document)
    for name in part(document, "providers"):
        if meant := _built_in(name):
            yield Doubt(("providers", name), "own_spelling", {"name": name, "meant": meant})


def _of_presets(document: Mapping[str, Any]) -> Iterator[Doubt]:
    """Entries of the presets themselves."""
    root = key_of(document, "modelPresets") or ""
    for name, entry in part(document, "modelPresets").items():
        if name == DEFAULT:
            yield Doubt((root, name), "preset_reserved")
        elif not _is_text(entry, "model"):
            yield Doubt((root, name), "lacks", {"name": "model"})


def _of_names(document: Mapping[str, Any]) -> Iterator[Doubt]:
    """Where a preset is named that is not there. "default" is none among the fallbacks."""
    defaults = part(document, "agents", "defaults")
    there = part(document, "modelPresets").keys() - {DEFAULT}
    dream = part(defaults, "dream")
    override = next((key for key in _OVERRIDES if key in dream), "")
    preset = key_of(defaults, "modelPreset") or ""
    above = ("agents", "defaults")
    named: dict[Path, Any] = {
        (*above, preset): defaults.get(preset),
        (*above, "dream", override): dream.get(override),
    }
    for path, value in named.items():
        if isinstance(value, str) and value and value not in there | {DEFAULT}:
            yield Doubt(path, "no_preset", {"name": value})
    keys = (*above, key_of(defaults, "fallbackModels") or "")
    for one in _list(get(defaults, "fallbackModels")):
        if isinstance(one, str) and one not in there:
            yield Doubt(keys, "no_preset", {"name": one})
        for field_name in ("model", "provider") if isinstance(one, dict) else ():
            if not _is_text(one, field_name):
                yield Doubt(keys, "lacks", {"name": field_name})


def _is_text(entry: Any, name: str) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get(name), str)


def _built_in(name: str) -> str:
    """The built-in provider that a name of one's own looks like: OpenAI is not openai."""
    if known_name(name) in FACTS:
        return ""
    plain = _plain(name)
    return next((kind for kind in FACTS if _plain(kind) == plain), "") if plain else ""


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
