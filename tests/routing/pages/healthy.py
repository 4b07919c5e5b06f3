"""What health is told from: spans and outages as they are stored, and how its pages say them."""

import csv
import re
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from django.test import Client
from django.utils import timezone

from providers.models import Provider
from routing.models import Outage, Span


def hour(back: int = 0) -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=back)


def day(back: int = 0) -> datetime:
    return hour().replace(hour=0) - timedelta(days=back)


def span(about: str, at: datetime | None = None, size: str = Span.HOUR, **told: Any) -> Span:
    outcomes = told.pop("outcomes", None) or {"ok": told.get("good", 0)}
    return Span.objects.create(
        about=about, size=size, began_at=at or hour(), outcomes=outcomes, **told
    )


def outage(about: str, minutes: float, *hit: str, ended: float | None = 0) -> Outage:
    """Began so many minutes ago; `ended` likewise, None = it lasts."""
    now = timezone.now()
    return Outage.objects.create(
        about=about,
        outcome="timeout",
        began_at=now - timedelta(minutes=minutes),
        ended_at=None if ended is None else now - timedelta(minutes=ended),
        hit=list(hit),
    )


def own(name: str) -> Provider:
    """An endpoint of one's own, under any name."""
    return Provider.objects.create(name=name, kind="custom", configured_at=timezone.now())


def row(html: str, about: str) -> str:
    """The table row of one subject, as text."""
    found = re.search(rf'<tr data-about="{re.escape(about)}">.*?</tr>', html)
    assert found, about
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def sheet(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/health/export/{query}")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]
    return list(csv.DictReader(StringIO(text, newline="")))
