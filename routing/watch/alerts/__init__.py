"""An alert is raised: its row, and one delivery for each channel that is on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from routing.models import Alert, Channel, Delivery


def raise_alert(
    kind: Alert.Kind, about: str, mark: str, params: dict[str, Any], at: datetime
) -> Alert | None:
    """The alert, or None when one with this `mark` is there already. Either all rows are made or
    none; may stand in the transaction of what it tells of."""
    with transaction.atomic():
        alert, is_new = Alert.objects.get_or_create(
            mark=mark, defaults={"kind": kind, "about": about, "params": params, "at": at}
        )
        if not is_new:
            return None
        Delivery.objects.bulk_create(
            Delivery(alert=alert, channel=channel, next_at=at)
            for channel in Channel.objects.filter(is_on=True).only("pk")
        )
    return alert
