"""What a person hands in, as a config.json document: a file, a .env, a curl line or a bare key.

Pure: bytes in, a document (often a small one) out; what it would change is importer.py's to say.
Nothing is expanded: ${NAME} is text here.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from facio_site.marked import marked as _
from facio_site.strictjson import BadDocument, read_json, read_text
from providers.dialects.adapters import Adapter, Entered
from providers.http import BadURL, Target, parse_target
from providers.spec.keyshapes import SHAPES, clean_key, key_problem
from providers.spec.kind import ProviderSpec, Specs
from providers.spec.limits import BODY_BYTES
from providers.spec.masks import is_placeholder
from providers.spec.secret import Secret
from routing.config.document import make_part
from routing.config.entries import QUICKSTART_MODEL, env_name, normal_base
from routing.config.envfile import read_env

Source = Literal["config", "env", "curl", "key"]

# Inherited: any key of config.json as FACIO_A__B__C.
NESTED_PREFIX = "FACIO_"
NESTED_MARK = "__"
MAX_NESTED = 12
# Headers that carry a key in examples of curl.
_KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
# What stands behind the API base in them.
_TAILS = re.compile(
    r"/(?:chat/completions|completions|responses|messages|embeddings|models|api/tags)(?:/.*)?$"
)


class BadPaste(BadDocument):
    """A text of which nobody can say what it is."""

    messages = {
        **BadDocument.messages,
        "two_sources": _("Hand in a file or a text, not both."),
        "not_known": _("This is no JSON, no .env file, no curl line and no key."),
        "bad_curl": _("This curl line can't be read: its quotes or its address are incomplete."),
    }


@dataclass(frozen=True, slots=True)
class Ignored:
    """A part that is left out, and why: `code` with `params` that are safe to show."""

    path: str
    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    source: Source
    document: dict[str, Any] = field(repr=False)
    ignored: tuple[Ignored, ...] = ()
    # What config.json has no place for: secrets and deployments by kind
    secrets: Mapping[str, Mapping[str, Secret]] = field(default_factory=dict)
    deployments: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()  # kinds to choose from, when a key could be of several


def read_pasted(data: bytes, *, specs: Specs, kind: str = "") -> Pasted:
    """Recognise and read. `kind` says whose a bare key is, when its form leaves that open.

    Raises BadDocument.
    """
    text = read_text(data).strip()
    if text.startswith(("{", "[")):
        return Pasted(source="config", document=read_json(data))
    if "\0" in text:
        raise BadDocument("bad_text", path=f"line {text.count(chr(10), 0, text.index(chr(0))) + 1}")
    if re.match(r"(?:\$\s*)?curl(?:\.exe)?\s", text):
        return _from_curl(text, specs)
    if re.search(r"^\s*(?:export\s+)?[A-Z_][A-Z0-9_]*\s*=", text, re.MULTILINE):
        return _from_env(text, specs)
    if "\n" not in text and not key_problem(clean_key(text)):
        return _from_key(clean_key(text), specs, kind)
    raise BadPaste("not_known")


# --- .env -----------------------------------------------------------------------------------


def _from_env(text: str, specs: Specs) -> Pasted:
    names, secret_names = _names(specs), _secret_names(specs)
    document: dict[str, Any] = {}
    secrets: dict[str, dict[str, Secret]] = {}
    ignored: list[Ignored] = []
    filled: dict[tuple[str, ...], str] = {}
    lines = read_env(text)
    ignored += [Ignored(f"line {number}", "bad_line") for number in lines.bad]
    for name, value in lines.values.items():
        keys = _nested(name) or names.get(name, ())
        if not value:
            ignored.append(Ignored(name, "empty"))
        elif name in secret_names:
            kind, field_name = secret_names[name]
            secrets.setdefault(kind, {})[field_name] = Secret(value)
        elif not keys:
            ignored.append(_unknown(name, specs))
        elif keys in filled and filled[keys] != value:
            ignored.append(Ignored(name, "repeated"))
        else:
            filled[keys] = value
            _place(document, keys, value)
    return Pasted(source="env", document=document, ignored=tuple(ignored), secrets=secrets)


def _names(specs: Specs) -> dict[str, tuple[str, ...]]:
    """Environment name -> path in config.json. A kind's own name goes before another's alias; an
    alias that two kinds share names neither."""
    names: dict[str, tuple[str, ...]] = {}
    for spec in specs.values():
        for alias in spec.env_aliases:
            names[alias] = () if alias in names else ("providers", spec.name, "apiKey")
    for spec in specs.values():
        if not (spec.is_oauth or spec.own_name):
            names[f"{spec.name.upper()}_API_KEY"] = ("providers", spec.name, "apiKey")
    for spec in specs.values():
        if spec.env_key:
            names[env_name(spec)] = ("providers", spec.name, "apiKey")
    for spec in specs.values():
        for item in spec.extra_fields:
            if item.config_key:
                names |= dict.fromkeys(item.env_names, ("providers", spec.name, item.config_key))
    names[QUICKSTART_MODEL] = ("agents", "defaults", "model")
    return names


def _secret_names(specs: Specs) -> dict[str, tuple[str, str]]:
    """Environment name -> kind and field of a secret that config.json has no place for."""
    return {
        name: (spec.kind, item.name)
        for spec in specs.values()
        for item in spec.extra_fields
        if item.is_secret
        for name in item.env_names
    }


def _nested(name: str) -> tuple[str, ...]:
    if not name.startswith(NESTED_PREFIX) or NESTED_MARK not in name:
        return ()
    keys = tuple(name.removeprefix(NESTED_PREFIX).lower().split(NESTED_MARK))
    return keys if all(keys) and len(keys) <= MAX_NESTED else ()


def _unknown(name: str, specs: Specs) -> Ignored:
    shared = [spec.kind for spec in specs.values() if name in spec.env_aliases]
    if shared:
        return Ignored(name, "ambiguous_name", {"kinds": ", ".join(shared)})
    if name.startswith(NESTED_PREFIX):
        return Ignored(name, "agent_environment")
    return Ignored(name, "unknown_name")


def _place(document: dict[str, Any], keys: tuple[str, ...], value: str) -> None:
    *above, last = keys
    make_part(document, *above)[last] = _typed(keys, value)


def _typed(keys: tuple[str, ...], value: str) -> Any:
    """Texts stay texts where config.json has texts; elsewhere JSON is read as such."""
    is_object = keys[0] == "providers" and keys[-1] in ("extra_headers", "extra_body")
    if keys[0] in ("providers", "agents") and not is_object:
        return value
    try:
        wrapped = read_json(b'{"value": ' + value.encode() + b"}")
    except BadDocument:
        return value
    return wrapped["value"] if len(wrapped) == 1 else value


# --- keys -----------------------------------------------------------------------------------


def _from_key(key: str, specs: Specs, kind: str) -> Pasted:
    if kind in specs and not specs[kind].is_oauth:
        return Pasted(source="key", document=_entry(kind, {"apiKey": key}))
    owner = next((shape for shape in SHAPES if key.startswith(shape.prefix)), None)
    if owner and owner.kind in specs:
        return Pasted(source="key", document=_entry(owner.kind, {"apiKey": key}))
    if owner:
        ignored = Ignored("key", "foreign_key", {"owner": owner.owner})
        return Pasted(source="key", document={}, ignored=(ignored,))
    of_prefix = _kinds_by_prefix(key, specs)
    if len(of_prefix) == 1:
        return Pasted(source="key", document=_entry(of_prefix[0], {"apiKey": key}))
    candidates = of_prefix or tuple(k for k, spec in specs.items() if not spec.is_oauth)
    ignored = Ignored("key", "ambiguous_key", {"kinds": ", ".join(of_prefix)})
    return Pasted(source="key", document={}, ignored=(ignored,), candidates=candidates)


def _kinds_by_prefix(key: str, specs: Specs) -> tuple[str, ...]:
    """The kinds with the longest prefix of their own that the key begins with."""
    found = {
        kind: max(map(len, fitting))
        for kind, spec in specs.items()
        if (fitting := [prefix for prefix in spec.key_prefixes if key.startswith(prefix)])
        and not spec.is_oauth
    }
    longest = max(found.values(), default=0)
    return tuple(kind for kind, length in found.items() if length == longest)


def _entry(kind: str, values: Mapping[str, str]) -> dict[str, Any]:
    return {"providers": {kind: {name: value for name, value in values.items() if value}}}


# --- curl -----------------------------------------------------------------------------------


def _from_curl(text: str, specs: Specs) -> Pasted:
    if len(text) > BODY_BYTES:
        raise BadPaste("bad_curl")
    try:
        words = shlex.split(re.sub(r"[\\^]\r?\n", " ", text).lstrip("$ "), posix=True)
    except ValueError:
        raise BadPaste("bad_curl") from None
    headers, urls = _words(words)
    try:
        target = parse_target(urls[0])
    except (IndexError, BadURL):
        raise BadPaste("bad_curl") from None
    key, ignored = _curl_key(headers, target)
    kind, values = _kind_of(target, key, specs)
    if key:
        values["apiKey"] = key
    deployment = ""
    if kind:
        adapter = (specs[kind].adapter or Adapter)(specs[kind], Entered())
        deployment = adapter.deployment_in(target.path)
    return Pasted(
        source="curl",
        document=_entry(kind, values) if kind else {},
        ignored=tuple(ignored if kind else [*ignored, Ignored(target.host, "unknown_host")]),
        deployments=(deployment,) if deployment else (),
    )


def _words(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Headers by lower-case name, and addresses, of a curl line."""
    headers: dict[str, str] = {}
    urls: list[str] = []
    before = ""
    for word in words[1:]:
        header = word if before in ("-H", "--header") else ""
        if word.startswith(("--header=", "-H")) and len(word) > 2:
            header = word.removeprefix("--header=").removeprefix("-H")
        if header:
            name, _, value = header.partition(":")
            headers[name.strip().lower()] = value.strip()
        elif word.startswith(("http://", "https://")) and before not in ("-d", "--data", "-x"):
            urls.append(word)
        before = word
    return headers, urls


def _curl_key(headers: Mapping[str, str], target: Target) -> tuple[str, list[Ignored]]:
    carried = [headers[name] for name in _KEY_HEADERS if name in headers]
    carried += [part.partition("=")[2] for part in target.query.split("&") if part[:4] == "key="]
    for text in carried:
        key = clean_key(text)
        if not key or "$" in key or is_placeholder(key):
            return "", [Ignored("key", "no_real_key")]
        if key_problem(key):
            return "", [Ignored("key", "bad_key")]
        return key, []
    return "", [Ignored("key", "no_key")]


def _kind_of(target: Target, key: str, specs: Specs) -> tuple[str, dict[str, str]]:
    """The kind that answers at an address, with the base that it has there."""
    address = f"{target.origin}{target.path}"
    for kind, spec in specs.items():
        if spec.own_hosts and (match := re.search(spec.own_hosts, target.host)):
            return kind, match.groupdict() or {"apiBase": target.origin}
    best: tuple[int, str, str] = (0, "", "")
    for kind, spec in specs.items():
        for base in (spec.api_base, *spec.regional_bases):
            normal = normal_base(spec, base) if base else ""
            if normal and _is_below(address, normal):
                best = max(best, (len(normal), kind, base))
    if best[1]:
        return best[1], {"apiBase": best[2]}
    hosts = [kind for kind, spec in specs.items() if _host_of(spec) == target.host]
    by_key = next((shape.kind for shape in SHAPES if key.startswith(shape.prefix)), "")
    if len(hosts) == 1 and not specs[hosts[0]].is_local:
        return hosts[0], {"apiBase": specs[hosts[0]].api_base}
    if by_key in specs and not hosts:
        return "", {}  # a key of a known kind sent to a host that is not its own
    if "custom" in specs and not hosts:
        base = target.origin + _TAILS.sub("", target.path).rstrip("/")
        return "custom", {"apiBase": base}
    return "", {}


def _is_below(address: str, base: str) -> bool:
    return address == base or address.startswith(base + "/")


def _host_of(spec: ProviderSpec) -> str:
    try:
        return parse_target(spec.api_base).host if spec.api_base else ""
    except BadURL:
        return ""
