"""What the last refresh of each list brought, changed and took away, and which routes that hits."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count
from django.utils.module_loading import import_string

from providers.models import CatalogEntry, HeldCatalog, Provider


class Refreshed(NamedTuple):
    name: str
    label: str
    new: int
    changed: int
    gone: int
    is_held: bool  # a list waits for somebody's choice
    routes: tuple[tuple[str, str], ...]  # label, and the model that is gone


def routes_hit(name: str, lost: Collection[str]) -> list[tuple[str, str]]:
    """The routes of this provider whose model is among those."""
    return [one for one in import_string(settings.SERVED_BY)(name) if one[1] in lost]


def gone_routes(provider: Provider) -> list[tuple[str, str]]:
    """The routes whose model the last refresh missed."""
    rows = CatalogEntry.objects.filter(provider=provider.pk, gone_at__isnull=False)
    models = [model for _label, model in import_string(settings.SERVED_BY)(provider.name)]
    lost = rows.filter(model_id__in=models).values_list("model_id", flat=True)
    return routes_hit(provider.name, set(lost)) if models else []


def refreshed() -> tuple[Refreshed, ...]:
    """Of all providers whose last refresh made a difference, or waits."""
    gone_rows = CatalogEntry.objects.filter(gone_at__isnull=False).order_by()
    gone = dict(gone_rows.values_list("provider").annotate(Count("pk")))
    held = set(HeldCatalog.objects.values_list("provider", flat=True))
    found = []
    for row in Provider.objects.filter(catalog_at__isnull=False).order_by("name"):
        numbers = (row.catalog_new, row.catalog_changed, gone.get(row.pk, 0))
        if any(numbers) or row.pk in held:
            routes = tuple(gone_routes(row)) if numbers[2] else ()
            found.append(Refreshed(row.name, row.spec.label, *numbers, row.pk in held, routes))
    return tuple(found)
