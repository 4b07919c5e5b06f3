"""Figures of several workers: many slow tests on one PostgreSQL and one Redis. Beside them what
the plainest task that calls as slow a server takes on the same machine: nothing runs faster there.
"""

import contextlib
import subprocess
import sys
from pathlib import Path

from tests.bench import scale, sides
from tests.bench.report import Line, times
from tests.facio_site.run.machines import Site
from tests.processes import ROOT, wait_for

TESTS, THREADS = 64, 16
WORKERS = (1, 2, 4)
CALLS, SLOW_MS = 4, 250  # a list and a call that asks for nothing, each with and without the key
MOST = 1.15  # of what it would take without any work beside the waiting
SAVED = """
from providers.forms.patch import form_of
from providers.models import Provider

for number in range({count}):
    row = Provider.for_name(f"endpoint-{{number}}")
    form = form_of(row, {{"apiBase": "https://llm.example.com/v1", "apiKey": "{key}"}})
    assert form.is_valid(), form.errors
    form.apply(row)
    row.store()
"""
STARTED = """
from providers.models import Provider, Task
from providers.work import queue

queue.start_all(list(Provider.objects.configured()), Task.CHECK)
"""
PENDING = "SELECT count(*) FROM providers_job WHERE status IN ('queued', 'running')"
TOOK = """
SELECT extract(epoch FROM max(finished_at) - min(created_at))::float, count(*),
    count(*) FILTER (WHERE key_state IN ('valid', 'unknown') AND ms >= %d) FROM (
        SELECT * FROM providers_job ORDER BY created_at DESC LIMIT %d) AS last
"""


def measure(folder: Path, found: sides.Upstream, key: str) -> list[Line]:
    folder.mkdir(parents=True)
    found.delay("custom", SLOW_MS)
    lines, ours = [], {}
    with scale.server() as (database, broker):
        site = Site(folder, database, broker)
        site.common |= {
            "OUTBOUND_HOSTS_FILE": str(found.state / "hosts"),
            "OUTBOUND_CA_FILE": str(found.ca_file),
            "WORKER_CONCURRENCY": str(THREADS),
        }
        try:
            assert site.manage("migrate_site").returncode == 0
            site.python(SAVED.format(count=TESTS, key=key))
            for many in WORKERS:
                while site.workers() < many:
                    there = site.workers()
                    site.started("--worker", state=f"worker-{there}")
                    wait_for(lambda there=there: site.workers() > there, seconds=60)
                for _time in ("not counted: threads connect to the database", "counted"):
                    site.python(STARTED)
                    wait_for(lambda: site.rows(PENDING) == [(0,)], seconds=120, pause=0.25)
                seconds, count, worked = site.rows(TOOK % (CALLS * SLOW_MS, TESTS))[0]
                if count != worked:
                    said = site.rows("SELECT DISTINCT outcome, detail FROM providers_job")
                    raise RuntimeError(f"{worked} of {count} tests worked: {said}")
                ours[many] = seconds
        finally:
            site.stop()
        found.delay("custom", 0)
        plain = {many: _plainest(folder / f"plain-{many}", found, broker, many) for many in WORKERS}
    for many in WORKERS:
        lines += _lines(many, ours[many], plain[many])
    return lines


def _plainest(folder: Path, found: sides.Upstream, broker: str, many: int) -> float:
    """Seconds for as many runs of a task that makes one call and writes one row, by bare Celery."""
    folder.mkdir()
    environ = sides.floor_environ(folder, found, broker.rpartition("/")[0] + f"/{many}")
    sides.seed("tests.bench.floor.seed", environ)
    found.delay("openai", CALLS * SLOW_MS)
    with contextlib.ExitStack() as ends:
        for _ in range(many):
            worker = sides.floor_worker(environ, THREADS)
            ends.callback(sides.end, worker)
            worker.start()
        argv = [sys.executable, "-m", "tests.bench.floor.many", str(TESTS), str(many)]
        run = subprocess.run(argv, cwd=ROOT, env=environ, stdout=subprocess.PIPE, check=True)
    found.delay("openai", 0)
    return float(run.stdout)


def _lines(many: int, seconds: float, plain: float) -> list[Line]:
    ideal = TESTS / (many * THREADS) * CALLS * SLOW_MS / 1_000
    share = seconds / ideal
    workers = "1 worker" if many == 1 else f"{many} workers"
    figure = f"{TESTS} tests of {CALLS * SLOW_MS:,} ms by {workers} of {THREADS} threads"
    return [
        Line(
            figure,
            f"{seconds:.2f} s",
            f"ideal {ideal:g} s",
            f"<= {MOST} x ideal",
            share <= MOST,
            times(share),
        ),
        Line(
            "the same, beside the plainest task",
            f"{seconds:.2f} s",
            f"plainest task {plain:.2f} s, {times(plain / ideal)} of the ideal",
            "for comparison",
            None,
            times(seconds / plain),
        ),
    ]
