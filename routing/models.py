"""Rows: which model does which job of the agent. Models are named by text, so that a refresh of a
catalog never breaks a route."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from facio_site.sealed import SealedRow

AUTO = "auto"


class Slot(models.TextChoices):
    """The agent's jobs. All but the first are overrides that stay empty until they are wanted."""

    MAIN = "main", _("Main")
    SUBAGENT = "subagent", _("Sub-agents")
    VISION = "vision", _("Vision")
    IMAGE = "image", _("Image generation")
    VIDEO = "video", _("Video generation")


MEDIA = (Slot.IMAGE, Slot.VIDEO)


class RouteQuerySet(models.QuerySet["Route"]):
    def all_slots(self) -> list[Route]:
        """One route for each slot, in order; unsaved empty ones for those nobody has set."""
        rows = {row.slot: row for row in self}
        return [rows.get(slot.value) or Route(slot=slot.value) for slot in Slot]


class Route(models.Model):
    """Model and provider of one slot. `provider` is "auto", a kind, or for media a free name."""

    slot = models.CharField(max_length=10, primary_key=True, choices=Slot.choices)
    model = models.CharField(max_length=300, blank=True, default="")  # "" = not set
    provider = models.CharField(max_length=60, default=AUTO)
    version = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[Any] = RouteQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["slot"]

    def __str__(self) -> str:
        return str(Slot(self.slot).label)

    @property
    def is_media(self) -> bool:
        return self.slot in MEDIA

    @property
    def is_set(self) -> bool:
        return bool(self.model) or self.provider != AUTO


class BaseDocument(SealedRow):
    """The imported config.json, sealed as a whole: what is not ours comes back unchanged."""

    NAME = "document"
    imported_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return "imported config.json"

    @classmethod
    def text(cls) -> str | None:
        """The imported text; None when nothing was imported. Raises sealing.KeyMissing,
        sealing.Unreadable."""
        row = cls.objects.first()
        return row.unseal(cls.NAME) if row else None
