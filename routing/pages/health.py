"""/health/: how providers and routes did over time, in numbers, as drawings and as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
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
from routing.models import Outage, Slot, Watch
from routing.models.subjects import PROVIDER, ROUTE, split
from routing.pages import charts
from routing.pages.rows import RouteRow, provider_rows, route_rows, row_of
from routing.pages.scheduling import why_no_call, why_no_test
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
    spans,
    told,
    touching,
)
from routing.watch.subjects import Served

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
class Plan:
    """What the schedule does for what is looked at, one subject or all of them."""

    is_on: bool = False  # results come by it
    is_by_provider: bool = False  # a route is not asked itself, but the provider that serves it is
    is_off: bool = False  # nothing, and it could
    why_not: str = ""  # one subject can't be checked by itself


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
    found, past = courses(frame, now), list(outages(frame.first(now), now))
    providers = provider_rows()
    routes = [row for row in route_rows(providers, with_tests=True) if row.is_set]
    asked = [row for row in providers.values() if not row.spec.is_oauth]
    groups = [
        (ROUTE, _("Routes"), [_row(one, found, past, frame) for one in routes]),
        (PROVIDER, _("Providers"), [_row(one, found, past, frame) for one in asked]),
    ]
    rows = [row for _sort, _title, group in groups for row in group]
    context = {
        **_of_frame(frame),
        **_of_outages(past, now, providers),
        "plan": _plan_of_all([*asked, *routes]),
        "is_watched": bool(past) or Watch.objects.watched().exists(),
        "groups": [group for group in groups if group[2]],
        "has_rows": bool(rows),
        "is_told": any(row.course.whole.total for row in rows),
        "keys": [(charts.key(state), words) for state, words in _cells().items()],
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
    now, frame = clock.now(), frame_of(request.GET.get("range", ""))
    about = _about(subject)
    found, since = courses(frame, now, about), frame.first(now)
    everywhere = list(outages(since, now))
    row = _row(subject, found, everywhere, frame)
    context = {
        **_of_frame(frame),
        **_of_outages(past := touching(everywhere, about), now, provider_rows()),
        "plan": (plan := _plan_of(subject)),
        "is_watched": bool(past) or plan.is_on or plan.is_by_provider,
        "row": row,
        "link": subjects.link(about),
        "whole": row.course.whole,
        "sums": _sums(row.course.whole),
        "bars": charts.bars(row.course, frame),
        "lines": charts.lines(row.course, frame),
        "listed": [(at, cell, _sums(cell)) for at, cell in row.course.listed(frame, now)],
        "is_by_hour": frame == DAY,
        "is_long": frame == QUARTER,
        "is_hours": not frame.step.days,
        "down": told(everywhere, about, since, now),
    }
    return render(request, "routing/health_of.html", context)


@viewer_required
@require_safe
def health_export(request: HttpRequest) -> StreamingHttpResponse:
    """What the page of the same address shows, as rows: cells, or with what=outages the outages.
    `about` narrows it to one subject."""
    now, frame = clock.now(), frame_of(request.GET.get("range", ""))
    about = request.GET.get("about", "")[:200].replace("\0", "")
    rows: QuerySet[Any]
    head: Sequence[str]
    if request.GET.get("what") == "outages":
        name, head, cells = "outages", OF_OUTAGES, _outage_cells
        rows = outages(frame.first(now), now)
        rows = rows.filter(about=about) if about else rows
    else:
        name, head, cells = "health", OF_CELLS, _span_cells
        rows = spans(frame, now, about)
    lines = csv_lines(head, (cells(row) for row in in_pieces(rows)))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{frame.name}.csv"'
    return response


def _span_cells(row: Any) -> Sequence[Cell]:
    tally = Tally(row.good, row.bad, row.outcomes, row.times)
    outcomes = "; ".join(f"{name} {count}" for name, count in sorted(row.outcomes.items()))
    return (
        *split(row.about),
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
    return (*split(row.about), *ends, " ".join(row.hit))


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
        charts.OTHER: _("inconclusive"),
        charts.NONE: _("no test in this time"),
    }


def _about(subject: Provider | RouteRow) -> str:
    if isinstance(subject, RouteRow):
        return f"{ROUTE}:{subject.route.slot}"
    return f"{PROVIDER}:{subject.name}"


def _row(
    one: Provider | RouteRow,
    found: Mapping[str, Course],
    past: Iterable[Outage],
    frame: Frame,
) -> Row:
    """A route is down as well where the provider is that serves it now."""
    about = _about(one)
    down = {about}
    if isinstance(one, RouteRow):
        label, note = str(one.slot.label), one.model
        status = one.tested or ("reference" if one.is_out_of_sight else "")
        at = one.tested_at
        if one.provider:
            down.add(_about(one.provider))
    else:
        label, note = one.spec.label, ""
        status, at = one.check_outcome or "never", one.checked_at
    course = found.get(about, UNASKED)
    since = [outage.began_at for outage in past if not outage.ended_at and outage.about in down]
    strip = charts.strip(course, frame)
    return Row(*split(about), label, note, status, at, course, strip, min(since, default=None))


def _of_outages(
    past: Sequence[Outage], now: datetime, providers: Mapping[str, Provider]
) -> dict[str, Any]:
    return {
        "past": [_past(one, now, providers) for one in past[:LISTED]],
        "more_past": max(len(past) - LISTED, 0),
    }


def _why_not(one: Provider | RouteRow) -> str:
    if isinstance(one, Provider):
        return why_no_test(one)
    return why_no_call(Served(one.route.slot, one.model, one.provider) if one.provider else None)


def _plan_of(one: Provider | RouteRow) -> Plan:
    about, provider = _about(one), one.provider if isinstance(one, RouteRow) else None
    abouts = {about, *([_about(provider)] if provider else [])}
    watched = set(Watch.objects.watched().filter(about__in=abouts).values_list("about", flat=True))
    why, is_own = _why_not(one), about in watched
    return Plan(
        is_on=is_own and not why,
        is_by_provider=bool(watched - {about}) and not is_own,
        is_off=not watched,
        why_not=why,
    )


def _plan_of_all(rows: Iterable[Provider | RouteRow]) -> Plan:
    """What has no row here is watched as well, such as a list of models."""
    watched = set(Watch.objects.watched().values_list("about", flat=True))
    can_be = {_about(one) for one in rows if not _why_not(one)}
    return Plan(is_on=bool(watched & can_be), is_off=bool(can_be) and not watched)


def _past(one: Outage, now: datetime, providers: Mapping[str, Provider]) -> Past:
    sort, name = split(one.about)
    has_page = sort == ROUTE or (sort == PROVIDER and name in providers)
    return Past(
        label=subjects.label(one.about, providers),
        page=(sort, name) if has_page else None,
        outage=one,
        seconds=lasted(one, now),
        hit=subjects.slot_labels(one.hit),
    )


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
        Sum(charts.OTHER, _("inconclusive"), tally.other, _ends(of_other)),
    )
    return [one for one in sums if one.count]


def _ends(outcomes: Mapping[str, int]) -> str:
    """As in: Timed out 12, Provider error 3."""
    found = sorted(outcomes.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{status_label(name)} {count}" for name, count in found)
