"""The store: many writers at once, a busy database, edits over each other, backup and restore."""

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.test import Client

from facio_site import backup
from facio_site.audit.models import AuditEntry
from providers.models import Provider
from routing.models import Route
from tests.security import command

KEY = "sk-or-v1-0123456789abcdef"

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


@pytest.mark.sqlite
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


@pytest.mark.sqlite
def test_s77_the_options_are_those_that_were_measured() -> None:
    options = django_settings.DATABASES["default"]["OPTIONS"]
    assert (options["transaction_mode"], options["timeout"]) == ("IMMEDIATE", 20)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        assert pragma in options["init_command"]


@pytest.mark.sqlite
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
    assert "Busy just now" in answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not Provider.objects.exists()


@pytest.mark.django_db
def test_s77_a_fault_of_ours_is_still_500(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    site.raise_request_exception = False
    for error, status in ((RuntimeError("secret text"), 500), (OperationalError("x"), 503)):

        def fails(*_args: Any, error: Exception = error, **_kwargs: Any) -> None:
            raise error

        monkeypatch.setattr("routing.views.provider_rows", fails)
        answer = site.get("/")
        assert answer.status_code == status
        assert b"secret text" not in answer.content


@pytest.mark.django_db(transaction=True)
def test_s77_no_call_to_a_provider_is_made_inside_a_transaction(
    sims: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from providers import jobs, tasks
    from providers.http.door import Door
    from providers.jobs import Task
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
        call(str(jobs.start(row, task, hand_over=False).pk))
    assert len(inside) >= 2
    assert not any(inside)


@pytest.mark.django_db
def test_s78_the_second_to_save_sees_both_versions_of_a_provider(site: Client) -> None:
    row = Provider(kind="openrouter")
    row.put_secret("api_key", KEY)
    row.store()
    theirs = {"api_key": "", "api_base": "https://openrouter.ai/theirs/v1", "version": "1"}
    mine = {"api_key": "", "api_base": "https://openrouter.ai/mine/v1", "version": "1"}
    assert site.post("/providers/openrouter/", theirs).status_code == 302
    answer = site.post("/providers/openrouter/", mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "https://openrouter.ai/mine/v1" in page
    assert "https://openrouter.ai/theirs/v1" in page
    assert Provider.objects.get().api_base == "https://openrouter.ai/theirs/v1"


ROUTES = {f"{slot}-provider": "auto" for slot in ("main", "subagent", "vision", "image", "video")}


@pytest.mark.django_db
def test_s78_the_second_to_save_sees_both_versions_of_a_route(site: Client) -> None:
    seen = {"main-version": "0"}
    theirs = {**ROUTES, **seen, "main-model": "theirs/model"}
    mine = {**ROUTES, **seen, "main-model": "mine/model"}
    assert site.post("/routing/", theirs).status_code == 302
    answer = site.post("/routing/", mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "mine/model" in page
    assert "theirs/model" in page
    assert 'name="main-version" value="1"' in page
    assert Route.objects.get(slot="main").model == "theirs/model"
    again = site.post("/routing/", {**mine, "main-version": "1"})
    assert again.status_code == 302
    assert Route.objects.get(slot="main").model == "mine/model"


@pytest.mark.django_db
def test_s78_a_route_that_only_somebody_else_touched_is_not_put_back(site: Client) -> None:
    site.post("/routing/", {**ROUTES, "main-version": "0", "main-model": "theirs/model"})
    answer = site.post("/routing/", {**ROUTES, "main-version": "0", "vision-model": "mine/eyes"})
    assert answer.status_code == 409
    assert Route.objects.get(slot="main").model == "theirs/model"


@pytest.mark.django_db
def test_s78_the_admin_does_not_overwrite_a_route_either(site: Client) -> None:
    Route(slot="main", model="theirs/model").store()
    path = "/admin/routing/route/main/change/"
    mine = {"model": "mine/model", "provider": "auto", "version": "0"}
    answer = site.post(path, mine)
    assert "theirs/model" in answer.content.decode()
    assert Route.objects.get().model == "theirs/model"
    assert site.post(path, {**mine, "version": "1"}).status_code == 302
    assert (Route.objects.get().model, Route.objects.get().version) == ("mine/model", 2)


@pytest.mark.django_db
def test_s78_a_save_at_the_very_same_moment_is_refused() -> None:
    one, other = Route(slot="main", model="one"), Route(slot="main", model="other")
    assert one.store()
    assert not other.store()
    mine = Route.objects.get()
    assert Route.objects.get().store()
    assert not mine.store()


# Backup and restore: the real commands


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("backup") / "state"
    made = command.run(state, "set_provider", "openrouter", given=f'{{"apiKey": "{KEY}"}}')
    assert made.returncode == 0, made.stderr
    with closing(sqlite3.connect(state / "db.sqlite3", isolation_level=None)) as database:
        database.execute(
            "INSERT INTO django_session VALUES ('stolen-session-key', 'data', '2999-01-01')"
        )
    return state


@pytest.fixture
def copy(filled: Path, tmp_path: Path) -> Path:
    path = tmp_path / "copy.sqlite3"
    done = command.run(filled, "backup", str(path))
    assert done.returncode == 0, done.stderr
    return path


@pytest.mark.sqlite
@pytest.mark.journey
def test_s80_a_backup_is_private_and_holds_neither_key_nor_session(
    filled: Path, copy: Path
) -> None:
    data = copy.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600
    for secret in (KEY, "stolen-session-key", (filled / "master_keys").read_text().strip()):
        assert secret.encode() not in data
    assert (filled / "secret_key").read_bytes() not in data
    assert [path.name for path in copy.parent.iterdir() if path.name.endswith(".tmp")] == []
    again = command.run(filled, "backup", str(copy))
    assert (again.returncode, len(again.stderr.splitlines())) == (1, 1)


@pytest.mark.sqlite
@pytest.mark.journey
def test_s80_a_backup_is_restored_on_another_machine_with_the_key_brought_along(
    filled: Path, copy: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    (new / "master_keys").write_text((filled / "master_keys").read_text())
    done = command.run(new, "restore", str(copy))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    exported = command.run(new, "export_config", "-", "--secrets", "keys")
    assert KEY in exported.stdout


@pytest.mark.sqlite
@pytest.mark.journey
def test_s80_a_restore_keeps_what_was_there_and_goes_back_in_time(filled: Path, copy: Path) -> None:
    changed = command.run(filled, "set_provider", "groq", given='{"apiKey": "gsk_0123456789"}')
    assert changed.returncode == 0
    done = command.run(filled, "restore", str(copy))
    assert done.returncode == 0, done.stderr
    config = command.run(filled, "export_config", "-").stdout
    assert ("openrouter" in config, "groq" in config) == (True, False)
    [kept] = filled.glob("db.sqlite3.before-*[0-9]")
    with sqlite3.connect(kept) as database:
        assert database.execute("SELECT count(*) FROM providers_provider").fetchone() == (2,)


@pytest.mark.sqlite
@pytest.mark.journey
def test_s80_a_restore_with_another_master_key_says_so(copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert command.run(other, "migrate", "--verbosity=0").returncode == 0
    done = command.run(other, "restore", str(copy))
    assert "not the one of this backup" in done.stderr


@pytest.mark.sqlite
@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"x" * 5000])
@pytest.mark.django_db(transaction=True)
def test_s80_what_is_no_backup_changes_nothing(
    content: bytes, tmp_path: Path, settings: Any
) -> None:
    settings.STATE_DIR = tmp_path
    path = tmp_path / "given"
    path.write_bytes(content)
    before = Path(connection.settings_dict["NAME"]).stat()
    with pytest.raises(backup.Refused, match=r"no backup|damaged"):
        backup.restore(path)
    assert Path(connection.settings_dict["NAME"]).stat().st_ino == before.st_ino


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_s80_a_running_site_is_not_restored_over(tmp_path: Path, settings: Any) -> None:
    import fcntl

    settings.STATE_DIR = tmp_path
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with pytest.raises(backup.Refused, match="running"):
            backup.restore(tmp_path / "given")
    finally:
        os.close(folder)


@pytest.mark.django_db
def test_s80_for_postgresql_its_own_tools_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(type(connection._connections["default"]), "vendor", "postgresql")  # type: ignore[attr-defined]
    with pytest.raises(backup.Refused, match="pg_dump"):
        backup.write_backup(tmp_path / "copy")


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_s80_a_backup_is_consistent_while_others_write(tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        from django.db import transaction

        from facio_site.audit import record

        while not stop.is_set():
            with transaction.atomic():
                record("provider.saved", actor=None, target="one")
                record("provider.saved", actor=None, target="two")
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            backup.write_backup(tmp_path / str(number))
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        with sqlite3.connect(tmp_path / str(number)) as copied:
            [(rows,)] = copied.execute("SELECT count(*) FROM audit_auditentry").fetchall()
        assert rows % 2 == 0
    assert AuditEntry.objects.count() > 0
