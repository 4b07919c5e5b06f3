"""Which key goes where: assignments and calls in, a small config.json out. Pure.

A key is bound to the address that stands with it: to the call's own, or to the one that is set
beside it. Where that address can't be used, the key is left out, never sent to another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from facio_site.strictjson import BadDocument, read_json
from providers.http import BadURL, parse_target
from providers.spec.keyshapes import clean_key, key_problem
from providers.spec.kind import Specs
from providers.spec.masks import is_placeholder, variable_form
from providers.spec.secret import Secret
from routing.config.document import make_part, snake
from routing.config.entries import normal_base
from routing.config.pasted.lines import Lines
from routing.config.pasted.names import (
    BARE_BASES,
    BARE_KEYS,
    NESTED_PREFIXES,
    Meaning,
    meanings,
    nested,
    nested_meaning,
    stems,
)
from routing.config.pasted.places import base_of, deployment_at, kind_at
from routing.config.pasted.records import Assignment, Ignored, Request
from routing.rules.slots import ALL_ROUTE_KEYS

# Headers that carry a key.
_KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
# Headers that a client sets by itself, or that say nothing for long.
_USUAL = re.compile(
    r"accept|content-|sec-|:|access-control|cache-control|pragma|priority|dnt$|te$|connection$"
    r"|user-agent$|origin$|referer$|host$|authority$|method$|path$|scheme$|x-request"
    r"|anthropic-version$|x-stainless"
)
_TEXTS = ("api_key", "api_base", "region", "profile", "display_name", "api_type", "proxy")


@dataclass(slots=True)
class Found:
    document: dict[str, Any] = field(default_factory=dict)
    ignored: list[Ignored] = field(default_factory=list)
    secrets: dict[str, dict[str, Secret]] = field(default_factory=dict)
    deployments: list[str] = field(default_factory=list)
    named: dict[str, Secret] = field(default_factory=dict)  # variables that nothing here knows
    bare: list[str] = field(default_factory=list)  # keys of which nobody says whose they are

    def entry(self, kind: str) -> dict[str, Any]:
        entries: dict[str, dict[str, Any]] = self.document.get("providers", {})
        return entries.get(kind, {})

    def put(self, kind: str, values: Mapping[str, str]) -> None:
        make_part(self.document, "providers", kind).update(values)

    def leave(self, path: str, code: str, **params: str) -> None:
        self.ignored.append(Ignored(path, code, params))


def bound(lines: Lines, specs: Specs) -> Found:
    found = Found()
    found.ignored += [Ignored(one.path, one.code) for one in lines.left]
    spoken = [_call(found, request, specs) for request in lines.requests]
    elsewhere = {
        name: kind
        for kind, request in zip(spoken, lines.requests, strict=True)
        for word in request.headers.values()
        for name in re.findall(r"\$(?:env:|\{)?(\w+)|%(\w+)%", word.text)
        for name in name
        if name
    }
    _assign(found, lines.assignments, specs, elsewhere)
    return found


# --- calls ----------------------------------------------------------------------------------


def _call(found: Found, request: Request, specs: Specs) -> str:
    """Take one call in; the kind that it speaks to, "" = none that is known."""
    path = f"line {request.line}"
    found.ignored += request.ignored
    url = request.url.text
    if request.url.is_filled or variable_form(url):
        found.leave(path, "variable_address")
        return ""
    try:
        target = parse_target(url if re.match(r"https?://", url, re.I) else f"http://{url}")
    except BadURL:
        found.leave(path, "bad_curl")
        return ""
    key, fault = _key_of(request, target.query)
    kind, values = kind_at(target, key, specs)
    if not kind:
        found.leave(target.host, "ambiguous_name" if values else "unknown_host", **values)
        return ""
    if (stands := found.entry(kind)) and _differ(stands, values, key):
        found.leave(path, "second_call", kind=kind)
        return kind
    found.put(kind, {**values, **({"apiKey": key} if key else {})})
    if fault and not stands.get("apiKey"):
        found.ignored.append(fault)
    for name in request.headers:
        if name not in _KEY_HEADERS and not _USUAL.match(name):
            found.leave(f"header {_shown(name)}", "header_left")
    if kind in specs and (deployment := deployment_at(specs[kind], target.path)):
        found.deployments.append(deployment)
    return kind


def _shown(name: str) -> str:
    return "".join(char for char in name if char.isprintable())[:60]


def _differ(stands: Mapping[str, Any], values: Mapping[str, str], key: str) -> bool:
    has_other = any(stands.get(name, text) != text for name, text in values.items())
    return has_other or bool(key and stands.get("apiKey", key) != key)


def _key_of(request: Request, query: str) -> tuple[str, Ignored | None]:
    """The key that a call carries, or why there is none."""
    carried = [(request.headers[n].text, request.headers[n].is_filled) for n in _KEY_HEADERS
               if n in request.headers]  # fmt: skip
    pairs = [*query.split("&"), *request.query]
    carried += [(pair[4:], False) for pair in pairs if pair[:4] == "key="]
    for text, is_filled in carried:
        if re.match(r"basic\s", text, re.IGNORECASE):
            return "", Ignored("key", "user_password")
        key = clean_key(text)
        if not key or is_filled or is_placeholder(key) or variable_form(key):
            form = variable_form(key)
            return "", Ignored("key", "variable", {"form": form}) if form else Ignored(
                "key", "no_real_key"
            )
        return ("", Ignored("key", "bad_key")) if key_problem(key) else (key, None)
    return "", Ignored("key", "no_key")


# --- assignments ----------------------------------------------------------------------------


def _assign(
    found: Found, assignments: Sequence[Assignment], specs: Specs, spoken: Mapping[str, str]
) -> None:
    """`spoken`: the names that calls of the same text send, with the kinds that they go to."""
    known = meanings(specs)
    ranked: dict[tuple[str, ...], list[tuple[Meaning, Assignment]]] = {}
    strangers: list[Assignment] = []
    for one in _last(found, assignments):
        meaning = _meaning(one, known, specs)
        if not one.value:
            found.leave(one.name, "empty")
        elif meaning is None or meaning.is_shared:
            strangers.append(one)
        elif meaning.what == "key" and spoken.get(one.name, meaning.kind) != meaning.kind:
            found.leave(one.name, "used_elsewhere")
        else:
            ranked.setdefault(tuple(map(snake, meaning.path)), []).append((meaning, one))
    winners = [_winner(found, several) for several in ranked.values()]
    _providers(found, winners, strangers, specs)
    for meaning, one in sorted(winners, key=lambda pair: len(pair[0].path)):
        if meaning.what == "secret":
            kind, name = meaning.path
            found.secrets.setdefault(kind, {})[name] = Secret(one.value)
        elif meaning.what == "place":
            *above, last = meaning.path
            make_part(found.document, *above)[last] = _typed(meaning.path, one.value)
    _strangers(found, strangers, specs)


def _last(found: Found, assignments: Iterable[Assignment]) -> list[Assignment]:
    """The last line of a name counts."""
    last: dict[str, Assignment] = {}
    for one in assignments:
        before = last.pop(one.name, one)
        if before.value != one.value:
            found.leave(f"line {before.line}", "overridden", name=one.name, line=str(one.line))
        last[one.name] = one
    return list(last.values())


def _meaning(one: Assignment, known: Mapping[str, Meaning], specs: Specs) -> Meaning | None:
    if path := nested(one.name):
        return nested_meaning(path, specs)
    bare = re.fullmatch(rf"(?:{'|'.join(NESTED_PREFIXES)})([A-Z]+)", one.name)
    if bare and one.value.startswith("{") and isinstance(_json(one.value), dict):
        return Meaning("place", (bare[1].lower(),), -1)
    return known.get(one.name) or known.get(one.name.upper())


def _winner(
    found: Found, several: Sequence[tuple[Meaning, Assignment]]
) -> tuple[Meaning, Assignment]:
    """The name of the lowest rank; a mask or a variable wins over none that is a value."""

    def order(pair: tuple[Meaning, Assignment]) -> tuple[bool, int]:
        return (bool(variable_form(pair[1].value)) or is_placeholder(pair[1].value), pair[0].rank)

    best = min(several, key=order)
    for _meaning, one in several:
        if one.value != best[1].value:
            found.leave(one.name, "outranked", name=best[1].name)
    return best


def _providers(
    found: Found,
    winners: Iterable[tuple[Meaning, Assignment]],
    strangers: Sequence[Assignment],
    specs: Specs,
) -> None:
    """Keys with the addresses that stand beside them."""
    by_kind: dict[str, dict[str, tuple[Meaning, Assignment]]] = {}
    for meaning, one in winners:
        if meaning.what in ("key", "base", "deployment"):
            by_kind.setdefault(meaning.kind, {})[meaning.what] = (meaning, one)
    for kind, parts in by_kind.items():
        if "deployment" in parts:
            found.deployments.append(parts["deployment"][1].value)
        is_usable = _based(found, kind, parts, specs)
        if "key" not in parts:
            continue
        meaning, one = parts["key"]
        beside = _beside(one, kind, strangers, specs)
        if not is_usable:
            found.leave(one.name, "key_without_base", name=parts["base"][1].name)
        elif beside and "base" not in parts:
            found.leave(one.name, "key_without_base", name=beside)
        elif form := variable_form(one.value):
            found.leave(one.name, "variable", form=form)
        elif is_placeholder(one.value):
            found.leave(one.name, "placeholder")
        elif key_problem(one.value):
            found.leave(one.name, "bad_key")
        elif found.entry(kind).get("apiKey", one.value) != one.value:
            found.leave(one.name, "repeated")
        else:
            found.put(kind, {meaning.path[2]: one.value})


def _based(
    found: Found, kind: str, parts: Mapping[str, tuple[Meaning, Assignment]], specs: Specs
) -> bool:
    """Take the address of a kind in; whether its key may go along."""
    if "base" not in parts:
        return True
    meaning, one = parts["base"]
    base = one.value if meaning.rank < 0 else base_of(specs[kind], one.value)
    if not normal_base(specs[kind], base):
        found.leave(one.name, "bad_base")
        return False
    stands = found.entry(kind).get("apiBase", base)
    if normal_base(specs[kind], stands) != normal_base(specs[kind], base):
        found.leave(one.name, "repeated")
        return False
    if deployment := deployment_at(specs[kind], one.value):
        found.deployments.append(deployment)
    found.put(kind, {meaning.path[2]: base})
    return True


def _beside(key: Assignment, kind: str, strangers: Iterable[Assignment], specs: Specs) -> str:
    """A name of the same provider that holds an address and that nothing here knows."""
    words = stems(specs[kind], meanings(specs))
    own = next((word for word in words if key.name.startswith(f"{word}_")), "")
    return next(
        (
            one.name
            for one in strangers
            if own and one.name.startswith(f"{own}_") and re.match(r"\w+://", one.value)
        ),
        "",
    )


def _strangers(found: Found, strangers: Sequence[Assignment], specs: Specs) -> None:
    """Names without a vendor's: a key and an address of nobody in particular go together."""
    keys = [one for one in strangers if one.name.upper() in BARE_KEYS]
    bases = [one for one in strangers if one.name.upper() in BARE_BASES]
    for one in strangers:
        if one not in (*keys, *bases):
            code, params = _unknown(one, specs)
            found.leave(one.name, code, **params)
            if code == "unknown_name":
                found.named[one.name] = Secret(one.value)
    if len(keys) != 1 or len(bases) > 1:
        for one in (*keys, *bases):
            found.leave(one.name, "unknown_name")
        return
    key = clean_key(keys[0].value)
    if form := variable_form(key):
        found.leave(keys[0].name, "variable", form=form)
    elif is_placeholder(key) or key_problem(key):
        found.leave(keys[0].name, "placeholder" if is_placeholder(key) else "bad_key")
    elif not bases:
        found.bare.append(key)
    else:
        found.ignored += at_address(found, key, bases[0].value, specs)


def at_address(found: Found, key: str, address: str, specs: Specs) -> list[Ignored]:
    """A key with an address, and no name of either: whoever answers there has it."""
    try:
        kind, values = kind_at(parse_target(address), key, specs)
    except BadURL:
        return [Ignored("address", "bad_base")]
    if not kind:
        code = "ambiguous_name" if values else "unknown_host"
        return [Ignored(parse_target(address).host, code, values)]
    if _differ(found.entry(kind), values, key):
        return [Ignored("key", "second_call", {"kind": kind})]
    found.put(kind, {**values, "apiKey": key} if key else values)
    return []


def _unknown(one: Assignment, specs: Specs) -> tuple[str, dict[str, str]]:
    shared = [spec.name for spec in specs.values() if one.name in spec.env_aliases]
    if shared:
        return "ambiguous_name", {"kinds": ", ".join(shared)}
    is_agents = one.name.startswith(NESTED_PREFIXES)
    return ("agent_environment" if is_agents else "unknown_name"), {}


def _typed(path: tuple[str, ...], value: str) -> Any:
    """Texts stay texts where config.json has texts; elsewhere JSON is read as such."""
    last = snake(path[-1])
    if path[:2] == ("agents", "defaults") and last in ALL_ROUTE_KEYS:
        return value
    if path[0] == "providers" and last in _TEXTS:
        return value
    read = _json(value)
    return value if read is _NO_JSON else read


_NO_JSON = object()


def _json(value: str) -> Any:
    try:
        wrapped = read_json(b'{"value": ' + value.encode() + b"}")
    except (BadDocument, UnicodeEncodeError):
        return _NO_JSON
    return wrapped["value"] if len(wrapped) == 1 else _NO_JSON
