"""What is told by itself, to whom, and whether it arrived. No secret, no key's tail and nothing of
a provider's own text stands in an alert."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from facio_site import clock
from facio_site.sealing.rows import SealedRow
from providers.spec.outcomes import Outcome
from routing.models.watching import ABOUT_LENGTH

CHANNEL_NAME_LENGTH = 60
FAULT_LENGTH = 80  # an outcome and its detail
OUTCOME_LENGTH = 30


class Alert(models.Model):
    """One change of state. `mark` tells it from every other one: it is made once, whoever sees the
    change."""

    class Kind(models.TextChoices):
        FAILS = "fails", _("Fails")
        WORKS_AGAIN = "works_again", _("Works again")
        STILL_FAILS = "still_fails", _("Still fails")  # the daily reminder
        MONEY_LOW = "money_low", _("Money is low")
        KEY_EXPIRES = "key_expires", _("Key expires")
        MODEL_RETIRES = "model_retires", _("Model retires")
        MODEL_LOST = "model_lost", _("Model is gone")
        FILE_DRIFTED = "file_drifted", _("config.json was changed")
        PART_GONE = "part_gone", _("Part of the system is gone")
        PART_BACK = "part_back", _("Part of the system is back")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    about = models.CharField(_("about"), max_length=ABOUT_LENGTH)
    # Words of closed sets, names, dates and numbers: routing/watch/alerts/message.py knows which
    params: models.JSONField[Any, Any] = models.JSONField(default=dict)
    mark = models.CharField(max_length=200, unique=True)
    at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["-at"], name="alert_newest")]
        ordering: ClassVar[list[str]] = ["-at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"


class Channel(SealedRow):
    """Where alerts go. `kind` names its file in watch/alerts/channels; what is secret of its
    fields stands sealed by the field's name, bound to the rest of its address."""

    name = models.CharField(_("name"), max_length=CHANNEL_NAME_LENGTH, unique=True)
    kind = models.CharField(_("kind"), max_length=20)
    values: models.JSONField[Any, Any] = models.JSONField(default=dict)
    language = models.CharField(_("language"), max_length=10, default="en")
    is_on = models.BooleanField(_("alerts are sent"), default=True)
    created_at = models.DateTimeField(default=clock.now)
    # The last message that was taken, and the last that was not since then: an outcome, with a
    # colon and its detail where it has one; "" = none, or noted. `fault_at` stays until one is
    # taken; the same as `sent_at` = taken, but not for everybody
    sent_at = models.DateTimeField(_("last sent"), null=True)
    fault = models.CharField(max_length=FAULT_LENGTH, blank=True, default="")
    fault_at = models.DateTimeField(null=True)
    # Of "Send a test": {"state", "id", "outcome", "http_status", "rungs", "at"}; {} = never
    trial: models.JSONField[Any, Any] = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    def forget(self, names: Sequence[str]) -> None:
        """Its form asks for them again."""
        self.sealed = {name: item for name, item in self.sealed.items() if name not in names}
        self.save(update_fields=["sealed"])


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def lost(self) -> DeliveryQuerySet:
        """Given up, and nobody has noted it yet."""
        found = self.filter(status=Delivery.Status.LOST, first_tried_at__isnull=False)
        return found.exclude(outcome=Outcome.CANCELLED)

    def note(self) -> None:
        """What was lost until now is neither counted nor sent later."""
        self.lost().update(first_tried_at=None)

    def unsent(self) -> DeliveryQuerySet:
        """What did not arrive: tried in vain so far, or given up at a channel that has taken none
        since, at least where it leads now."""
        tried = Q(status=Delivery.Status.WAITING, attempts__gt=0)
        lost = self.lost().exclude(channel__fault="", channel__sent_at__isnull=False)
        given_up = Q(pk__in=lost.values("pk"))
        return self.filter(tried | given_up, channel__is_on=True)


class Delivery(models.Model):
    """One alert on its way to one channel."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        LOST = "lost", _("Not sent")  # after an hour of tries

    PENDING = (Status.WAITING, Status.SENDING)

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # None = not tried yet; of one that is lost, that somebody has noted it
    first_tried_at = models.DateTimeField(null=True)
    # When it is tried next; of one that is being sent, when its sender counts as dead
    next_at = models.DateTimeField(default=clock.now)
    # Of the last try, as a channel's `fault`: as much of it as there is room for
    outcome = models.CharField(max_length=OUTCOME_LENGTH, blank=True, default="")
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = DeliveryQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["alert", "channel"], name="one_delivery")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_at"],
                condition=models.Q(status__in=["waiting", "sending"]),
                name="delivery_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.alert} to {self.channel}"


class AlertVisit(models.Model):
    """Until when one person has seen the alerts."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id}"
