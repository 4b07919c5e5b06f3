"""The activity page: who changed what, narrowed by a filter; the same as JSON Lines."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from facio_site.accounts.roles import can_manage_users, owner_required, viewer_required
from facio_site.audit.models import AuditEntry, AuditQuerySet
from providers.models import Job

FILTERS = ("actor", "action", "target", "since", "until")
ROWS = 50


@viewer_required
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    Job.objects.finish_overdue()
    asked = _asked(request)
    entries = AuditEntry.objects.all()
    is_filtered = any(asked.values())
    rows = Job.objects.select_related("provider").defer("params", "rungs", "provider__sealed")
    jobs = rows.order_by("-created_at")[:ROWS]
    context = {
        "page": Paginator(_entries(asked), ROWS).get_page(request.GET.get("page", 1)),
        "asked": asked,
        "is_filtered": is_filtered,
        "actors": entries.actor_names(),
        "actions": entries.action_choices(),
        "jobs": [] if is_filtered else jobs,
        "can_export": can_manage_users(request.user),
    }
    return render(request, "routing/activity.html", context)


@owner_required
@require_safe
def activity_export(request: HttpRequest) -> StreamingHttpResponse:
    """All entries that the filter leaves, newest first; for owners, since it has addresses."""
    asked = _asked(request)
    response = StreamingHttpResponse(
        _entries(asked).json_lines(), content_type="application/x-ndjson; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="activity.jsonl"'
    return response


def _asked(request: HttpRequest) -> dict[str, str]:
    """The filter's own names and no others. PostgreSQL takes no NUL in a text."""
    return {name: request.GET.get(name, "")[:200].replace("\0", "") for name in FILTERS}


def _entries(asked: dict[str, str]) -> AuditQuerySet:
    return AuditEntry.objects.all().filtered(asked)
