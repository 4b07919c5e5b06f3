"""The .env that Facio's Docker quickstart reads: three keys and a model. Pure.

It has no name for an address, nor for a provider by choice: what would mean something else without
them is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.dialects.adapters import Adapter, Entered
from providers.http import BadURL
from providers.spec.kind import ProviderSpec, Specs
from providers.spec.masks import is_reference, names_in
from providers.spec.secret import Secret
from routing.config.agent import decide, view_of
from routing.config.edits import Current, exported
from routing.config.entries import QUICKSTART_MODEL, ProviderState, env_name
from routing.config.export import Mode
from routing.rules.slots import MAIN

# Source: https://facio.bot/docs/configuration
KINDS = ("openrouter", "anthropic", "openai")


@dataclass(frozen=True, slots=True)
class Quickstart:
    env: Mapping[str, Secret]
    elsewhere: tuple[str, ...] = ()  # names of keys that are for an address of their own
    # Who would serve the main model with these keys alone, "" = nobody; None = whom it is meant for
    other: str | None = None


def quickstart(current: Current, specs: Specs) -> Quickstart:
    """What it reads of what is set here."""
    env: dict[str, Secret] = {}
    elsewhere = []
    for kind in KINDS:
        state = current.states.get(kind)
        key = state.secrets.get("api_key") if state else None
        if state is None or not key or is_reference(key.reveal()) or names_in(key.reveal()):
            continue
        if _is_at_default(state, specs[kind]):
            env[env_name(specs[kind])] = key
        else:
            elsewhere.append(env_name(specs[kind]))
    document = exported(current, Mode.KEYS, specs).document
    view = view_of(document, specs)
    model, _provider = view.asked(MAIN)
    if not model:
        return Quickstart(env, tuple(elsewhere))
    alone = {kind: {"apiKey": "x"} for kind in KINDS if env_name(specs[kind]) in env}
    started = view_of({"agents": {"defaults": {"model": model}}, "providers": alone}, specs)
    meant, found = (decide(MAIN, one) for one in (view, started))
    other = found.provider if found else None
    if other != (meant.provider if meant else None):
        return Quickstart(env, tuple(elsewhere), other or "")
    return Quickstart({**env, QUICKSTART_MODEL: Secret(model)}, tuple(elsewhere))


def _is_at_default(state: ProviderState, spec: ProviderSpec) -> bool:
    entered = Entered(api_base=state.api_base, values=state.values)
    try:
        return (spec.adapter or Adapter)(spec, entered).is_default_base
    except BadURL:
        return False
