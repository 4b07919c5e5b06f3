"""A fetched list and the stored rows of one provider made equal: the differences alone are written.

Plain tuples and few statements for all of them: as objects, 20,000 rows take seconds to compare and
to insert. What a column holds is made of Python by its own field, each distinct value once. Runs
in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain, repeat
from typing import Any

from django.db import connections, transaction
from django.db.models import BigIntegerField, CharField

from facio_site import clock
from providers.catalog.fetch import Catalog
from providers.catalog.items import CatalogItem
from providers.models import CatalogEntry, CatalogEntryQuerySet, Draft, HeldCatalog, Provider
from providers.spec.limits import MODEL_LENGTH

# Columns of CatalogEntry that a list fills, by the names that items have.
FACTS = tuple(name for name in CatalogItem._fields if name not in ("model_id", "aliases"))
_AT_ONCE = 500  # ids in one statement
_ROWS_AT_ONCE = 50  # rows that one INSERT takes: a third less work than one by one
_MICRO = Decimal("0.000001")
_WRITTEN = (
    *("catalog_source", "catalog_digest", "catalog_dropped", "catalog_count", "catalog_notes"),
    *("catalog_at", "catalog_is_first", "catalog_new", "catalog_changed"),
)
Facts = tuple[Any, ...]  # in the order of FACTS, lists as tuples


def keep_with(draft: Draft, catalog: Catalog) -> None:
    """A list fetched with values that are not saved: theirs, until they are."""
    Draft.objects.filter(pk=draft.pk).update(catalog=_as_json(catalog))


def adopt_catalog(provider: Provider, draft: Draft) -> None:
    """What was saved lists what the draft's values list: its list, if it has one, is the
    provider's."""
    if draft.catalog:
        replace_catalog(provider, _of_json(draft.catalog))


def _as_json(catalog: Catalog) -> dict[str, Any]:
    return {
        "items": [item.as_json() for item in catalog.items],
        "source": catalog.source,
        "digest": catalog.digest,
        "dropped": catalog.dropped,
        "notes": list(catalog.notes),
    }


def _of_json(kept: Mapping[str, Any]) -> Catalog:
    items = tuple(CatalogItem.of_json(values) for values in kept["items"])
    return Catalog(**{**kept, "items": items, "notes": tuple(kept["notes"])})


def take_in(provider: Provider, catalog: Catalog) -> bool:
    """Store a fetched list, unless it would take away more than half of what is stored: then it is
    held beside that, and this is False. An interrupted answer looks like that as well."""
    if not catalog.is_known and len(catalog.items) * 2 < provider.catalog_count:
        kept = {"catalog": _as_json(catalog)}
        HeldCatalog.objects.update_or_create(provider=provider, defaults=kept)
        return False
    replace_catalog(provider, catalog)
    return True


def settle(provider: Provider, *, is_taken: bool, seen: str = "") -> bool:
    """End what `take_in` began: the held list takes the place of the stored one, or goes. False
    when there is none any more, or another one than was `seen`, by its mark ("" = any)."""
    with transaction.atomic():
        rows = Provider.objects.select_for_update(no_key=True)  # first, as whoever stores one
        list(rows.filter(pk=provider.pk).values_list("pk"))
        held = HeldCatalog.objects.filter(provider=provider).first()
        if held is None or seen not in ("", held.mark):
            return False
        if is_taken:
            provider.refresh_from_db()
            replace_catalog(provider, _of_json(held.catalog), at=held.fetched_at)
        held.delete()
    return True


def replace_catalog(provider: Provider, catalog: Catalog, *, at: datetime | None = None) -> None:
    """Store a list that was fetched `at` that time, else now, in one transaction: only the
    differences are written.

    What the provider no longer lists is kept until the next refresh, marked as gone.
    """
    now = at or clock.now()
    entries = CatalogEntry.objects.filter(provider=provider)
    with transaction.atomic():
        HeldCatalog.objects.filter(provider=provider).delete()
        provider.catalog_is_first, provider.catalog_at = provider.catalog_at is None, now
        if catalog.is_known:
            entries.filter(gone_at__isnull=False).delete()
            provider.catalog_new = provider.catalog_changed = 0
        else:
            new, provider.catalog_changed = merge(entries, provider, catalog.items, now)
            provider.catalog_new = 0 if provider.catalog_is_first else new
            provider.catalog_source, provider.catalog_dropped = catalog.source, catalog.dropped
            provider.catalog_count, provider.catalog_digest = len(catalog.items), catalog.digest
            provider.catalog_notes = list(catalog.notes)
        provider.save(update_fields=_WRITTEN)


def merge(
    rows: CatalogEntryQuerySet, provider: Provider, items: Iterable[CatalogItem], now: datetime
) -> tuple[int, int]:
    """Make the provider's rows, which `rows` holds, equal to `items`; returns how many are new,
    and how many others have other facts.

    What is no longer listed is marked as gone; what was marked before goes for good.
    """
    stored = _stored(rows)
    fresh = _fresh(items)
    # In the order of the index, which then grows at its end only.
    changed = sorted(name for name, facts in fresh.items() if stored.get(name) != (None, facts))
    _write(rows, provider, [(name, fresh[name]) for name in changed], now)
    if any(gone_at is not None for gone_at, _ in stored.values()):
        rows.filter(gone_at__isnull=False).delete()
    gone = [name for name in stored if name not in fresh]
    for start in range(0, len(gone), _AT_ONCE):
        rows.filter(model_id__in=gone[start : start + _AT_ONCE]).update(gone_at=now)
    new = fresh.keys() - stored.keys()
    return len(new), sum(name not in new and stored[name][0] is None for name in changed)


def preview(held: HeldCatalog) -> dict[str, Any]:
    """How many models a held list has, would bring and change, and the names that would go."""
    fresh = _fresh(_of_json(held.catalog).items)
    rows = _stored(CatalogEntry.objects.present().filter(provider=held.provider_id))
    return {
        "count": len(fresh),
        "new": len(fresh.keys() - rows.keys()),
        "changed": sum(fresh[name] != rows[name][1] for name in fresh.keys() & rows.keys()),
        "gone": sorted(rows.keys() - fresh.keys()),
    }


def _fresh(items: Iterable[CatalogItem]) -> dict[str, Facts]:
    """Id -> its facts, as the columns keep them."""
    columns = dict(zip(CatalogItem._fields, zip(*items, strict=True), strict=False))
    if not columns:
        return {}
    kept = {
        "name": lambda text: text[:MODEL_LENGTH],
        "price_input": _rounded,
        "price_output": _rounded,
        "filled": lambda names: tuple(sorted(names)),
    }
    for name, keep in kept.items():
        columns[name] = tuple(map(_Memo(keep).__getitem__, columns[name]))
    ids = [model_id[:MODEL_LENGTH] for model_id in columns["model_id"]]
    return dict(zip(ids, zip(*(columns[name] for name in FACTS), strict=True), strict=True))


def _rounded(price: Decimal | None) -> Decimal | None:
    """As the column keeps it, so that an unchanged price compares equal."""
    return None if price is None else price.quantize(_MICRO)


class _Memo(dict[Any, Any]):
    """What a function makes of a value, asked once for each."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, value: Any) -> Any:
        found = self[value] = self._function(value)
        return found


def _stored(rows: CatalogEntryQuerySet) -> dict[str, tuple[datetime | None, Facts]]:
    """Id -> when it went (None = it is there) and its facts."""
    read = rows.order_by().values_list("model_id", "gone_at", *FACTS)
    return {
        model_id: (gone_at, tuple(tuple(v) if isinstance(v, list) else v for v in facts))
        for model_id, gone_at, *facts in read
    }


def _write(
    rows: CatalogEntryQuerySet, provider: Provider, new: list[tuple[str, Facts]], now: datetime
) -> None:
    """Insert, or update where the id is known, in which case it keeps its first day."""
    if not new:
        return
    connection = connections[rows.db]
    quote = connection.ops.quote_name
    meta = rows.model._meta
    names = ("provider", "model_id", *FACTS, "first_seen_at", "gone_at")
    ids, facts = zip(*new, strict=True)
    columns: list[Any] = [[provider.pk], ids, *zip(*facts, strict=True), [now], [None]]
    written = [quote(_field(rows, name).column) for name in names]
    updated = [f"{name} = EXCLUDED.{name}" for name in map(quote, (*FACTS, "gone_at"))]
    row = f"({', '.join(['%s'] * len(written))})"

    def statement(count: int) -> str:
        return (
            f"INSERT INTO {quote(meta.db_table)} ({', '.join(written)}) "  # names  # noqa: S608  # nosec B608
            f"VALUES {', '.join([row] * count)} "
            f"ON CONFLICT ({written[0]}, {written[1]}) DO UPDATE SET {', '.join(updated)}"
        )

    prepared = [_as_stored(rows, n, column) for n, column in zip(names, columns, strict=True)]
    values = list(zip(*prepared, strict=False))
    alone = len(values) % _ROWS_AT_ONCE
    with connection.cursor() as cursor:
        for count, part in ((1, values[:alone]), (_ROWS_AT_ONCE, values[alone:])):
            if part:
                starts = range(0, len(part), count)
                packs = [[*chain.from_iterable(part[at : at + count])] for at in starts]
                cursor.executemany(statement(count), packs)


def _field(rows: CatalogEntryQuerySet, name: str) -> Any:
    return rows.model._meta.get_field(name)


def _as_stored(rows: CatalogEntryQuerySet, name: str, column: Sequence[Any]) -> Iterable[Any]:
    """Parameters for a column; a column of one value has it in every row."""
    connection = connections[rows.db]
    field = _field(rows, name)
    if isinstance(field, CharField | BigIntegerField):
        return column

    def prepare(value: Any) -> Any:
        plain = list(value) if isinstance(value, tuple) else value
        return field.get_db_prep_save(plain, connection)

    if len(column) == 1:
        return repeat(prepare(column[0]))
    return map(_Memo(prepare).__getitem__, column)
