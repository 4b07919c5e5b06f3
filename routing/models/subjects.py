"""The names of subjects, and what is kept by them when a provider goes or is called otherwise."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import Q

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
def remove_subjects(name: str) -> None:
    """Nothing is left of a provider but the alerts that were told."""
    abouts = [f"{sort}:{name}" for sort in OF_PROVIDER]
    for model in _KEPT:
        model.objects.filter(about__in=abouts).delete()


@transaction.atomic
def rename_subjects(old: str, new: str) -> None:
    """All of it goes along, in place of what there may be under the new name."""
    if old == new:
        return
    remove_subjects(new)
    names = {f"{sort}:{old}": f"{sort}:{new}" for sort in OF_PROVIDER}
    for about, then in names.items():
        for model in _KEPT:
            model.objects.filter(about=about).update(about=then)
        Standing.objects.filter(cause=about).update(cause=then)
    told = Q(about__in=names)
    for kind in _OF_MODELS:
        told |= Q(mark__startswith=f"{kind}:{old}:")
    alerts = list(Alert.objects.filter(told))
    longest = Alert._meta.get_field("mark").max_length
    _free_marks(new, {alert.pk for alert in alerts})
    for alert in alerts:
        alert.about = names.get(alert.about, alert.about)
        alert.mark = alert.mark.replace(f":{old}:", f":{new}:", 1)[:longest]
    Alert.objects.bulk_update(alerts, ["about", "mark"])


def _free_marks(name: str, kept: set[uuid.UUID]) -> None:
    """What was told of a removed provider of this name says nothing of the one that has it now."""
    told = Q(about__in=[f"{sort}:{name}" for sort in OF_PROVIDER])
    for kind in _OF_MODELS:
        told |= Q(mark__startswith=f"{kind}:{name}:")  # SQLite does not tell a from A
    others = [alert for alert in Alert.objects.filter(told) if alert.pk not in kept]
    longest = Alert._meta.get_field("mark").max_length
    for alert in others:
        alert.mark = f"{alert.pk.hex}:{alert.mark}"[:longest]
    Alert.objects.bulk_update(others, ["mark"])
