"""Route: which model does which job of the agent. Models are named by text, so that a refresh of a
catalog never breaks a route."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from facio_site.audit import Change
from providers.spec.limits import MODEL_LENGTH
from routing.rules.explain import AUTO


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
    """Model and provider of one slot. `provider` is "auto", a provider's name, or for media a free
    one; an imported "" names nobody."""

    slot = models.CharField(_("route"), max_length=10, primary_key=True, choices=Slot)
    model = models.CharField(
        _("model"), max_length=MODEL_LENGTH, blank=True, default=""
    )  # "" = not set
    provider = models.CharField(_("provider"), max_length=60, default=AUTO)
    version = models.PositiveIntegerField(_("version"), default=0)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)
    loaded: tuple[str, str] = ("", AUTO)  # model and provider as they were read

    objects: ClassVar[Any] = RouteQuerySet.as_manager()

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        ordering: ClassVar[list[str]] = ["slot"]

    def __str__(self) -> str:
        return str(Slot(self.slot).label)

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any) -> Route:
        """Remembers what was read, to tell what changed. What was not read stays unread."""
        row = super().from_db(db, field_names, values)
        row.loaded = row.__dict__.get("model", ""), row.__dict__.get("provider", AUTO)
        return row

    def changes(self) -> list[Change]:
        """What differs from what was stored when this was read."""
        names = zip(("model", "provider"), self.loaded, (self.model, self.provider), strict=True)
        return [(f"{self.slot}.{name}", old, new) for name, old, new in names if old != new]

    def store(self) -> bool:
        """Save as a new version; False, and nothing is written, when somebody else was faster."""
        before, self.version = self.version, self.version + 1
        try:
            with transaction.atomic():
                if self._state.adding:
                    self.save(force_insert=True)
                    return True
                rows = Route.objects.select_for_update().filter(slot=self.slot)
                if rows.values_list("version", flat=True).first() != before:
                    return False
                self.save(force_update=True)
        except IntegrityError:  # somebody else was the first to set it
            return False
        return True

    @property
    def is_media(self) -> bool:
        return self.slot in MEDIA

    @property
    def is_set(self) -> bool:
        return bool(self.model) or self.provider not in ("", AUTO)
