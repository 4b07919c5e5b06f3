"""The app that knows routes and config.json."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoutingConfig(AppConfig):
    name = "routing"
    verbose_name = _("Routing")

    def ready(self) -> None:
        from providers import live, views
        from routing import start  # noqa: F401 - its checks and receivers register themselves
        from routing.rows import served_by
        from routing.views import render_test

        live.PARTS["route"] = render_test
        views.USED_BY.append(served_by)
