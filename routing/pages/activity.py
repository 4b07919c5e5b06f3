"""/activity/: who changed what, with both values, and as JSON Lines; /activity/tests/."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from facio_site.accounts.models import Role
from facio_site.accounts.roles import can_manage_users, owner_required, viewer_required
from facio_site.audit import CHANGED, SET
from facio_site.audit.models import AuditEntry, AuditQuerySet
from providers.models import Job, Provider, Task
from routing.models import ConfigVersion

FILTERS = ("actor", "action", "target", "since", "until")
OF_TESTS = ("provider", "task", "outcome")
ROWS = 50
READ_BACK = 5_000  # tests; to count all of many years takes longer than to show a page of them
SHOWN = 4  # changes of an entry that are told without a press, where there are many
# Among the tests they stand with their results. Asked for by name they are here as well.
TESTS = (
    *("provider.tested", "provider.cancelled", "catalog.fetched", "catalog.cancelled"),
    "route.tested",
)
SWITCHES = ("is_on", "reminds")  # of the schedule

Told = tuple[str, str, str]  # a field, and both values in words


class Row(NamedTuple):
    entry: AuditEntry
    target: str
    changes: Sequence[Told]
    more: Sequence[Told]
    fields: Sequence[str]  # of which only the names are known
    version: int | None  # of config.json, where it is still kept
    is_before: bool  # whether that is what stood here before


@viewer_required
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    asked = _asked(request, FILTERS)
    entries = AuditEntry.objects.all()
    found = _entries(asked)
    if not asked["action"]:
        found = found.exclude(action__in=TESTS)
    page = Paginator(found, ROWS).get_page(request.GET.get("page", 1))
    context = {
        "place": "changes",
        "page": page,
        "rows": _rows(page),
        "asked": asked,
        "is_filtered": any(asked.values()),
        "actors": entries.actor_names(),
        "actions": entries.action_choices(),
        "can_export": can_manage_users(request.user),
    }
    return render(request, "routing/activity.html", context)


@viewer_required
@require_safe
def tests(request: HttpRequest) -> HttpResponse:
    """Tests and fetches with their results, newest first."""
    Job.objects.finish_overdue()
    asked = _asked(request, OF_TESTS)
    known = {"provider": "provider__name", "task": "task", "outcome": "outcome"}
    wanted = {known[name]: value for name, value in asked.items() if value}
    jobs = Job.objects.filter(**wanted).select_related("provider", "requested_by")
    jobs = jobs.defer("params", "rungs", "provider__sealed").order_by("-created_at")
    page = Paginator(jobs[:READ_BACK], ROWS).get_page(request.GET.get("page", 1))
    context = {
        "place": "tests",
        "page": page,
        "read_back": READ_BACK if page.paginator.count == READ_BACK else None,
        "asked": asked,
        "is_filtered": bool(wanted),
        "providers": Provider.objects.configured().defer("sealed"),
        "tasks": Task.choices,
        "outcomes": _outcomes(asked["outcome"]),
    }
    return render(request, "routing/tests.html", context)


def _outcomes(asked: str) -> list[str]:
    """Those among the newest tests, and the one that is asked for."""
    newest = Job.objects.order_by("-created_at").values_list("outcome", flat=True)[:READ_BACK]
    return sorted({*newest, asked} - {""})


@owner_required
@require_safe
def activity_export(request: HttpRequest) -> StreamingHttpResponse:
    """All entries that the filter leaves, newest first; for owners, since it has addresses."""
    asked = _asked(request, FILTERS)
    response = StreamingHttpResponse(
        _entries(asked).json_lines(), content_type="application/x-ndjson; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="activity.jsonl"'
    return response


def _asked(request: HttpRequest, names: Iterable[str]) -> dict[str, str]:
    """The filter's own names and no others. PostgreSQL takes no NUL in a text."""
    return {name: request.GET.get(name, "")[:200].replace("\0", "") for name in names}


def _entries(asked: dict[str, str]) -> AuditQuerySet:
    return AuditEntry.objects.all().filtered(asked)


def _rows(page: Iterable[AuditEntry]) -> list[Row]:
    entries = list(page)
    numbers = {entry.pk: _version(entry) for entry in entries}
    rows = ConfigVersion.objects.filter(number__in=set(numbers.values()) - {None})
    kept = set(rows.values_list("number", flat=True))
    return [_row(entry, numbers[entry.pk], kept) for entry in entries]


def _row(entry: AuditEntry, number: int | None, kept: set[int]) -> Row:
    told = [
        (field, _word(entry, field, before), _word(entry, field, after))
        for field, before, after in entry.changes
    ]
    names = {part for field, _before, _after in told for part in (field, field.partition(".")[0])}
    # what an import changed is told by path, and its fields are providers and routes
    fields = [] if entry.action.startswith("config.") and told else entry.fields
    shown = SHOWN if len(told) > SHOWN + 1 else len(told)
    is_named = number is not None and entry.target == f"version {number}"
    return Row(
        entry,
        _("version %(n)s") % {"n": number} if is_named else entry.target,
        told[:shown],
        told[shown:],
        [name for name in fields if name not in names],
        number if number in kept else None,
        is_before=entry.version is not None and entry.action != "config.written",
    )


def _version(entry: AuditEntry) -> int | None:
    """The version that an entry tells of; older ones have it in their target alone."""
    found = re.fullmatch(r"version (\d{1,9})", entry.target)
    number: int | None = entry.version
    return int(found[1]) if number is None and found else number


def _word(entry: AuditEntry, field: str, text: str) -> str:
    """A value as the page tells it; those of people and vendors stay as they are."""
    if entry.action == "schedule.changed":
        if field in SWITCHES:
            return _("on") if text == "on" else _("off")
        return _("off") if text == "off" else text
    if entry.action == "user.role" and text in Role:
        return str(Role(text).label)
    return {SET: _("set"), CHANGED: _("changed")}.get(text, text)
