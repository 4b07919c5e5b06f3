"""Which kind answers at an address, and with which base. Pure."""

from __future__ import annotations

import re

from providers.dialects.adapters import Adapter, Entered
from providers.http import BadURL, Target, parse_target
from providers.kinds import KINDS
from providers.spec.keyshapes import SHAPES
from providers.spec.kind import ProviderSpec, Specs
from providers.spec.names import name_problem
from routing.config.entries import normal_base

# What stands behind the API base in examples of calls.
_TAILS = re.compile(
    r"/(?:chat/completions|completions|responses|messages|embeddings|models|images/generations"
    r"|api/tags)(?:/.*)?$"
)
# Ollama's own calls. Source: https://docs.ollama.com/api
_OLLAMA = re.compile(r"/api/(?:generate|chat|tags|show|ps|pull|embed|embeddings|version)$")
_OPEN_HOSTS = ("0.0.0.0", "::")  # noqa: S104 # nosec B104 - what a server listens at, which no client can call


def kind_at(target: Target, key: str, specs: Specs) -> tuple[str, dict[str, str]]:
    """The provider that answers there, and what its entry says of the place. "" = none of them, or
    one of those that "kinds" has. An address that nobody has is an endpoint of its own."""
    address = f"{target.origin}{target.path}"
    for kind, spec in specs.items():
        if spec.own_hosts and (match := re.search(spec.own_hosts, target.host)):
            return kind, match.groupdict() or {"apiBase": target.origin}
    best: tuple[int, str, str] = (0, "", "")
    for kind, spec in specs.items():
        for base in (spec.api_base, *spec.regional_bases):
            normal = normal_base(spec, base) if base else ""
            if normal and (address == normal or address.startswith(normal + "/")):
                best = max(best, (len(normal), kind, base))
    if best[1]:
        return best[1], {"apiBase": best[2]}
    own = _own(address, specs)
    if len(own) == 1:
        return own[0], {"apiBase": specs[own[0]].own_base}
    if own:
        return "", {"kinds": ", ".join(own)}
    if (found := _local(target, specs))[0]:
        return found
    hosts = [k for k, spec in specs.items() if not spec.is_local and _host(spec) == target.host]
    by_key = next((shape.kind for shape in SHAPES if key.startswith(shape.prefix)), "")
    if len(hosts) == 1:
        return hosts[0], {"apiBase": specs[hosts[0]].api_base}
    if hosts or (by_key in specs and not specs[by_key].is_local) or "custom" not in specs:
        return "", {}  # also: a key of a known kind on its way to a host that is not its own
    name = _new_name(target, specs) if specs["custom"].own_base else "custom"
    return name, {"apiBase": without_tail(target.origin + target.path)}


def _own(address: str, specs: Specs) -> list[str]:
    """The endpoints that stand at an address or above it: those with the longest base."""
    bases = {name: normal_base(spec, spec.own_base) for name, spec in specs.items()}
    fitting = {
        name: len(base)
        for name, base in bases.items()
        if base and f"{address}/".startswith(f"{base.rstrip('/')}/")
    }
    return [name for name, length in fitting.items() if length == max(fitting.values())]


def _new_name(target: Target, specs: Specs) -> str:
    """A name that is free, after the host."""
    usual = {"http": 80, "https": 443}[target.scheme]
    stem = re.sub(r"[^\w.-]+", "-", target.host).strip("-.")[:50] or "endpoint"
    stem += f"-{target.port}" if target.port != usual else ""
    others = [name for name, spec in specs.items() if spec.own_name]
    names = (f"{stem}-{number}" if number else stem for number in (0, *range(2, len(others) + 4)))
    return next(name for name in names if not name_problem(name, KINDS, others)[0])


def _local(target: Target, specs: Specs) -> tuple[str, dict[str, str]]:
    """A local server by its own calls, or by a port that no other has."""
    own_call = _OLLAMA.search(target.path)
    if own_call and "ollama" in specs:
        return "ollama", {"apiBase": f"{target.origin}{target.path[: own_call.start()]}/v1"}
    usual = {
        kind: parse_target(spec.api_base or spec.api_base_example)
        for kind, spec in specs.items()
        if spec.is_local
    }
    usual = {kind: place for kind, place in usual.items() if place.scheme == "http"}
    sharing = [kind for kind, place in usual.items() if place.port == target.port]
    if len(sharing) == 1:
        kind = sharing[0]
        return kind, {"apiBase": f"{target.origin}{usual[kind].path}"}
    for kind in sharing:
        if specs[kind].api_base and f"{target.path}/".startswith(f"{usual[kind].path}/"):
            return kind, {"apiBase": f"{target.origin}{usual[kind].path}"}
    return "", {}


def _host(spec: ProviderSpec) -> str:
    try:
        return parse_target(spec.api_base).host if spec.api_base else ""
    except BadURL:
        return ""


def without_tail(address: str) -> str:
    """The base that a whole endpoint is below of."""
    return _TAILS.sub("", address).rstrip("/")


def deployment_at(spec: ProviderSpec, path: str) -> str:
    return (spec.adapter or Adapter)(spec, Entered()).deployment_in(path)


def base_of(spec: ProviderSpec, text: str) -> str:
    """The base that a variable of the environment gives; "" = it is no address.

    A local server's may lack scheme, port and path, and be the one that it listens at.
    """
    text = text.strip().rstrip("/")
    if not spec.is_local:
        return without_tail(text) if normal_base(spec, without_tail(text)) else ""
    usual = parse_target(spec.api_base or spec.api_base_example)
    has_scheme = re.match(r"https?://", text) is not None
    if text.startswith(":"):
        text = f"localhost{text}"
    try:
        target = parse_target(text if has_scheme else f"http://{text}")
    except BadURL:
        return ""
    has_port = re.search(r":\d+$", re.sub(r"^\w+://", "", text).partition("/")[0]) is not None
    host = "localhost" if target.host in _OPEN_HOSTS else target.host
    host = f"[{host}]" if ":" in host else host
    port = target.port if has_port or has_scheme else usual.port
    usual_port = {"http": 80, "https": 443}[target.scheme]
    origin = f"{target.scheme}://{host}" + (f":{port}" if port != usual_port else "")
    path = without_tail(_OLLAMA.sub("", target.path))
    return origin + (path if path not in ("", "/api") else usual.path)
