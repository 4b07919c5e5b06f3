"""The app that knows routes and config.json."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "routing"

    def ready(self) -> None:
        from providers import live
        from providers.pages import detail
        from routing import start  # noqa: F401 - its checks and receivers register themselves
        from routing.rows import served_by
        from routing.views import render_test

        live.PARTS["route"] = render_test
        detail.USED_BY.append(served_by)
