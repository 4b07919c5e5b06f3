"""Models to choose from as one types, over all catalogs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from facio_site.accounts.roles import viewer_required
from providers.kinds import KINDS
from providers.models import CatalogEntry, Provider
from providers.spec.limits import MODEL_LENGTH
from routing.models import Slot
from routing.rules.explain import AUTO
from routing.state import specs_by_name

MODELS_OFFERED = 60


@viewer_required
@require_GET
def model_options(request: HttpRequest) -> HttpResponse:
    """Model names for a datalist: search as you type over all catalogs."""
    slot = request.GET.get("slot", Slot.MAIN)
    query = request.GET.get(f"{slot}-model", "")[:MODEL_LENGTH]
    name = request.GET.get(f"{slot}-provider", AUTO)
    entries = CatalogEntry.objects.present().select_related("provider")
    if name in specs_by_name():
        entries = entries.filter(provider__name=name)
    context = {
        "slot": slot if slot in Slot.values else Slot.MAIN,
        "entries": entries.search(query)[:MODELS_OFFERED],
        "static": _static_names(name, query),
    }
    return render(request, "routing/routing.html#options", context)


def _static_names(provider: str, query: str) -> list[str]:
    """Names of kinds that list nothing live (OAuth), and deployments."""
    names = list(KINDS[provider].static_models) if provider in KINDS else []
    if provider in KINDS and KINDS[provider].has_deployments:
        row = Provider.objects.filter(name=provider).first()
        names += row.values.get("deployments", []) if row else []
    return [name for name in names if query.lower() in name.lower()]
