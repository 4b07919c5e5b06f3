"""The app that knows providers."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ProvidersConfig(AppConfig):
    name = "providers"
    verbose_name = _("Providers")

    def ready(self) -> None:
        from facio_site import celery  # noqa: F401 - the app that the tasks belong to
        from facio_site.boot import after_migrate
        from providers import checks  # noqa: F401 - they register themselves
        from providers.work import history, tasks  # noqa: F401

        post_migrate.connect(after_migrate, sender=self)
