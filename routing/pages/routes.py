"""The overview, and the routes: read, saved, fixed, tried."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from facio_site.accounts.roles import can_edit, editor_required, viewer_required
from facio_site.attention import tell
from facio_site.audit import record
from facio_site.web.typed import keeps_typed
from providers import broker
from providers.kinds import KINDS
from providers.models import CatalogEntry, Job, Provider
from providers.spec.kind import Specs
from providers.spec.limits import MODEL_LENGTH
from routing.agents.writing import drift
from routing.config.agent import AgentView
from routing.forms import PageRouteForm, RouteForm, asked_use
from routing.models import Route, Slot
from routing.pages.attention import attention, counted
from routing.pages.findings import apply_fix, findings
from routing.pages.matrix import matrix
from routing.pages.overview import guide
from routing.pages.rows import RouteRow, asked, provider_rows, route_rows, row_of
from routing.pages.wording import drill_words, ranking, resolution
from routing.rules.drill import drill
from routing.rules.explain import AUTO, explain
from routing.rules.recipes import RECIPES, recipe
from routing.state import agent_view, specs_by_name

MODELS_OFFERED = 60


@viewer_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    rows = provider_rows()
    routes = route_rows(rows, with_tests=True)
    workers, drifted = broker.count_workers(), drift()
    found = attention(rows.values(), routes, drifted)
    tell(request, counted(found))
    context = {
        "routes": routes,
        "steps": guide(rows.values(), routes),
        "concerns": found,
        "configured": len(rows),
        "working": sum(row.is_working for row in rows.values()),
        "untested": sum(not r.check_outcome and not r.spec.is_oauth for r in rows.values()),
        "models": sum(row.catalog_count for row in rows.values()),
        "broker": workers is not None,
        "workers": workers or 0,
        "drift": drifted,
    }
    return render(request, "routing/overview.html", context)


def _plain_fields(_request: HttpRequest) -> dict[str, str]:
    words = (("model", _("Model")), ("provider", _("Provider")))
    return {
        f"{slot.value}-{name}": f"{slot.label}, {word}" for slot in Slot for name, word in words
    }


@keeps_typed(_plain_fields)
@viewer_required
def routing(request: HttpRequest) -> HttpResponse:
    """All five routes in one form; saving explains them anew."""
    Job.objects.finish_overdue()
    rows = provider_rows()
    specs = specs_by_name(rows.values())
    forms = _forms(request, specs)
    status, overtaken = HTTPStatus.OK, []
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if not can_edit(request.user):
            raise PermissionDenied
        valid = [form.is_valid() for form in forms]  # each one, so that each tells its errors
        if all(valid):
            overtaken = [stored for form in forms if (stored := form.meets_other())]
            if not overtaken and _save(request, forms):
                return redirect("routing:routing")
            status = HTTPStatus.CONFLICT
    view = agent_view(rows.values())
    shown = route_rows(rows, with_tests=True, view=view)
    context = {
        "routes": list(zip(shown, forms, strict=True)),
        "names": provider_names(specs, view),
        "in_file": [one for one in provider_names(specs, view) if one[0] in view.names],
        "recipes": RECIPES,
        "can_test": any(row.can_test for row in shown),
        "pending": next((f"route-{row.route.slot}" for row in shown if row.is_tested), ""),
        "findings": findings(shown),
        "matrix": matrix(shown),
        "use": asked_use(request.GET, specs),
        "is_overtaken": status == HTTPStatus.CONFLICT,
        "overtaken": overtaken,
        **_what_if(request, view),
        **_drill(request, shown, view),
        **_recipe(request, rows),
    }
    return render(request, "routing/routing.html", context, status=status)


def _forms(request: HttpRequest, specs: Specs) -> list[PageRouteForm]:
    data = request.POST if request.method == "POST" else None
    asked = request.GET if can_edit(request.user) else QueryDict()
    chosen, use = recipe(asked.get("recipe", "")), asked_use(asked, specs)
    forms = []
    for route in Route.objects.all_slots():
        initial = use.initial if use and route.slot == use.slot else None
        if chosen and route.slot == Slot.MAIN:
            initial = {"model": chosen.model or _first_name(chosen.kind)}
            initial["provider"] = chosen.provider
        form = PageRouteForm(data, instance=route, prefix=route.slot, initial=initial, specs=specs)
        forms.append(form)
    return forms


def provider_names(specs: Specs, view: AgentView) -> list[tuple[str, str]]:
    """Every provider that can be asked about, with its label; then what only the file has."""
    others = sorted(view.names - specs.keys())
    return [
        *((name, spec.label) for name, spec in specs.items()),
        *zip(others, others, strict=True),
    ]


def _first_name(name: str) -> str:
    """A name to start from: the Azure deployment; elsewhere the person chooses."""
    row = Provider.objects.filter(name=name).first()
    names = row.values.get("deployments", []) if row else []
    return str(names[0]) if names else ""


def _recipe(request: HttpRequest, rows: dict[str, Provider]) -> dict[str, Any]:
    chosen = recipe(request.GET.get("recipe", ""))
    if not chosen:
        return {}
    row = rows.get(chosen.kind)
    return {
        "recipe": chosen,
        "recipe_spec": KINDS[chosen.kind],
        "recipe_lacks_provider": row is None,
        "recipe_untested": row is not None and not row.is_working,
        "recipe_lacks_models": row is not None and not row.catalog_count and not chosen.model,
    }


def _what_if(request: HttpRequest, view: AgentView) -> dict[str, Any]:
    query = request.GET.get("model", "").strip()[:MODEL_LENGTH]
    if not query:
        return {}
    forced = request.GET.get("provider", AUTO)
    decision = explain(query, view.providers, forced)
    return {
        "query": query,
        "forced": forced,
        "tried": decision,
        "tried_words": resolution(decision),
        "tried_ranking": ranking(decision),
    }


def _drill(request: HttpRequest, shown: list[RouteRow], view: AgentView) -> dict[str, Any]:
    without = request.GET.get("without", "")
    if without not in KINDS and without not in view.names:
        return {}
    labels = {row.route.slot: row.slot.label for row in shown}
    moved = drill(asked(shown), view.providers, without)
    return {
        "without": without,
        "moved": [(labels[one.slot], one.verdict, drill_words(one)) for one in moved],
    }


def _save(request: HttpRequest, forms: list[PageRouteForm]) -> bool:
    """False, and nothing is saved, when somebody else saved one of them at this very moment."""
    changed = [form for form in forms if _differs(form)]
    with transaction.atomic():
        if not all(form.save(commit=False).store() for form in changed):
            transaction.set_rollback(True)
            return False
        if changed:
            record(
                "routes.saved",
                actor=request.user,
                fields=[form.instance.slot for form in changed],
                changes=[one for form in changed for one in form.instance.changes()],
                request=request,
            )
    if changed:
        messages.success(request, _("Routes saved."))
    return True


def _differs(form: RouteForm) -> bool:
    """Compared with what is stored: a recipe's values are the form's initial ones."""
    stored = Route.objects.filter(slot=form.instance.slot).first() or Route()
    data = form.cleaned_data
    return (stored.model, stored.provider) != (data["model"], data["provider"])


@editor_required
@require_POST
def pin(request: HttpRequest, slot: str) -> HttpResponse:
    """Turn auto into the provider that it resolves to now."""
    row = row_of(slot)
    if row.served and row.can_pin and _is_as_seen(request, row):
        row.route.provider = row.served.name
        with transaction.atomic():
            pinned = row.route.store()
            if pinned:
                record(
                    "routes.saved",
                    actor=request.user,
                    fields=[slot],
                    changes=row.route.changes(),
                    request=request,
                )
        if pinned:
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
