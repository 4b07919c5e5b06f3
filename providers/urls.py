"""Paths of providers, model lists and health. `kind` is the provider's key in config.json."""

from django.urls import path

from providers.pages import catalog as catalog_views
from providers.pages import checking, health, news, providers

app_name = "providers"
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("live/", news.live, name="live"),
    path("catalog/", catalog_views.catalog, name="catalog"),
    path("catalog/fetch/", catalog_views.fetch_all, name="fetch-all"),
    path("catalog/rows/", catalog_views.catalog_rows, name="catalog-rows"),
    path("providers/", providers.provider_list, name="list"),
    path("providers/cards/", providers.provider_cards, name="cards"),
    path("providers/check/", checking.check_all, name="check-all"),
    path("providers/check/cancel/", checking.check_cancel, name="check-cancel"),
    path("providers/<slug:kind>/", providers.provider_detail, name="detail"),
    path("providers/<slug:kind>/check/", checking.check_start, name="check-start"),
    path("providers/<slug:kind>/catalog/", checking.catalog_refresh, name="catalog-refresh"),
    path("providers/<slug:kind>/cancel/<slug:part>/", checking.part_cancel, name="cancel"),
    path("providers/<slug:kind>/models/", providers.catalog_search, name="catalog-search"),
    path("providers/<slug:kind>/list/", providers.catalog_settle, name="catalog-settle"),
    path("providers/<slug:kind>/names/", providers.model_names, name="model-names"),
    path("providers/<slug:kind>/discard/", checking.draft_discard, name="draft-discard"),
    path("providers/<slug:kind>/undo/", providers.provider_undo, name="undo"),
    path("providers/<slug:kind>/remove/", providers.provider_remove, name="remove"),
]
