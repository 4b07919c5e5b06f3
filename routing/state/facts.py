"""What the rules of the lint want to know, read from rows and the exported document.

Read-only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.utils import timezone

from providers.models import CatalogEntry, Provider
from routing.config.agent import AgentView, decide
from routing.models import Slot
from routing.rules.codes import Lint
from routing.rules.explain import Decision
from routing.rules.lint import ModelFacts, ProviderFacts, Retirement, RouteFacts, lints
from routing.rules.slots import MAIN

_PARTS = {"not_exhaustive", "goes_on"}  # notes on a list that lacks some of the models


@dataclass(frozen=True, slots=True)
class Resolved:
    """A route as the agent reads it, and who is set up here to serve it."""

    slot: str
    model: str
    decision: Decision | None
    provider: Provider | None


def resolved(rows: Mapping[str, Provider], view: AgentView) -> list[Resolved]:
    """All routes, in their order. `rows`: the configured ones, by name."""
    found = []
    for slot in Slot.values:
        decision = decide(slot, view)
        name = decision.provider or "" if decision else ""
        found.append(Resolved(slot, view.asked(slot)[0], decision, rows.get(name)))
    return found


@dataclass(frozen=True, slots=True)
class Looked:
    """What is doubtful, in the order of the routes, and what main's model is known to do."""

    lints: tuple[Lint, ...]
    main: ModelFacts


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


def look(routes: Iterable[Resolved], view: AgentView, today: date | None = None) -> Looked:
    """Only rows of resolved providers are read. `today` None = by this process's clock."""
    listed = list(routes)
    used = {_name(one): one.provider for one in listed if one.provider}
    facts = _with_entries([_route_facts(one) for one in listed], used)
    states = [_provider_facts(name, row, view) for name, row in used.items()]
    names = dict.fromkeys(_name(one) for one in listed)
    states += [_in_file(name, view) for name in names if name in view.names - used.keys()]
    main = next((one.able for one in facts if one.slot == MAIN), ModelFacts())
    found = lints(
        facts,
        states,
        today=today or _today(),
        preset=view.preset,
        has_preset=view.has_preset,
        asking=view.asking,
    )
    return Looked(found, main)


def _name(one: Resolved) -> str:
    return one.decision.provider or "" if one.decision else ""


def _today() -> date:
    return timezone.now().date()


def _route_facts(one: Resolved) -> RouteFacts:
    adapter = one.provider.adapter(with_secrets=False) if one.provider else None
    sent = adapter.sent_name(one.model) if adapter else ""
    return RouteFacts(slot=one.slot, model=one.model, decision=one.decision, sent=sent)


def _with_entries(routes: Iterable[RouteFacts], used: Mapping[str, Provider]) -> list[RouteFacts]:
    """The same, with what the catalogs tell of their models; one query."""
    names = {name for route in routes for name in (route.sent, route.model) if name}
    used_by = [row.pk for row in used.values()]
    rows = CatalogEntry.objects.filter(provider__in=used_by, model_id__in=names)
    columns = (
        *("provider", "model_id", "retires_at", "replacement", "gone_at"),
        *("inputs", "outputs", "context_window", "max_output"),
    )
    told = {(pk, name): facts for pk, name, *facts in rows.values_list(*columns)} if names else {}

    def of(route: RouteFacts) -> RouteFacts:
        provider = used.get(route.decision.provider or "") if route.decision else None
        if provider is None:
            return route
        found = [told.get((provider.pk, name)) for name in (route.sent, route.model)]
        ends = next((Retirement(one[0], one[1]) for one in found if one and one[0]), None)
        able = next((ModelFacts(*one[3:]) for one in found if one and not one[2]), ModelFacts())
        return replace(route, retirement=ends, able=able)

    return [of(route) for route in routes]


def _in_file(name: str, view: AgentView) -> ProviderFacts:
    """What only the file tells of."""
    entry = view.entry(name)
    return ProviderFacts(
        name=name,
        is_set_here=False,
        entry=entry,
        api_base=entry.api_base,
        odd=view.odd.get(name, ()),
        twins=view.twins.get(name, ()),
    )


def _provider_facts(name: str, row: Provider, view: AgentView) -> ProviderFacts:
    listing = row.spec.list_call
    is_whole = row.catalog_source == "live" and _PARTS.isdisjoint(row.catalog_notes)
    has_aliases = listing is not None and bool(listing.columns.aliases)
    gone = CatalogEntry.objects.filter(provider=row, gone_at__isnull=False)
    return ProviderFacts(
        name=name,
        entry=view.entry(name),
        odd=view.odd.get(name, ()),
        twins=view.twins.get(name, ()),
        outcome=row.check_outcome,
        api_base=row.written_base(),
        catalog=_Catalog(row) if is_whole and not has_aliases else None,
        gone=set(gone.values_list("model_id", flat=True)) if row.catalog_at else (),
        deployments=row.values.get("deployments", ()) if row.spec.has_deployments else None,
        key_expires=row.key_expires_on,
    )
