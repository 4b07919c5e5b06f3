"""Figures of several workers: many slow tests on one PostgreSQL and one Redis."""

from pathlib import Path

from tests.bench import scale, sides
from tests.bench.report import Line, times
from tests.facio_site.run.machines import Site
from tests.processes import wait_for

TESTS, THREADS = 64, 16
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
    lines = []
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
            for many in (1, 2, 4):
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
                lines.append(_line(many, seconds))
        finally:
            site.stop()
    found.delay("custom", 0)
    return lines


def _line(many: int, seconds: float) -> Line:
    ideal = TESTS / (many * THREADS) * CALLS * SLOW_MS / 1_000
    share = seconds / ideal
    workers = "1 worker" if many == 1 else f"{many} workers"
    return Line(
        f"{TESTS} tests of {CALLS * SLOW_MS:,} ms by {workers} of {THREADS} threads",
        f"{seconds:.2f} s",
        f"ideal {ideal:g} s",
        f"<= {MOST} x ideal",
        share <= MOST,
        times(share),
    )
