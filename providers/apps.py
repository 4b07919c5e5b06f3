"""The app that knows providers."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ProvidersConfig(AppConfig):
    name = "providers"

    def ready(self) -> None:
        from facio_site.boot import after_migrate
        from facio_site.celery import app
        from providers import checks_at_start  # noqa: F401 - registers itself

        app.autodiscover_tasks(["providers"])
        post_migrate.connect(after_migrate, sender=self)
