"""Overview, routes, config.json and activity."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from facio_site.accounts.roles import can_edit, viewer_required
from facio_site.audit import record
from facio_site.audit.models import AuditEntry
from providers import broker
from providers.jobs import Job
from providers.models import CatalogEntry, Provider
from providers.registry import KINDS
from routing.forms import RouteForm
from routing.models import AUTO, Route, Slot
from routing.rules import explain
from routing.state import configured, decide, is_known_bad
from routing.wording import resolution

MODELS_OFFERED = 60


@viewer_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    rows = {row.kind: row for row in Provider.objects.configured()}
    routes = route_rows(rows)
    working = [row for row in rows.values() if row.is_working]
    failing = [row for row in rows.values() if is_known_bad(row)]
    return render(
        request,
        "routing/overview.html",
        {
            "routes": routes,
            "configured": len(rows),
            "working": len(working),
            "failing": failing,
            "untested": [r for r in rows.values() if not r.check_outcome and not r.spec.is_oauth],
            "models": sum(row.catalog_count for row in rows.values()),
            "main": routes[0],
            "broker": broker.is_up(),
            "worker": _has_worker(),
        },
    )


def _has_worker() -> bool:
    try:
        return bool(broker.workers())
    except ConnectionError:
        return False


def route_rows(rows: dict[str, Provider] | None = None) -> list[dict[str, Any]]:
    """Each slot with its decision in words and the state of the provider it resolves to."""
    if rows is None:
        rows = {row.kind: row for row in Provider.objects.configured()}
    states = configured()
    shown = []
    for route in Route.objects.all_slots():
        decision = decide(route, states)
        kind = decision.provider if decision else None
        shown.append(
            {
                "route": route,
                "slot": Slot(route.slot),
                "decision": decision,
                "words": resolution(route, decision),
                "spec": KINDS.get(kind) if kind else None,
                "provider": rows.get(kind) if kind else None,
            }
        )
    return shown


@viewer_required
def routing(request: HttpRequest) -> HttpResponse:
    """All five routes in one form; saving explains them anew."""
    routes = Route.objects.all_slots()
    data = request.POST if request.method == "POST" else None
    forms = [RouteForm(data, instance=route, prefix=route.slot) for route in routes]
    status = 200
    if data is not None:
        if not can_edit(request.user):
            raise PermissionDenied
        valid = [form.is_valid() for form in forms]  # each one, so that each tells its errors
        if all(valid):
            _save(request, forms)
            return redirect("routing:routing")
        status = 422
        routes = Route.objects.all_slots()
    shown = route_rows()
    for row, form in zip(shown, forms, strict=True):
        row["form"] = form
    query = request.GET.get("model", "").strip()[:300]
    forced = request.GET.get("provider", AUTO)
    tried = explain(query, configured(), forced) if query else None
    context = {"routes": shown, "query": query, "tried": tried, "kinds": KINDS}
    if tried:
        context["tried_words"] = resolution(Route(slot="main", model=query, provider=forced), tried)
    return render(request, "routing/routing.html", context, status=status)


def _save(request: HttpRequest, forms: list[RouteForm]) -> None:
    changed = [form for form in forms if form.has_changed()]
    with transaction.atomic():
        for form in changed:
            route = form.save(commit=False)
            route.version += 1
            route.save()
        if changed:
            record(
                "routes.saved",
                actor=request.user,
                fields=[form.instance.slot for form in changed],
                request=request,
            )
    if changed:
        messages.success(request, _("Routes saved."))


@viewer_required
@require_GET
def model_options(request: HttpRequest) -> HttpResponse:
    """Model names for a datalist: search as you type over all catalogs."""
    slot = request.GET.get("slot", Slot.MAIN)
    query = request.GET.get(f"{slot}-model", "")[:300]
    kind = request.GET.get(f"{slot}-provider", AUTO)
    entries = CatalogEntry.objects.present().select_related("provider")
    if kind in KINDS:
        entries = entries.filter(provider__kind=kind)
    context = {
        "slot": slot if slot in Slot.values else Slot.MAIN,
        "entries": entries.search(query)[:MODELS_OFFERED],
        "static": _static_names(kind, query),
    }
    return render(request, "routing/routing.html#options", context)


def _static_names(kind: str, query: str) -> list[str]:
    """Names of kinds that list nothing live (OAuth), with their deployments for Azure."""
    names = list(KINDS[kind].static_models) if kind in KINDS else []
    if kind == "azure_openai":
        row = Provider.objects.filter(kind=kind).first()
        names += row.values.get("deployments", []) if row else []
    return [name for name in names if query.lower() in name.lower()]


@viewer_required
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    page = Paginator(AuditEntry.objects.order_by("-at", "-pk"), 50).get_page(
        request.GET.get("page", 1)
    )
    recent = Job.objects.select_related("provider").order_by("-created_at")[:50]
    return render(request, "routing/activity.html", {"page": page, "jobs": recent})
