"""A list that would take away more than half of what is stored is held until somebody chooses."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from facio_site.audit.models import AuditEntry
from providers.catalog.fetch import Catalog, CatalogItem
from providers.catalog.store import replace_catalog, settle, take_in
from providers.models import CatalogEntry, HeldCatalog, Job, Provider, Task
from providers.work import queue, tasks
from routing.models import Route
from tests.desk import stocked
from tests.markup import flat

pytestmark = pytest.mark.django_db
ONE = Decimal(1)
TEN = [f"m-{number:02}" for number in range(10)]


def came(*ids: str) -> Catalog:
    return Catalog(
        items=tuple(CatalogItem(model_id=one) for one in ids), digest=ids[-1] if ids else ""
    )


def listed() -> list[str]:
    return sorted(CatalogEntry.objects.present().values_list("model_id", flat=True))


@pytest.mark.parametrize(("left", "is_taken"), [(0, False), (4, False), (5, True), (9, True)])
def test_only_a_list_of_less_than_half_is_held(left: int, is_taken: bool) -> None:
    row = stocked("openai", *TEN)
    assert take_in(row, came(*TEN[:left])) is is_taken
    assert listed() == (TEN[:left] if is_taken else TEN)
    assert HeldCatalog.objects.exists() is not is_taken
    if not is_taken:
        row.refresh_from_db()
        assert row.catalog_count == 10  # badge and pages stay


def test_a_first_list_is_never_held() -> None:
    row = stocked("openai")
    assert take_in(row, came("only-one"))
    assert listed() == ["only-one"]


def test_the_held_list_can_be_taken_or_dropped() -> None:
    row = stocked("openai", *TEN)
    take_in(row, came("m-00", "new"))
    assert settle(row, is_taken=False)
    assert listed() == TEN
    assert not settle(row, is_taken=True)  # it is gone
    take_in(row, came("m-00", "new"))
    assert settle(Provider.objects.get(), is_taken=True)
    assert listed() == ["m-00", "new"]
    assert Provider.objects.get().catalog_count == 2


def test_a_held_list_that_is_taken_is_as_old_as_it_is(site: Client) -> None:
    take_in(stocked("openai", *TEN), came("m-00", "new"))
    fetched = timezone.now() - timedelta(days=2)
    HeldCatalog.objects.update(fetched_at=fetched)
    Provider.objects.update(catalog_at=fetched - timedelta(days=1))
    site.post("/providers/openai/list/", {"choice": "take"})
    assert Provider.objects.get().catalog_at == fetched
    assert CatalogEntry.objects.get(model_id="new").first_seen_at == fetched
    assert set(CatalogEntry.objects.values_list("gone_at", flat=True)) == {None, fetched}
    assert "2 days ago" in flat(site.get("/providers/openai/"))


@pytest.mark.parametrize(
    ("change", "is_held"),
    [
        (lambda row: setattr(row, "api_base", "https://api.openai.com/other/v1"), False),
        (lambda row: row.put_secret("api_key", "sk-another-0123456789"), False),
        (lambda row: row.put_secret("api_key", None), False),
        (lambda row: row.put_mapping("extra_headers", {"X-Team": "b"}), False),
        (lambda row: row.put_mapping("extra_body", {"seed": 1}), True),
        (lambda row: row.put_secret("api_key", "sk-0123456789abcdef"), True),
        (lambda row: row.forget(["api_key"]), False),
    ],
    ids=["address", "key", "no key", "header", "body", "same key", "given up"],
)
def test_a_held_list_goes_with_what_it_was_asked_for_by(change: Any, is_held: bool) -> None:
    take_in(stocked("openai", *TEN), came("m-00"))
    row = Provider.objects.get()
    change(row)
    assert row.store()
    assert HeldCatalog.objects.exists() is is_held
    assert listed() == TEN


def test_a_whole_list_that_comes_later_ends_the_question() -> None:
    row = stocked("openai", *TEN)
    take_in(row, came("m-00"))
    replace_catalog(row, came(*TEN, "m-10"))
    assert not HeldCatalog.objects.exists()


def test_the_page_names_what_would_go_and_which_route_that_hits(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = stocked("openai", *TEN)
    Route.objects.create(slot="main", model="m-07", provider="openai")
    Route.objects.create(slot="vision", model="m-00", provider="openai")
    monkeypatch.setattr(queue, "_hand_over", lambda jobs: None)
    monkeypatch.setattr(tasks, "fetch_catalog", lambda *_, **__: came("m-00", "new"))
    job: Job = queue.start(row, Task.FETCH)
    tasks.refresh_catalog(str(job.pk))
    job.refresh_from_db()
    assert (job.outcome, job.detail, job.params["stored"]) == ("ok", "held", 10)
    page = flat(site.get("/providers/openai/"))
    held = page[page.index('id="held"') :]
    for text in (
        *("2 models came, 10 are stored", "9 would go, 1 would be new, 0 would change"),
        "m-07, which would go",
    ):
        assert text in held
    assert "Vision uses" not in held
    assert 'data-count="10"' in page


def test_the_page_counts_whatever_fact_would_change(site: Client) -> None:
    row = stocked("openai", *TEN)
    known = [CatalogItem(model_id=name) for name in TEN[:3]]
    take_in(row, Catalog(items=tuple(known)))
    same = flat(site.get("/providers/openai/"))
    assert "7 would go, 0 would be new, 0 would change" in same
    more = [known[0], known[1]._replace(context_window=8), known[2]._replace(price_input=ONE)]
    take_in(row, Catalog(items=tuple(more)))
    held = flat(site.get("/providers/openai/"))
    assert "7 would go, 0 would be new, 2 would change" in held


def refresh(row: Provider, *ids: str, **facts: Any) -> None:
    """`facts` are those of the first."""
    first, *others = (CatalogItem(model_id=name) for name in ids)
    assert take_in(row, Catalog(items=(first._replace(**facts), *others)))


def test_every_refresh_tells_what_is_new_changed_and_gone_and_which_routes_that_hits(
    site: Client,
) -> None:
    row = stocked("openai", *TEN)
    Route.objects.create(slot="main", model="m-09", provider="openai")
    Route.objects.create(slot="vision", model="m-00", provider="openai")
    refresh(row, *TEN)
    for page in ("/providers/openai/", "/catalog/"):
        assert not re.search(r"\d changed|\d gone", flat(site.get(page)))
        assert "which is gone" not in flat(site.get(page))
    refresh(row, *TEN[:8], "new-1", "new-2", "new-3", context_window=9)
    page = flat(site.get("/providers/openai/"))
    for text in ("3 new", "1 changed", "m-08, m-09", "Main uses m-09, which is gone."):
        assert text in page
    news = flat(site.get("/catalog/"))
    news = news[news.index('id="news"') : news.index('id="list"')]
    for text in ("OpenAI", "3 new", "1 changed", "2 gone", "Main uses m-09, which is gone."):
        assert text in news
    assert "Vision" not in news


def test_the_catalog_page_follows_a_route_that_leaves_a_model_that_is_gone(site: Client) -> None:
    row = stocked("openai", *TEN)
    route = Route.objects.create(slot="main", model="m-09", provider="openai")
    refresh(row, *TEN[:9])
    assert "Main uses m-09" in flat(site.get("/catalog/"))
    route.model = "m-01"
    route.save()
    assert "which is gone" not in flat(site.get("/catalog/"))
    assert "1 gone" in flat(site.get("/catalog/"))


def test_the_catalog_page_names_a_provider_whose_list_waits(site: Client) -> None:
    take_in(stocked("openai", *TEN), came("m-00"))
    assert "waits for your choice" in flat(site.get("/catalog/"))


@pytest.mark.parametrize(("choice", "left"), [("keep", 10), ("take", 1)])
def test_an_editor_chooses_and_that_is_recorded(site: Client, choice: str, left: int) -> None:
    take_in(stocked("openai", *TEN), came("m-00"))
    answer: Any = site.post("/providers/openai/list/", {"choice": choice}, follow=True)
    assert 'id="held"' not in flat(answer)
    assert len(listed()) == left
    action = {"keep": "catalog.kept", "take": "catalog.taken"}[choice]
    assert AuditEntry.objects.get(action=action).target == "openai"
    again = site.post("/providers/openai/list/", {"choice": "take"}, follow=True)
    assert "changed in the meantime" in flat(again)
