"""How it went over time: tests by the hour and by the day, what fails now, and what did."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from routing.models.watching import ABOUT_LENGTH

MOST_TIMES = 96  # milliseconds that one row keeps


class Span(models.Model):
    """What the tests of one subject told within one hour or one day (UTC)."""

    HOUR, DAY = "h", "d"

    about = models.CharField(max_length=ABOUT_LENGTH)  # "provider:NAME" or "route:SLOT"
    size = models.CharField(max_length=1, choices=[(HOUR, "hour"), (DAY, "day")])
    began_at = models.DateTimeField()
    good = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    # {outcome: how often}; those that prove neither are counted here only
    outcomes: models.JSONField[Any, Any] = models.JSONField(default=dict)
    # Milliseconds of good ones, the newest MOST_TIMES
    times: models.JSONField[Any, Any] = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["size", "began_at", "about"], name="one_span")
        ]

    def __str__(self) -> str:
        return f"{self.about} {self.size} {self.began_at:%Y-%m-%d %H}"


class Standing(models.Model):
    """Where one watched subject or condition stands: "provider:NAME", "route:SLOT",
    "catalog:NAME", "money:NAME", "system:worker", "system:broker", "system:beat"; in
    "system:conditions" stands when conditions were looked at last."""

    about = models.CharField(max_length=ABOUT_LENGTH, primary_key=True)
    is_failing = models.BooleanField(default=False)
    failures = models.PositiveIntegerField(default=0)  # in a row
    first_failed_at = models.DateTimeField(null=True)  # the first of them
    since = models.DateTimeField(null=True)  # of `is_failing`; None = nothing was told yet
    outcome = models.CharField(max_length=30, blank=True, default="")  # of the last one
    # Of the failures: itself, or the provider with which a route fell; "" = there is none
    cause = models.CharField(max_length=ABOUT_LENGTH, blank=True, default="")
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["about"], condition=models.Q(is_failing=True), name="standing_failing"
            )
        ]

    def __str__(self) -> str:
        return self.about


class Outage(models.Model):
    """From the first failure of a watched subject to its next success."""

    about = models.CharField(max_length=ABOUT_LENGTH)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # None = it lasts
    outcome = models.CharField(max_length=30)  # the cause, as the first failure told it
    hit: models.JSONField[Any, Any] = models.JSONField(default=list)  # slots that it served then

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["about"], condition=models.Q(ended_at=None), name="one_open_outage"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["about", "-began_at"], name="outage_newest")
        ]
        ordering: ClassVar[list[str]] = ["-began_at"]

    def __str__(self) -> str:
        return f"{self.about} from {self.began_at:%Y-%m-%d %H:%M}"
