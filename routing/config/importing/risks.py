"""Which parts of an imported config.json need a consent of their own: the one list of them. Pure.

They run code, open ports, loosen guards, grant access or send secrets elsewhere. Paths are those
of Facio's and its ancestor's areas (https://facio.bot/docs/configuration,
https://facio.bot/docs/security); a part that is not listed is shown like any other change.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from providers.http import BadURL, parse_target
from providers.spec.kind import ProviderSpec, Specs
from routing.config.difference import Path, same, told_apart, value_at
from routing.config.document import camel, get, snake
from routing.config.entries import Entries, Entry

Danger = Literal[
    "runs_code", "opens_port", "loosens_guard", "grants_access", "sends_elsewhere", "in_clear"
]

# Path pattern in snake_case (* = any one name, with no other beside it) -> what it can do. What
# lies below a pattern belongs to it.
RISKS: tuple[tuple[str, Danger], ...] = (
    ("tools.exec.exposed_credentials", "grants_access"),
    ("tools.exec.enable_exposed", "grants_access"),
    ("tools.exec", "runs_code"),
    ("tools.mcp_servers.*", "runs_code"),
    ("tools.cli_apps", "runs_code"),
    ("tools.my", "loosens_guard"),
    ("tools.file", "loosens_guard"),
    ("tools.policy", "loosens_guard"),
    ("tools.guardrails", "loosens_guard"),
    ("tools.ssrf_whitelist", "loosens_guard"),
    ("tools.restrict_to_workspace", "loosens_guard"),
    ("tools.webui_allow_local_service_access", "loosens_guard"),
    ("tools.webui_allow_remote_package_install", "loosens_guard"),
    ("tools.allow_local_preview_access", "loosens_guard"),
    ("tools.max_session_messages_per_minute", "loosens_guard"),
    ("tools.web", "loosens_guard"),
    ("tools.browser", "loosens_guard"),
    ("tools", "runs_code"),
    ("browser", "loosens_guard"),
    ("policy", "loosens_guard"),
    ("guardrails", "loosens_guard"),
    ("mcp_servers.*", "runs_code"),
    ("mcp", "runs_code"),
    ("hooks", "runs_code"),
    ("plugins", "runs_code"),
    ("skills", "runs_code"),
    ("cron", "runs_code"),
    ("scripts", "runs_code"),
    ("api", "opens_port"),
    ("gateway", "opens_port"),
    ("a2a", "opens_port"),
    ("channels.*.allow_from", "grants_access"),
    ("channels.*.group_allow_from", "grants_access"),
    ("channels.*.instance_url", "sends_elsewhere"),
    ("channels.*.management_public_url", "sends_elsewhere"),
    ("channels.*.management_token", "grants_access"),
    ("channels.*.host", "opens_port"),
    ("channels.*.port", "opens_port"),
    ("channels.*.token", "grants_access"),
    ("channels.*.api_key", "grants_access"),
    ("channels.*.enabled", "grants_access"),
    ("channels.*.proxy", "sends_elsewhere"),
    ("audit", "loosens_guard"),
    ("logging", "loosens_guard"),
    ("agents.defaults.workspace", "loosens_guard"),
    ("agents.defaults.policy_enabled", "loosens_guard"),
    ("agents.defaults.policy_skip_cron", "loosens_guard"),
    ("agents.defaults.self_improvement", "runs_code"),
    ("providers.*.proxy", "sends_elsewhere"),
)
_DANGERS: dict[Path, Danger] = {tuple(pattern.split(".")): danger for pattern, danger in RISKS}
_INNER = {pattern[:length] for pattern in _DANGERS for length in range(1, len(pattern))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    danger: Danger
    keys: Path
    path: str = ""  # as shown; no other risk of the same file has it


def risks_of(current: Mapping[str, Any], incoming: Entries, specs: Specs) -> tuple[Risk, ...]:
    """The risky parts of `incoming` that are not in `current` already. What goes away is none."""
    found = [*_listed(current, incoming.document, ()), *_addresses(current, incoming, specs)]
    taken: Counter[str] = Counter()
    risks = {risk.keys: risk for risk in found}.values()
    return tuple(replace(risk, path=told_apart(risk.keys, taken)) for risk in risks)


def _listed(
    current: Mapping[str, Any], incoming: Mapping[str, Any], keys: Path, above: Path = ()
) -> Iterator[Risk]:
    """`above` is the pattern that fits `keys`; a part without its own has that of its object."""
    for key, value in incoming.items():
        here, pattern = (*keys, key), (*above, snake(key))
        if pattern not in _INNER and pattern not in _DANGERS:
            pattern = (*above, "*")
        if isinstance(value, dict) and pattern in _INNER:
            yield from _listed(current, value, here, pattern)
        elif (danger := _DANGERS.get(pattern) or _DANGERS.get(above)) and not same(
            value_at(current, here), value
        ):
            yield Risk(danger=danger, keys=here)


# What says where a provider is called, and what is sent there.
_SENT = frozenset(("apiBase", "apiKey", "extraHeaders", "extraBody", "extraQuery"))


def _addresses(current: Mapping[str, Any], incoming: Entries, specs: Specs) -> Iterator[Risk]:
    """Addresses that nobody would send just any secret to.

    The agent sends the value of a ${NAME} to whoever wrote the address, so that has to be the
    provider's own; and over plain http anybody on the way reads what is sent.
    """
    for entry in incoming.by_name.values():
        keys = ("providers", entry.name)
        base = get(entry.raw, "apiBase")
        if not base or (entry.values and entry.value("apiBase").raw in (None, "")):
            continue
        stands = value_at(current, keys)
        before = stands if isinstance(stands, dict) else {}
        new = {name: it for name, it in entry.raw.items() if not same(get(before, name), it)}
        if _SENT.isdisjoint(map(camel, new)) and "${" not in repr(new):
            continue
        danger = _danger_at(str(base), entry, specs.get(entry.provider), stands)
        if danger:
            yield Risk(danger=danger, keys=keys)


def _danger_at(base: str, entry: Entry, spec: ProviderSpec | None, stands: Any) -> Danger | None:
    has_reference = "${" in repr(entry.raw)
    try:
        target = parse_target(base.strip())
    except BadURL:  # a variable in it, for one: nobody knows where it leads
        return "sends_elsewhere" if has_reference else None
    if has_reference and not _is_own_host(target.host, spec, stands):
        return "sends_elsewhere"
    is_sent = has_reference or (_has_secret(entry.raw) and not _is_loopback(target.host))
    return "in_clear" if target.scheme == "http" and is_sent else None


def _is_own_host(host: str, spec: ProviderSpec | None, stands: Any) -> bool:
    """Whether a host is the vendor's by the declaration (that of a base of its, or below it), or
    the one that is set here already."""
    bases = (spec.api_base, *spec.regional_bases) if spec else ()
    own = {_host_of(base) for base in bases} - {""}
    if any(host == one or host.endswith(f".{one}") for one in own):
        return True
    if spec and spec.own_hosts and re.search(spec.own_hosts, host):
        return True
    return isinstance(stands, dict) and host == _host_of(str(get(stands, "apiBase") or ""))


@lru_cache(maxsize=256)
def _host_of(base: str) -> str:
    try:
        return parse_target(base.strip()).host
    except BadURL:
        return ""


def _has_secret(entry: Mapping[str, Any]) -> bool:
    return bool(get(entry, "apiKey") or get(entry, "extraHeaders"))


def _is_loopback(host: str) -> bool:
    return host.rpartition(".")[2] == "localhost" or host.startswith("127.") or host == "::1"
