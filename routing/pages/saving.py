"""Routes written by people: the one way in which the table, Use and Undo save them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.http import HttpRequest

from facio_site.audit import record
from routing.forms import RouteForm
from routing.models import Route


def save_forms(request: HttpRequest, forms: Sequence[RouteForm]) -> int | None:
    """How many routes were changed by these valid forms. None, and nothing is saved, when somebody
    else saved one of them at this very moment."""
    return save_routes(request, [form.save(commit=False) for form in forms if _differs(form)])


def save_routes(request: HttpRequest, routes: Sequence[Route]) -> int | None:
    """The same of routes that have their new values."""
    with transaction.atomic():
        for stored, route in enumerate(routes):
            if not route.store():
                transaction.set_rollback(stored > 0)
                return None
        if routes:
            record(
                "routes.saved",
                actor=request.user,
                fields=[route.slot for route in routes],
                changes=[one for route in routes for one in route.changes()],
                request=request,
            )
    return len(routes)


def _differs(form: RouteForm) -> bool:
    """Compared with what is stored: a recipe's values are the form's initial ones."""
    stored = Route.objects.filter(slot=form.instance.slot).first() or Route()
    data = form.cleaned_data
    return (stored.model, stored.provider) != (data["model"], data["provider"])
