"""What needs attention, in one list: the overview shows it, the navigation counts it.

Counting is for every page, so it is done once for each state of what is counted.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from facio_site import clock, sealing
from facio_site.attention import Needed
from providers import broker
from providers.models import Provider
from routing.agents.writing import Drift, Drifted, drift
from routing.models import Channel, Delivery, Slot, Standing
from routing.models.subjects import BEAT
from routing.pages.overview import Concern, concerns
from routing.pages.rows import RouteRow, provider_rows, route_rows
from routing.watch.alerts.answers import is_partial, of_fault
from routing.watch.alerts.entered import spec_of

HOLDS_SECONDS = 60  # for what no row tells, such as a new day
_STATEMENTS = (
    "SELECT id, version, configured_at, check_outcome, check_key_state, checked_at, "
    "catalog_count, catalog_digest, key_expires_on, money_amount, money_currency, money_means "
    "FROM providers_provider",
    "SELECT id, version, status, outcome FROM providers_job ORDER BY created_at DESC LIMIT 60",
    "SELECT slot, version, model, provider FROM routing_route",
    (
        "SELECT (SELECT max(imported_at) FROM routing_basedocument), "
        "(SELECT max(number) FROM routing_configversion), "
        "(SELECT count(*) FROM routing_channel WHERE is_on AND fault <> ''), "
        "(SELECT count(*) FROM routing_standing WHERE about = 'system:beat' AND is_failing)"
    ),
)
_counting = threading.Lock()
_Counted = tuple[Needed, tuple[tuple[str, str], ...], frozenset[str]]


def attention(
    rows: Iterable[Provider], routes: Iterable[RouteRow], drifted: Drifted
) -> list[Concern]:
    """Each cause once: routes and providers, then the live file."""
    return [*concerns(rows, routes), *_of_file(drifted)]


def of_parts(told: broker.Told) -> list[Concern]:
    """What is wrong with the system itself."""
    return [*of_system(told.workers), *of_clock(dict(told.skews)), *of_channels()]


def of_system(workers: int | None) -> list[Concern]:
    """Parts of the system that are not there. `workers` None: the broker does not answer."""
    missing = []
    if workers is None:
        missing.append((_("Broker"), _("does not answer")))
    elif not workers:
        missing.append((_("Worker"), _("none running")))
    elif Standing.objects.filter(about=BEAT, is_failing=True).exists():
        missing.append((_("Scheduler"), _("starts nothing any more: restart the workers")))
    if not sealing.master_keys():
        missing.append((_("Master key"), _("missing: stored keys can't be opened")))
    return [Concern("system", "", part, note, "#system") for part, note in missing]


def of_clock(skews: Mapping[str, float]) -> list[Concern]:
    """Those who do not agree with the database what time it is: this process, and workers, one for
    each machine."""
    off = {_("Clock of the web server"): clock.skew()}
    for worker, seconds in skews.items():
        machine = worker.removeprefix("worker-").rpartition("-")[0]
        label = _("Clock of a worker (%(machine)s)") % {"machine": machine}
        off[label] = max(seconds, off.get(label, 0.0), key=abs)
    return [
        Concern("system", "", label, _ahead(seconds), "#attention")
        for label, seconds in off.items()
        if clock.is_off(seconds)
    ]


def _ahead(seconds: float) -> str:
    words = _("%d s ahead of the database's") if seconds > 0 else _("%d s behind the database's")
    return words % abs(round(seconds))


def of_channels() -> list[Concern]:
    """Alerts that do not arrive, or were lost and nobody has noted it yet."""
    pending = (Delivery.Status.WAITING, Delivery.Status.SENDING)
    waiting = Count("deliveries", filter=Q(deliveries__status__in=pending))
    rows = Channel.objects.filter(is_on=True).exclude(fault="").annotate(waiting=waiting)
    found = []
    for row in rows:
        title = _("Alerts to %s are not arriving") if row.waiting else _("Alerts to %s were lost")
        if is_partial(row.fault):
            title = _("Alerts to %s do not reach everybody")
        page = reverse("routing:channel", args=[row.pk])
        note, link = of_fault(row.fault), page if spec_of(row) else reverse("routing:channels")
        found.append(Concern("system", "", title % row.name, note, link, "", row.fault_at))
    return found


def counted(found: Iterable[Concern]) -> Needed:
    counts = Counter(one.about.partition(":")[0] for one in found)
    return Needed(*(counts[about] for about in ("provider", "route", "config", "system")))


def needed() -> Needed:
    """How many causes there are, by the page that mends them."""
    stamp = _stamp()
    return _counted_once(stamp)[0]._replace(system=_of_parts(stamp, broker.known()))


class OfProviders(NamedTuple):
    """By name: labels of the routes that each serves, and those that are counted."""

    serving: dict[str, list[str]]
    troubled: frozenset[str]


def of_providers() -> OfProviders:
    labels: dict[str, list[str]] = {}
    _needed, served, troubled = _counted_once(_stamp())
    for name, slot in served:
        labels.setdefault(name, []).append(str(Slot(slot).label))
    return OfProviders(labels, troubled)


def serving() -> dict[str, list[str]]:
    """Labels of the routes that each provider serves, by its name."""
    return of_providers().serving


def _counted_once(state: Hashable) -> _Counted:
    """The end of a test is news for all who watch it, at one moment: one of them counts, the
    others wait for that."""
    with _counting:
        return _seen(state)


@lru_cache(maxsize=2)
def _of_parts(_state: Hashable, told: broker.Told) -> int:
    return len(of_parts(told))


@lru_cache(maxsize=2)
def _seen(_state: Hashable) -> _Counted:
    """What is counted, each route that is set with the name that it resolves to, and the names of
    the providers among what is counted."""
    rows = provider_rows()
    routes = route_rows(rows, with_tests=True)
    served = [
        (row.decision.provider, row.route.slot)
        for row in routes
        if row.is_set and row.decision and row.decision.provider
    ]
    found = attention(rows.values(), routes, drift())
    return counted(found), tuple(served), frozenset(one.provider for one in found if one.provider)


def _stamp() -> Hashable:
    """What is counted, as the database and the disk hold it: equal stamps, equal counts."""
    read = []
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement)
            read.append(tuple(cursor.fetchall()))
    path = settings.FACIO_CONFIG_PATH
    keys = tuple(sealing.master_keys())
    return (*read, path, _touched(path), keys, int(timezone.now().timestamp()) // HOLDS_SECONDS)


def _touched(path: str) -> Hashable:
    try:
        found = Path(path).lstat() if path else None
    except OSError:
        return "absent"
    return found and (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _of_file(drifted: Drifted) -> list[Concern]:
    """A file that was never there is the guide's affair."""
    if not drifted.is_due or drifted.drift == Drift.MISSING:
        return []
    link = reverse("routing:config") + "#live"
    return [Concern("config", "", "config.json", str(drifted.drift.told.label), link)]
