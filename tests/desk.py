"""What tests of several packages begin with: a provider, a catalog, a fresh login."""

from typing import Any

from django.core.cache import cache
from django.test import Client

from providers.catalog.fetch import Catalog, CatalogItem
from providers.catalog.store import replace_catalog
from providers.models import Provider
from tests.conftest import PASSWORD

KEY = "sk-or-v1-0123456789abcdef"
HTMX = {"HX-Request": "true"}


def saved(kind: str = "openrouter", key: str = KEY, **values: Any) -> Provider:
    row = Provider(kind=kind, **values)
    row.put_secret("api_key", key)
    row.store()
    return row


def stocked(kind: str, *models: CatalogItem | str) -> Provider:
    """A provider with this catalog; called again, the catalog is refreshed."""
    row = Provider.objects.filter(kind=kind).first() or saved(kind, "sk-0123456789abcdef")
    items = [one if isinstance(one, CatalogItem) else CatalogItem(model_id=one) for one in models]
    replace_catalog(row, Catalog(items=tuple(items)))
    return Provider.objects.get(kind=kind)


def confirm(site: Client) -> Any:
    """A fresh login of somebody who is signed in."""
    cache.clear()
    return site.post("/accounts/reauthenticate/", {"password": PASSWORD})
