"""The models that the routes use, as entries of the catalogs."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string

from providers.models import CatalogEntry

Uses = dict[int, str]  # primary key of an entry -> "Main, Vision"


def uses() -> Uses:
    """Of the document that would be exported; what no catalog lists is left out."""
    labels: dict[tuple[str, str], list[str]] = {}
    for label, name, model in import_string(settings.USED_BY)():
        labels.setdefault((name, model), []).append(label)
    wanted = Q(pk__in=[])
    for name, model in labels:
        wanted |= Q(provider__name=name, model_id=model)
    rows = CatalogEntry.objects.present().filter(wanted)
    listed = rows.order_by("pk").values_list("pk", "provider__name", "model_id")
    return {pk: ", ".join(labels[name, model]) for pk, name, model in listed}
