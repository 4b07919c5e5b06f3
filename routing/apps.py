"""The app that knows routes and config.json."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoutingConfig(AppConfig):
    name = "routing"
    verbose_name = _("Routing")

    def ready(self) -> None:
        from routing import checks  # noqa: F401 - its checks and receivers register themselves
        from routing.watch import receivers, tasks  # noqa: F401 - likewise
