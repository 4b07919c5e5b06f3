"""The rows of the catalog page by page, at what cost, and those of one provider."""

import gzip
import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from providers.catalog.search import Wanted, shelf
from providers.models import CatalogEntry, Job, Provider
from providers.pages import catalog, rounds
from providers.pages.detail import CATALOG, catalog_context
from tests.conftest import signed_in
from tests.desk import HTMX, stocked
from tests.markup import flat
from tests.providers.pages.conftest import found, item

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(db: None) -> None:
    stocked("openrouter", *(item(f"family/model-{n:04}", name=f"Model {n}") for n in range(1_234)))


def test_rows_come_in_pages_of_fifty(site: Client, many: None) -> None:
    assert found(site)[0] == "family/model-0000"
    second = found(site, "?page=2")
    assert (len(second), second[0]) == (50, "family/model-0050")
    html = flat(site.get("/catalog/?page=2"))
    assert "51–100 of 1,234 models" in html
    assert "Page 2 of 25" in html
    assert 'rel="next" href="/catalog/?page=3"' in html
    assert 'rel="prev" href="/catalog/?"' in html


def test_a_page_past_the_end_is_the_last_one(site: Client, many: None) -> None:
    assert len(found(site, "?page=999")) == 1_234 % 50
    assert len(found(site, "?page=x")) == 50


def test_the_rows_alone_keep_what_was_asked_in_the_address(site: Client, many: None) -> None:
    answer = site.get(
        "/catalog/rows/?q=model&provider=openrouter&sort=-model&page=2&show=&price=", headers=HTMX
    )
    html = answer.content.decode()
    assert "<html" not in html
    assert answer["HX-Replace-Url"] == ("/catalog/?q=model&provider=openrouter&sort=-model&page=2")
    assert 'name="sort" value="-model" form="filters"' in html
    assert 'aria-sort="descending"' in html


def test_a_page_beyond_the_end_is_the_last_one_in_the_address_as_well(
    site: Client, many: None
) -> None:
    answer = site.get("/catalog/rows/?page=999", headers=HTMX)
    assert answer["HX-Replace-Url"] == "/catalog/?page=25"
    assert "Page 25 of 25" in answer.content.decode()


@pytest.mark.usefixtures("one_minute")
def test_rows_are_drawn_once_for_all_editors_and_bring_no_cookie(
    site: Client, editor: Any, two: None
) -> None:
    first = site.get("/catalog/rows/?q=gpt&x=1", headers=HTMX)
    with CaptureQueriesContext(connection) as captured:
        second = signed_in(editor).get("/catalog/rows/?q=gpt&x=2", headers=HTMX)
    assert first.content == second.content
    assert sum('FROM "providers_' in q["sql"] for q in captured) == 1
    assert not first.cookies


def test_a_viewer_is_offered_no_use_of_a_model(site: Client, viewer: Any, two: None) -> None:
    reader = signed_in(viewer)
    name = CatalogEntry.objects.first().provider.name
    for path in ("/catalog/", "/catalog/rows/?q=gpt", f"/providers/{name}/"):
        assert "/routing/use/" in flat(site.get(path, headers=HTMX)), path
        html = flat(reader.get(path, headers=HTMX))
        assert "/routing/use/" not in html, path
        assert "model-id" in html, path
    found = {"q": CatalogEntry.objects.first().model_id}
    assert "/routing/use/" in flat(site.post("/palette/", found))
    assert "/routing/use/" not in flat(reader.post("/palette/", found))


def test_a_search_sends_at_most_fifteen_kilobytes(site: Client, many: None) -> None:
    answer = site.get("/catalog/rows/?q=model", headers={**HTMX, "Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) <= 15_000
    assert gzip.decompress(answer.content).count(b"<tr>") == 51


@pytest.mark.usefixtures("one_minute")
def test_a_search_takes_two_queries_and_one_the_next_time(site: Client, many: None) -> None:
    def queries(query: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            site.get(f"/catalog/rows/?{query}")
        return sum('FROM "providers_' in q["sql"] for q in captured)

    queries("q=model")
    assert queries("q=model&page=2") == queries("q=model-0001") == 2
    assert queries("q=model") == 1


def test_a_search_that_was_kept_follows_the_next_refresh(site: Client, two: None) -> None:
    assert "gpt-new" not in site.get("/catalog/rows/?q=gpt").content.decode()
    stocked("openai", item("gpt-new"))
    assert "gpt-new" in site.get("/catalog/rows/?q=gpt").content.decode()


def test_without_any_catalog_the_page_says_what_to_do(site: Client) -> None:
    html = site.get("/catalog/").content.decode()
    assert "No models fetched yet" in html
    assert 'href="/providers/"' in html


def test_nothing_found_leads_back(site: Client, two: None) -> None:
    html = site.get("/catalog/?q=nothing").content.decode()
    assert "No model matches" in html
    assert "Clear the filters" in html
    assert "card-foot" not in html


def test_the_second_press_on_a_head_turns_the_order_round(site: Client, two: None) -> None:
    html = unescape(site.get("/catalog/").content.decode())
    assert 'href="/catalog/?sort=-model"' in html
    assert 'href="/catalog/?sort=-context"' in html
    html = unescape(site.get("/catalog/?sort=-context").content.decode())
    assert 'href="/catalog/?sort=context"' in html
    assert html.count('aria-sort="descending"') == 1


# One provider's list ----------------------------------------------------------------------------


def test_a_provider_s_page_shows_its_first_models_and_finds_the_others(
    site: Client, many: None
) -> None:
    html = flat(site.get("/providers/openrouter/"))
    assert html.count('class="model-id"') == 10
    assert "10 of 1,234 shown" in html
    assert '<a href="/catalog/?provider=openrouter"> See all in the catalog </a>' in html
    many = flat(site.get("/providers/openrouter/models/?q=el-1", headers=HTMX))
    assert '<a href="/catalog/?provider=openrouter&amp;q=el-1"> See all in the catalog </a>' in many
    part = site.get("/providers/openrouter/models/?q=model-1200", headers=HTMX).content.decode()
    assert re.findall(r'class="model-id">([^<]*)<', part) == ["family/model-1200"]


def test_a_page_has_all_that_its_list_tells(site: Client, many: None) -> None:
    told = catalog_context(Provider.objects.get(kind="openrouter"))
    assert {*CATALOG, "provider", "spec"} == told.keys()
    assert "(models.dev: May 21, 2026," in flat(site.get("/providers/openrouter/"))


def test_a_provider_s_models_are_the_catalog_s_table_without_its_column(
    site: Client, two: None
) -> None:
    html = unescape(flat(site.get("/providers/openai/")))
    table = html[html.index('<table class="table catalog">') :]
    table = table[: table.index("</table>")]
    heads = re.findall(r"<th scope=\"col\"[^>]*>\s*([^<]*?)\s*<", table)
    assert heads[:-1] == [
        *("Model", "Context", "In → out", "$ in / out", "Abilities"),
        "Released",
    ]
    assert table.count("<tr>") == 3
    assert "OpenAI" not in table
    assert 'href="/routing/use/?use=gpt-6&kind=openai"' in table
    assert "1.25 / 10.00" in table
    assert 'id="using" popover' in html


def test_the_model_to_try_is_chosen_from_the_provider_s_own_list(site: Client, many: None) -> None:
    page = site.get("/providers/openrouter/").content
    assert b'hx-get="/routing/models/?only=openrouter"' in page
    assert b'id="picker"' in page
    assert len(page) < 90_000


# The shelf --------------------------------------------------------------------------------------


def test_the_shelf_is_filled_once_until_a_catalog_changes(two: None) -> None:
    first = shelf()
    assert shelf() is first
    stocked("groq", item("Llama-4"))
    assert shelf() is not first


@pytest.mark.parametrize("text", ["ll", "meta llama", "groq", "LLAMA-4 groq", "a", "nothing", "-"])
def test_the_first_ones_are_those_of_the_whole_search(two: None, text: str) -> None:
    stocked("mistral", item("llama-4"), item("meta/llama"), item("a b"), item("a-b"), item("b-a"))
    stocked("mistral", item("meta/llama"), item("a b"), item("a-b"), item("b-a"))  # llama-4 is gone
    everything = shelf().find(Wanted(text=text, sort="best"))
    assert shelf().first(text, 50, 1_000) == everything
    total, found = everything
    assert shelf().first(text, 1, 2) == (min(total, 2), found[:1])


def test_an_order_puts_what_nobody_knows_at_the_end_both_ways(two: None) -> None:
    for sort in ("price", "-price"):
        _total, rows = shelf().find(Wanted(sort=sort))
        last = CatalogEntry.objects.get(pk=rows[-1].pk)
        assert last.price_input is None


def test_a_model_that_came_with_the_first_fetch_is_not_new(db: None) -> None:
    row = stocked("groq", item("a"))
    assert row.catalog_at is not None
    assert row.catalog_at <= datetime.now(UTC)
    assert shelf().find(Wanted(show="new")) == (0, [])


def test_fetch_all_tells_how_far_it_has_come_and_brings_the_list(
    site: Client, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued: list[Job] = []
    monkeypatch.setattr("providers.work.tasks.enqueue", queued.append)
    monkeypatch.setattr("providers.broker.workers", lambda: {"worker-1"})
    for kind in ("groq", "mistral"):
        stocked(kind)
    with django_capture_on_commit_callbacks(execute=True):
        assert site.post("/catalog/fetch/")["Location"] == "/catalog/"
    first, second = queued
    assert {job.task for job in queued} == {"fetch"}
    html = site.get("/catalog/").content.decode()
    assert "0 of 2 finished" in html
    watched = re.findall(r'name="w" value="(fetching:[^"]+)"', html)
    assert len(watched) == 2
    first.finish(outcome="ok", key_state="unknown", ms=5)
    news = site.get("/live/", {"w": watched}).content.decode()
    assert news.count('id="fetching" hx-swap-oob="true"') == 1
    assert "1 of 2 finished" in news
    assert 'hx-select="#list"' not in news
    second.finish(outcome="bad_key", key_state="invalid", ms=5)
    news = site.get("/live/", {"w": watched}).content.decode()
    assert "1 of 2 lists fetched" in news
    assert "Not fetched: Mistral. Key rejected" in " ".join(news.split())
    assert 'hx-select="#list"' in news
    assert 'name="w" value="fetching' not in site.get("/catalog/").content.decode()


def test_a_list_that_comes_while_the_page_is_read_is_on_it(
    site: Client, two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No news come of a round that is over."""

    def ended() -> Any:
        stocked("groq", "Llama-4", "llama-9")
        return rounds.fetching()

    monkeypatch.setattr(catalog, "fetching", ended)
    assert "llama-9" in found(site)


def test_fetch_all_without_providers_says_what_to_do(site: Client) -> None:
    assert "Set up a provider first." in site.post("/catalog/fetch/", follow=True).content.decode()


def test_fetch_all_counts_against_the_limit(site: Client, settings: Any) -> None:
    stocked("groq")
    settings.TESTS_PER_MINUTE = 1
    site.post("/catalog/fetch/")
    assert "Too many tests" in site.post("/catalog/fetch/", follow=True).content.decode()
