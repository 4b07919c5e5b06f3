"""The site behind PgBouncer, which gives each transaction another connection."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import processes
from tests.conftest import absent
from tests.lanes import answers, free_port, postgres, postgres_folder
from tests.security import command

pytestmark = [pytest.mark.journey, pytest.mark.alike]
READ = """
import json, threading
from facio_site.accounts.models import User
from facio_site.audit import record
from facio_site.audit.models import AuditEntry
from facio_site.sealing import rows
from providers.models import Provider, Task, Job
from providers.work import queue

owner = User.objects.create_user("ada", password="x", role="owner")
for number in range(1200):
    record("sign-out", actor=None, target=str(number))
for kind in ("groq", "mistral", "openrouter"):
    row = Provider(kind=kind)
    row.put_secret("api_key", "sk-0123456789abcdef")
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
print(json.dumps({"read": read, "faults": faults, "job": Job.objects.get().status}))
"""


@pytest.fixture
def pooler() -> Iterator[str]:
    """The URL of a PgBouncer in front of a PostgreSQL, both of this test's own."""
    program, binaries = shutil.which("pgbouncer"), postgres_folder()
    if not program or not binaries:
        absent("PgBouncer or PostgreSQL")
    with (
        tempfile.TemporaryDirectory(prefix="facio-pooler-") as name,
        postgres(folder := Path(name), binaries) as url,
    ):
        port = free_port()
        settings = folder / "pooler.ini"
        settings.write_text(
            f"[databases]\n* = host=127.0.0.1 port={urlsplit(url).port} user=facio\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            "auth_type = any\npool_mode = transaction\ndefault_pool_size = 4\n"
        )
        words = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        process = subprocess.Popen([*words, program, "-q", str(settings)], cwd=folder)
        try:
            processes.wait_for(lambda: answers(port))
            yield f"postgres://facio:none@127.0.0.1:{port}/postgres"
        finally:
            processes.stop(process)


def test_the_site_works_behind_a_pooler_of_transactions(pooler: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    migrated = command.run(state, "migrate", "--verbosity=0", DATABASE_URL=pooler)
    assert migrated.returncode == 0, migrated.stderr
    done = command.run(state, "shell", "--no-imports", given=READ, DATABASE_URL=pooler)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == (
        '{"read": [1200, 1200, 1200, 1200, 1200, 1200], "faults": [], "job": "running"}'
    )
    counted = command.run(state, "prune", "--dry-run", DATABASE_URL=pooler)
    assert "jobs: 0" in counted.stdout, counted.stderr
