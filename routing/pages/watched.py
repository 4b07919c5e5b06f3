"""What a page says of a schedule: how often, when next, what it costs, how the last check ended.
Read-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import ceil

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from facio_site import clock
from facio_site.templatetags.ui import age
from providers.models import Job
from routing.models import Every, Watch, WatchSettings
from routing.models.subjects import ROUTE, split
from routing.watch.costs import Estimate
from routing.watch.results import outcome_of
from routing.watch.schedule import asked_at
from routing.watch.subjects import Served, label

LATE = timedelta(minutes=5)  # until then, what is due may wait for its turn


def in_words(seconds: float) -> str:
    """How long until then, in the largest unit that fits."""
    if seconds < 60:
        return _("in less than a minute")
    if seconds < 3600:
        return _("in %d min") % (seconds // 60)
    if seconds < 2 * 86400:
        return _("in %d h") % (seconds // 3600)
    days = int(seconds // 86400)
    return ngettext("in %d day", "in %d days", days) % days


@dataclass(frozen=True, slots=True)
class Line:
    """What stands on another page of one subject's schedule; `words` "" = it is not watched."""

    label: str
    words: str
    link: str
    is_open: bool = True  # the switch for all of them


def lines_of(about: Iterable[str]) -> list[Line]:
    """In the order in which they are given; two queries."""
    wanted = list(about)
    rows = Watch.objects.on().in_bulk(wanted)
    rules, now = WatchSettings.read(), clock.about_now()
    page = reverse("routing:schedule")
    return [
        Line(
            label(one) if split(one)[0] == ROUTE else "",
            _line(rows[one], rules, now) if one in rows else "",
            f"{page}#{one}",
            rules.is_on,
        )
        for one in wanted
    ]


def watched(about: str) -> Line:
    return lines_of([about])[0]


def _line(row: Watch, rules: WatchSettings, now: datetime) -> str:
    if not rules.is_on:
        return _("Scheduled checks are off")
    due = next_check(row, rules, now)
    if due.is_late:
        often = {
            Every.QUARTER: _("Set to every 15 minutes"),
            Every.HOUR: _("Set to every hour"),
            Every.SIX_HOURS: _("Set to every 6 hours"),
            Every.DAY: _("Set to every day"),
        }
        return f"{often[Every(row.every)]} · {due.words}"
    often = {
        Every.QUARTER: _("Checked every 15 minutes"),
        Every.HOUR: _("Checked every hour"),
        Every.SIX_HOURS: _("Checked every 6 hours"),
        Every.DAY: _("Checked every day"),
    }
    then = due.words if due.at <= now else _("next %(when)s") % {"when": due.words}
    return f"{often[Every(row.every)]} · {then}"


@dataclass(frozen=True, slots=True)
class Next:
    """The next check of something that is on, as a page tells it."""

    at: datetime  # of one that is late, when it was due
    words: str
    is_late: bool = False


def next_check(row: Watch, rules: WatchSettings, now: datetime) -> Next:
    at = asked_at(rules, row.due_at, now)
    if at > now:
        return Next(at, in_words((at - now).total_seconds()))
    late = now - row.due_at
    if late < LATE:
        return Next(row.due_at, _("due now"))
    words = _("overdue: was due %(when)s") % {"when": age(late.total_seconds())}
    return Next(row.due_at, words, is_late=True)


def dollars(amount: Decimal) -> str:
    """An amount in USD; what is under a cent keeps two digits that say something."""
    if amount == 0 or amount >= Decimal("0.01"):
        told = amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
    else:
        told = amount.quantize(Decimal(1).scaleb(amount.adjusted() - 1), ROUND_HALF_UP).normalize()
    return _("$%(amount)s") % {"amount": formats.number_format(told)}


def cost_words(cost: Estimate | None, every: int) -> str:
    """Beside the choice; of what is off, what one call costs."""
    if cost is None:
        return ""
    if cost.is_free:
        return _("free")
    if cost.each is None:
        return _("paid, price unknown")
    told = cost.a_day(every) if every else cost.each
    words = _("about %(amount)s a day") if every else _("about %(amount)s a call")
    return words % {"amount": dollars(told or Decimal(0))}


def told_outcome(job: Job, served: Served | None = None) -> str:
    """The word for the pill of a scheduled job; of a route's, what came of its own model."""
    return str(job.status) if job.is_pending else outcome_of(job, served) or str(job.outcome)


def forecast(
    rates: Mapping[str, int], costs: Mapping[str, Estimate], settings: WatchSettings
) -> str:
    """What is going to happen, in one sentence. `rates`: minutes of those that are on."""
    if not rates:
        return _("No test runs by itself.")
    if not settings.is_on:
        return _("Scheduled checks are off.")
    paid = {about: every for about, every in rates.items() if _is_paid(costs.get(about))}
    free = sum(Every.DAY // every for about, every in rates.items() if about not in paid)
    calls = ceil(sum(costs[about].calls_a_day(every) for about, every in paid.items()))
    most = settings.completions_a_day
    checks = free + sum(Every.DAY // every for every in paid.values())
    if most == 0:
        checks = free
    night = settings.quiet_from, settings.quiet_until
    has_quiet = None not in night and night[0] != night[1]
    told = [_often(checks, has_quiet=has_quiet), _spent(paid, costs, most)]
    if most and calls > most:
        told.append(
            ngettext("no more than %d paid call a day", "no more than %d paid calls a day", most)
            % most
        )
    if most == 0 and paid:
        told.append(_("those that cost something are left out"))
    if has_quiet:
        told.append(_("only outside the quiet hours"))
    return "; ".join([", ".join(told[:2]), *told[2:]]) + "."


def _is_paid(cost: Estimate | None) -> bool:
    return cost is not None and not cost.is_free


def _often(checks: int, *, has_quiet: bool) -> str:
    """So many a day, in the unit in which it is a whole number. With quiet hours a day has fewer
    hours, and no more of them."""
    shown, unit = (checks // 24, "h") if checks and checks % 24 == 0 else (checks, "d")
    number = formats.number_format(shown, force_grouping=True)
    if unit == "h":
        words = ngettext("%(n)s check an hour", "%(n)s checks an hour", shown)
    elif has_quiet:
        words = ngettext("up to %(n)s check a day", "up to %(n)s checks a day", shown)
    else:
        words = ngettext("%(n)s check a day", "%(n)s checks a day", shown)
    return words % {"n": number}


def _spent(rates: Mapping[str, int], costs: Mapping[str, Estimate], most: int) -> str:
    """The dearest calls of a day, as many of them as the budget lets be made."""
    if not rates or most == 0:
        return _("free")
    left, total, is_known = Decimal(most), Decimal(0), True
    for about in sorted(rates, key=lambda one: costs[one].each or Decimal(0), reverse=True):
        calls = min(left, Decimal(str(costs[about].calls_a_day(rates[about]))))
        left -= calls
        each = costs[about].each
        is_known &= each is not None
        total += calls * (each or Decimal(0))
    if not is_known:
        known = _("at a price that is only partly known")
        return known if total else _("at a price that is not known")
    return _("about %(amount)s a day at most") % {"amount": dollars(total)}
