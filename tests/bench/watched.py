"""What it costs the running site that it watches by itself: 24 providers and 5 routes every 15
minutes, with broker, Celery and calls over TLS. `tests.bench.year` counts the work alone.

A whole round is made within a minute instead of a quarter of an hour, beside a site whose schedule
is off; what a tick of the beat costs while nothing is due is measured apart. Together they are the
seconds that 15 minutes take.
"""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from tests.bench import sides
from tests.bench.client import awaited
from tests.bench.report import Line
from tests.processes import ROOT, wait_for

PROVIDERS, ROUTES, MINUTES = 24, 5, 15
SPREAD_SECONDS = 60  # within which one round is made
ROUNDS, TICKS = 3, 60
EVERY_SECONDS = 10  # of the beat
MOST_PERCENT, MOST_MB = 1.0, 20.0
REST_SECONDS = 5.0
# Two endpoints beside the 22 kinds that a test makes sense for; five routes, three of which are
# asked: a picture or a video would be billed.
PREPARED = """
from providers.forms.patch import form_of
from providers.models import Provider
from routing.models import Route, Watch, WatchSettings

for number in range({providers} - len(Provider.objects.checkable())):
    row = Provider.for_name(f"endpoint-{{number}}")
    form = form_of(row, {{"apiBase": "https://llm.example.com/v1", "apiKey": "{key}"}})
    assert form.is_valid(), form.errors
    form.apply(row)
    row.store()
served = {{
    "main": ("openai", "gpt-5.4-mini"), "subagent": ("groq", "openai/gpt-oss-120b"),
    "vision": ("gemini", "gemini-3.5-flash"), "image": ("openai", "gpt-image-1"),
    "video": ("openai", "sora-2"),
}}
for slot, (provider, model) in served.items():
    Route.objects.create(slot=slot, provider=provider, model=model)
WatchSettings(pk=WatchSettings.ONLY, completions_a_day=100_000).save()
names = [f"provider:{{row.name}}" for row in Provider.objects.checkable()]
names += [f"route:{{slot}}" for slot in served]
far = "2099-01-01T00:00:00Z"
Watch.objects.bulk_create(Watch(about=name, every=0, due_at=far) for name in names)
print(len(names))
"""
DUE = """
from datetime import timedelta
from facio_site import clock
from routing.models import Watch

rows, now = list(Watch.objects.all()), clock.now()
for number, row in enumerate(rows):
    row.every, row.job = {minutes}, None
    row.due_at = now + timedelta(seconds={spread} * number / len(rows))
Watch.objects.bulk_update(rows, ["every", "job", "due_at"])
"""
OFF = """
from routing.models import Watch

Watch.objects.update(every=0)
"""
TICKED = """
from facio_site.celery import app

for _ in range({ticks}):
    app.send_task("routing.tasks.watch")
"""
ENDED = """
SELECT count(*) FROM routing_watch AS watch JOIN providers_job AS job ON job.id = watch.job_id
WHERE job.status = 'done' AND job.is_rolled_up
"""
FAILED = "SELECT outcome, count(*) FROM providers_job WHERE is_scheduled GROUP BY 1"


def measure(folder: Path, found: sides.Upstream, key: str) -> list[Line]:
    with sides.site(folder, found) as site:
        environ = {
            **os.environ,
            **sides.site_environ(folder, found, DJANGO_SETTINGS_MODULE="facio_site.settings"),
            "REDIS_URL": f"unix://{folder}/broker.sock",
        }
        prepared = _run(PREPARED.format(providers=PROVIDERS, key=key), environ)
        assert int(prepared) == PROVIDERS + ROUTES, prepared
        asked = PROVIDERS + 3
        for _ in range(ROUNDS):  # what a site does that watches nothing: somebody presses a button
            awaited(site.client, "/providers/check/", {})
        time.sleep(REST_SECONDS)
        memory = sides.pss_mb(site.pid)
        rounds = [_round(folder, site.pid, environ, asked) for _ in range(ROUNDS)]
        _run(OFF, environ)
        time.sleep(REST_SECONDS)
        grown = sides.pss_mb(site.pid) - memory
        rest = _seconds(site.pid, SPREAD_SECONDS)  # by now nothing is left of the start
        round_, tick = min(rounds) - rest, _ticks(site.pid, environ, rest)
        told = dict(_rows(folder, FAILED))
    if told.keys() - {"ok", "reachable_unverified"}:
        raise RuntimeError(f"not every check worked: {told}")
    seconds = MINUTES * 60
    percent = 100 * (round_ + tick * seconds / EVERY_SECONDS) / seconds
    figure = (
        f"{PROVIDERS} providers and {ROUTES} routes every {MINUTES} minutes by the running site"
    )
    return [
        Line(
            f"{figure}, processor",
            f"{round_:.2f} s a round, {tick * 1000:.1f} ms a tick, {rest:.2f} s a minute of rest",
            "",
            f"< {MOST_PERCENT:g} % of one core",
            percent < MOST_PERCENT,
            f"{percent:.2f} %",
        ),
        Line(
            "the same, memory added (PSS)",
            f"{memory + grown:.0f} MB",
            f"watching nothing {memory:.0f} MB",
            f"< {MOST_MB:g} MB",
            grown < MOST_MB,
            f"{grown:+.1f} MB",
        ),
    ]


def _run(program: str, environ: dict[str, str]) -> str:
    """What a program prints that runs in a process of the site."""
    words = [sys.executable, "manage.py", "shell", "--no-imports", "--verbosity=0"]
    done = subprocess.run(
        words, cwd=ROOT, env=environ, input=program, capture_output=True, text=True, timeout=120
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


def _rows(folder: Path, query: str) -> Iterable[tuple[object, ...]]:
    with sqlite3.connect(folder / "db.sqlite3", timeout=20) as database:
        return database.execute(query).fetchall()


def _used(root: int) -> float:
    """Seconds of processor that a tree of processes has had."""
    total = 0
    for pid in sides.tree(root):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def _seconds(root: int, seconds: float) -> float:
    """What it takes for so long."""
    before = _used(root)
    time.sleep(seconds)
    return _used(root) - before


def _ticks(root: int, environ: dict[str, str], rest: float) -> float:
    """What one tick takes while nothing is due, with its way through the broker."""
    before, begin = _used(root), time.monotonic()
    _run(TICKED.format(ticks=TICKS), environ)
    time.sleep(REST_SECONDS * 2)
    idle = rest * (time.monotonic() - begin) / SPREAD_SECONDS
    return max(0.0, _used(root) - before - idle) / TICKS


def _round(folder: Path, root: int, environ: dict[str, str], asked: int) -> float:
    """What the tree takes while each is asked once, over SPREAD_SECONDS."""
    _run(DUE.format(minutes=MINUTES, spread=SPREAD_SECONDS - REST_SECONDS * 3), environ)
    begin, before = time.monotonic(), _used(root)
    wait_for(
        lambda: next(iter(_rows(folder, ENDED)))[0] == asked, seconds=SPREAD_SECONDS * 3, pause=1.0
    )
    time.sleep(max(0.0, SPREAD_SECONDS - (time.monotonic() - begin)))
    used = _used(root) - before
    return used * SPREAD_SECONDS / (time.monotonic() - begin)
