"""/health/: how providers and routes did over time, in numbers, as drawings and as CSV."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from facio_site import clock
from facio_site.accounts.roles import viewer_required
from facio_site.pieces import in_pieces
from facio_site.sheets import Cell, csv_lines
from facio_site.templatetags.ui import status_label
from providers.models import Provider
from providers.pages.renamed import follows_renames
from providers.spec.outcomes import NOT_BAD, Outcome
from routing.models import Outage, Slot, Span, Watch
from routing.pages import charts
from routing.pages.rows import RouteRow, provider_rows, route_rows, row_of
from routing.watch import subjects
from routing.watch.health import (
    DAY,
    FRAMES,
    QUARTER,
    UNASKED,
    WEEK,
    Course,
    Frame,
    Tally,
    courses,
    frame_of,
    lasted,
    outages,
    told,
    touching,
)
from routing.watch.subjects import CATALOG, PROVIDER, ROUTE

LISTED = 10  # outages on a page
OF_CELLS = (
    *("sort", "name", "began_at", "size", "tests", "good", "bad", "uptime_percent"),
    *("p50_ms", "p95_ms", "outcomes"),
)
OF_OUTAGES = ("sort", "name", "began_at", "ended_at", "seconds", "outcome", "routes")


@dataclass(frozen=True, slots=True)
class Row:
    """One subject. `status` is the word for its pill now, "" where nothing here can test it, and
    `tested_at` when that was found out; `down_since` is of the outage that lasts."""

    sort: str
    name: str
    label: str
    note: str
    status: str
    tested_at: datetime | None
    course: Course
    strip: charts.Strip
    down_since: datetime | None

    @property
    def about(self) -> str:
        return f"{self.sort}:{self.name}"


@dataclass(frozen=True, slots=True)
class Past:
    """An outage. `page` names its subject where that has a page here."""

    label: str
    page: tuple[str, str] | None
    outage: Outage
    seconds: float
    hit: Sequence[str]


@dataclass(frozen=True, slots=True)
class Sum:
    """Tests that told the same, and the ends among them."""

    state: str  # of charts
    words: str
    count: int
    ends: str  # in words, the most frequent first


@viewer_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """All of them; a fixed number of queries."""
    now, frame = clock.now(), frame_of(request.GET.get("range", ""))
    found, past = courses(frame, now), outages(frame.first(now), now)
    providers = provider_rows()
    routes = [row for row in route_rows(providers, with_tests=True) if row.is_set]
    of_routes = [_of_route(row, found, past, frame) for row in routes]
    of_providers = [
        _of_row(row, found, past, frame) for row in providers.values() if not row.spec.is_oauth
    ]
    rows = [*of_routes, *of_providers]
    groups = ((ROUTE, _("Routes"), of_routes), (PROVIDER, _("Providers"), of_providers))
    context = {
        **_of_frame(frame),
        "groups": [group for group in groups if group[2]],
        "has_rows": bool(rows),
        "is_told": any(row.course.whole.total for row in rows),
        "keys": [(charts.key(state), words) for state, words in _cells().items()],
        "past": _listed(past[:LISTED], now, {row.about: row.label for row in rows}),
        "more_past": max(len(past) - LISTED, 0),
        "is_watched": bool(past) or Watch.objects.on().exists(),
    }
    return render(request, "routing/health.html", context)


@viewer_required
@require_safe
def health_of(request: HttpRequest, sort: str, name: str) -> HttpResponseBase:
    """One provider, or one route. 404 for what is not set up; an endpoint's old name leads on."""
    if sort == PROVIDER:
        return _of_provider(request, name=name)
    if sort != ROUTE or name not in Slot.values:
        raise Http404
    return _page(request, row_of(name))


@follows_renames
def _of_provider(request: HttpRequest, *, name: str) -> HttpResponse:
    row = Provider.for_name(name)
    if not row.is_configured:
        raise Http404
    return _page(request, row)


def _page(request: HttpRequest, subject: Provider | RouteRow) -> HttpResponse:
    if isinstance(subject, RouteRow):
        about = f"{ROUTE}:{subject.route.slot}"
    else:
        about = f"{PROVIDER}:{subject.name}"
    now, frame = clock.now(), frame_of(request.GET.get("range", ""))
    found, since = courses(frame, now, about), frame.first(now)
    course = found.get(about, UNASKED)
    everywhere = outages(since, now)
    past = touching(everywhere, about)
    row = (
        _of_route(subject, found, everywhere, frame)
        if isinstance(subject, RouteRow)
        else _of_row(subject, found, everywhere, frame)
    )
    labels = {f"{PROVIDER}:{one.name}": one.spec.label for one in provider_rows().values()}
    context = {
        **_of_frame(frame),
        "row": row,
        "link": subjects.link(about),
        "whole": course.whole,
        "sums": _sums(course.whole),
        "bars": charts.bars(course, frame),
        "lines": charts.lines(course, frame),
        "listed": [(at, cell, _sums(cell)) for at, cell in course.listed(frame, now)],
        "is_by_hour": frame == DAY,
        "is_long": frame.cells == QUARTER.cells,
        "is_hours": not frame.step.days,
        "past": _listed(past[:LISTED], now, {**labels, about: row.label}),
        "more_past": max(len(past) - LISTED, 0),
        "down": told(past, about, since, now),
        "is_watched": bool(past) or Watch.objects.on().filter(about=about).exists(),
    }
    return render(request, "routing/health_of.html", context)


@viewer_required
@require_safe
def health_export(request: HttpRequest) -> StreamingHttpResponse:
    """What the page of the same address shows, as rows: cells, or with what=outages the outages.
    `about` narrows it to one subject."""
    now, frame = clock.now(), frame_of(request.GET.get("range", ""))
    about = request.GET.get("about", "")[:200].replace("\0", "")
    of_outages = request.GET.get("what") == "outages"
    since = frame.first(now)
    rows: QuerySet[Any]
    if of_outages:
        rows = Outage.objects.filter(Q(ended_at=None) | Q(ended_at__gt=since), began_at__lte=now)
    else:
        rows = Span.objects.filter(size=frame.size, began_at__range=(since, now))
    rows = rows.filter(about=about) if about else rows
    head, cells = (OF_OUTAGES, _outage_cells) if of_outages else (OF_CELLS, _span_cells)
    lines = csv_lines(head, (cells(row) for row in in_pieces(rows)))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = "outages" if of_outages else "health"
    response["Content-Disposition"] = f'attachment; filename="{name}-{frame.name}.csv"'
    return response


def _span_cells(row: Any) -> Sequence[Cell]:
    tally = Tally(row.good, row.bad, row.outcomes, row.times)
    outcomes = "; ".join(f"{name} {count}" for name, count in sorted(row.outcomes.items()))
    return (
        *subjects.split(row.about),
        row.began_at,
        row.get_size_display(),
        tally.total,
        row.good,
        row.bad,
        tally.percent,
        tally.p50,
        tally.p95,
        outcomes,
    )


def _outage_cells(row: Any) -> Sequence[Cell]:
    seconds = round(lasted(row, row.ended_at)) if row.ended_at else None
    ends = (row.began_at, row.ended_at, seconds, row.outcome)
    return (*subjects.split(row.about), *ends, " ".join(row.hit))


# What both pages show ---------------------------------------------------------------------------


def _of_frame(frame: Frame) -> dict[str, Any]:
    return {
        "range": frame.name,
        "ranges": [(name, _span(FRAMES[name])) for name in FRAMES],
        "span": _span(frame),
        "marks": _marks(frame),
    }


def _span(frame: Frame) -> str:
    if frame == DAY:
        return _("24 hours")
    days = round(frame.step * frame.cells / DAY.step / 24)
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def _marks(frame: Frame) -> list[str]:
    """Words along the time, evenly apart; the last part ends with now."""
    if frame == DAY:
        return [_("%d h ago") % hours for hours in (24, 18, 12, 6)]
    days = range(7, 0, -1) if frame == WEEK else (90, 60, 30)
    return [ngettext("%d day ago", "%d days ago", number) % number for number in days]


def _cells() -> dict[str, str]:
    """What the cells of a strip say, in the order of a legend."""
    return {
        charts.GOOD: _("every test passed"),
        charts.SOME: _("some tests failed"),
        charts.BAD: _("every test failed"),
        charts.OTHER: _("nothing was proved"),
        charts.NONE: _("no test in this time"),
    }


def _of_route(
    row: RouteRow, found: Mapping[str, Course], past: Collection[Outage], frame: Frame
) -> Row:
    """It is down as well where the provider is that serves it now."""
    now = row.tested or ("reference" if row.is_out_of_sight else ""), row.tested_at
    named = (ROUTE, row.route.slot, str(row.slot.label), row.model)
    by = f"{PROVIDER}:{row.provider.name}" if row.provider else ""
    return _row(named, now, found, past, frame, by)


def _of_row(
    row: Provider, found: Mapping[str, Course], past: Collection[Outage], frame: Frame
) -> Row:
    now = row.check_outcome or "never", row.checked_at
    return _row((PROVIDER, row.name, row.spec.label, ""), now, found, past, frame)


def _row(
    named: tuple[str, str, str, str],
    now: tuple[str, datetime | None],
    found: Mapping[str, Course],
    past: Collection[Outage],
    frame: Frame,
    by: str = "",
) -> Row:
    about = ":".join(named[:2])
    course = found.get(about, UNASKED)
    down = [one.began_at for one in past if one.ended_at is None and one.about in (about, by)]
    return Row(*named, *now, course, charts.strip(course, frame), min(down, default=None))


def _listed(past: Sequence[Outage], now: datetime, labels: Mapping[str, str]) -> list[Past]:
    return [
        Past(
            label=_label(one.about, labels),
            page=subjects.split(one.about) if one.about in labels else None,
            outage=one,
            seconds=lasted(one, now),
            hit=[str(Slot(slot).label) for slot in one.hit if slot in Slot.values],
        )
        for one in past
    ]


def _label(about: str, labels: Mapping[str, str]) -> str:
    """Of a provider that is gone, its name."""
    sort, name = subjects.split(about)
    if sort == CATALOG:
        of = labels.get(f"{PROVIDER}:{name}", name)
        return _("Models of %(provider)s") % {"provider": of}
    return labels.get(about) or (name if sort == PROVIDER else subjects.label(about))


def _sums(tally: Tally) -> list[Sum]:
    """What tests told, and by which ends: those that worked, those that failed, the others."""
    of_bad = {name: count for name, count in tally.outcomes.items() if name not in NOT_BAD}
    of_other = {
        name: count
        for name, count in tally.outcomes.items()
        if name in NOT_BAD and name != Outcome.OK
    }
    sums = (
        Sum(charts.GOOD, _("passed"), tally.good, ""),
        Sum(charts.BAD, _("failed"), tally.bad, _ends(of_bad)),
        Sum(charts.OTHER, _("proved neither"), tally.other, _ends(of_other)),
    )
    return [one for one in sums if one.count]


def _ends(outcomes: Mapping[str, int]) -> str:
    """As in: Timed out 12, Provider error 3."""
    found = sorted(outcomes.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{status_label(name)} {count}" for name, count in found)
