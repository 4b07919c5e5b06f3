"""The catalog over all providers: what is found, in which order, at what cost."""

import gzip
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from providers.catalog.fetch import CatalogItem
from providers.catalog.search import Wanted, shelf
from providers.models import CatalogEntry, Job, Provider
from providers.pages.detail import CATALOG, catalog_context
from providers.pages.entries import dollars, shown_entries
from routing.models import Route
from tests.conftest import signed_in
from tests.desk import HTMX, stocked
from tests.markup import flat

pytestmark = pytest.mark.django_db


def item(model_id: str, **facts: Any) -> CatalogItem:
    return CatalogItem(model_id=model_id, **facts)


@pytest.fixture
def two(db: None) -> None:
    stocked(
        "openai",
        item(
            "gpt-6",
            name="GPT 6",
            context_window=400_000,
            inputs=("text", "image"),
            outputs=("text",),
            price_input=Decimal("1.25"),
            price_output=Decimal("10"),
            tools=True,
            reasoning=True,
        ),
        item("gpt-6-nano", context_window=128_000, inputs=("text",), price_input=Decimal("0.05")),
    )
    stocked(
        "groq",
        item("Llama-4", context_window=131_072, price_input=Decimal(0), price_output=Decimal(0)),
        item("whisper", inputs=("audio",), outputs=("text",)),
    )


def found(client: Client, query: str = "") -> list[str]:
    html = client.get(f"/catalog/{query}").content.decode()
    return [unescape(one) for one in re.findall(r'class="model-id">([^<]*)<', html)]


def test_all_models_of_all_providers_stand_in_one_list_whatever_their_case(
    site: Client, two: None
) -> None:
    assert found(site) == ["gpt-6", "gpt-6-nano", "Llama-4", "whisper"]


@pytest.mark.parametrize(
    ("query", "models"),
    [
        ("?q=GPT+nano", ["gpt-6-nano"]),
        ("?q=groq+llama", ["Llama-4"]),
        ("?q=nothing", []),
        ("?provider=groq", ["Llama-4", "whisper"]),
        ("?provider=unknown", ["gpt-6", "gpt-6-nano", "Llama-4", "whisper"]),
        ("?image=on", ["gpt-6"]),
        ("?tools=on", ["gpt-6"]),
        ("?context=200000", ["gpt-6"]),
        ("?context=128000", ["gpt-6", "gpt-6-nano", "Llama-4"]),
        ("?context=77", ["gpt-6", "gpt-6-nano", "Llama-4", "whisper"]),
        ("?price=0", ["Llama-4"]),
        ("?price=0.5", ["gpt-6-nano", "Llama-4"]),
        ("?price=1&q=gpt", ["gpt-6-nano"]),
        ("?sort=-model", ["whisper", "Llama-4", "gpt-6-nano", "gpt-6"]),
        ("?sort=-context", ["gpt-6", "Llama-4", "gpt-6-nano", "whisper"]),
        ("?sort=price", ["Llama-4", "gpt-6-nano", "gpt-6", "whisper"]),
        ("?sort=-price", ["gpt-6", "gpt-6-nano", "Llama-4", "whisper"]),
        ("?sort=provider", ["Llama-4", "whisper", "gpt-6", "gpt-6-nano"]),
    ],
)
def test_what_is_asked_is_found_in_that_order(
    site: Client, two: None, query: str, models: list[str]
) -> None:
    assert found(site, query) == models


@pytest.mark.parametrize(
    ("query", "models"),
    [
        ("?makes-image=on", ["both", "painter"]),
        ("?makes-image=on&makes-video=on", ["both"]),
        ("?makes-video=on", ["both"]),
        ("?reasoning=on", ["thinker"]),
        ("?aside=on", ["text-embedding-9", "voice", "whisper-9"]),
        ("?aside=on&q=voice", ["voice"]),
        ("?reasoning=on&makes-image=on", []),
    ],
)
def test_what_a_model_makes_and_is_for_can_be_asked_for(
    site: Client, query: str, models: list[str]
) -> None:
    stocked(
        "openai",
        item("painter", outputs=("image",)),
        item("both", outputs=("text", "image", "video")),
        item("thinker", reasoning=True),
        item("plain", reasoning=False, outputs=("text",)),
        item("whisper-9"),
        item("text-embedding-9", outputs=("text",)),
        item("voice", inputs=("text",), outputs=("audio",)),
    )
    assert found(site, query) == models


def test_what_the_routes_use_can_be_asked_for_and_says_which_they_are(
    site: Client, two: None
) -> None:
    assert found(site, "?used=on") == []
    Route.objects.create(slot="main", model="gpt-6")  # by its name, to OpenAI
    Route.objects.create(slot="vision", model="gpt-6", provider="openai")
    Route.objects.create(slot="subagent", model="Llama-4", provider="groq")
    Route.objects.create(slot="video", model="not-listed", provider="groq")
    assert found(site, "?used=on") == ["gpt-6", "Llama-4"]
    assert found(site, "?used=on&q=llama") == ["Llama-4"]
    html = site.get("/catalog/?used=on").content.decode()
    assert ">Main, Vision</span>" in html
    assert ">Sub-agents</span>" in html
    Route.objects.filter(slot="subagent").delete()
    assert found(site, "?used=on") == ["gpt-6"]
    rows = site.get("/catalog/rows/?used=on", headers=HTMX)
    assert rows["HX-Replace-Url"] == "/catalog/?used=on"
    assert ">Main, Vision</span>" in rows.content.decode()


def test_what_is_in_use_follows_who_would_serve_it(site: Client, two: None) -> None:
    stocked("openrouter", item("llama-9"))
    Route.objects.create(slot="main", model="llama-9")
    assert found(site, "?used=on") == ["llama-9"]  # OpenRouter, to which it falls back
    Provider.objects.filter(kind="openrouter").delete()
    assert found(site, "?used=on") == []


def test_each_list_tells_its_count_and_age_at_the_top(site: Client, two: None) -> None:
    Provider.objects.filter(kind="groq").update(catalog_at=timezone.now() - timedelta(days=3))
    html = flat(site.get("/catalog/"))
    lists = html[html.index('<ul class="lists"') : html.index('id="filters"')]
    assert re.findall(r"<strong>(\d+)</strong>", lists) == ["2", "2"]
    assert '<a href="?provider=groq">Groq</a>' in lists
    assert ">3 days ago</time>" in lists


def test_a_day_of_release_is_told_and_sorted_by(site: Client) -> None:
    stocked(
        "openai",
        item("old", released_on=date(2024, 5, 13)),
        item("new", released_on=date(2026, 2, 1)),
        item("nobody-says"),
    )
    assert found(site, "?sort=-released") == ["new", "old", "nobody-says"]
    assert found(site, "?sort=released") == ["old", "new", "nobody-says"]
    html = unescape(site.get("/catalog/").content.decode())
    assert ">May 2024</td>" in html
    assert 'href="/catalog/?sort=-released"' in html  # the latest first


def test_an_id_can_be_copied(site: Client, two: None) -> None:
    html = flat(site.get("/catalog/?q=nano"))
    beside = '<span class="model-id">gpt-6-nano</span> <button class="copier needs-js"'
    assert f'{beside} type="button" data-copy aria-label="Copy gpt-6-nano">' in html


def test_after_a_refresh_new_and_gone_can_be_asked_for(site: Client, two: None) -> None:
    assert found(site, "?show=new") == []
    stocked("groq", item("Llama-4"), item("Llama-5"))
    assert found(site, "?show=new") == ["Llama-5"]
    assert found(site, "?show=gone") == ["whisper"]
    assert found(site, "?provider=groq") == ["Llama-4", "Llama-5"]
    html = site.get("/catalog/?show=gone").content.decode()
    assert ">gone</span>" in html
    assert "use=whisper" not in html


def test_what_was_fetched_a_moment_ago_is_found_at_once(site: Client, two: None) -> None:
    assert found(site, "?q=fresh") == []
    stocked("mistral", item("fresh-1"))
    assert found(site, "?q=fresh") == ["fresh-1"]


def test_models_of_a_removed_provider_are_not_found_any_more(site: Client, two: None) -> None:
    assert found(site, "?provider=groq")
    Provider.objects.filter(kind="groq").delete()
    assert found(site, "?q=llama") == []


def test_a_row_tells_all_that_is_known_and_where_to_use_it(site: Client, two: None) -> None:
    html = unescape(site.get("/catalog/?q=gpt-6&image=on").content.decode())
    row = html[html.index("<tbody") : html.index("</tbody>")]
    for text in ("GPT 6", "OpenAI", "400K", "text, image → text", "1.25 / 10.00"):
        assert text in row
    assert "tools, reasoning" in row
    assert 'href="/routing/use/?use=gpt-6&kind=openai"' in row


def test_markup_in_names_stays_text(site: Client) -> None:
    stocked("custom", item('<b>"x"&', name="<script>alert(1)</script>"))
    html = site.get("/catalog/").content.decode()
    assert "<script>alert" not in html
    assert "<b>" not in html
    assert "&lt;b&gt;&quot;x&quot;&amp;" in html
    assert "use=%3Cb%3E%22x%22%26&amp;kind=custom" in html


def test_a_phone_reads_under_the_name_what_has_no_column_there(site: Client, two: None) -> None:
    html = flat(site.get("/catalog/?q=gpt-6&image=on"))
    facts = "400K · text, image → text · $ 1.25 / 10.00 · tools, reasoning"
    assert f'<small> GPT 6 <span class="only-phone"> · OpenAI · {facts} </span> </small>' in html


def test_what_is_new_or_ends_says_so_in_both_lists(site: Client) -> None:
    stocked("openai", "gpt-5")
    stocked("openai", item("gpt-5", retires_at=date(2027, 3, 1)), "gpt-6")
    for path in ("/catalog/", "/providers/openai/"):
        html = flat(site.get(path))
        assert '<span class="chip" data-tone="warn"> until March 1, 2027 </span>' in html, path
        assert '<span class="chip" data-tone="ok">new</span>' in html, path


def test_prices_keep_the_places_that_they_need() -> None:
    assert [dollars(price, "en") for price in (None, 0, 0.0375, 0.1, 1.25, 75)] == [
        "–",
        "0.00",
        "0.0375",
        "0.10",
        "1.25",
        "75.00",
    ]
    with translation.override("de"):
        assert dollars(0.0375, "de") == "0,0375"


def test_a_price_from_the_snapshot_and_an_end_are_marked(db: None) -> None:
    stocked(
        "openai",
        item(
            "old",
            price_input=Decimal(1),
            retires_at=date(2027, 3, 1),
            context_window=8_000,
            filled=frozenset({"price_input", "context_window"}),
        ),
    )
    _total, rows = shelf().find(Wanted())
    (entry,) = shown_entries(rows)
    assert (entry["price"], entry["context"]) == ("1.00 / –*", "8K*")
    assert "2027" in entry["retires"]


# Pages of rows ----------------------------------------------------------------------------------


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


def test_rows_are_drawn_once_for_all_readers_and_bring_no_cookie(
    site: Client, viewer: Any, two: None
) -> None:
    first = site.get("/catalog/rows/?q=gpt&x=1", headers=HTMX)
    with CaptureQueriesContext(connection) as captured:
        second = signed_in(viewer).get("/catalog/rows/?q=gpt&x=2", headers=HTMX)
    assert first.content == second.content
    assert sum('FROM "providers_' in q["sql"] for q in captured) == 1
    assert not first.cookies


def test_a_search_sends_at_most_fifteen_kilobytes(site: Client, many: None) -> None:
    answer = site.get("/catalog/rows/?q=model", headers={**HTMX, "Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) <= 15_000
    assert gzip.decompress(answer.content).count(b"<tr>") == 51


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
    assert "Not fetched: Mistral" in news
    assert 'hx-select="#list"' in news
    assert 'name="w" value="fetching' not in site.get("/catalog/").content.decode()


def test_fetch_all_without_providers_says_what_to_do(site: Client) -> None:
    assert "Set up a provider first." in site.post("/catalog/fetch/", follow=True).content.decode()


def test_fetch_all_counts_against_the_limit(site: Client, settings: Any) -> None:
    stocked("groq")
    settings.TESTS_PER_MINUTE = 1
    site.post("/catalog/fetch/")
    assert "Too many tests" in site.post("/catalog/fetch/", follow=True).content.decode()
