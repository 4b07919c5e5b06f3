"""`/metrics` in Prometheus' text format, for whoever holds METRICS_TOKEN; to all others it is not
there.

Everything is read at each scrape, from the database and the broker's heartbeats: whichever process
answers says the same. How many questions that takes does not grow with the site.
"""

from __future__ import annotations

import hmac
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Min, OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from facio_site import clock
from providers import broker
from providers.models import Job, Provider, Task
from providers.models.jobs import PENDING, Status
from providers.spec.outcomes import KeyState, Outcome
from routing.agents.writing import drift
from routing.models import Delivery, Standing, Watch, WatchSettings
from routing.models.subjects import CONDITIONS
from routing.watch import health

if TYPE_CHECKING:
    from prometheus_client import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@csrf_exempt  # which would answer before it
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """404 without the token, whatever is asked in whatever way."""
    if not _is_told(request.headers.get("Authorization", "")):
        raise Http404
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    # Loaded by whoever uses it: most sites are never scraped.
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(Collector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE)


def _is_told(header: str) -> bool:
    """Takes as long for a token that is right up to its last letter as for any other."""
    scheme, _, token = header.partition(" ")
    wanted, found = (text.encode("utf-8", "replace") for text in (settings.METRICS_TOKEN, token))
    return hmac.compare_digest(wanted, found) and bool(wanted) and scheme.lower() == "bearer"


class Collector:
    """Reads when it is asked; keeps nothing."""

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

        now = clock.now()
        # No counter: history has an end, and a counter that falls would be read as a restart.
        kept = GaugeMetricFamily(
            "facio_jobs_total",
            "Ended tests and fetches that the database keeps.",
            labels=["task", "outcome"],
        )
        ended = Job.objects.exclude(status__in=PENDING).order_by("task", "outcome")
        for *labels, count in ended.values_list("task", "outcome").annotate(Count("pk")):
            kept.add_metric(labels, count)
        yield kept
        yield from _queue(now)
        yield GaugeMetricFamily(
            "facio_workers",
            "Workers that were alive in the last seconds; 0 without a broker.",
            value=broker.count_workers() or 0,
        )
        last_ok = GaugeMetricFamily(
            "facio_provider_last_ok_seconds",
            "Seconds since the last test of saved values that ended well.",
            labels=["provider"],
        )
        states = GaugeMetricFamily(
            "facio_provider_key_state",
            "1 at what the last test of the saved values said of the key.",
            labels=["provider", "state"],
        )
        catalogs = GaugeMetricFamily(
            "facio_catalog_age_seconds",
            "Seconds since the stored list of models was fetched.",
            labels=["provider"],
        )
        for row in _providers():
            if row.last_ok:
                last_ok.add_metric([row.name], _age(now, row.last_ok))
            known = row.check_key_state or KeyState.UNKNOWN
            for state in KeyState:
                states.add_metric([row.name, state], float(state == known))
            if row.catalog_at:
                catalogs.add_metric([row.name], _age(now, row.catalog_at))
        yield from (last_ok, states, catalogs)
        yield from _health(now)
        yield from _watch(now)
        yield GaugeMetricFamily(
            "facio_live_file_drift",
            "1 when the agent's file, or a value in its environment, is not what is set here; "
            "0 also where no file is named.",
            value=float(drift().is_due),
        )
        yield InfoMetricFamily(
            "facio_build", "What is running.", value={"version": build_version()}
        )


def _queue(now: datetime) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    queued = Job.objects.filter(status=Status.QUEUED).order_by()
    found = queued.aggregate(count=Count("pk"), oldest=Min("created_at"))
    yield GaugeMetricFamily(
        "facio_jobs_queued", "Tests and fetches that no worker has taken.", value=found["count"]
    )
    yield GaugeMetricFamily(
        "facio_job_oldest_queued_seconds",
        "Age of the oldest one that no worker has taken; 0 without any.",
        value=_age(now, found["oldest"]) if found["oldest"] else 0.0,
    )


def _health(now: datetime) -> Iterator[Metric]:
    """What the tests of the last hours and days told; nothing of what nobody tested."""
    from prometheus_client.core import GaugeMetricFamily

    failing = GaugeMetricFamily(
        "facio_subject_failing",
        "1 where a watched subject, or a part of the site, fails.",
        labels=["about"],
    )
    uptime = GaugeMetricFamily(
        "facio_uptime_ratio",
        "Share of the tests that proved it to work, of those that proved anything.",
        labels=["about", "range"],
    )
    latency = GaugeMetricFamily(
        "facio_latency_ms",
        "Milliseconds that so large a share of the good tests did not exceed.",
        labels=["about", "quantile", "range"],
    )
    ended = GaugeMetricFamily(
        "facio_outages",
        "Outages of a watched subject that reached into this time.",
        labels=["about", "range"],
    )
    standings = Standing.objects.order_by("about").values_list("about", "is_failing")
    standings = standings.exclude(about=CONDITIONS)
    counts = Counter(one.about for one in health.outages(now - health.LATELY, now))
    for about, is_failing in standings:
        failing.add_metric([about], float(is_failing))
        counts.setdefault(about, 0)
    for about, course in sorted(health.courses(health.DAY, now).items()):
        whole = course.whole
        if whole.uptime is not None:
            uptime.add_metric([about, health.DAY.name], whole.uptime)
        for share, ms in ((health.P50, whole.p50), (health.P95, whole.p95)):
            if ms is not None:
                latency.add_metric([about, str(share), health.DAY.name], ms)
    for about, ratio in sorted(health.uptimes(health.WEEK, now).items()):
        uptime.add_metric([about, health.WEEK.name], ratio)
    for about, count in sorted(counts.items()):
        ended.add_metric([about, health.WEEK.name], count)
    yield from (failing, uptime, latency, ended)


def _watch(now: datetime) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    yield GaugeMetricFamily(
        "facio_alerts_unsent",
        "Alerts that a channel did not take: given up, or to be tried again.",
        value=Delivery.objects.unsent().count(),
    )
    oldest = Watch.objects.due(now).first() if WatchSettings.read().is_on else None
    yield GaugeMetricFamily(
        "facio_watch_overdue_seconds",
        "For how long the oldest scheduled check has been due; 0 without any.",
        value=_age(now, oldest.due_at) if oldest else 0.0,
    )


def _providers() -> list[Any]:
    """Each with the end of its last good test; the index leads there."""
    good = Job.objects.filter(task=Task.CHECK, outcome=Outcome.OK, is_draft=False)
    own = good.filter(provider=OuterRef("pk")).order_by("-created_at")
    rows = Provider.objects.configured().annotate(last_ok=Subquery(own.values("finished_at")[:1]))
    return list(rows.order_by("name"))


def _age(now: datetime, moment: datetime) -> float:
    return max((now - moment).total_seconds(), 0.0)


@lru_cache(maxsize=1)
def build_version() -> str:
    """The one in pyproject.toml."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    return str(project["version"])
