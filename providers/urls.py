"""Paths of providers, model lists and health. `name` is the provider's key in config.json."""

from django.urls import path, register_converter

from providers.pages import catalog as catalog_views
from providers.pages import checking, endpoints, health, news, providers

_PAGES = frozenset({"new", "cards", "check"})  # what else stands where a name does
_MARK = "~"


class NameConverter:
    """Any name without a slash. One that is a page's, or that browsers take for a step up, has a
    mark before it."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        return value.removeprefix(_MARK)

    def to_url(self, value: str) -> str:
        is_odd = value in _PAGES or not value.strip(".") or value.startswith(_MARK)
        return _MARK + value if is_odd else value


register_converter(NameConverter, "name")

app_name = "providers"
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("live/", news.live, name="live"),
    path("catalog/", catalog_views.catalog, name="catalog"),
    path("catalog/fetch/", catalog_views.fetch_all, name="fetch-all"),
    path("catalog/rows/", catalog_views.catalog_rows, name="catalog-rows"),
    path("providers/", providers.provider_list, name="list"),
    path("providers/new/", endpoints.endpoint_new, name="new"),
    path("providers/cards/", providers.provider_cards, name="cards"),
    path("providers/check/", checking.check_all, name="check-all"),
    path("providers/check/cancel/", checking.check_cancel, name="check-cancel"),
    path("providers/<name:name>/", providers.provider_detail, name="detail"),
    path("providers/<name:name>/check/", checking.check_start, name="check-start"),
    path("providers/<name:name>/catalog/", checking.catalog_refresh, name="catalog-refresh"),
    path("providers/<name:name>/cancel/<slug:part>/", checking.part_cancel, name="cancel"),
    path("providers/<name:name>/models/", providers.catalog_search, name="catalog-search"),
    path("providers/<name:name>/list/", providers.catalog_settle, name="catalog-settle"),
    path("providers/<name:name>/names/", providers.model_names, name="model-names"),
    path("providers/<name:name>/discard/", checking.draft_discard, name="draft-discard"),
    path("providers/<name:name>/undo/", providers.provider_undo, name="undo"),
    path("providers/<name:name>/rename/", endpoints.endpoint_rename, name="rename"),
    path("providers/<name:name>/remove/", providers.provider_remove, name="remove"),
]
