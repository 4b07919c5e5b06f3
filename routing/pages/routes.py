"""The overview, and the routes: read, saved, fixed, tried."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from facio_site.accounts.roles import SignedIn, can_edit, editor_required, viewer_required
from facio_site.attention import tell
from facio_site.web.typed import keeps_typed
from providers import broker
from providers.models import Job
from providers.pages.day import SHOWN as DAYS_SHOWN
from providers.pages.day import last_day
from providers.spec.kind import Specs
from providers.spec.outcomes import Outcome
from routing.agents.writing import Drift, drift
from routing.forms import Clash, PageRouteForm, asked_use
from routing.models import Route, Slot, Watch
from routing.pages.attention import attention, counted, of_parts
from routing.pages.findings import apply_fix, findings_of
from routing.pages.matrix import matrix
from routing.pages.overview import guide, handed_over, last_changes
from routing.pages.rows import RouteRow, provider_rows, route_rows, row_of
from routing.pages.saving import save_forms, save_routes
from routing.pages.trying import (
    drilled,
    first_name,
    provider_names,
    recipe_told,
    what_if,
)
from routing.pages.watched import Line, lines_of
from routing.rules.recipes import RECIPES, recipe
from routing.state import agent_view, specs_by_name


@viewer_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    rows = provider_rows()
    routes = route_rows(rows, with_tests=True)
    told, drifted = broker.ask(), drift()
    found = [*of_parts(told), *attention(rows.values(), routes, drifted)]
    tell(request, counted(found))
    days = last_day(rows.values())
    working = sum(row.is_working for row in rows.values())
    by_agent = sum(r.spec.is_oauth or r.check_outcome == Outcome.REFERENCE for r in rows.values())
    untested = sum(r.check_outcome in ("", Outcome.REFERENCE) for r in rows.values())
    context = {
        "routes": routes,
        "steps": guide(rows.values(), routes),
        "concerns": found,
        "changes": last_changes(),
        "handed_over": handed_over() if drifted.drift == Drift.UNSET else None,
        "days": days[:DAYS_SHOWN],
        "more_days": len(days) - DAYS_SHOWN,
        "configured": len(rows),
        "working": working,
        "untested": untested,  # as the list of providers files them
        "by_agent": by_agent,  # of those: a sign-in, or ${NAME}
        "models": sum(row.catalog_count for row in rows.values()),
        "broker": told.workers is not None,
        "workers": told.workers or 0,
        "drift": drifted,
        "is_watching": Watch.objects.watched().exists(),
        "is_chosen": Watch.objects.on().exists,
    }
    return render(request, "routing/overview.html", context)


def _plain_fields(_request: HttpRequest) -> dict[str, str]:
    words = (("model", _("Model")), ("provider", _("Provider")))
    return {
        f"{slot.value}-{name}": f"{slot.label}, {word}" for slot in Slot for name, word in words
    }


@keeps_typed(_plain_fields)
@viewer_required
def routing(request: SignedIn) -> HttpResponse:
    """All five routes in one form; saving explains them anew. By htmx, one answer to a question."""
    if request.htmx and request.htmx.target in _ANSWERS:
        return _answer(request, request.htmx.target)
    Job.objects.finish_overdue()
    rows = provider_rows()
    specs = specs_by_name(rows.values())
    forms = _forms(request, specs)
    status, overtaken = HTTPStatus.OK, list[Clash]()
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if not can_edit(request.user):
            raise PermissionDenied
        valid = [form.is_valid() for form in forms]  # each one, so that each tells its errors
        if all(valid):
            met = [(form, stored) for form in forms if (stored := form.meets_other())]
            overtaken = [row for form, stored in met for row in form.side_by_side(stored)]
            changed = None if met else save_forms(request, forms)
            if changed:
                messages.success(request, _("Routes saved."))
            if changed is not None:
                return redirect("routing:routing")
            status = HTTPStatus.CONFLICT
    view = agent_view(rows.values())
    shown = route_rows(rows, with_tests=True, view=view)
    context = {
        "routes": list(zip(matrix(shown), forms, map(findings_of, shown), strict=True)),
        "unsaved": sum(form.unsaved for form in forms),
        "names": provider_names(specs, view),
        "in_file": [one for one in provider_names(specs, view) if one[0] in view.names],
        "recipes": RECIPES,
        "can_test": any(row.can_test for row in shown),
        "pending": next((f"route-{row.route.slot}" for row in shown if row.is_tested), ""),
        "use": asked_use(request.GET, specs),
        "is_overtaken": status == HTTPStatus.CONFLICT,
        "overtaken": overtaken,
        "watched": _watched(shown),
        **what_if(request, view),
        **drilled(request, shown, view),
        **recipe_told(request, rows),
    }
    return render(request, "routing/routing.html", context, status=status)


_ANSWERS = {"tried": "routing/_what_if.html#tried", "gone": "routing/_drill.html#gone"}


def _watched(rows: list[RouteRow]) -> list[Line]:
    """Of the routes that are checked by themselves; of none, one that could be."""
    asked = [row for row in rows if row.is_set and row.can_test and not row.route.is_media]
    lines = lines_of(f"route:{row.route.slot}" for row in asked)
    return [line for line in lines if line.words] or lines[:1]


def _answer(request: HttpRequest, wanted: str) -> HttpResponse:
    """What if, or the drill, alone: nothing else on the page is touched."""
    rows = provider_rows()
    view = agent_view(rows.values())
    if wanted == "tried":
        context = what_if(request, view)
    else:
        context = drilled(request, route_rows(rows, view=view), view)
    return render(request, _ANSWERS[wanted], context)


def _forms(request: HttpRequest, specs: Specs) -> list[PageRouteForm]:
    data = request.POST if request.method == "POST" else None
    asked = request.GET if can_edit(request.user) else QueryDict()
    chosen, use = recipe(asked.get("recipe", "")), asked_use(asked, specs)
    forms = []
    for route in Route.objects.all_slots():
        initial = use.initial if use and route.slot == use.slot else None
        if chosen and route.slot == Slot.MAIN:
            initial = {"model": chosen.model or first_name(chosen.kind)}
            initial["provider"] = chosen.provider
        form = PageRouteForm(
            data,
            instance=route,
            prefix=route.slot,
            initial=initial,
            specs=specs,
            is_open=can_edit(request.user),
        )
        forms.append(form)
    return forms


@editor_required
@require_POST
def pin(request: HttpRequest, slot: str) -> HttpResponse:
    """Turn auto into the provider that it resolves to now."""
    row = row_of(slot)
    if row.served and row.can_pin and _is_as_seen(request, row):
        row.route.provider = row.served.name
        if save_routes(request, [row.route]):
            values = {"slot": row.slot.label, "provider": row.served.label}
            messages.success(request, _("%(slot)s is pinned to %(provider)s.") % values)
            return redirect("routing:routing")
    return _overtaken(request)


@editor_required
@require_POST
def fix(request: HttpRequest, slot: str) -> HttpResponse:
    """One click on the fix of a finding, if it is still on offer."""
    if not _is_as_seen(request, row_of(slot)):
        return _overtaken(request)
    with transaction.atomic():
        wanted, value = request.POST.get("fix", ""), request.POST.get("value", "")
        is_done = apply_fix(request, route_rows(with_tests=True), slot, wanted, value)
    if not is_done:
        return _overtaken(request)
    messages.success(request, _("Done."))
    return redirect("routing:routing")


def _is_as_seen(request: HttpRequest, row: RouteRow) -> bool:
    """Whether the route still has the version of the page that the click comes from."""
    return request.POST.get("version", str(row.route.version)) == str(row.route.version)


def _overtaken(request: HttpRequest) -> HttpResponse:
    messages.warning(request, _("This changed in the meantime. Check it and try again."))
    return redirect("routing:routing")
