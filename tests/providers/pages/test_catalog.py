"""The catalog over all providers: what is found, in which order, and what is told of it."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone, translation

from providers.catalog.search import Wanted, shelf
from providers.models import Provider
from providers.pages.entries import dollars, shown_entries
from routing.models import Route
from tests.desk import HTMX, stocked
from tests.markup import flat
from tests.providers.pages.conftest import found, item

pytestmark = pytest.mark.django_db


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
    for text in ("GPT 6", "OpenAI", "400K", "text, image\u00a0→\u00a0text", "1.25 / 10.00"):
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
