"""Rows turned into the plain records that rules, lint and export work on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from facio_site import sealing
from facio_site.strictjson import read_json
from providers.kinds import KINDS
from providers.models import Provider
from providers.spec.kind import ProviderSpec
from routing.config import edits
from routing.config.edits import Current
from routing.config.entries import ProviderState, RouteState
from routing.config.export import Exported, Mode
from routing.models import BaseDocument, Route, Slot
from routing.rules.explain import AUTO, Configured, Decision, explain


def configured(rows: Iterable[Provider] | None = None) -> list[Configured]:
    """The providers as the agent would see them in an exported config.json."""
    return [
        Configured(
            kind=row.name,
            has_key=row.has_usable("api_key") or bool(row.values.get("profile")),
            api_base=row.written_base(),
        )
        for row in (Provider.objects.configured() if rows is None else rows)
    ]


def specs_by_name(rows: Iterable[Provider] | None = None) -> dict[str, ProviderSpec]:
    """All kinds, and the endpoints of one's own that are set up, by what they are called."""
    found = Provider.objects.configured() if rows is None else rows
    own = sorted((row.spec for row in found if row.is_own), key=lambda spec: spec.label.lower())
    return {**KINDS, **{spec.name: spec for spec in own}}


def decide(route: Route, states: list[Configured]) -> Decision | None:
    """Who serves a route; None for an override that is not set (it follows main)."""
    if not route.is_set and route.slot != Slot.MAIN:
        return None
    return explain(route.model, states, route.provider or AUTO, is_media=route.is_media)


def export(mode: Mode) -> Exported:
    """config.json of everything that is set here. Raises sealing.KeyMissing, and
    sealing.Unreadable when the imported document does not open."""
    return exported(current(), mode)


def exported(state: Current, mode: Mode) -> Exported:
    return edits.exported(state, mode, KINDS)


def current(*, is_lenient: bool = False) -> Current:
    """All that is set here, in plain. Raises sealing.KeyMissing, and sealing.Unreadable when the
    imported document does not open (if lenient, there is none then)."""
    if not sealing.master_keys():
        raise sealing.KeyMissing
    try:
        text = BaseDocument.text()
    except sealing.Unreadable:
        if not is_lenient:
            raise
        text = None
    row = Provider.objects.configured().filter(name=edits.deployment_kind(KINDS)).first()
    return Current(
        providers=provider_states(),
        routes=route_states(),
        document=read_json(text.encode()) if text else None,
        deployments=tuple(row.values.get("deployments", ())) if row else (),
    )


def beside(state: Current) -> dict[str, Any]:
    """What is set here and has no place in config.json, in plain and as JSON can hold it."""
    secrets = {
        provider.name: {
            name: text.reveal() for name, text in provider.secrets.items() if name != "api_key"
        }
        for provider in state.providers
    }
    return {
        "secrets": {name: texts for name, texts in secrets.items() if texts},
        "deployments": list(state.deployments),
    }


def fingerprint(state: Current) -> str:
    """A keyed digest of all that is set: what was previewed is done only over the same state."""
    parts = [exported(state, Mode.KEYS).document, state.document, beside(state)]
    return sealing.digest("state", json.dumps(parts))


def provider_states() -> list[ProviderState]:
    states = []
    for row in Provider.objects.configured():
        entered = row.entered()
        states.append(
            ProviderState(
                kind=row.kind,
                name=row.name,
                api_base=entered.api_base,
                values=entered.values,
                secrets=entered.secrets,
                extra_headers=entered.extra_headers,
                extra_body=entered.extra_body,
            )
        )
    return states


def route_states() -> list[RouteState]:
    return [
        RouteState(slot=route.slot, model=route.model, provider=route.provider)
        for route in Route.objects.all_slots()
    ]
