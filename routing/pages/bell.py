"""The bell: how many alerts one person has not seen, and until when they have been seen."""

from __future__ import annotations

from datetime import datetime

from django.db.models import DateTimeField, Subquery, Value
from django.db.models.functions import Coalesce

from facio_site.accounts.models import User
from routing.models import Alert, AlertVisit

MOST_COUNTED = 100


def unseen(user: User) -> int:
    """At most MOST_COUNTED; in one query on every page, by the index of the newest."""
    visit = AlertVisit.objects.filter(user=user.pk).values("seen_at")
    joined = Value(user.date_joined, output_field=DateTimeField())
    newer = Alert.objects.filter(at__gt=Coalesce(Subquery(visit), joined)).order_by()
    return newer[:MOST_COUNTED].count()


def seen_until(user: User) -> datetime:
    """Alerts after it are new to this person; before the first visit, those since they joined."""
    found = AlertVisit.objects.filter(user=user.pk).values_list("seen_at", flat=True).first()
    return found or user.date_joined


def see(user: User, until: datetime) -> None:
    """What was raised up to then has been seen; what was seen stays seen."""
    visit, made = AlertVisit.objects.get_or_create(user=user, defaults={"seen_at": until})
    if not made:
        AlertVisit.objects.filter(pk=visit.pk, seen_at__lt=until).update(seen_at=until)
