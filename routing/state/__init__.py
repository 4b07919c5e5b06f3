"""Rows turned into the plain records that rules, lint and export work on."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from facio_site import sealing
from facio_site.strictjson import read_json
from providers.dialects.turn import Asked
from providers.kinds import KINDS, OWN_KIND
from providers.models import Provider
from providers.spec.kind import ProviderSpec
from routing.config import edits
from routing.config.agent import AgentView, decide, view_of
from routing.config.edits import Current
from routing.config.entries import ProviderState, RouteState
from routing.config.export import Exported, Mode
from routing.models import BaseDocument, Route, Slot
from routing.rules.explain import Configured


def agent_view(rows: Collection[Provider] | None = None) -> AgentView:
    """What the agent would read of the config.json that an export makes now.

    While the master key is missing nothing can be exported: then what the rows tell unopened.
    `rows` are the configured ones, where they are at hand.
    """
    rows = list(Provider.objects.configured()) if rows is None else rows
    try:
        state = current(is_lenient=True, rows=rows)
    except sealing.KeyMissing:
        return _unopened(rows)
    return seen_by_agent(state)


def asked(name: str) -> Asked:
    """What the agent sends with each call to a provider: routes compare their tests with the
    same."""
    view = agent_view()
    seeing = decide(Slot.VISION, view)
    is_its_own = seeing is not None and seeing.provider == name
    pictures = (view.asked(Slot.VISION)[0],) if is_its_own else ()
    return replace(view.asking.of_each_call, pictures=pictures)


def seen_by_agent(state: Current) -> AgentView:
    """The same of a state that was read already."""
    return view_of(exported(state, Mode.KEYS).document, KINDS)


def _unopened(rows: Iterable[Provider]) -> AgentView:
    providers = [
        Configured(name=row.name, has_key=row.has_usable("api_key"), api_base=row.written_base())
        for row in rows
        if not row.spec.is_oauth
    ]
    routes = {route.slot: (route.model, route.provider) for route in Route.objects.all_slots()}
    return AgentView(providers=tuple(providers), routes=routes)


def specs_by_name(rows: Iterable[Provider] | None = None) -> dict[str, ProviderSpec]:
    """All kinds, and the endpoints of one's own that are set up, by what they are called. Those
    without a default address know where they stand."""
    found = Provider.objects.configured() if rows is None else rows
    placed = [replace(row.spec, own_base=row.api_base) for row in found if row.kind == OWN_KIND]
    placed.sort(key=lambda spec: spec.label.lower())
    return {**KINDS, **{spec.name: spec for spec in placed}}


def export(mode: Mode) -> Exported:
    """config.json of everything that is set here. Raises sealing.KeyMissing, and
    sealing.Unreadable when the imported document does not open."""
    return exported(current(), mode)


def exported(state: Current, mode: Mode) -> Exported:
    return edits.exported(state, mode, KINDS)


def current(*, is_lenient: bool = False, rows: Collection[Provider] | None = None) -> Current:
    """All that is set here, in plain. Raises sealing.KeyMissing, and sealing.Unreadable when the
    imported document does not open (if lenient, there is none then). `rows` are the configured
    ones, where they are at hand."""
    if not sealing.master_keys():
        raise sealing.KeyMissing
    try:
        text = BaseDocument.text()
    except sealing.Unreadable:
        if not is_lenient:
            raise
        text = None
    rows = list(Provider.objects.configured()) if rows is None else rows
    kind = edits.deployment_kind(KINDS)
    row = next((row for row in rows if row.name == kind), None)
    return Current(
        providers=provider_states(rows),
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


def provider_states(rows: Iterable[Provider]) -> list[ProviderState]:
    states = []
    for row in rows:
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
