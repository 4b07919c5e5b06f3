"""/schedule/: what is checked by itself, how often, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from facio_site import clock
from facio_site.accounts.roles import SignedIn, can_edit, editor_required, viewer_required
from facio_site.web.typed import keeps_typed
from routing.models import PassedOver, Watch, WatchSettings
from routing.pages.scheduling import (
    OF_ALL,
    Group,
    ScheduleForm,
    Subject,
    groups,
    save,
    stored_texts,
    zones,
)
from routing.pages.watched import Next, cost_words, forecast, next_check, told_outcome
from routing.watch.costs import estimates
from routing.watch.schedule import quiet_until, zone_named


@dataclass(frozen=True, slots=True)
class Row:
    """A subject with its choice and what is known of its schedule."""

    subject: Subject
    field: Any  # None where it can't be checked by itself
    cost: str
    watch: Watch | None  # None = it is off
    due: Next | None = None
    outcome: str = ""  # a word for a pill; "" = none yet
    passed_over: str = ""


def _plain_fields(_request: HttpRequest) -> dict[str, str]:
    form = ScheduleForm(None, groups(), stored_texts(WatchSettings(), {}, groups()))
    return {name: str(one.label) for name, one in form.fields.items() if name != "was"}


@keeps_typed(_plain_fields, boxes=("is_on", "reminds"))
@viewer_required
@require_http_methods(["GET", "HEAD", "POST"])
def schedule(request: SignedIn) -> HttpResponse:
    """One form for all of it; saving says what is going to happen."""
    if request.method != "POST":
        return _page(request, *_read())
    if not can_edit(request.user):
        raise PermissionDenied
    with transaction.atomic():
        WatchSettings.objects.get_or_create(pk=WatchSettings.ONLY)
        settings = WatchSettings.objects.select_for_update().get(pk=WatchSettings.ONLY)
        shown, _settings, rows = _read()
        form = ScheduleForm(request.POST, shown, stored_texts(settings, rows, shown))
        is_saved = form.is_valid() and not form.clashes
        if is_saved:
            save(request, form, settings, rows, clock.now())
    if not is_saved:
        return _page(request, shown, settings, rows, form)
    _shown, settings, rows = _read()
    told = forecast(_rates(shown, rows), estimates(), settings)
    messages.success(request, _("Schedule saved. %(forecast)s") % {"forecast": told})
    return redirect("routing:schedule")


@editor_required
@require_POST
def costs(request: SignedIn) -> HttpResponse:
    """What the choices as they stand in the form would come to; nothing is saved."""
    shown, settings, rows = _read()
    form = ScheduleForm(request.POST, shown, stored_texts(settings, rows, shown))
    form.is_valid()
    for name in OF_ALL:
        setattr(settings, name, form.cleaned_data.get(name, getattr(settings, name)))
    rates, found = form.rates(), estimates()
    names = (about for group in shown for about in group.open)
    paid = [name for name in names if name in found and not found[name].is_free]
    context = {
        "forecast": forecast(rates, found, settings),
        "is_ahead": bool(form.changed or form.errors or form.clashes),
        "costs": [(name, cost_words(found[name], rates.get(name, 0))) for name in paid],
    }
    return render(request, "routing/_forecast.html", context)


@viewer_required
@require_safe
def zone_names(request: HttpRequest) -> HttpResponse:
    """For the list of the field, once somebody is there: they are as many bytes as the page."""
    return render(request, "routing/_zones.html", {"zones": zones()})


def _read() -> tuple[list[Group], WatchSettings, dict[str, Watch]]:
    rows = Watch.objects.select_related("job").in_bulk()
    return groups(), WatchSettings.read(), rows


def _rates(shown: list[Group], rows: dict[str, Watch]) -> dict[str, int]:
    """Minutes between two checks, of all that are on and can be checked."""
    names = (about for group in shown for about in group.open)
    return {about: rows[about].every for about in names if about in rows and rows[about].every}


def _quiet_until(settings: WatchSettings, now: datetime) -> str:
    """The wall time, where it is quiet now."""
    end = quiet_until(settings, now)
    return f"{end.astimezone(zone_named(settings.zone)):%H:%M} ({settings.zone})" if end else ""


def _page(
    request: SignedIn,
    shown: list[Group],
    settings: WatchSettings,
    rows: dict[str, Watch],
    form: ScheduleForm | None = None,
) -> HttpResponse:
    status = HTTPStatus.OK
    if form is not None:
        status = HTTPStatus.CONFLICT if form.clashes else HTTPStatus.UNPROCESSABLE_ENTITY
    stored = stored_texts(settings, rows, shown)
    form = form or ScheduleForm(None, shown, stored, is_open=can_edit(request.user))
    costs, now = estimates(), clock.about_now()

    def row(one: Subject) -> Row:
        if one.why_not:
            return Row(one, None, "", None)
        watch = rows.get(one.about)
        if watch is None or not watch.every:
            return Row(one, form[one.about], cost_words(costs.get(one.about), 0), None)
        return Row(
            one,
            form[one.about],
            cost_words(costs.get(one.about), watch.every),
            watch,
            next_check(watch, settings, now),
            told_outcome(watch.job, one.served) if watch.job else "",
            str(PassedOver(watch.passed_over).label) if watch.passed_over else "",
        )

    context = {
        "form": form,
        "settings_fields": [form[name] for name in OF_ALL],
        "groups": [
            (
                group,
                form[group.key] if group.key in form.fields else None,
                [row(one) for one in group.subjects],
            )
            for group in shown
        ],
        "has_providers": bool(shown[0].subjects),
        "is_on": settings.is_on,
        "quiet_until": _quiet_until(settings, now),
        "forecast": forecast(_rates(shown, rows), costs, settings),
        "unsaved": form.unsaved if form.is_bound else 0,
        "clashes": form.clashes,
    }
    return render(request, "routing/schedule.html", context, status=status)
