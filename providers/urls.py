"""Paths of providers, model lists and health. `name` is the provider's key in config.json."""

from django.urls import path, register_converter

from providers.pages import catalog as catalog_views
from providers.pages import checking, endpoints, health, news, providers, removal, selected
from providers.pages.renamed import follows_renames

# What else stands where a name does.
_PAGES = frozenset({"new", "cards", "check", "selected", "remove"})
_MARK = "~"


class NameConverter:
    """Any name without a slash or a NUL. One that is a page's, or that browsers take for a step
    up, has a mark before it."""

    regex = r"[^/\0]+"

    def to_python(self, value: str) -> str:
        return value.removeprefix(_MARK)

    def to_url(self, value: str) -> str:
        is_odd = value in _PAGES or not value.strip(".") or value.startswith(_MARK)
        return _MARK + value if is_odd else value


register_converter(NameConverter, "name")

app_name = "providers"
_OF_ONE = (
    ("", providers.provider_detail, "detail"),
    ("check/", checking.check_start, "check-start"),
    ("catalog/", checking.catalog_refresh, "catalog-refresh"),
    ("cancel/<slug:part>/", checking.part_cancel, "cancel"),
    ("models/", providers.catalog_search, "catalog-search"),
    ("list/", providers.catalog_settle, "catalog-settle"),
    ("shape/", providers.key_shape, "key-shape"),
    ("discard/", checking.draft_discard, "draft-discard"),
    ("undo/", providers.provider_undo, "undo"),
    ("rename/", endpoints.endpoint_rename, "rename"),
    ("remove/", removal.provider_remove, "remove"),
)
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
    path("providers/selected/", selected.selected, name="selected"),
    path("providers/remove/", removal.providers_remove, name="remove-some"),
    *(
        path(f"providers/<name:name>/{rest}", follows_renames(view), name=name)
        for rest, view, name in _OF_ONE
    ),
]
