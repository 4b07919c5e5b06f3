"""Rows turned into the plain records that rules, lint and export work on."""

from __future__ import annotations

from facio_site import sealing
from providers.models import Provider
from providers.outcomes import Outcome
from providers.registry import KINDS
from routing.document import read_json
from routing.export import Exported, Mode, ProviderState, RouteState, build_config
from routing.models import BaseDocument, Route, Slot
from routing.rules import AUTO, Configured, Decision, explain


def configured() -> list[Configured]:
    """The providers as the agent would see them in an exported config.json."""
    return [
        Configured(
            kind=row.kind,
            has_key=row.has_usable("api_key") or bool(row.values.get("profile")),
            api_base=row.written_base(),
        )
        for row in Provider.objects.configured()
    ]


def decide(route: Route, states: list[Configured]) -> Decision | None:
    """Who serves a route; None for an override that is not set (it follows main)."""
    if not route.is_set and route.slot != Slot.MAIN:
        return None
    return explain(route.model, states, route.provider or AUTO, is_media=route.is_media)


def export(mode: Mode) -> Exported:
    """config.json of everything that is set here. Raises sealing.KeyMissing, and
    sealing.Unreadable when the imported document does not open."""
    if not sealing.master_keys():
        raise sealing.KeyMissing
    text = BaseDocument.text()
    base = read_json(text.encode()) if text else None
    return build_config(base, provider_states(), route_states(), mode, specs=KINDS)


def provider_states() -> list[ProviderState]:
    states = []
    for row in Provider.objects.configured():
        entered = row.entered()
        states.append(
            ProviderState(
                kind=row.kind,
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


def is_known_bad(row: Provider | None) -> bool:
    """The last test of the saved values failed in a way that the agent would meet too."""
    return row is not None and row.check_outcome not in ("", Outcome.OK, Outcome.REFERENCE)
