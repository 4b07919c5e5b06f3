"""The app that knows routes and config.json."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "routing"
