"""Paths of routes, config.json, overview, palette and activity."""

from django.urls import path

from routing import activity, palette, views
from routing.config import import_views, live_views
from routing.config import views as config_views

app_name = "routing"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("palette/", palette.palette, name="palette"),
    path("routing/", views.routing, name="routing"),
    path("routing/<slug:slot>/fix/", views.fix, name="fix"),
    path("routing/<slug:slot>/pin/", views.pin, name="pin"),
    path("routing/<slug:slot>/test/", views.route_test, name="route-test"),
    path("routing/models/", views.model_options, name="models"),
    path("config/", config_views.config, name="config"),
    path("config/download/", config_views.download, name="download"),
    path("config/import/", import_views.import_start, name="import-start"),
    path("config/import/<uuid:pk>/", import_views.import_preview, name="import-preview"),
    path("config/import/<uuid:pk>/discard/", import_views.import_discard, name="import-discard"),
    path("config/write/", live_views.live_write, name="live-write"),
    path("config/write/take-in/", live_views.live_take_in, name="live-take-in"),
    path("config/versions/<int:number>/", live_views.version_detail, name="version"),
    path(
        "config/versions/<int:number>/restore/", live_views.version_restore, name="version-restore"
    ),
    path("activity/", activity.activity, name="activity"),
    path("activity/export/", activity.activity_export, name="activity-export"),
]
