"""What the rules of the lint want to know, read from rows. Read-only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from django.utils import timezone

from facio_site import sealing
from facio_site.strictjson import read_json
from providers.models import CatalogEntry, Provider
from routing.config.document import get, part
from routing.models import BaseDocument, Route
from routing.rules.explain import Decision
from routing.rules.lint import (
    Lint,
    ModelFacts,
    ProviderFacts,
    Retirement,
    RouteFacts,
    lints,
)

_PARTS = {"not_exhaustive", "goes_on"}  # notes on a list that lacks some of the models

Resolved = tuple[Route, Decision | None, Provider | None]  # a route, and who is set up to serve it


class _Catalog(Mapping[str, ModelFacts]):
    """One provider's catalog, asked row by row: a list of thousands is read only for likeness."""

    def __init__(self, provider: Provider) -> None:
        self._rows = CatalogEntry.objects.filter(provider=provider).present()
        self._count = provider.catalog_count

    def __getitem__(self, name: str) -> ModelFacts:
        row = self._rows.filter(model_id=name).values_list("inputs", "outputs").first()
        if row is None:
            raise KeyError(name)
        return ModelFacts(inputs=row[0], outputs=row[1])

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows.values_list("model_id", flat=True))

    def __len__(self) -> int:
        return self._count


def doubts(routes: Iterable[Resolved]) -> tuple[Lint, ...]:
    """What is doubtful, in the order of the routes. Only rows of resolved providers are read."""
    listed = list(routes)
    used = {provider.name: provider for _, _, provider in listed if provider}
    facts = _with_retirements([_route_facts(*resolved) for resolved in listed], used)
    states = [_provider_facts(row) for row in used.values()]
    return lints(facts, states, today=_today(), preset=_preset())


def _today() -> date:
    return timezone.now().date()


def _route_facts(route: Route, decision: Decision | None, provider: Provider | None) -> RouteFacts:
    sent = provider.adapter(with_secrets=False).sent_name(route.model) if provider else ""
    return RouteFacts(slot=route.slot, model=route.model, decision=decision, sent=sent)


def _with_retirements(
    routes: Iterable[RouteFacts], used: Mapping[str, Provider]
) -> list[RouteFacts]:
    """The same, with what the catalogs tell of the end of their models; one query."""
    names = {name for route in routes for name in (route.sent, route.model) if name}
    used_by = [row.pk for row in used.values()]
    rows = CatalogEntry.objects.filter(provider__in=used_by, model_id__in=names)
    columns = rows.values_list("provider", "model_id", "retires_at", "replacement")
    told = columns.filter(retires_at__isnull=False) if names else ()
    ends = {(pk, name): Retirement(on, other) for pk, name, on, other in told if on}

    def of(route: RouteFacts) -> Retirement | None:
        provider = used.get(route.decision.provider or "") if route.decision else None
        if provider is None:
            return None
        return ends.get((provider.pk, route.sent)) or ends.get((provider.pk, route.model))

    return [replace(route, retirement=of(route)) for route in routes]


def _provider_facts(row: Provider) -> ProviderFacts:
    listing = row.spec.list_call
    is_whole = row.catalog_source == "live" and _PARTS.isdisjoint(row.catalog_notes)
    has_aliases = listing is not None and bool(listing.columns.aliases)
    gone = CatalogEntry.objects.filter(provider=row, gone_at__isnull=False)
    return ProviderFacts(
        kind=row.name,
        outcome=row.check_outcome,
        api_base=row.written_base(),
        catalog=_Catalog(row) if is_whole and not has_aliases else None,
        gone=set(gone.values_list("model_id", flat=True)) if row.catalog_at else (),
        deployments=row.values.get("deployments", ()) if row.spec.has_deployments else None,
        key_expires=row.key_expires_on,
    )


def _preset() -> str:
    try:
        text = BaseDocument.text()
    except (sealing.KeyMissing, sealing.Unreadable):
        return ""
    if not text:
        return ""
    defaults = part(read_json(text.encode()), "agents", "defaults")
    return str(get(defaults, "modelPreset") or "")
