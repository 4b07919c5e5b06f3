"""Two providers with a few models, and what the catalog lists."""

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client

from providers.catalog.fetch import CatalogItem
from tests.desk import stocked


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
