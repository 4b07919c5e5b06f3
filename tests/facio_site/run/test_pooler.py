"""The site behind PgBouncer, which gives each transaction another connection."""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.conftest import absent
from tests.facio_site.run.machines import Site, database
from tests.lanes import answers, free_port
from tests.processes import stop, wait_for
from tests.simulators import Simulators
from tests.simulators.entries import entered

pytestmark = [pytest.mark.journey, pytest.mark.alike, pytest.mark.long]
KINDS = ("groq", "mistral", "openrouter")
POOL, WEB_THREADS, CONCURRENCY = 4, 4, 3
# As the table of docs/operating.md has it, with one for the command that starts the tests.
MOST = WEB_THREADS + 1 + CONCURRENCY + 4 + 1 + 2 + 1 + 1
ROUNDS = 4  # 24 jobs and 60 pages: were one connection left by each, they would be too many
COUNT = "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}'"
ENDS = "SELECT task, outcome, count(*) FROM providers_job GROUP BY task, outcome ORDER BY task"
TEST = f"""
import time
from providers.models import Job, Provider, Task
from providers.work import queue
for _ in range({ROUNDS}):
    for provider in Provider.objects.all():
        queue.start(provider, Task.CHECK)
        queue.start(provider, Task.FETCH)
    while Job.objects.pending().exists():
        time.sleep(0.02)
"""
READ = """
import json, threading
from django.conf import settings
from django.test import Client
from facio_site.accounts.models import User
from facio_site.audit import record
from facio_site.audit.models import AuditEntry
from facio_site.sealing import rows
from providers.models import Provider, Task, Job
from providers.work import queue

owner = User.objects.create_user("ada", password="x", role="owner")
for number in range(1200):
    record("sign-out", actor=None, target=str(number))
for kind, key in KEYS:
    row = Provider(kind=kind)
    row.put_secret("api_key", key)
    row.store()
read, faults = [], []

def export():
    try:
        lines = []
        for line in AuditEntry.objects.all().json_lines():
            lines.append(line)
            if len(lines) % 100 == 0:
                User.objects.count()
        read.append(len(set(lines)))
        for entry in AuditEntry.objects.iterator(chunk_size=50):
            User.objects.count() if entry.pk % 100 == 0 else None
        rows.rotate()
    except Exception as error:
        faults.append(repr(error))

threads = [threading.Thread(target=export) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
job = queue.start(Provider.objects.first(), Task.CHECK, user=owner, hand_over=False)
job.claim("worker-1", 15)
status = Job.objects.get().status
Job.objects.all().delete()
client = Client()
client.force_login(owner, settings.AUTHENTICATION_BACKENDS[0])
cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
print(json.dumps({"read": read, "faults": faults, "job": status, "cookie": cookie}))
"""


@pytest.fixture
def pooler(postgres_server: str, tmp_path: Path) -> Iterator[int]:
    """The port of a PgBouncer in front of the server."""
    program = shutil.which("pgbouncer")
    if not program:
        absent("PgBouncer")
    port, settings = free_port(), tmp_path / "pooler.ini"
    settings.write_text(
        f"[databases]\n* = host=127.0.0.1 port={urlsplit(postgres_server).port} user=facio\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = transaction\ndefault_pool_size = {POOL}\n"
    )
    words = ["-u", "postgres"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, "-q", *words, str(settings)])
    try:
        wait_for(lambda: answers(port))
        yield port
    finally:
        stop(process)


@pytest.fixture
def pooled(
    pooler: int, postgres_server: str, redis_url: str, simulators: Simulators, tmp_path: Path
) -> Iterator[Site]:
    with contextlib.ExitStack() as stack:
        name = stack.enter_context(database(postgres_server)).rpartition("/")[2]
        url = f"postgres://facio:none@127.0.0.1:{pooler}/{name}"
        site = Site(tmp_path, url, redis_url, simulators=simulators)
        stack.callback(site.stop)
        yield site


def test_the_site_works_behind_a_pooler_of_transactions(
    pooled: Site, pooler: int, postgres_server: str
) -> None:
    migrated = pooled.manage("migrate_site")
    assert migrated.returncode == 0, migrated.stderr
    keys = [(kind, entered(kind)["apiKey"]) for kind in KINDS]
    found = json.loads(pooled.python(READ.replace("KEYS", repr(keys))))
    cookie = found.pop("cookie")
    assert found == {"read": [1200] * 6, "faults": [], "job": "running"}

    web = pooled.start("--web", WEB_THREADS=str(WEB_THREADS))
    pooled.start("--worker", WORKER_CONCURRENCY=str(CONCURRENCY))
    counted = pooled.manage("prune", "--dry-run")
    assert "sessions: 0" in counted.stdout, counted.stderr
    wait_for(lambda: pooled.all_ready(web), seconds=90)
    assert web.get("/readyz")[0] == 200

    name = urlsplit(pooled.database).path.removeprefix("/")
    at_once, at_server = [], []
    with ThreadPoolExecutor(3 * WEB_THREADS) as visitors:
        tests = visitors.submit(pooled.python, TEST)
        pages = [visitors.submit(web.get, "/providers/", Cookie=cookie) for _ in range(60)]

        def are_done() -> bool:
            at_once.append(clients(pooler, name))
            with psycopg.connect(postgres_server) as server:
                at_server.extend(server.execute(COUNT.format(name).encode()).fetchone() or ())
            return all(one.done() for one in (tests, *pages))

        wait_for(are_done, seconds=90)
    tests.result()
    for page in pages:
        status, html = page.result()
        assert status == 200
        assert b"ada" in html
    every = len(KINDS) * ROUNDS
    assert pooled.rows(ENDS) == [("check", "ok", every), ("fetch", "ok", every)]
    assert WEB_THREADS < max(at_once) <= MOST, at_once
    assert 1 < max(at_server) <= POOL, at_server


def clients(pooler: int, name: str) -> int:
    """How many connections the site has, told by the pooler."""
    console = f"postgres://facio:none@127.0.0.1:{pooler}/pgbouncer"
    with psycopg.connect(console, autocommit=True) as own:
        return sum(row[2] == name for row in own.execute("SHOW CLIENTS").fetchall())
