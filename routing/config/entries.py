"""What config.json says of ours, each value read once; which of its keys are ours. Pure.

What stands in a document and what is stored here take the same shape, so that whoever compares the
two asks neither of them again. Kept out: what a change does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from facio_site.strictjson import join
from providers.dialects.adapters import Adapter, Entered
from providers.http import BadURL, check_headers
from providers.kinds import own_spec
from providers.spec.keyshapes import key_problem
from providers.spec.kind import ProviderSpec, Specs
from providers.spec.limits import BASE_LENGTH, BODY_BYTES, MODEL_LENGTH
from providers.spec.masks import (
    MASK,
    is_header_reference,
    is_mask,
    is_placeholder,
    is_reference,
    variable_form,
    variable_in,
)
from providers.spec.names import NAME_LENGTH, known_name, name_problem
from providers.spec.secret import Secret
from providers.spec.signs import trimmed
from routing.config.clear import all_masked, told
from routing.config.document import is_beside, key_of, part, provider_of, snake
from routing.rules.explain import AUTO
from routing.rules.order import FACTS
from routing.rules.slots import ALL_ROUTE_KEYS, ROUTE_KEYS

SECRET_KEYS = ("apiKey", "extraHeaders", "extraBody")
QUICKSTART_MODEL = "FACIO_MODEL"  # the main model in the environment of the Docker quickstart
EMPTY: tuple[Any, ...] = (None, "", {})  # all of them say "not set"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """One configured provider. `api_base` as it was typed, "" = the kind's default.

    `name` is its key under "providers"; "" = its kind's.
    """

    kind: str
    name: str = ""
    api_base: str = ""
    values: Mapping[str, str] = field(default_factory=dict)  # extra fields by name: region, profile
    secrets: Mapping[str, Secret] = field(default_factory=dict)  # api_key, access_key_id, ...
    extra_headers: Mapping[str, Secret] = field(default_factory=dict)
    extra_body: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteState:
    slot: str  # one of SLOTS
    model: str = ""  # "" = not set
    provider: str = AUTO  # "" = the empty text, which names nobody


@dataclass(frozen=True, slots=True)
class Value:
    """One key. `meaning` is the form in which two of them are compared, None = not set: missing,
    null, empty, and a hosted kind's own default base. `fault` is why it is not taken, "" = it is.

    Faults: not_text, placeholder, variable, bad_key, bad_base, bad_header, too_large, bad_value; of
    a route: too_long.
    """

    spelling: str = ""  # "" = it is not there
    raw: Any = field(default=None, repr=False)
    meaning: Any = field(default=None, repr=False)
    fault: str = ""

    @property
    def taken(self) -> Any:
        """What it means; None also when nothing here would have taken it."""
        return None if self.fault else self.meaning


ABSENT = Value()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, by its name in the document. `provider` is the name that this has here, "" when
    it is none of ours."""

    name: str
    provider: str
    raw: Mapping[str, Any] = field(repr=False)  # {} also for what is no object
    values: Mapping[str, Value] = field(default_factory=dict)  # what is set here, by owned_keys

    def value(self, key: str) -> Value:
        return self.values.get(key, ABSENT)


NOTHING = Entry("", "", {})


@dataclass(frozen=True, slots=True)
class Entries:
    """A document with its entries under "providers", in its order, and its routes."""

    document: Mapping[str, Any] = field(repr=False)
    by_name: Mapping[str, Entry]
    # Ours, by their names here. With both spellings there: of a kind the camelCase one, of an
    # endpoint of one's own the first; those are what the agent takes.
    by_provider: Mapping[str, Entry]
    routes: Mapping[str, tuple[Value, Value]]  # slot -> model, provider


def read_entries(
    document: Mapping[str, Any], specs: Specs, known: Entries | None = None
) -> Entries:
    """Read what is not the same object in `known`."""
    by_name: dict[str, Entry] = {}
    by_provider: dict[str, Entry] = {}
    for name, raw in part(document, "providers").items():
        entry = known.by_name.get(name) if known else None
        if entry is None or entry.raw is not raw:
            entry = _read(name, raw, specs)
        by_name[name] = entry
        if _goes_first(entry, by_provider, specs):
            by_provider[entry.provider] = entry
    defaults = part(document, "agents", "defaults")
    if known and part(known.document, "agents", "defaults") is defaults:
        return Entries(document, by_name, by_provider, known.routes)
    routes = {
        slot: (_route_value(model, defaults), _route_value(provider, defaults))
        for slot, (model, provider) in ROUTE_KEYS.items()
    }
    return Entries(document, by_name, by_provider, routes)


def _goes_first(entry: Entry, found: Mapping[str, Entry], specs: Specs) -> bool:
    if not entry.provider or entry.provider not in found:
        return bool(entry.provider)
    return entry.name != entry.provider and not specs[entry.provider].own_name


def _route_value(key: str, defaults: Mapping[str, Any]) -> Value:
    spelling = key_of(defaults, key)
    if spelling is None:
        return ABSENT
    raw = defaults[spelling]
    if raw == "" and key.endswith("provider"):
        return Value(spelling, raw, raw)  # only "auto" is automatic: this names nobody
    text = route_text(key, raw)
    return Value(spelling, raw, text or None, "" if text or raw in (None, "", AUTO) else "too_long")


def _read(name: str, raw: Any, specs: Specs) -> Entry:
    ours = provider_of(name, specs)
    if not isinstance(raw, dict):
        return Entry(name, ours, {})
    if not ours or specs[ours].is_oauth:
        return Entry(name, ours, raw)
    spelled = ((key, key_of(raw, key)) for key in owned_keys(specs[ours]))
    values = {
        key: read_value(specs[ours], key, raw[own], own) for key, own in spelled if own is not None
    }
    return Entry(name, ours, raw, values)


def read_value(spec: ProviderSpec, key: str, raw: Any, spelling: str) -> Value:
    if raw in EMPTY:
        return Value(spelling, raw)
    base = normal_base(spec, raw) if key == "apiBase" and isinstance(raw, str) else ""
    return Value(spelling, raw, _meaning(spec, raw, base), _fault(spec, key, raw, base))


def stored_entry(state: ProviderState, spec: ProviderSpec) -> Entry:
    """What is stored, as an entry in plain."""
    key = state.secrets.get("api_key")
    raw = {
        "apiKey": key.reveal() if key else None,
        "apiBase": trimmed(state.api_base),
        "extraHeaders": {name: text.reveal() for name, text in state.extra_headers.items()},
        "extraBody": dict(state.extra_body),
    }
    raw |= {f.config_key: state.values.get(f.name) for f in spec.extra_fields if f.config_key}
    values = {key: stored_value(spec, key, raw[key]) for key in owned_keys(spec)}
    return Entry(spec.name, spec.name, raw, values)


def stored_value(spec: ProviderSpec, key: str, raw: Any) -> Value:
    """What was checked when it was stored has no fault."""
    if raw in EMPTY:
        return ABSENT
    return Value(key, raw, _meaning(spec, raw, normal_base(spec, raw) if key == "apiBase" else ""))


def env_name(spec: ProviderSpec) -> str:
    """The name of a provider's key in environments and ${...}."""
    return spec.env_key or f"{spec.name.upper()}_API_KEY"


def owned_keys(spec: ProviderSpec) -> tuple[str, ...]:
    """The keys of a provider's entry that are set here, by the names that new ones get."""
    extra = tuple(item.config_key for item in spec.extra_fields if item.config_key)
    headers = ("extraHeaders",) if spec.has_extra_headers else ()
    body = ("extraBody",) if spec.has_extra_body else ()
    return ("apiKey", "apiBase", *headers, *body, *extra)


_OWN_KEYS = owned_keys(own_spec("x"))


# --- names ----------------------------------------------------------------------------------


def with_own(specs: Specs, names: Iterable[str]) -> Specs:
    """Together with endpoints of one's own of these names."""
    own = {name: own_spec(name) for name in names if name not in specs}
    return {**specs, **own} if own else specs


def own_names(states: Iterable[ProviderState]) -> tuple[str, ...]:
    return tuple(state.name for state in states if state.name != state.kind)


def named_in(document: Mapping[str, Any], there: Iterable[str] = ()) -> tuple[str, ...]:
    """The endpoints of one's own that a document has, without those that are `there` already.

    An entry whose name none can have here is not ours, nor is one that says nothing of ours.
    """
    known, found = list(there), []
    for name, raw in part(document, "providers").items():
        says = isinstance(raw, dict) and any(key_of(raw, key) for key in _OWN_KEYS)
        if says and not name_problem(name, FACTS, known)[0]:
            known.append(name)
            found.append(name)
    return tuple(found)


def is_owned(path: tuple[str, ...], specs: Specs) -> bool | None:
    """True: ours. False: not ours. None: an object that holds both. At most three keys deep."""
    match path:
        case ("agents",) | ("agents", "defaults") | ("providers",):
            return None
        case ("agents", "defaults", name):
            return snake(name) in ALL_ROUTE_KEYS
        case ("providers", name, *rest):
            ours = provider_of(name, specs)
            if not ours or specs[ours].is_oauth:
                return False
            owned = owned_keys(specs[ours])
            return rest[0] in owned or rest[0] in map(snake, owned) if rest else None
        case _:
            return False


def unowned_paths(
    value: Mapping[str, Any], specs: Specs, path: tuple[str, ...] = (), shown: str = ""
) -> Iterator[str]:
    for key, item in value.items():
        here, name = (*path, key), join(shown, key)
        ours = is_owned(here, specs)
        if ours is None and isinstance(item, dict):
            yield from unowned_paths(item, specs, here, name)
        elif not ours or is_beside(value, key):
            yield name


def redacted(value: Mapping[str, Any], specs: Specs) -> dict[str, Any]:
    """What is ours, without secrets and what looks like one."""
    return _ours(value, specs, _redacted_field, None)


def shown_document(value: Mapping[str, Any], specs: Specs) -> dict[str, Any]:
    """The same for a page: references stay, and what is not ours is named."""
    return _ours(value, specs, _shown_field, "…")


def _ours(
    value: Mapping[str, Any],
    specs: Specs,
    look: Callable[[tuple[str, ...], Any], Any],
    others: str | None,
    path: tuple[str, ...] = (),
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, item in value.items():
        here = (*path, key)
        ours = is_owned(here, specs)
        if ours is None and isinstance(item, dict):
            kept[key] = _ours(item, specs, look, others, here)
        elif ours and not is_beside(value, key):
            kept[key] = look(here, item)
        elif others is not None:
            kept[key] = others
    return kept


def _redacted_field(keys: tuple[str, ...], value: Any) -> Any:
    name = snake(keys[-1])
    if name in ("api_key", "extra_headers", "extra_body"):
        return all_masked(value)
    if name == "api_base" and re.search(r"[@?#]", str(value)):
        return MASK  # more than an address: it may carry a password or a token
    # The whole gives way to a part that is hidden: no import takes the rest for a value.
    return value if told(value, keys) == value else MASK


def _shown_field(keys: tuple[str, ...], value: Any) -> Any:
    if isinstance(value, str) and is_reference(value):
        return value
    if snake(keys[-1]) == "extra_headers" and isinstance(value, dict):
        return {n: v if is_header_reference(str(v)) else MASK for n, v in value.items()}
    return _redacted_field(keys, value)


def _fault(spec: ProviderSpec, key: str, value: Any, base: str) -> str:
    if key == "extraHeaders":
        return _headers_fault(value)
    if key == "extraBody":
        is_fine = isinstance(value, dict) and len(json.dumps(value)) <= BODY_BYTES
        return "" if is_fine else "too_large"
    if not isinstance(value, str):
        return "not_text"
    if is_mask(value):
        return "placeholder"
    if any(item.config_key == key and not item.fits(value) for item in spec.extra_fields):
        return "bad_value"
    if is_reference(value):
        return ""
    if key == "apiKey":
        return _key_fault(value)
    if key == "apiBase":
        return "" if base or variable_in(value) else "bad_base"
    return "" if len(value) <= BASE_LENGTH and value.isprintable() else "not_text"


def _key_fault(text: str) -> str:
    if is_placeholder(text):
        return "placeholder"
    problem = key_problem(text)
    return "variable" if problem == "variable" else "bad_key" * bool(problem)


def _headers_fault(value: Any) -> str:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        return "not_text"
    if any(is_placeholder(text) for text in value.values()):
        return "placeholder"
    if any(map(variable_form, value.values())):
        return "variable"
    try:
        check_headers(value.items())
    except ValueError:
        return "bad_header"
    return ""


def route_text(name: str, value: Any) -> str:
    """A model or provider of a route as it is kept here; "" when it is not set or not taken.

    "auto" is how a provider that is not set is written; known providers are named by their kind.
    """
    limit = NAME_LENGTH if name.endswith("provider") else MODEL_LENGTH
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        return ""
    if not name.endswith("provider"):
        return value
    kind = known_name(value)
    return "" if value == AUTO else kind if kind in FACTS else value


def is_as_called(spec: ProviderSpec, base: Value) -> bool:
    """Whether an address leads the agent where calls from here go."""
    is_known = bool(base.raw) and not base.fault and not variable_in(base.raw)
    return not is_known or (spec.adapter or Adapter)(spec, Entered()).is_as_called(base.raw)


def normal_base(spec: ProviderSpec, text: str) -> str:
    """An address in the form that calls use; "" when it is none."""
    try:
        return (spec.adapter or Adapter)(spec, Entered()).normalise_base(text)
    except BadURL:
        return ""


def _meaning(spec: ProviderSpec, value: Any, base: str) -> Any:
    """`base` is the normal form of an address, "" for all other values."""
    if base and not spec.is_local and base == normal_base(spec, spec.api_base):
        return None
    return base or value
