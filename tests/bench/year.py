"""A year of scheduled checks in a database, and 15 minutes of them: see tests.bench.watch.

`python -m tests.bench.year` runs with the site's own environment, in a state that tests.bench.seed
has filled, and prints what it found as JSON. The year's rows have the shape that judging gives them
and are pruned month by month, as the worker does it; the quarter of an hour is that of
`routing.watch` itself, with a clock that is moved on and calls to the simulated providers.
"""

import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django

EVERY = timedelta(minutes=15)
DAYS, PER_HOUR = 365, 4
TICKS, TICK = 90, timedelta(seconds=10)
PAGES = 15
SLOTS = ("main", "subagent", "vision", "image", "video")
SUBJECTS = 24  # providers; with the routes 29


def main() -> int:
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from facio_site import clock

    call_command("collectstatic", interactive=False, verbosity=0)
    now = clock.now()
    database = Path(settings.DATABASES["default"]["NAME"])
    served = _routes()
    found: dict[str, Any] = {}
    before = _size(database)
    _year(now)
    found |= {"mb": (_size(database) - before) / 1e6, **_rows()}
    for frame in ("90d", "7d"):
        found[f"page_{frame}"] = _page(frame)
    found |= _quarter(now, served)
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


def _routes() -> list[str]:
    """One for each job of the agent, at providers that have a model for it."""
    from routing.models import Route
    from tests.simulators.entries import MODELS

    kinds = ("anthropic", "groq", "openrouter", "gemini", "openai")
    for slot, kind in zip(SLOTS, kinds, strict=True):
        Route.objects.create(slot=slot, model=MODELS[kind], provider=kind)
    return [f"route:{slot}" for slot in SLOTS]


def _size(database: Path) -> int:
    """Of the file and what is not in it yet."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database.stat().st_size


def _year(now: datetime) -> None:
    """Month by month, so that the file is as large as it gets with what is freed and used again."""
    from facio_site import clock, history

    history.PAUSE_SECONDS = 0
    last = now.replace(minute=0, second=0, microsecond=0)
    real, first = clock.now, last - timedelta(days=DAYS)
    try:
        for month in range(0, DAYS, 30):
            until = first + timedelta(days=min(month + 30, DAYS))
            _month(first + timedelta(days=month), until)
            clock.now = lambda at=until: at  # type: ignore[misc]
            history.prune()
    finally:
        clock.now = real


def _month(begin: datetime, until: datetime) -> None:
    from routing.models import Outage, Span

    hour = begin
    abouts = [f"provider:endpoint-{number:02}" for number in range(SUBJECTS)]
    abouts += [f"route:{slot}" for slot in SLOTS]
    rows, place = [], 0
    while hour < until:
        place += 1
        for number, about in enumerate(abouts):
            rows.append(_span(Span.HOUR, about, hour, PER_HOUR, place * 7 + number * 31))
            if hour.hour == 0:
                rows.append(_span(Span.DAY, about, hour, 24 * PER_HOUR, place + number))
        if not place % 36:
            about = abouts[place % len(abouts)]
            end = hour + timedelta(minutes=25)
            hit = ["main", "vision"]
            Outage.objects.create(
                about=about, began_at=hour, ended_at=end, outcome="timeout", hit=hit
            )
        hour += timedelta(hours=1)
    Span.objects.bulk_create(rows, batch_size=500)


def _span(size: str, about: str, at: datetime, tests: int, seed: int) -> Any:
    from routing.models import Span

    bad = int(seed % 97 == 0)
    times = [150 + (seed * 977 + one * 7919) % 2400 for one in range(tests - bad)]
    outcomes = {"ok": tests - bad, **({"timeout": bad} if bad else {})}
    return Span(
        about=about,
        size=size,
        began_at=at,
        good=tests - bad,
        bad=bad,
        outcomes=outcomes,
        times=times,
    )


def _rows() -> dict[str, int]:
    from routing.models import Outage, Span

    return {
        "hours": Span.objects.filter(size=Span.HOUR).count(),
        "days": Span.objects.filter(size=Span.DAY).count(),
        "outages": Outage.objects.count(),
    }


def _page(frame: str) -> dict[str, float]:
    """Milliseconds of the page of all, the rows of spans behind it, and the statements it takes."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from facio_site import clock
    from facio_site.accounts.models import User
    from providers.models import Provider
    from routing.models import Span
    from routing.watch.health import FRAMES

    for number in range(SUBJECTS):
        name = f"endpoint-{number:02}"
        known = Provider.objects.filter(name=name).exists()
        if not known:
            Provider.objects.create(name=name, kind="custom", configured_at=clock.now())
    client = Client(headers={"accept-encoding": "gzip"})
    client.force_login(User.objects.get(), backend=settings.AUTHENTICATION_BACKENDS[0])
    path, took = f"/health/?range={frame}", []
    for _turn in range(PAGES):
        begin = time.perf_counter()
        answer = client.get(path, HTTP_HOST="127.0.0.1")
        took.append((time.perf_counter() - begin) * 1000)
        assert answer.status_code == 200, answer.status_code
    with CaptureQueriesContext(connection) as captured:
        client.get(path, HTTP_HOST="127.0.0.1")
    shown = FRAMES[frame]
    rows = Span.objects.filter(size=shown.size, began_at__gte=shown.first(clock.now()))
    return {
        "ms": statistics.median(took[3:]),
        "rows": rows.count(),
        "queries": len(captured),
        "bytes": len(answer.content),
    }


# A quarter of an hour ---------------------------------------------------------------------------


def _quarter(now: datetime, served: list[str]) -> dict[str, float]:
    """CPU seconds of 90 ticks and of the checks that they start."""
    from providers import broker
    from providers.models import Job, Provider
    from providers.work import tasks
    from routing.models import Watch, WatchSettings
    from routing.watch import tasks as watch

    Provider.objects.filter(name__startswith="endpoint-").delete()
    handed: list[str] = []
    tasks.enqueue = lambda job: handed.append(str(job.pk))
    broker.workers = lambda: {"worker-1"}
    broker.announce = lambda: None
    WatchSettings.objects.create(pk=WatchSettings.ONLY, completions_a_day=10_000)
    abouts = [f"provider:{row.name}" for row in Provider.objects.checkable()] + served
    for place, about in enumerate(abouts):
        due_at = now + EVERY * place / len(abouts)
        Watch.objects.create(about=about, every=15, due_at=due_at)
    memory = _memory()
    ticks = checks = 0.0
    for number in range(TICKS + 1):
        begin = time.process_time()
        watch.tick(now + number * TICK)
        ticks += time.process_time() - begin
        begin = time.process_time()
        while handed:
            tasks.check_provider(handed.pop())
        checks += time.process_time() - begin
    made = Job.objects.filter(is_scheduled=True)
    return {
        "tick_seconds": ticks,
        "check_seconds": checks,
        "checks": made.count(),
        "worked": made.filter(outcome="ok").count(),
        "judged": made.filter(is_rolled_up=True).count(),
        "subjects": len(abouts),
        "memory_mb": _memory() - memory,
    }


def _memory() -> float:
    """Of this process now, in MB."""
    for line in _status():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _status() -> Iterator[str]:
    yield from Path(f"/proc/{os.getpid()}/status").read_text().splitlines()


if __name__ == "__main__":
    sys.exit(main())
