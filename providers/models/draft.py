"""Draft: values that were typed for a test and not saved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from facio_site import clock
from facio_site.sealing.rows import ExpiringQuerySet
from providers.models.credentials import Entry
from providers.models.provider import Provider
from providers.spec.kind import ProviderSpec


class DraftQuerySet(ExpiringQuerySet):
    def of(self, user: Any, provider: Provider) -> DraftQuerySet:
        """A user's own, also what is past its time or over values that were saved since."""
        return self.filter(provider=provider, created_by_id=user.pk)


def _in_15_minutes() -> datetime:
    return clock.now() + timedelta(minutes=15)


class Draft(Entry):
    """Values typed for a test and not saved: sealed in a row of its own, gone after 15 minutes."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="drafts")
    base_version = models.PositiveIntegerField()  # Provider.version that it was typed over
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    expires_at = models.DateTimeField(default=_in_15_minutes)
    # the model list that was fetched with these values: CatalogItem.as_json of each; None = none
    catalog: models.JSONField[Any, Any] = models.JSONField(null=True, default=None)

    objects: ClassVar[Any] = DraftQuerySet.as_manager()

    def __str__(self) -> str:
        return f"draft of {self.provider_id}"

    @property
    def spec(self) -> ProviderSpec:
        return self.provider.spec

    def renew(self) -> None:
        """Its time begins again."""
        self.expires_at = _in_15_minutes()
        Draft.objects.filter(pk=self.pk).update(expires_at=self.expires_at)

    @classmethod
    def over(cls, provider: Provider, user: Any) -> Draft | None:
        """A user's own for these values of a provider; None when there is none that still lives."""
        own = cls.objects.filter(provider=provider.pk, created_by=user.pk)
        fitting = own.living().filter(base_version=provider.version)
        draft: Draft | None = fitting.order_by("-expires_at").first()
        return draft
