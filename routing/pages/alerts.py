"""/alerts/: what was told, newest first, and whether it arrived.

Looking at the page by itself moves nothing: it may be fetched ahead. That it has been seen is
posted, by the page once it is shown, or by a button where there are no scripts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import NamedTuple

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from facio_site import clock
from facio_site.accounts.roles import SignedIn, viewer_required
from facio_site.attention import counters
from facio_site.templatetags.ui import status_label
from providers.models import Provider
from routing.models import Alert, Delivery, Watch
from routing.models.watching import ABOUT_LENGTH
from routing.pages.bell import see, seen_until
from routing.watch.alerts.message import TONES, watch_zone, words
from routing.watch.subjects import label, link

ROWS = 50


class Way(NamedTuple):
    """What became of an alert on one channel."""

    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    alert: Alert
    tone: str
    title: str
    text: str
    link: str  # to what mends it
    is_new: bool
    ways: list[Way]


@viewer_required
@require_safe
def alerts(request: SignedIn) -> HttpResponse:
    about = request.GET.get("about", "")[:ABOUT_LENGTH].replace("\0", "")
    sent = Delivery.objects.select_related("channel").order_by("channel__name")
    sent = sent.only("alert_id", "status", "outcome", "attempts", "channel__name")
    found = Alert.objects.filter(**({"about": about} if about else {})).order_by("-at", "pk")
    found = found.prefetch_related(Prefetch("deliveries", sent))
    page = Paginator(found, ROWS).get_page(request.GET.get("page", 1))
    since = seen_until(request.user)
    zone = watch_zone()
    providers = {row.name: row for row in Provider.objects.defer("sealed")}
    rows = [_row(alert, since, zone, providers) for alert in page]
    is_newest = page.number == 1 and not about
    context = {
        "place": "alerts",
        "page": page,
        "days": _by_day(rows, zone),
        "about": about,
        "subjects": _subjects(about, providers),
        # All up to this one are on this page or older
        "seen_until": rows[0].alert.at if is_newest and rows and rows[0].is_new else None,
        "is_watching": bool(rows) or Watch.objects.watched().exists(),
        "is_chosen": Watch.objects.on().exists,
    }
    return render(request, "routing/alerts.html", context)


@viewer_required
@require_POST
def seen(request: SignedIn) -> HttpResponse:
    """Up to the newest that the page shows: what came since stays new."""
    until = _moment(request.POST.get("until", ""))
    if until and until > request.user.date_joined:
        see(request.user, min(until, clock.now()))
    return HttpResponse(counters(request)) if request.htmx else redirect("routing:alerts")


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and is_aware(found) else None


def _row(alert: Alert, since: datetime, zone: tzinfo, providers: Mapping[str, Provider]) -> Row:
    told = words(alert, zone, providers)
    return Row(
        alert,
        TONES[Alert.Kind(alert.kind)],
        told.title,
        told.text,
        link(alert.about),
        alert.at > since,
        [_way(one) for one in alert.deliveries.all()],
    )


def _way(one: Delivery) -> Way:
    name = {"channel": one.channel.name}
    if one.status == Delivery.Status.SENT:
        return Way("ok", _("sent to %(channel)s") % name)
    if one.status == Delivery.Status.LOST:
        reason = status_label(one.outcome.partition(":")[0]) if one.outcome else ""
        text = _("not sent to %(channel)s: %(reason)s") if reason else _("not sent to %(channel)s")
        return Way("error", text % {**name, "reason": reason})
    if one.attempts:
        return Way("warn", _("not taken yet by %(channel)s, tried again") % name)
    return Way("idle", _("waits for %(channel)s") % name)


def _by_day(rows: Iterable[Row], zone: tzinfo) -> list[tuple[str, list[Row]]]:
    today = clock.about_now().astimezone(zone).date()

    def day(row: Row) -> date:
        return row.alert.at.astimezone(zone).date()

    return [(_day_words(one, today), list(found)) for one, found in groupby(rows, key=day)]


def _day_words(day: date, today: date) -> str:
    near = {today: _("Today"), today - timedelta(days=1): _("Yesterday")}
    return near.get(day) or formats.date_format(day, "DATE_FORMAT")


def _subjects(asked: str, providers: Mapping[str, Provider]) -> list[tuple[str, str]]:
    """What there are alerts about, with the one that is asked for."""
    told = set(Alert.objects.order_by().values_list("about", flat=True).distinct())
    found = [(one, label(one, providers)) for one in told | ({asked} - {""})]
    return sorted(found, key=lambda one: one[1].lower())
