"""The list of models under a field: what is found, in which order, how it is marked."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.catalog.fetch import CatalogItem
from providers.models import Job
from routing.models import Route
from tests.desk import saved, stocked
from tests.markup import flat

pytestmark = pytest.mark.django_db


def item(model: str, inputs: Any = ("text",), outputs: Any = ("text",), **more: Any) -> CatalogItem:
    return CatalogItem(model_id=model, inputs=inputs, outputs=outputs, **more)


def offered(site: Client, query: str = "", slot: str = "main", provider: str = "auto") -> str:
    data = {"slot": slot, f"{slot}-model": query, f"{slot}-provider": provider}
    return flat(site.get("/routing/models/", data))


def names(html: str) -> list[str]:
    return re.findall(r'data-value="([^"]*)"', html)


def option(html: str, name: str) -> str:
    return html[html.index(f'data-value="{name}"') :].partition("</li>")[0]


def test_id_name_and_provider_are_searched_and_facts_are_told(site: Client) -> None:
    facts = {"context_window": 200_000, "tools": True, "reasoning": True}
    prices = {"price_input": Decimal(3), "price_output": Decimal(15)}
    stocked("anthropic", item("claude-x", ("text", "image"), name="The Big One", **facts, **prices))
    stocked("groq", item("llama-9"))
    for words in ("claude", "big one", "anthropic", "anthropic big"):
        assert names(offered(site, words)) == ["claude-x"], words
    assert names(offered(site, "nothing")) == []
    told = option(offered(site, "claude"), "claude-x")
    for fact in ("Anthropic", "$ 3.00 / 15.00", "200K", "images", "tools", "reasoning"):
        assert fact in told
    plain = option(offered(site, "llama"), "llama-9")
    assert "images" not in plain
    assert "tools" not in plain


@pytest.mark.parametrize(
    ("slot", "fits", "lacks"),
    [
        ("vision", "reader", "reads no images"),
        ("image", "painter", "makes no images"),
        ("video", "filmer", "makes no videos"),
    ],
)
def test_what_fits_comes_first_and_what_cannot_is_marked(
    site: Client, slot: str, fits: str, lacks: str
) -> None:
    models = (
        item("a-writer"),
        item("filmer", outputs=("video",)),
        item("painter", outputs=("image",)),
        item("reader", ("text", "image")),
        "unknown",
    )
    stocked("openai", *models)
    html = offered(site, slot=slot)
    assert names(html)[0] == fits
    assert len(names(html)) == len(models)
    assert lacks not in option(html, fits)
    assert lacks in option(html, "a-writer")
    assert lacks not in option(html, "unknown")  # nobody says
    html = offered(site)
    assert names(html) == ["a-writer", "filmer", "painter", "reader", "unknown"]
    marked = [name for name in names(html) if "answers with no text" in option(html, name)]
    assert marked == ["filmer", "painter"]


def test_what_was_used_lately_comes_first(site: Client) -> None:
    row = stocked("groq", "a", "b", "tested", "routed")
    Route.objects.create(slot="subagent", model="routed", provider="groq")
    tested = {"task": "check", "model_names": ["tested", "no-such"], "input_version": row.version}
    Job.objects.create(provider=row, deadline=timezone.now(), **tested)
    html = offered(site)
    assert names(html) == ["routed", "tested", "a", "b"]
    assert html.count("recently used") == 2
    assert names(offered(site, "b")) == ["b"]
    stocked("openai", item("painter", outputs=("image",)), item("writer"))
    Route.objects.create(slot="main", model="writer", provider="openai")
    assert names(offered(site))[:3] == ["routed", "tested", "writer"]
    assert names(offered(site, slot="image"))[:2] == ["painter", "routed"]  # fitting goes first


def test_a_pick_brings_its_provider_unless_the_agent_goes_there_anyway(site: Client) -> None:
    stocked("anthropic", "claude-x")
    stocked("openrouter", "anthropic/claude-x")
    html = offered(site, "claude")
    assert 'data-value="claude-x" data-provider=""' in html
    assert 'data-value="anthropic/claude-x" data-provider="openrouter"' in html
    assert names(offered(site, "claude", provider="openrouter")) == ["anthropic/claude-x"]
    assert 'data-provider=""' in offered(site, "claude", provider="openrouter")
    elsewhere = offered(site, "claude", provider="groq")  # which has none
    assert 'data-value="claude-x" data-provider="anthropic"' in elsewhere


def test_deployments_and_names_of_sign_in_providers_are_offered(site: Client) -> None:
    saved("azure_openai", api_base="https://a.example", values={"deployments": ["prod"]})
    assert 'data-value="prod" data-provider="azure_openai"' in offered(site)
    assert 'data-value="prod" data-provider=""' in offered(site, "pro", provider="azure_openai")
    assert names(offered(site, "staging", provider="azure_openai")) == []
    assert names(offered(site, provider="openai_codex"))
    stocked("azure_openai", "gpt-base")
    assert names(offered(site, provider="azure_openai")) == ["prod"]  # not the models behind them


def tried(site: Client, only: str, query: str = "") -> list[str]:
    return names(flat(site.get("/routing/models/", {"only": only, "test_model": query})))


def test_the_model_to_try_comes_from_one_provider_s_list(site: Client) -> None:
    stocked("groq", "llama-9", "text-embedding-9")
    stocked("openai", "gpt-6")
    saved("azure_openai", api_base="https://a.example", values={"deployments": ["prod"]})
    assert tried(site, "groq") == ["llama-9", "text-embedding-9"]
    assert tried(site, "groq", "lla") == ["llama-9"]
    assert tried(site, "groq", "gpt") == []  # nobody else's
    assert tried(site, "mistral") == []
    assert tried(site, "azure_openai") == ["prod"]
    html = flat(site.get("/routing/models/", {"only": "openai", "test_model": ""}))
    assert 'data-value="gpt-6" data-provider=""' in html


def test_embeddings_and_speech_are_not_offered_for_conversation(site: Client) -> None:
    stocked("openai", "gpt-6", "text-embedding-9", "whisper-9")
    for slot in ("main", "subagent", "vision"):
        assert names(offered(site, slot=slot)) == ["gpt-6"], slot
    assert "whisper-9" in names(offered(site, slot="video"))  # nobody says


@pytest.mark.usefixtures("one_minute")
def test_a_list_is_bounded_and_so_are_its_queries(site: Client) -> None:
    stocked("groq", *(f"model-{n:03}" for n in range(80)))
    html = offered(site)
    assert len(names(html)) == 30
    assert "50 more models match." in html
    offered(site)
    with CaptureQueriesContext(connection) as few:
        offered(site, "model-00")
    with CaptureQueriesContext(connection) as many:
        offered(site, "model")
    assert len(few) == len(many)


def test_the_field_of_what_if_asks_without_a_slot(site: Client) -> None:
    stocked("groq", "llama-9", "gpt-9")
    html = flat(site.get("/routing/models/", {"model": "llama", "provider": "auto"}))
    assert names(html) == ["llama-9"]
