"""Tests of routes: the smallest real call to exactly what each resolves to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from facio_site.accounts.roles import SignedIn, editor_required
from facio_site.audit import record
from providers.models import Job, Provider, Task
from providers.work import queue
from routing.pages.findings import findings_of
from routing.pages.rows import RouteRow, route_rows, row_of

_PARTS = ("routing/_route_state.html", "routing/_route_details.html")


def start_tests(rows: Iterable[RouteRow], *, user: Any = None) -> None:
    """One job for each provider, which asks all models of its routes side by side; no round of the
    providers' page. Raises queue.TooMany over the user's limit."""
    wanted: dict[str, tuple[Provider, dict[str, None]]] = {}
    for row in rows:
        if row.provider and row.can_test:
            _provider, names = wanted.setdefault(row.provider.name, (row.provider, {}))
            names.update(dict.fromkeys(row.tried_names))
    for provider, names in wanted.values():
        queue.start(provider, Task.CHECK, model_names=names, user=user)


@editor_required
@require_POST
def route_test(request: SignedIn, slot: str) -> HttpResponse:
    """Test one route."""
    return _tested(request, [row_of(slot)], slot)


@editor_required
@require_POST
def routes_test(request: SignedIn) -> HttpResponse:
    """Test each route that is set, side by side."""
    return _tested(request, [row for row in route_rows(with_tests=True) if row.can_test], "all")


def _tested(request: SignedIn, rows: Sequence[RouteRow], target: str) -> HttpResponse:
    if not any(row.can_test for row in rows):
        messages.warning(request, _("Nothing to test: no configured provider would serve it."))
        return redirect("routing:routing")
    too_many = False
    try:
        with transaction.atomic():
            start_tests(rows, user=request.user)
            record("route.tested", actor=request.user, target=target, request=request)
    except queue.TooMany:
        too_many = True
    if not request.htmx:
        if too_many:
            text = _("Too many tests at once. Wait a minute, then try again.")
            messages.warning(request, text)
        return redirect("routing:routing")
    slots = [row.route.slot for row in rows]
    fresh = [row for row in route_rows(with_tests=True) if row.route.slot in slots]
    response = HttpResponse("".join(_part(request, row, too_many=too_many) for row in fresh))
    response["HX-Trigger-After-Settle"] = "started"
    return response


def _part(request: HttpRequest, row: RouteRow, **more: Any) -> str:
    """What a test changes of a route's row; what is typed there stays."""
    context = {"row": row, "findings": findings_of(row), "oob": True, **more}
    return "".join(render_to_string(name, context, request) for name in _PARTS)


def render_test(request: HttpRequest, _job: Job, slot: str) -> str:
    """The live part of one route's test."""
    return _part(request, row_of(slot))
