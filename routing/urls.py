"""Paths of routes, config.json, overview and activity."""

from django.urls import path

from routing import config_views, views

app_name = "routing"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("routing/", views.routing, name="routing"),
    path("routing/<slug:slot>/pin/", views.pin, name="pin"),
    path("routing/<slug:slot>/test/", views.route_test, name="route-test"),
    path("routing/models/", views.model_options, name="models"),
    path("config/", config_views.config, name="config"),
    path("config/download/", config_views.download, name="download"),
    path("activity/", views.activity, name="activity"),
]
