"""The store: many writers at once, a busy database, no call to a provider in a transaction."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.test import Client

from providers.models import Provider
from tests.desk import KEY
from tests.security import command

WRITER = """
import django; django.setup()
from django.db import transaction
from facio_site.audit import record
from providers.models import Provider
for n in range(40):
    with transaction.atomic():
        row = Provider.objects.get(kind="groq")
        row.values = {**row.values, "count": row.values.get("count", 0) + 1}
        row.save(update_fields=["values"])
        record("provider.saved", actor=None, target=f"%s-{n}")
"""


@pytest.mark.long
@pytest.mark.sqlite("its one lock on all writers")
@pytest.mark.journey
def test_s77_eight_processes_write_without_one_lock_error(tmp_path: Path) -> None:
    made = command.run(tmp_path, "set_provider", "groq", given='{"apiKey": "gsk_0123456789"}')
    assert made.returncode == 0, made.stderr
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER % number],
            cwd=command.ROOT,
            env=command.environ(tmp_path),
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    errors = [writer.communicate(timeout=90)[1] for writer in writers]
    assert errors == [""] * 8
    with sqlite3.connect(tmp_path / "db.sqlite3") as database:
        [(values,)] = database.execute("SELECT [values] FROM providers_provider").fetchall()
        [(rows,)] = database.execute(
            "SELECT count(*) FROM audit_auditentry WHERE target GLOB '*-*'"
        ).fetchall()
        [(mode,)] = database.execute("PRAGMA journal_mode").fetchall()
    assert ('"count": 320' in values, rows, mode) == (True, 320, "wal")


@pytest.mark.sqlite("its options")
def test_s77_the_options_are_those_that_were_measured() -> None:
    options = django_settings.DATABASES["default"]["OPTIONS"]
    assert (options["transaction_mode"], options["timeout"]) == ("IMMEDIATE", 20)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        assert pragma in options["init_command"]


@pytest.mark.sqlite("its one lock on all writers")
@pytest.mark.django_db(transaction=True)
def test_s77_a_busy_database_answers_503_and_nothing_is_saved(site: Client) -> None:
    site.raise_request_exception = False
    connection.cursor().execute("PRAGMA busy_timeout = 100")
    name = connection.settings_dict["NAME"]
    other = sqlite3.connect(name, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        answer = site.post("/providers/openrouter/", {"api_key": KEY, "api_base": ""})
    finally:
        other.close()
        connection.close()
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "Temporarily unavailable" in answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not Provider.objects.exists()


@pytest.mark.django_db
def test_s77_a_fault_of_ours_is_still_500(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    site.raise_request_exception = False
    for error, status in ((RuntimeError("secret text"), 500), (OperationalError("x"), 503)):

        def fails(*_args: Any, error: Exception = error, **_kwargs: Any) -> None:
            raise error

        monkeypatch.setattr("routing.pages.routes.provider_rows", fails)
        answer = site.get("/")
        assert answer.status_code == status
        assert b"secret text" not in answer.content


@pytest.mark.django_db(transaction=True)
def test_s77_no_call_to_a_provider_is_made_inside_a_transaction(
    sims: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from providers.http.door import Door
    from providers.models import Task
    from providers.work import queue, tasks
    from tests.simulators.entries import demo_key

    row = Provider(kind="openrouter")
    row.put_secret("api_key", demo_key("openrouter"))
    row.store()
    inside: list[bool] = []
    send = Door.send

    def watched(door: Door, request: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return send(door, request)

    monkeypatch.setattr(Door, "send", watched)
    for task, call in (
        (Task.CHECK, tasks.check_provider),
        (Task.FETCH, tasks.refresh_catalog),
    ):
        call(str(queue.start(row, task, hand_over=False).pk))
    assert len(inside) >= 2
    assert not any(inside)


@pytest.mark.alike
@pytest.mark.journey
@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_s28_an_address_that_cannot_be_read_is_not_quoted(name: str, tmp_path: Path) -> None:
    scheme = {"DATABASE_URL": "postgres", "REDIS_URL": "redis"}[name]
    done = command.run(tmp_path, "check", **{name: f"{scheme}://me:hunter/2@127.0.0.1/0"})
    assert done.returncode
    assert f"{name} can't be read: write special characters" in done.stderr
    assert "hunter" not in done.stderr + done.stdout
