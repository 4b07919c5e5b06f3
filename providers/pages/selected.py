"""What is pressed on the list of providers: a test of one on its card, or something for those that
are selected."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from facio_site.accounts.roles import SignedIn, editor_required
from facio_site.attention import counters
from facio_site.audit import record
from providers import broker
from providers.models import Provider, Task
from providers.pages.asked import Asked
from providers.pages.providers import render_news, show_board
from providers.pages.removal import chosen
from providers.work import queue

_ACTIONS = {Task.CHECK: "provider.tested", Task.FETCH: "catalog.fetched"}


@editor_required
@require_POST
def selected(request: SignedIn) -> HttpResponse:
    """`test` names one provider; else `do` says what is done with each `name`."""
    if "test" in request.POST:
        return _test_one(request, request.POST["test"])
    rows, do = chosen(request.POST.getlist("name")), request.POST.get("do", "")
    if not rows:
        messages.warning(request, _("Select a provider first."))
        return _back(request)
    if do == "remove":
        names = [("name", row.name) for row in rows]
        query = urlencode([*names, *Asked.read(request.POST).fields.items()])
        return redirect(f"{reverse('providers:remove-some')}?{query}")
    task = Task.FETCH if do == "fetch" else Task.CHECK
    if not start_round(request, [row for row in rows if not row.spec.is_oauth], task):
        return _back(request)
    if task == Task.FETCH:
        return redirect("providers:catalog")
    return show_board(request, request.POST) if request.htmx else _back(request)


def start_round(request: HttpRequest, rows: Sequence[Provider], task: Task) -> bool:
    """As one round. False, and told: nothing was started."""
    if not rows:
        messages.warning(request, _("The agent signs in there itself: nothing here can ask it."))
        return False
    try:
        with transaction.atomic():
            queue.start_all(rows, task, user=request.user)
            for row in rows:
                record(_ACTIONS[task], actor=request.user, target=row.name, request=request)
    except queue.TooMany:
        _tell_too_many(request)
        return False
    return True


def _test_one(request: SignedIn, name: str) -> HttpResponse:
    """Its card comes anew, with the result where that comes at once."""
    row = get_object_or_404(Provider.objects.configured(), name=name.replace("\0", ""))
    if row.spec.is_oauth:
        return _back(request)
    changes = broker.changes()
    try:
        with transaction.atomic():
            job = queue.start(row, Task.CHECK, user=request.user)
            record("provider.tested", actor=request.user, target=row.name, request=request)
    except queue.TooMany:
        _tell_too_many(request)
        return _back(request)
    part = "row" if Asked.read(request.POST).view else "card"
    if not request.htmx:
        return _back(request, f"#{part}-{row.name}")
    seen = queue.wait_for_end(job, changes)
    response = HttpResponse(render_news(request, {row.name}, part))
    if seen is not None and seen.is_pending:
        response["HX-Trigger-After-Settle"] = "started"
    else:
        response.write(counters(request))
    return response


def _tell_too_many(request: HttpRequest) -> None:
    messages.warning(request, _("Too many tests at once. Wait a minute, then try again."))


def _back(request: HttpRequest, place: str = "") -> HttpResponse:
    return redirect(f"{reverse('providers:list')}{Asked.read(request.POST).query}{place}")
