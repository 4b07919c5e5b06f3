"""Model lists, fetched from given answers."""

from typing import Any

import pytest

from providers.catalog.fetch import Catalog, fetch_catalog
from providers.catalog.items import CatalogItem
from providers.dialects.adapters import Adapter
from providers.spec.outcomes import Failed
from tests.providers.replies import Answer, Script, reply


def fetch(adapter: Adapter, *data: Any) -> Catalog:
    """Fetches with exactly these pages as answers."""
    script = Script(*(reply(200, page) for page in data))
    catalog = fetch_catalog(adapter, script)
    assert len(script.requests) == len(data)
    return catalog


def ids(catalog: Catalog) -> list[str]:
    return [item.model_id for item in catalog.items]


def one(catalog: Catalog, model_id: str) -> CatalogItem:
    return next(item for item in catalog.items if item.model_id == model_id)


def failure(adapter: Adapter, *answers: Answer) -> tuple[str, str]:
    with pytest.raises(Failed) as caught:
        fetch_catalog(adapter, Script(*answers))
    return caught.value.verdict.outcome.value, caught.value.verdict.detail
