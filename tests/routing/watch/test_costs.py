"""What checks cost: who bills one, and how much that is by the catalog's price."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.catalog.fetch import CatalogItem
from providers.models import Provider
from routing.models import Every, Route
from routing.watch.costs import (
    CLAUDE_TOKENS,
    PICTURE_TOKENS,
    PROMPT_TOKENS,
    Billed,
    Estimate,
    billed,
    estimates,
)
from tests.desk import saved, stocked

pytestmark = pytest.mark.django_db


def priced(model: str, told: str | None, said: str | None) -> CatalogItem:
    prices = [None if text is None else Decimal(text) for text in (told, said)]
    return CatalogItem(model_id=model, price_input=prices[0], price_output=prices[1])


def test_a_test_that_only_lists_models_is_free_and_so_is_a_catalog() -> None:
    saved("groq")
    found = estimates()
    assert {*found} == {"provider:groq", "catalog:groq"}
    for one in found.values():
        assert (one.is_free, one.each, one.calls_a_day(15), one.a_day(15)) == (True, 0, 0, 0)


def test_a_route_costs_its_prompt_and_the_longest_answer_that_the_call_allows() -> None:
    stocked("groq", priced("llama-9", "0.50", "2"))
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    found = estimates()["route:main"]
    assert not found.is_free
    each = Decimal("0.50") * PROMPT_TOKENS / 1_000_000 + Decimal(2) * 16 / 1_000_000
    assert found.each == each
    assert found.calls_a_day(Every.QUARTER) == 96
    assert found.a_day(Every.QUARTER) == 96 * each
    assert found.calls_a_day(Every.DAY) == 1
    assert (found.calls_a_day(Every.OFF), found.a_day(Every.OFF)) == (0, 0)


def test_the_price_is_that_of_the_name_that_is_sent() -> None:
    stocked("anthropic", priced("claude-9", "1", "1"))
    Route.objects.create(slot="main", model="anthropic/claude-9", provider="anthropic")
    tokens = PROMPT_TOKENS + CLAUDE_TOKENS + 16
    assert estimates()["route:main"].each == Decimal(tokens) / 1_000_000


def test_a_route_to_a_model_that_sees_costs_a_picture_as_well() -> None:
    stocked("groq", priced("llama-9", "1", "1"))
    for slot in ("main", "vision"):
        Route.objects.create(slot=slot, model="llama-9", provider="groq")
    each = estimates()["route:main"].each
    assert each is not None
    assert estimates()["route:vision"].each == each + Decimal(PICTURE_TOKENS) / 1_000_000


@pytest.mark.parametrize("prices", [(None, None), ("1", None), (None, "1")])
def test_without_a_price_the_cost_is_not_known(prices: tuple[str | None, str | None]) -> None:
    stocked("groq", priced("llama-9", *prices))
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    found = estimates()["route:main"]
    assert (found.is_free, found.each, found.a_day(60), found.calls_a_day(60)) == (
        *(False, None, None),
        24,
    )


def test_a_model_at_no_price_costs_nothing_and_is_billed_all_the_same() -> None:
    stocked("openrouter", priced("some/model:free", "0", "0"))
    Route.objects.create(slot="main", model="some/model:free", provider="openrouter")
    assert estimates()["route:main"] == Estimate(1, Decimal(0))


def test_each_deployment_of_azure_is_a_call() -> None:
    row = Provider(kind="azure_openai", api_base="https://a.openai.azure.com")
    row.values["deployments"] = ["one", "two"]
    row.put_secret("api_key", "0" * 32)
    row.store()
    assert [one.model for one in billed(row)] == ["one", "two"]
    assert [one.model for one in billed(row, ["two"])] == ["two"]
    assert estimates()["provider:azure_openai"] == Estimate(2, None)


def test_a_key_that_only_a_completion_proves_is_one_call() -> None:
    row = saved("byteplus_coding_plan")
    assert billed(row) == [Billed("ark-code-latest", 16)]
    assert len(billed(row, ["kimi-k2.5"])) == 1  # which stands for the key as well


def test_a_longer_answer_that_the_extra_body_allows_counts() -> None:
    row = saved("groq")
    row.put_mapping("extra_body", {"max_tokens": 4096, "top_p": 1})
    row.store()
    assert billed(row, ["llama-9"]) == [Billed("llama-9", 4096)]


@pytest.mark.parametrize(
    ("kind", "fields", "is_billed"),
    [
        ("ollama", {"api_base": "http://localhost:11434/v1"}, False),
        ("custom", {"api_base": "https://llm.example.com/v1"}, True),
    ],
)
def test_a_model_server_of_ones_own_bills_nothing(
    kind: str, fields: dict[str, Any], is_billed: bool
) -> None:
    row = saved(kind, **fields)
    assert bool(billed(row, ["qwen3:8b"])) is is_billed


def test_routes_that_cannot_be_asked_have_no_cost() -> None:
    saved("openai")
    Route.objects.create(slot="main", model="gpt-5", provider="openai")
    Route.objects.create(slot="image", model="gpt-image-1", provider="openai")
    assert [about for about in estimates() if about.startswith("route:")] == ["route:main"]


def test_the_number_of_questions_does_not_grow() -> None:
    counts = []
    for kind in ("groq", "mistral", "deepseek"):
        stocked(kind, "a", "b")
        with CaptureQueriesContext(connection) as asked:
            estimates()
        counts.append(len(asked))
    assert counts[0] == counts[-1]
