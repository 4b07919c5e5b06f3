"""An alert is raised: its row, and one delivery for each channel that is on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from routing.models import Alert, Channel, Delivery

_NEAR = timedelta(hours=1)  # what is further ahead is of a clock that was wrong


def raise_alert(
    kind: Alert.Kind, about: str, mark: str, params: dict[str, Any], at: datetime
) -> Alert | None:
    """The alert, or None when one with this `mark` is there already. Either all rows are made or
    none; may stand in the transaction of what it tells of."""
    with transaction.atomic():
        alert, is_new = Alert.objects.get_or_create(
            mark=mark,
            defaults={
                "kind": kind,
                "about": about,
                "params": params,
                "at": lambda: _after_others(at),
            },
        )
        if not is_new:
            return None
        Delivery.objects.bulk_create(
            Delivery(alert=alert, channel=channel, next_at=at)
            for channel in Channel.objects.filter(is_on=True).only("pk")
        )
    return alert


def _after_others(at: datetime) -> datetime:
    """That moment, or right after the newest alert that is there: a tick has one moment for all
    that it raises, and who has looked in between has seen only what was there (AlertVisit)."""
    near = Alert.objects.filter(at__range=(at, at + _NEAR)).order_by("-at")
    newest = near.values_list("at", flat=True).first()
    return newest + timedelta(microseconds=1) if newest else at
