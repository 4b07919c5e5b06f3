"""Writing the live file: old or new, private, and nobody else's change lost."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from facio_site.strictjson import BadDocument
from routing.agents import replacing
from routing.agents.file import digest_of, read_live
from routing.agents.refusals import MESSAGES, BadTarget
from routing.agents.replacing import TEMP_PREFIX, sweep, write_live, write_new
from routing.config.schema import Refused

pytestmark = pytest.mark.battery

OLD = '{"agents": {"defaults": {"model": "old"}}}\n'
NEW = '{"agents": {"defaults": {"model": "new"}}}\n'
SECRET = '{"providers": {"openai": {"apiKey": "sk-secret"}}}\n'


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "config.json"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refusal(call: Any, *args: Any, **more: Any) -> BadTarget:
    with pytest.raises(BadTarget) as caught:
        call(*args, **more)
    return caught.value


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- S43 ------------------------------------------------------------------------------------


def test_s43_a_new_file_is_private_and_alone(target: Path) -> None:
    before = os.umask(0)
    try:
        digest = write_live(target, NEW, expected=None).digest
    finally:
        os.umask(before)

    assert target.read_text() == NEW
    assert digest == digest_of(NEW)
    assert mode_of(target) == 0o600
    assert names(target.parent) == ["config.json"]


def test_s43_the_old_file_stays_beside_it_with_the_same_mode(target: Path) -> None:
    target.write_text(OLD)
    target.chmod(0o640)

    write_live(target, NEW, expected=digest_of(OLD), mode=0o600)

    backup = target.with_name("config.json.bak")
    assert (target.read_text(), backup.read_text()) == (NEW, OLD)
    assert (mode_of(target), mode_of(backup)) == (0o640, 0o640)
    assert names(target.parent) == ["config.json", "config.json.bak"]


def test_s43_a_new_file_takes_the_mode_and_group_of_the_operator(target: Path) -> None:
    write_live(target, NEW, expected=None, mode=0o640, gid=os.getgid())
    assert (mode_of(target), target.stat().st_gid) == (0o640, os.getgid())


def test_s43_owner_and_group_of_the_old_file_are_kept(target: Path) -> None:
    """Only root can give files away; others can give them to another of their groups."""
    owner = (1000, 1001) if os.geteuid() == 0 else (os.geteuid(), os.getgroups()[-1])
    target.write_text(OLD)
    os.chown(target, *owner)

    write_live(target, NEW, expected=digest_of(OLD))

    for path in (target, target.with_name("config.json.bak")):
        assert (path.stat().st_uid, path.stat().st_gid) == owner


def test_s43_leftovers_are_swept_and_those_of_living_writers_are_not(target: Path) -> None:
    dead = target.with_name(f"{TEMP_PREFIX}config.json.dead.tmp")
    living = target.with_name(f"{TEMP_PREFIX}config.json.living.tmp")
    foreign = target.with_name(f"{TEMP_PREFIX}other.json.x.tmp")
    for path in (dead, living, foreign):
        path.write_text(SECRET)
    with living.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert sweep(target) == 1
        assert names(target.parent) == sorted([living.name, foreign.name])
    write_live(target, NEW, expected=None)
    assert names(target.parent) == sorted([foreign.name, "config.json"])


def test_s43_a_sweep_of_a_place_that_is_not_there_does_nothing(tmp_path: Path) -> None:
    assert sweep(tmp_path / "no" / "config.json") == 0


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EBUSY, "mounted"),
        (errno.ENOSPC, "disk_full"),
        (errno.EROFS, "read_only"),
        (errno.EIO, "failed"),
    ],
)
def test_s43_s44_a_failing_disk_leaves_the_old_file_and_nothing_else(
    target: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    target.write_text(OLD)

    def fails(*args: Any, **more: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(replacing.os, "replace", fails)
    error = refusal(write_live, target, SECRET, expected=digest_of(OLD))

    assert error.code == code
    assert str(target) in str(error)
    assert "sk-secret" not in str(error)
    assert target.read_text() == OLD
    assert names(target.parent) == ["config.json"]


@pytest.mark.parametrize("failing", [1, 2])
def test_s43_whichever_rename_fails_the_live_file_is_the_old_one(
    target: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    target.write_text(OLD)
    real, calls = os.replace, []

    def fails(*args: Any, **more: Any) -> None:
        calls.append(args)
        if len(calls) == failing:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(*args, **more)

    monkeypatch.setattr(replacing.os, "replace", fails)
    assert refusal(write_live, target, NEW, expected=digest_of(OLD)).code == "failed"
    assert target.read_text() == OLD


def test_s43_a_folder_that_cannot_be_synced_does_not_undo_the_write(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.write_text(OLD)
    real = os.fsync

    def fails(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        real(handle)

    monkeypatch.setattr(replacing.os, "fsync", fails)
    write_live(target, NEW, expected=digest_of(OLD))
    assert target.read_text() == NEW


def test_s43_sixty_killed_writers_leave_a_whole_private_file_and_nothing_after_a_sweep(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "tests.routing.agents.killed_writer", str(tmp_path), "60"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    kills = [json.loads(line) for line in done.stdout.splitlines()]

    assert len(kills) == 60
    assert all(kill["is_whole"] for kill in kills)
    assert all(kill["modes"] == ["0o600"] for kill in kills)
    assert all(kill["left"] == kill["swept"] for kill in kills)
    assert all(kill["names"] == ["config.json", "config.json.bak"] for kill in kills)
    assert any(kill["left"] for kill in kills), "no kill hit a writer at work"


# --- S44 ------------------------------------------------------------------------------------


def test_s44_links_folders_and_pipes_are_refused(target: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text(OLD)
    target.symlink_to(real)
    for call in (write_new, read_live):
        assert refusal(call, target, *([NEW] if call is write_new else [])).code == "symlink"
    assert refusal(write_live, target, NEW, expected=None).code == "symlink"
    assert real.read_text() == OLD

    target.unlink()
    os.link(real, target)
    assert refusal(write_live, target, NEW, expected=digest_of(OLD)).code == "hard_links"

    target.unlink()
    target.mkdir()
    assert refusal(write_live, target, NEW, expected=None).code == "folder"

    target.rmdir()
    os.mkfifo(target)
    assert refusal(write_live, target, NEW, expected=None).code == "not_a_file"
    assert refusal(write_new, target, NEW).code == "not_a_file"


def test_s44_a_dangling_link_is_refused_too(target: Path, tmp_path: Path) -> None:
    target.symlink_to(tmp_path / "elsewhere")
    assert refusal(write_live, target, NEW, expected=None).code == "symlink"


def test_s44_a_backup_that_is_a_link_is_refused_before_anything_is_written(target: Path) -> None:
    target.write_text(OLD)
    target.with_name("config.json.bak").symlink_to("/etc/hostname")
    assert refusal(write_live, target, NEW, expected=digest_of(OLD)).code == "symlink"
    assert target.read_text() == OLD


@pytest.mark.parametrize(("mode", "is_new_allowed"), [(0o777, False), (0o1777, True)])
def test_s44_a_folder_that_everybody_can_write_is_refused(
    target: Path, mode: int, is_new_allowed: bool
) -> None:
    target.parent.chmod(mode)
    assert refusal(write_live, target, NEW, expected=None).code == "open_folder"
    if is_new_allowed:
        write_new(target, NEW)
        assert mode_of(target) == 0o600
    else:
        assert refusal(write_new, target, NEW).code == "open_folder"


def test_s44_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "no" / "config.json", tmp_path / "file" / "config.json"):
        assert refusal(write_live, path, NEW, expected=None).code == "no_folder"
    assert refusal(write_new, Path("/"), NEW).code == "not_a_file"


# --- S45, S46 -------------------------------------------------------------------------------


def test_s45_a_change_by_someone_else_is_not_overwritten(target: Path) -> None:
    target.write_text(OLD)
    seen = read_live(target)
    assert seen
    target.write_text(SECRET)

    assert refusal(write_live, target, NEW, expected=seen.digest).code == "changed"
    assert refusal(write_live, target, NEW, expected=None).code == "changed"
    assert target.read_text() == SECRET


def test_s45_a_file_that_went_away_is_a_change(target: Path) -> None:
    assert refusal(write_live, target, NEW, expected=digest_of(OLD)).code == "changed"
    assert not target.exists()


def test_s45_two_writers_do_not_mix(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "LOCK_SECONDS", 0.2)
    other = os.open(target.parent, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    assert refusal(write_live, target, NEW, expected=None).code == "locked"
    os.close(other)
    write_live(target, NEW, expected=None)
    assert target.read_text() == NEW


def test_s46_what_the_agent_would_refuse_is_not_written(target: Path) -> None:
    target.write_text(OLD)
    with pytest.raises(Refused, match=r"providers\.openai must be an object"):
        write_live(target, '{"providers": {"openai": null}}', expected=digest_of(OLD))
    with pytest.raises(BadDocument):
        write_live(target, "{", expected=digest_of(OLD))
    assert target.read_text() == OLD


# --- reading --------------------------------------------------------------------------------


def test_reading_gives_text_digest_and_mode_and_prints_no_text(target: Path) -> None:
    assert read_live(target) is None
    target.write_text(SECRET)
    target.chmod(0o640)

    live = read_live(target)

    assert live
    assert (live.text, live.digest, live.rights.mode) == (SECRET, digest_of(SECRET), 0o640)
    assert "sk-secret" not in repr(live)


def test_a_file_that_is_no_document_is_read_as_bytes_and_says_why(target: Path) -> None:
    for data, code in ((b'"\xff"', "not_utf8"), (b"", "empty"), (b'{"a": 1,', "json_end")):
        target.write_bytes(data)
        live = read_live(target)
        assert live
        document, fault = live.document()
        assert (live.data, document, fault and fault.code) == (data, {}, code)


def test_a_file_that_is_too_large_is_told_so(target: Path) -> None:
    target.write_bytes(b" " * 1_000_001)
    assert refusal(read_live, target).code == "too_large"


def test_write_new_replaces_without_backup_and_keeps_the_mode(target: Path) -> None:
    target.write_text(OLD)
    target.chmod(0o640)
    write_new(target, NEW)
    assert (target.read_text(), mode_of(target)) == (NEW, 0o640)
    assert names(target.parent) == ["config.json"]


def test_write_new_puts_no_secret_where_everybody_reads(target: Path) -> None:
    target.write_text(OLD)
    target.chmod(0o644)
    assert refusal(write_new, target, SECRET).code == "exposed"
    assert target.read_text() == OLD
    write_new(target, NEW, may_hold_secrets=False)
    assert (target.read_text(), mode_of(target)) == (NEW, 0o644)


def test_every_refusal_is_a_sentence_with_the_path_and_ends_in_its_command() -> None:
    assert all("{path}" in text for text in MESSAGES.values())
    assert all(text.endswith((".", "{command}")) for text in MESSAGES.values())
