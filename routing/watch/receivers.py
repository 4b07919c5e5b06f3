"""What goes with a provider that is removed, and with a schedule that is switched off."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from providers.models import Provider
from routing.models import Every, Watch
from routing.models.subjects import remove_subjects
from routing.watch.changes import forget


@receiver(post_delete, sender=Provider)
def provider_removed(instance: Provider, **_kwargs: Any) -> None:
    remove_subjects(instance.name)


@receiver(post_save, sender=Watch)
def schedule_saved(instance: Watch, **_kwargs: Any) -> None:
    if instance.every == Every.OFF:
        forget(instance.about)


@receiver(post_delete, sender=Watch)
def schedule_removed(instance: Watch, **_kwargs: Any) -> None:
    forget(instance.about)
