"""What the site does by itself: who is asked how often, and what that may cost.

A subject is named by text, as pages name it (`data-about`): "provider:NAME" is a provider's test,
"catalog:NAME" its list of models, "route:SLOT" a call with that route's own model. Rows of a
provider that is removed go with it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from facio_site import clock

ABOUT_LENGTH = 80


class Every(models.IntegerChoices):
    """Minutes between two checks of one subject."""

    OFF = 0, _("Off")
    QUARTER = 15, _("Every 15 minutes")
    HOUR = 60, _("Every hour")
    SIX_HOURS = 360, _("Every 6 hours")
    DAY = 1440, _("Every day")


class PassedOver(models.TextChoices):
    """Why nothing was started when a subject was due."""

    # The provider is removed, or nothing can be called there from here
    GONE = "gone", _("left out: there is nobody to ask")
    # The route is not set, or a call to its model is none that is made here
    NOT_SET = "not_set", _("left out: the route was not set")
    BUDGET = "budget", _("left out: the paid calls of that day were used up")


class WatchQuerySet(models.QuerySet["Watch"]):
    def on(self) -> WatchQuerySet:
        return self.exclude(every=Every.OFF)

    def watched(self) -> WatchQuerySet:
        """None of them while the switch for all is off."""
        is_off = WatchSettings.objects.filter(pk=WatchSettings.ONLY, is_on=False)
        return self.on().exclude(models.Exists(is_off))

    def due(self, now: datetime) -> WatchQuerySet:
        """Those whose time has come, the longest waiting first."""
        return self.on().filter(due_at__lte=now).order_by("due_at", "about")


class Watch(models.Model):
    """The schedule of one subject. A subject without a row is not watched."""

    about = models.CharField(_("about"), max_length=ABOUT_LENGTH, primary_key=True)
    every = models.PositiveIntegerField(_("every"), choices=Every, default=Every.OFF)
    due_at = models.DateTimeField(_("next"), default=clock.now)
    # The last one that this schedule started; None = none yet, or history has removed it.
    job = models.ForeignKey("providers.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    # A word of PassedOver, when it was last due; "" = something was started
    passed_over = models.CharField(max_length=20, blank=True, default="")

    objects: ClassVar[Any] = WatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("schedule of one subject")
        verbose_name_plural = _("schedules")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["due_at"], name="watch_due")]
        ordering: ClassVar[list[str]] = ["about"]

    def __str__(self) -> str:
        return f"{self.about}: {Every(self.every).label}"

    def take(self, next_at: datetime) -> bool:
        """Move the due time on, if it is still as it was read here: of several workers one does
        what is due."""
        rows = Watch.objects.on().filter(pk=self.pk, due_at=self.due_at)
        taken = bool(rows.update(due_at=next_at))
        if taken:
            self.due_at = next_at
        return taken


class WatchSettings(models.Model):
    """What holds for all of them: one row."""

    ONLY = 1

    is_on = models.BooleanField(_("scheduled checks are made"), default=True)
    # Nothing is asked and nothing is sent from one to the other, in `zone`; both None = never.
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")  # its IANA name
    # Calls of a day, by `zone`, that a provider bills; 0 = none is made by the schedule.
    completions_a_day = models.PositiveIntegerField(_("paid calls a day"), default=50)
    reminds = models.BooleanField(_("remind once a day while it lasts"), default=False)

    class Meta:
        verbose_name = verbose_name_plural = _("settings of the schedule")

    def __str__(self) -> str:
        return str(_("settings of the schedule"))

    @classmethod
    def read(cls) -> WatchSettings:
        """As they are; the defaults while nobody has changed them."""
        return cls.objects.filter(pk=cls.ONLY).first() or cls(pk=cls.ONLY)


class Spent(models.Model):
    """Paid calls that the schedule made on one day."""

    day = models.DateField(primary_key=True)
    completions = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day}: {self.completions}"

    @classmethod
    def on(cls, day: date) -> int:
        return cls.objects.filter(day=day).values_list("completions", flat=True).first() or 0

    @classmethod
    def take(cls, day: date, number: int, most: int) -> bool:
        """Count so many calls in, if no more than `most` are then made that day. In the
        transaction that makes the job: both happen or neither does."""
        cls.objects.get_or_create(day=day)
        left = cls.objects.filter(day=day, completions__lte=most - number)
        return bool(left.update(completions=models.F("completions") + number))
