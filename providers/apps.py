"""The app that knows providers."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ProvidersConfig(AppConfig):
    name = "providers"

    def ready(self) -> None:
        from facio_site import celery  # noqa: F401 - the app that the tasks belong to
        from facio_site.boot import after_migrate
        from providers import checks_at_start, tasks  # noqa: F401 - they register themselves

        post_migrate.connect(after_migrate, sender=self)
