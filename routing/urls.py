"""Paths of routes, config.json, overview, health, palette and activity."""

from django.urls import path

from routing.pages import (
    activity,
    exporting,
    health,
    importing,
    live_file,
    metrics,
    naming,
    palette,
    picker,
    routes,
    testing,
    using,
    versions,
)

app_name = "routing"
urlpatterns = [
    path("", routes.overview, name="overview"),
    path("metrics", metrics.metrics, name="metrics"),
    path("palette/", palette.palette, name="palette"),
    path("routing/", routes.routing, name="routing"),
    path("routing/<slug:slot>/fix/", routes.fix, name="fix"),
    path("routing/<slug:slot>/pin/", routes.pin, name="pin"),
    path("routing/<slug:slot>/test/", testing.route_test, name="route-test"),
    path("routing/test/", testing.routes_test, name="routes-test"),
    path("routing/use/", using.use, name="use"),
    path("routing/models/", picker.model_options, name="models"),
    path("config/", live_file.live, name="config"),
    path("config/export/", exporting.export, name="export"),
    path("config/download/", exporting.download, name="download"),
    path("config/import/", importing.import_start, name="import-start"),
    path("config/import/<uuid:pk>/", importing.import_preview, name="import-preview"),
    path("config/import/<uuid:pk>/discard/", importing.import_discard, name="import-discard"),
    path("config/take-over/", naming.take_over, name="take-over"),
    path("config/write/", live_file.live_write, name="live-write"),
    path("config/write/changes/", live_file.live_changes, name="live-changes"),
    path("config/write/take-in/", live_file.live_take_in, name="live-take-in"),
    path("config/versions/", versions.versions, name="versions"),
    path("config/versions/<int:number>/", versions.version_detail, name="version"),
    path("config/versions/<int:number>/restore/", versions.version_restore, name="version-restore"),
    path("config/versions/<int:number>/write/", versions.version_write, name="version-write"),
    path("config/versions/<int:number>/note/", versions.version_note, name="version-note"),
    path(
        "config/versions/<int:number>/original/",
        versions.version_original,
        name="version-original",
    ),
    path("health/", health.health, name="health"),
    path("health/export/", health.health_export, name="health-export"),
    path("health/<slug:sort>/<name:name>/", health.health_of, name="health-of"),
    path("activity/", activity.activity, name="activity"),
    path("activity/tests/", activity.tests, name="tests"),
    path("activity/export/", activity.activity_export, name="activity-export"),
]
