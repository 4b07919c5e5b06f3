"""CatalogEntry: one model on offer at one provider."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from providers.models.provider import Provider
from providers.spec.limits import MODEL_LENGTH


class CatalogEntryQuerySet(models.QuerySet["CatalogEntry"]):
    def present(self) -> CatalogEntryQuerySet:
        return self.filter(gone_at__isnull=True)


class CatalogEntry(models.Model):
    """One model on offer at one provider. None or [] at a fact means: nobody says."""

    id = models.BigAutoField(primary_key=True)
    provider = models.ForeignKey(
        Provider,
        verbose_name=_("provider"),
        on_delete=models.CASCADE,
        related_name="entries",
        db_index=False,  # the constraint's index begins with it
    )
    model_id = models.CharField(_("model"), max_length=MODEL_LENGTH)
    name = models.CharField(_("name"), max_length=MODEL_LENGTH, blank=True, default="")
    context_window = models.BigIntegerField(_("context window"), null=True, blank=True)  # tokens
    max_output = models.BigIntegerField(_("longest output"), null=True, blank=True)  # tokens
    inputs: models.JSONField[Any, Any] = models.JSONField(_("inputs"), null=True, blank=True)
    outputs: models.JSONField[Any, Any] = models.JSONField(_("outputs"), null=True, blank=True)
    price_input = models.DecimalField(
        _("price of input"), max_digits=14, decimal_places=6, null=True, blank=True
    )
    price_output = models.DecimalField(
        _("price of output"), max_digits=14, decimal_places=6, null=True, blank=True
    )
    tools = models.BooleanField(_("tools"), null=True, blank=True)
    reasoning = models.BooleanField(_("reasoning"), null=True, blank=True)
    retires_at = models.DateField(_("retires on"), null=True, blank=True)
    # the id that the provider names in its place
    replacement = models.CharField(
        _("replacement"), max_length=MODEL_LENGTH, blank=True, default=""
    )
    released_on = models.DateField(_("released on"), null=True, blank=True)
    filled: models.JSONField[Any, Any] = models.JSONField(
        _("filled in by models.dev"), default=list, blank=True
    )
    first_seen_at = models.DateTimeField(_("first seen at"))
    # the refresh that missed it first
    gone_at = models.DateTimeField(_("gone since"), null=True, blank=True)

    objects: ClassVar[Any] = CatalogEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("catalog entry")
        verbose_name_plural = _("catalog entries")
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

    def __str__(self) -> str:
        return self.model_id


class HeldCatalog(models.Model):
    """A fetched list that would take away more than half of the stored one: kept beside that until
    a person says which of the two is right."""

    provider = models.OneToOneField(
        "providers.Provider", on_delete=models.CASCADE, related_name="held", primary_key=True
    )
    catalog: models.JSONField[Any, Any] = models.JSONField()  # as catalog/store.py writes it
    fetched_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        verbose_name = _("held model list")
        verbose_name_plural = _("held model lists")

    def __str__(self) -> str:
        return f"held list of {self.provider_id}"

    @property
    def mark(self) -> str:
        """Tells this list from another one; the same list that came again is the same."""
        return str(self.catalog["digest"]) or self.fetched_at.isoformat()
