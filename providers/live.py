"""The bounded waiter: one held request a page, only while something is pending.

A pending part carries a hidden input `w` = `part:id:version`. The request comes back with the
parts that differ from that, or after a few seconds with nothing; the page then asks again.
"""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from facio_site.accounts.roles import viewer_required
from providers import broker
from providers.jobs import Job
from providers.views import detail_context, list_context

HOLD_SECONDS = 8.0
_MOST_WATCHED = 64
_PARTS = {"check": "providers/detail.html#check", "catalog": "providers/detail.html#catalog"}
_places = threading.BoundedSemaphore(settings.LIVE_HOLDS)


@dataclass(frozen=True, slots=True)
class Watched:
    part: str  # check, catalog, card
    job: uuid.UUID
    version: int


@viewer_required
@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """Answer the parts that have changed; hold the request while none has."""
    watched = [w for text in request.GET.getlist("w")[:_MOST_WATCHED] if (w := _parse(text))]
    if not watched:
        return HttpResponse(status=204)
    if not _places.acquire(blocking=False):
        return _answer(request, watched, _changed(watched), again="ease")
    try:
        changed = _wait(watched)
    finally:
        _places.release()
    return _answer(request, watched, changed, again="again")


def _parse(text: str) -> Watched | None:
    part, _, rest = text.partition(":")
    job, _, version = rest.partition(":")
    try:
        return Watched(part, uuid.UUID(job), int(version[:9]))
    except ValueError:
        return None


def _wait(watched: list[Watched]) -> list[Job]:
    until = time.monotonic() + HOLD_SECONDS
    with broker.changes() as changes:
        while True:
            Job.objects.finish_overdue()
            changed = _changed(watched)
            left = until - time.monotonic()
            if changed or left <= 0:
                return changed
            connection.close_if_unusable_or_obsolete()
            changes.wait(left)


def _changed(watched: list[Watched]) -> list[Job]:
    """Jobs whose row has moved on, or is gone (then it is left out and the page reloads itself)."""
    known = {w.job: w.version for w in watched}
    rows = Job.objects.filter(pk__in=known).select_related("provider")
    return [row for row in rows if row.version != known[row.pk]]


def _answer(
    request: HttpRequest, watched: list[Watched], changed: list[Job], *, again: str
) -> HttpResponse:
    """Changed parts as out-of-band swaps; a trigger for the next round while some still wait."""
    parts = {w.job: w.part for w in watched}
    html = []
    if any(parts[job.pk] == "card" for job in changed):
        context = {**list_context(), "oob": True, "changed": {job.provider_id for job in changed}}
        html.append(render_to_string("providers/list.html#news", context, request))
    for job in changed:
        template = _PARTS.get(parts[job.pk])
        if template:
            context = {**detail_context(request, job.provider), "oob": True}
            html.append(render_to_string(template, context, request))
    response = HttpResponse("".join(html))
    over = {job.pk for job in changed if not job.is_pending}
    if len(over) < len(watched):
        response["HX-Trigger-After-Settle"] = again
    return response
