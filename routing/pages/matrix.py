"""Routes against what their models can do: provider, inputs, outputs, context, price, last test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy

from providers.catalog.search import Found
from providers.models import CatalogEntry
from providers.pages.entries import ShownEntry, shown_entries
from routing.pages.rows import RouteRow
from routing.rules.codes import Code
from routing.rules.lint import ModelFacts, lacks

_UNKNOWN = (0, "", ModelFacts())
LACKING = {
    Code.NO_IMAGE_INPUT: gettext_lazy("reads no images"),
    Code.NO_IMAGE_OUTPUT: gettext_lazy("makes no images"),
    Code.NO_VIDEO_OUTPUT: gettext_lazy("makes no videos"),
    Code.NO_TEXT_OUTPUT: gettext_lazy("answers with no text"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A route beside what is known about its model. `entry` is None where no catalog lists it."""

    row: RouteRow
    entry: ShownEntry | None
    lacks: str  # what it cannot do and the route needs; "" = nothing that is known of


def matrix(rows: Sequence[RouteRow]) -> list[Cell]:
    """One cell row for each route; two queries at most."""
    places = [_place(row) for row in rows]
    asked = {place for place in places if place}
    if not asked:
        return [Cell(row, None, "") for row in rows]
    wanted = Q()
    for provider, model in asked:
        wanted |= Q(provider=provider, model_id=model)
    columns = ("pk", "provider", "provider__name", "model_id", "inputs", "outputs")
    known = {
        (provider, model): (pk, name, ModelFacts(inputs, outputs))
        for pk, provider, name, model, inputs, outputs in CatalogEntry.objects.present()
        .filter(wanted)
        .values_list(*columns)
    }
    labels = {row.provider.name: row.provider.spec.label for row in rows if row.provider}
    found = [Found(pk, name, labels[name], 0) for pk, name, _facts in known.values()]
    entries = {(one["provider"], one["model_id"]): one for one in shown_entries(found)}
    cells = []
    for row, place in zip(rows, places, strict=True):
        _pk, name, facts = known.get(place, _UNKNOWN) if place else _UNKNOWN
        entry = entries.get((name, place[1])) if place else None
        lacking = lacks(row.slot, facts)
        cells.append(Cell(row, entry, str(LACKING[lacking]) if lacking else ""))
    return cells


def _place(row: RouteRow) -> tuple[UUID, str] | None:
    """Where the model would be listed: the provider's row, and the name in its own list."""
    if row.provider is None or not row.model:
        return None
    adapter = row.provider.adapter(with_secrets=False)
    return row.provider.pk, adapter.sent_name(row.model)
