"""When what the watch keeps has outlived its time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings

from facio_site import clock
from facio_site.history import Old, of_rows
from routing.models import Alert, Outage, Span, Spent

LONG = timedelta(days=400)  # a year and the month to compare it with
WEEK = 8  # days by the hour that are always there, with the one that is not over
# Days of alerts: their marks say what was told, up to two months ahead
TOLD = 90
# What may last longer: without its mark it would be told once more
LASTING = (Alert.Kind.MODEL_LOST, Alert.Kind.FILE_DRIFTED)


def old() -> Iterator[Old]:
    now, kept = clock.now(), settings.KEEP_JOBS_DAYS
    hours = Span.objects.filter(size=Span.HOUR)
    hours = hours.filter(began_at__lt=now - timedelta(days=max(WEEK, kept)))
    days = Span.objects.filter(size=Span.DAY, began_at__lt=now - LONG)
    yield of_rows("hours of health", hours)
    yield of_rows("days of health", days)
    yield of_rows("ended outages", Outage.objects.filter(ended_at__lt=now - LONG))
    alerts = Alert.objects.filter(at__lt=now - timedelta(days=max(TOLD, kept)))
    alerts = alerts.exclude(kind__in=LASTING, at__gte=now - LONG)
    yield of_rows("alerts", alerts)
    yield of_rows("days of paid calls", Spent.objects.filter(day__lt=(now - LONG).date()))
