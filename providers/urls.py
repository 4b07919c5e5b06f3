"""Paths of providers, model lists and health. `kind` is the provider's key in config.json."""

from django.urls import path

from providers import health, live, views
from providers.catalog import views as catalog_views

app_name = "providers"
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("live/", live.live, name="live"),
    path("catalog/", catalog_views.catalog, name="catalog"),
    path("catalog/fetch/", catalog_views.fetch_all, name="fetch-all"),
    path("catalog/rows/", catalog_views.catalog_rows, name="catalog-rows"),
    path("providers/", views.provider_list, name="list"),
    path("providers/cards/", views.provider_cards, name="cards"),
    path("providers/check/", views.check_all, name="check-all"),
    path("providers/check/cancel/", views.check_cancel, name="check-cancel"),
    path("providers/<slug:kind>/", views.provider_detail, name="detail"),
    path("providers/<slug:kind>/check/", views.check_start, name="check-start"),
    path("providers/<slug:kind>/catalog/", views.catalog_refresh, name="catalog-refresh"),
    path("providers/<slug:kind>/cancel/<slug:part>/", views.part_cancel, name="cancel"),
    path("providers/<slug:kind>/models/", views.catalog_search, name="catalog-search"),
    path("providers/<slug:kind>/names/", views.model_names, name="model-names"),
    path("providers/<slug:kind>/discard/", views.draft_discard, name="draft-discard"),
    path("providers/<slug:kind>/undo/", views.provider_undo, name="undo"),
    path("providers/<slug:kind>/remove/", views.provider_remove, name="remove"),
]
