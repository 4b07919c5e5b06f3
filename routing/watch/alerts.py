"""Raising an alert: the row, and one delivery for each channel that is on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from routing.models import Alert, Channel, Delivery


def raise_alert(
    kind: Alert.Kind, about: str, mark: str, params: dict[str, Any], at: datetime
) -> Alert | None:
    """Once for each mark, whoever sees the change; None when it was raised before."""
    fields = {"kind": kind, "about": about, "params": params, "at": at}
    alert, is_new = Alert.objects.get_or_create(mark=mark, defaults=fields)
    if not is_new:
        return None
    channels = Channel.objects.filter(is_on=True)
    Delivery.objects.bulk_create(
        Delivery(alert=alert, channel=channel, next_at=at) for channel in channels
    )
    found: Alert = alert
    return found
