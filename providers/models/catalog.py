"""CatalogEntry: one model on offer at one provider."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from providers.models.provider import Provider


class CatalogEntryQuerySet(models.QuerySet["CatalogEntry"]):
    def present(self) -> CatalogEntryQuerySet:
        return self.filter(gone_at__isnull=True)

    def search(self, text: str) -> CatalogEntryQuerySet:
        """Rows whose id or name holds every word of `text`. PostgreSQL knows no NUL."""
        rows = self
        for word in text.replace("\0", "").split()[:8]:
            rows = rows.filter(Q(model_id__icontains=word) | Q(name__icontains=word))
        return rows


class CatalogEntry(models.Model):
    """One model on offer at one provider. None or [] at a fact means: nobody says."""

    id = models.BigAutoField(primary_key=True)
    provider = models.ForeignKey(
        Provider,
        on_delete=models.CASCADE,
        related_name="entries",
        db_index=False,  # the constraint's index begins with it
    )
    model_id = models.CharField(max_length=300)
    name = models.CharField(max_length=300, blank=True, default="")
    context_window = models.BigIntegerField(null=True, blank=True)  # tokens
    max_output = models.BigIntegerField(null=True, blank=True)  # tokens
    inputs: models.JSONField[Any, Any] = models.JSONField(null=True, blank=True)
    outputs: models.JSONField[Any, Any] = models.JSONField(null=True, blank=True)
    price_input = models.DecimalField(max_digits=14, decimal_places=6, null=True, blank=True)
    price_output = models.DecimalField(max_digits=14, decimal_places=6, null=True, blank=True)
    tools = models.BooleanField(null=True, blank=True)
    reasoning = models.BooleanField(null=True, blank=True)
    retires_at = models.DateField(null=True, blank=True)
    filled: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    first_seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)  # the refresh that missed it first

    objects: ClassVar[Any] = CatalogEntryQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["provider", "model_id"], name="one_entry_a_model")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(  # a handful of rows, which nobody should look for among thousands
                fields=["provider", "model_id"],
                condition=Q(gone_at__isnull=False),
                name="entry_gone",
            )
        ]
        ordering: ClassVar[list[str]] = ["model_id"]
        verbose_name_plural = "catalog entries"

    def __str__(self) -> str:
        return self.model_id
