"""The names of subjects, and what is kept by them when a provider goes or is called otherwise."""

from __future__ import annotations

import uuid
from collections.abc import Container

from django.db import transaction
from django.db.models import Q, QuerySet

from routing.models.alerts import Alert
from routing.models.health import Outage, Span, Standing
from routing.models.watching import Watch

PROVIDER, CATALOG, MONEY, ROUTE = "provider", "catalog", "money", "route"  # as in "route:main"
WORKER, BROKER, BEAT = "system:worker", "system:broker", "system:beat"
CONFIG = "config"
CONDITIONS = "system:conditions"  # not a subject: its standing says when conditions were looked at
OF_PROVIDER = (PROVIDER, CATALOG, MONEY)  # sorts that a provider's name follows
_OF_MODELS = (Alert.Kind.MODEL_RETIRES, Alert.Kind.MODEL_LOST)  # it stands in their marks
_KEPT = (Watch, Standing, Outage, Span)


def split(about: str) -> tuple[str, str]:
    """Sort and name of a subject: ("provider", "groq")."""
    sort, _colon, name = about.partition(":")
    return sort, name


@transaction.atomic
def remove_subjects(name: str, renamed: Container[uuid.UUID] = ()) -> None:
    """Nothing is left of a provider but the alerts that were told, which say nothing of the next
    one of this name. `renamed`: alerts that are left as they are, for they will be its own."""
    _free_marks(name, renamed)
    abouts = [f"{sort}:{name}" for sort in OF_PROVIDER]
    for model in _KEPT:
        model.objects.filter(about__in=abouts).delete()


@transaction.atomic
def rename_subjects(old: str, new: str) -> None:
    """All of it goes along, in place of what there may be under the new name."""
    if old == new:
        return
    names = {f"{sort}:{old}": f"{sort}:{new}" for sort in OF_PROVIDER}
    alerts = list(_told_of(old))
    remove_subjects(new, {alert.pk for alert in alerts})
    for about, then in names.items():
        for model in _KEPT:
            model.objects.filter(about=about).update(about=then)
        Standing.objects.filter(cause=about).update(cause=then)
    longest = Alert._meta.get_field("mark").max_length
    for alert in alerts:
        alert.about = names.get(alert.about, alert.about)
        alert.mark = alert.mark.replace(f":{old}:", f":{new}:", 1)[:longest]
    Alert.objects.bulk_update(alerts, ["about", "mark"])


def _told_of(name: str) -> QuerySet[Alert]:
    told = Q(about__in=[f"{sort}:{name}" for sort in OF_PROVIDER])
    for kind in _OF_MODELS:
        told |= Q(mark__startswith=f"{kind}:{name}:")  # SQLite does not tell a from A
    return Alert.objects.filter(told)


def _free_marks(name: str, renamed: Container[uuid.UUID]) -> None:
    others = [
        alert
        for alert in _told_of(name)
        if alert.pk not in renamed and not alert.mark.startswith(alert.pk.hex)
    ]
    longest = Alert._meta.get_field("mark").max_length
    for alert in others:
        alert.mark = f"{alert.pk.hex}:{alert.mark}"[:longest]
    Alert.objects.bulk_update(others, ["mark"])
