"""What the names of an environment mean: keys, addresses and deployments by kind. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from providers.spec.kind import ProviderSpec, Specs
from routing.config.document import snake
from routing.config.entries import QUICKSTART_MODEL, env_name

# Any key of config.json as FACIO_A__B__C; the second is that of the agent's ancestor.
NESTED_PREFIXES = ("FACIO_", "NANOBOT_")
NESTED_MARK = "__"
MAX_NESTED = 12
# A name without a vendor's, as examples have it
BARE_KEYS = frozenset(("API_KEY", "APIKEY", "KEY", "TOKEN", "API_TOKEN", "LLM_API_KEY"))
BARE_BASES = frozenset(("BASE_URL", "API_BASE", "API_BASE_URL", "BASEURL", "LLM_BASE_URL"))
# Behind a provider's own word
_BASES = (
    *("BASE_URL", "API_BASE", "API_BASE_URL", "BASEURL", "API_URL", "URL", "ENDPOINT"),
    *("API_ENDPOINT", "ENDPOINT_URL", "API_HOST", "HOST", "BASE", "REVERSE_PROXY"),
)
_DEPLOYMENTS = ("DEPLOYMENT", "DEPLOYMENT_NAME", "CHAT_DEPLOYMENT", "CHAT_DEPLOYMENT_NAME")
_KEY_TAIL = re.compile(r"_(?:API_)?(?:KEY|TOKEN)$")

What = Literal["key", "base", "deployment", "secret", "place"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one name stands for. `path` is that of config.json, or the kind and field of a secret
    that has no place there. The lowest rank of those with one path wins; `is_shared` by two kinds
    says neither."""

    what: What
    path: tuple[str, ...]
    rank: int = 0
    is_shared: bool = False

    @property
    def kind(self) -> str:
        """Of a key, base, deployment or secret."""
        return self.path[0 if self.what == "secret" else 1]


def meanings(specs: Specs) -> dict[str, Meaning]:
    """A kind's own name goes before another's alias."""
    found: dict[str, Meaning] = {}
    for spec in specs.values():
        for rank, alias in enumerate(spec.env_aliases, start=2):
            path = ("providers", spec.name, "apiKey")
            found[alias] = Meaning("key", path, rank, is_shared=alias in found)
    for spec in specs.values():
        if not (spec.is_oauth or spec.own_name):
            found[f"{spec.kind.upper()}_API_KEY"] = Meaning(
                "key", ("providers", spec.name, "apiKey"), 1
            )
    for spec in specs.values():
        if spec.env_key:
            found[env_name(spec)] = Meaning("key", ("providers", spec.name, "apiKey"))
    for spec in specs.values():
        for item in spec.extra_fields:
            for rank, name in enumerate(item.env_names):
                if item.config_key:
                    found[name] = Meaning("place", ("providers", spec.name, item.config_key), rank)
                elif item.is_secret:
                    found[name] = Meaning("secret", (spec.name, item.name), rank)
    found[QUICKSTART_MODEL] = Meaning("place", ("agents", "defaults", "model"))
    return {**_places(specs, found), **found}


def _places(specs: Specs, keys: Mapping[str, Meaning]) -> dict[str, Meaning]:
    found: dict[str, Meaning] = {}
    for spec in specs.values():
        if spec.is_oauth:
            continue
        for place, stem in enumerate(stems(spec, keys)):
            for rank, tail in enumerate(_BASES, start=place * len(_BASES)):
                path = ("providers", spec.name, "apiBase")
                found.setdefault(f"{stem}_{tail}", Meaning("base", path, rank))
            for tail in _DEPLOYMENTS if spec.has_deployments else ():
                path = ("providers", spec.name, "deployments")
                found.setdefault(f"{stem}_{tail}", Meaning("deployment", path))
    return found


def stems(spec: ProviderSpec, keys: Mapping[str, Meaning]) -> tuple[str, ...]:
    """The words that its names begin with: its own, its kind's, those of its aliases."""
    own = [name for name, one in keys.items() if one.what == "key" and one.kind == spec.name]
    own = [name for name in own if not keys[name].is_shared]
    ranked = sorted(own, key=lambda name: keys[name].rank)
    words = [_KEY_TAIL.sub("", name) for name in ranked]
    more = [] if spec.own_name else [spec.kind.upper().replace("_", "")]  # LMSTUDIO
    if spec.has_deployments:
        more.append("AZURE")
    of_fields = (name for item in spec.extra_fields for name in item.env_names)
    more += [name.partition("_")[0] for name in of_fields]  # AWS
    return tuple(dict.fromkeys([*words, *more]))


def nested(name: str) -> tuple[str, ...]:
    """The path that FACIO_A__B names; () = none."""
    prefix = next((one for one in NESTED_PREFIXES if name.upper().startswith(one)), "")
    if not prefix or NESTED_MARK not in name:
        return ()
    keys = tuple(name[len(prefix) :].lower().split(NESTED_MARK))
    return keys if all(keys) and len(keys) <= MAX_NESTED else ()


def nested_meaning(path: tuple[str, ...], specs: Specs) -> Meaning:
    """It goes before all other names of the same thing."""
    if len(path) == 3 and path[0] == "providers" and path[1] in specs:
        if snake(path[2]) == "api_key":
            return Meaning("key", path, -1)
        if snake(path[2]) == "api_base":
            return Meaning("base", path, -1)
    return Meaning("place", path, -1)
