"""Figures of a site that has been used for years: its pages beside those of one that is new."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from tests import lanes
from tests.bench import sides
from tests.bench.measures import Sample, alternate
from tests.bench.pages import against
from tests.bench.report import Line
from tests.bench.stage import Plan

JOBS, ENTRIES = 300_000, 1_000_000
MOST = 1.5
PAGES = (
    *("/", "/providers/", "/providers/groq/", "/routing/", "/config/", "/activity/"),
    *("/activity/tests/", "/catalog/", "/catalog/rows/?q=model-01", "/palette/?q=model"),
)
AGED = """
INSERT INTO providers_job (
    id, provider_id, task, status, version, created_at, finished_at, deadline, worker, attempt,
    input_version, input_digest, model_names, is_draft, outcome, key_state, ms, detail, params,
    rungs, is_scheduled, is_rolled_up
)
SELECT gen_random_uuid(), provider.id, 'check', 'done', 1, ended, ended, ended, 'worker-old', 1,
    provider.version, '', '[]', false, 'ok', 'valid', 300, '', '{}', '[]',
    false, true
FROM (SELECT id, version, row_number() OVER (ORDER BY id) AS place, count(*) OVER () AS many
      FROM providers_provider) AS provider,
    generate_series(1, %(jobs)s) AS number,
    LATERAL (SELECT now() - interval '2 days' - number * interval '20 seconds' AS ended) AS aged
WHERE number %% provider.many = provider.place - 1
"""
STOCKED = """
INSERT INTO providers_catalogentry (
    provider_id, model_id, name, context_window, inputs, outputs, filled, replacement, first_seen_at
)
SELECT provider.id, 'vendor-' || number %% 50 || '/model-' || number, '', 131072, '["text"]',
    '["text"]', '[]', '', now()
FROM (SELECT id, row_number() OVER (ORDER BY id) AS place, count(*) OVER () AS many
      FROM providers_provider WHERE catalog_count > 0) AS provider,
    generate_series(1, %(entries)s) AS number
WHERE number %% provider.many = provider.place - 1
"""
COUNTED = """
UPDATE providers_provider SET catalog_count =
    (SELECT count(*) FROM providers_catalogentry WHERE provider_id = providers_provider.id)
"""


def missing() -> str:
    """What a machine lacks for this; empty = nothing."""
    return ", ".join(lanes.missing())


@contextlib.contextmanager
def server() -> Iterator[tuple[str, str]]:
    """PostgreSQL and redis-server, for this alone: their addresses."""
    binaries, redis = lanes.postgres_folder(), shutil.which("redis-server")
    assert binaries is not None
    assert redis is not None
    with (
        tempfile.TemporaryDirectory(prefix="facio-scale-") as folder,
        lanes.postgres(Path(folder), binaries) as database,
        lanes.redis_server(redis) as broker,
    ):
        yield database, broker


def _grow(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(AGED, {"jobs": JOBS})
        database.execute(STOCKED, {"entries": ENTRIES})
        database.execute(COUNTED)
        database.execute("VACUUM ANALYZE")


def measure(folder: Path, found: sides.Upstream, plan: Plan) -> list[Line]:
    """Each page of a large site beside the same page of a small one."""
    with contextlib.ExitStack() as stack:
        database, broker = stack.enter_context(server())
        clients = {}
        for number, name in enumerate(("small", "large")):
            with psycopg.connect(database, autocommit=True) as postgres:
                postgres.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            url = database.rpartition("/")[0] + f"/{name}"
            more = {
                "DATABASE_URL": url,
                "REDIS_URL": broker.rpartition("/")[0] + f"/{number}",
                "PYTHONPATH": "",  # psycopg is an extra
            }
            side = stack.enter_context(sides.site(folder / name, found, **more))
            if name == "large":
                _grow(url)
            clients[name] = side.client
        lines = []
        for path in PAGES:
            samples: dict[str, Sample] = {
                name: lambda client=client, path=path: client.page(path)  # type: ignore[misc]
                for name, client in clients.items()
            }
            series = alternate(samples, rounds=plan.rounds, each=plan.pages, warm=3)
            figure = f"`{path}` with {JOBS:,} tests and {ENTRIES:,} models on PostgreSQL"
            lines.append(against(figure, series["large"], "new site", series["small"], MOST))
        return lines
