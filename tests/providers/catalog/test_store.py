"""Stored rows made equal to a fetched list: what is written, what stays, what goes."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.catalog.fetch import Catalog
from providers.catalog.items import CatalogItem
from providers.catalog.store import replace_catalog
from providers.models import CatalogEntry, Provider

pytestmark = pytest.mark.django_db

FULL = CatalogItem(
    model_id="full",
    name="Ünïcode “name”",
    context_window=1_048_576,
    max_output=65_536,
    inputs=("text", "image"),
    outputs=("text",),
    price_input=Decimal("0.8333333333"),
    price_output=Decimal("15"),
    tools=True,
    reasoning=False,
    retires_at=date(2027, 3, 1),
    replacement="fuller",
    released_on=date(2026, 2, 1),
    filled=frozenset({"name", "max_output"}),
)
BARE = CatalogItem(model_id="bare")


@pytest.fixture
def provider() -> Provider:
    row = Provider(kind="openai")
    row.store()
    return row


def store(provider: Provider, *items: CatalogItem) -> list[str]:
    """The statements that write entries."""
    with CaptureQueriesContext(connection) as seen:
        replace_catalog(provider, Catalog(items=items))
    table = CatalogEntry._meta.db_table
    written = [query["sql"] for query in seen if table in query["sql"]]
    return [sql for sql in written if not sql.startswith("SELECT")]


def entry(model_id: str) -> Any:
    return CatalogEntry.objects.get(model_id=model_id)


def names(**wanted: Any) -> set[str]:
    return set(CatalogEntry.objects.filter(**wanted).values_list("model_id", flat=True))


def test_every_fact_is_read_back_as_it_was_fetched(provider: Provider) -> None:
    store(provider, FULL, BARE)
    full, bare = entry("full"), entry("bare")
    assert (full.name, full.context_window, full.max_output) == (FULL.name, 1_048_576, 65_536)
    assert (full.inputs, full.outputs) == (["text", "image"], ["text"])
    assert (full.price_input, full.price_output) == (Decimal("0.833333"), Decimal(15))
    assert (full.tools, full.reasoning, full.retires_at) == (True, False, date(2027, 3, 1))
    assert (full.replacement, bare.replacement) == ("fuller", "")
    assert (full.released_on, bare.released_on) == (date(2026, 2, 1), None)
    assert full.filled == ["max_output", "name"]
    assert full.first_seen_at == provider.catalog_at
    assert (bare.name, bare.inputs, bare.price_input, bare.tools) == ("", None, None, None)
    assert bare.filled == []


def test_a_list_without_a_change_writes_no_entry(provider: Provider) -> None:
    assert store(provider, FULL, BARE)
    assert store(provider, FULL, BARE) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"context_window": None},
        {"inputs": ("image", "text")},
        {"outputs": None},
        {"price_input": Decimal("0.9")},
        {"price_output": Decimal(0)},
        {"tools": None},
        {"reasoning": True},
        {"retires_at": None},
        {"replacement": ""},
        {"released_on": None},
        {"filled": frozenset()},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_one_changed_fact_is_written_and_the_first_day_stays(
    provider: Provider, changes: dict[str, Any]
) -> None:
    store(provider, FULL, BARE)
    before = entry("full")
    assert len(store(provider, FULL._replace(**changes), BARE)) == 1
    after = entry("full")
    assert (after.pk, after.first_seen_at) == (before.pk, before.first_seen_at)
    name, value = next(iter(changes.items()))
    assert getattr(after, name) == (list(value) if isinstance(value, tuple | frozenset) else value)


def test_what_is_no_longer_listed_is_marked_and_goes_at_the_next_refresh(
    provider: Provider,
) -> None:
    store(provider, FULL, BARE)
    store(provider, BARE)
    assert entry("full").gone_at == provider.catalog_at
    assert names(gone_at=None) == {"bare"}
    store(provider, BARE)
    assert names() == {"bare"}


def test_a_known_list_writes_no_entry_and_ends_what_was_gone_or_new(provider: Provider) -> None:
    store(provider, FULL)
    store(provider, BARE)
    assert (names(gone_at=None), provider.catalog_new) == ({"bare"}, 1)
    provider.catalog_changed = 5
    replace_catalog(provider, Catalog(items=(), digest="d", is_known=True))
    assert names() == {"bare"}
    provider.refresh_from_db()
    assert (provider.catalog_count, provider.catalog_is_first) == (1, False)
    assert (provider.catalog_new, provider.catalog_changed) == (0, 0)


def test_changed_is_what_was_there_before_with_other_facts(provider: Provider) -> None:
    store(provider, FULL, BARE)
    assert provider.catalog_changed == 0
    store(provider, FULL._replace(name="Other"), BARE, CatalogItem(model_id="new"))
    provider.refresh_from_db()
    assert (provider.catalog_new, provider.catalog_changed) == (1, 1)
    store(provider, BARE)
    assert provider.catalog_changed == 0
    store(provider, FULL, BARE)  # back again, with its first name
    assert (provider.catalog_new, provider.catalog_changed) == (0, 0)


def test_the_digest_is_kept_with_the_entries(provider: Provider) -> None:
    replace_catalog(provider, Catalog(items=(BARE,), digest="d"))
    provider.refresh_from_db()
    assert provider.catalog_digest == "d"


def test_what_comes_back_is_there_again_as_the_row_that_it_was(provider: Provider) -> None:
    store(provider, FULL, BARE)
    before = entry("full")
    store(provider, BARE)
    store(provider, FULL, BARE)
    after = entry("full")
    assert (after.pk, after.first_seen_at, after.gone_at) == (before.pk, before.first_seen_at, None)
    assert provider.catalog_new == 0


def test_of_a_first_list_nothing_is_new(provider: Provider) -> None:
    store(provider, FULL, BARE)
    assert provider.catalog_new == 0


def test_a_thousand_that_vanish_at_once_are_all_marked(provider: Provider) -> None:
    store(provider, BARE, *(CatalogItem(model_id=f"m{n}") for n in range(1_200)))
    store(provider, BARE)
    assert len(names(gone_at=provider.catalog_at)) == 1_200
    store(provider)
    assert names() == {"bare"}


def test_another_providers_rows_are_left_alone(provider: Provider) -> None:
    other = Provider(kind="groq")
    other.store()
    store(other, FULL)
    store(provider, BARE)
    store(provider)
    assert names(provider=other, gone_at=None) == {"full"}


def test_an_id_beyond_the_column_is_cut_and_found_again(provider: Provider) -> None:
    long = CatalogItem(model_id="x" * 400, name="y" * 400)
    store(provider, long)
    assert store(provider, long) == []
    assert names() == {"x" * 300}
