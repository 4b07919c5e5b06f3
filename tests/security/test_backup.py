"""Backup and restore: what a copy holds, where it comes back, what is refused."""

import errno
import io
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from facio_site import backup
from facio_site.audit.models import AuditEntry
from tests import stores
from tests.desk import KEY
from tests.security import command


@pytest.fixture(scope="module")
def filled(first_start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = stores.copy(first_start, tmp_path_factory.mktemp("backup") / "state")
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


@pytest.mark.sqlite("`backup` copies SQLite; PostgreSQL has pg_dump")
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


@pytest.mark.sqlite("`backup` copies SQLite; PostgreSQL has pg_dump")
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


@pytest.mark.long
@pytest.mark.sqlite("`backup` copies SQLite; PostgreSQL has pg_dump")
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


@pytest.mark.long
@pytest.mark.sqlite("`backup` copies SQLite; PostgreSQL has pg_dump")
@pytest.mark.journey
@pytest.mark.parametrize("has_key", [True, False])
def test_s80_a_restore_with_another_master_key_or_none_says_so(
    copy: Path, tmp_path: Path, has_key: bool
) -> None:
    other = tmp_path / "other"
    if has_key:
        assert command.run(other, "migrate", "--verbosity=0").returncode == 0
    done = command.run(other, "restore", str(copy))
    assert "lacks the master key of this backup" in done.stderr


@pytest.mark.sqlite("`restore` puts a file back")
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


@pytest.mark.sqlite("`restore` puts a file back")
@pytest.mark.parametrize("fails", ["open", "read"])
@pytest.mark.django_db(transaction=True)
def test_s80_a_backup_that_cannot_be_read_is_not_told_of_the_database(
    fails: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STATE_DIR = tmp_path
    path = tmp_path / "given"
    path.write_bytes(b"a backup")
    as_ever = Path.open

    def broken(*_args: Any) -> Any:
        raise OSError(errno.EIO, "text of the system")

    def opened(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self != path:
            return as_ever(self, *args, **kwargs)
        if fails == "open":
            broken()
        file = io.BytesIO()
        file.name, file.read = str(path), broken  # type: ignore[method-assign]
        return file

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(backup.Refused) as refusal:
        backup.restore(path)
    assert str(refusal.value) == f"{path} can't be read: Input/output error."
    folder = Path(connection.settings_dict["NAME"]).parent
    assert not list(folder.glob(".*.tmp"))


@pytest.mark.sqlite("`restore` puts a file back")
@pytest.mark.parametrize(
    ("name", "why"), [(".", "is no file"), ("none", "can't be read: No such file or directory")]
)
@pytest.mark.django_db(transaction=True)
def test_s80_without_a_file_nothing_is_restored(
    name: str, why: str, tmp_path: Path, settings: Any
) -> None:
    settings.STATE_DIR = tmp_path
    with pytest.raises(backup.Refused) as refusal:
        backup.restore(tmp_path / name)
    assert str(refusal.value) == f"{tmp_path / name} {why}."


@pytest.mark.sqlite("`restore` puts a file back")
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


@pytest.mark.sqlite("`backup` copies SQLite; PostgreSQL has pg_dump")
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
