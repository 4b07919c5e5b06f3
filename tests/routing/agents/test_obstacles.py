"""What stands in the way of a write is found when the page is drawn, and told with the way out."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from routing.agents import file, replacing
from routing.agents.file import digest_of, obstacle, read_live
from routing.agents.refusals import BadTarget
from routing.agents.replacing import Known, write_live
from routing.models import ConfigVersion, Route
from tests.conftest import absent
from tests.routing.agents.live_desk import write
from tests.routing.agents.mounted import OLD, SCENARIOS
from tests.routing.config.desk import page_of

pytestmark = [pytest.mark.battery, pytest.mark.alike]

# What is foreseen, what a write says, what the file holds, what was kept beside it.
COMES: dict[str, tuple[str, str, str, list[str]]] = {
    "one file": ("mounted", "mounted", "old", []),
    "one file in place": ("mounted", "written", "new", [OLD]),
    "one read-only file": ("mounted_read_only", "mounted_read_only", "old", []),
    "read-only folder": ("folder_read_only", "folder_read_only", "old", []),
    "file in a read-only folder": ("folder_read_only", "folder_read_only", "old", []),
    "full disk": ("", "disk_full", "old", []),
    "one file on a full disk": ("mounted", "disk_full", "old", []),
    "without capabilities": ("group", "group", "old", []),
    "without capabilities in place": ("group", "group", "old", []),
}


def told(folder: Path, scenario: str) -> dict[str, Any]:
    """What tests.routing.agents.mounted says, run where mounts are seen by nobody else."""
    if not shutil.which("unshare"):
        absent("unshare")
    words = ["unshare", "--mount"]
    if os.geteuid() != 0:
        if scenario.startswith("without"):
            absent("root", "is needed, to be root without capabilities")
        words.append("--map-root-user")
    if subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        absent("A mount namespace", "can't be made on this machine")
    argv = [*words, sys.executable, "-m", "tests.routing.agents.mounted", str(folder), scenario]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_s89_a_mount_a_full_disk_and_missing_rights_are_told_and_nothing_is_touched(
    tmp_path: Path, scenario: str
) -> None:
    found = told(tmp_path, scenario)
    foreseen, said, text, kept = COMES[scenario]
    assert (found["foreseen"], found["said"], found["text"]) == (foreseen, said, text)
    assert found["kept"] == kept
    assert found["is_same"]
    if "one file" in scenario and "disk" not in scenario:
        assert found["bak"] == "of the operator"


# --- what stands at the path ----------------------------------------------------------------


def test_a_folder_at_the_path_is_called_a_folder_with_the_way_out(path: Path) -> None:
    path.mkdir()
    with pytest.raises(BadTarget, match=rf"{path} is a folder\. Docker makes one .* rmdir {path}"):
        read_live(path)


def test_a_link_of_a_kubernetes_volume_is_told_apart_from_others(path: Path) -> None:
    (path.parent / "..2026").mkdir()
    (path.parent / "..2026" / "config.json").write_text("{}")
    (path.parent / "..data").symlink_to("..2026")
    path.symlink_to("..data/config.json")
    with pytest.raises(BadTarget, match="Kubernetes volume"):
        read_live(path)
    path.unlink()
    path.symlink_to("..2026/config.json")
    with pytest.raises(BadTarget, match="is a symbolic link"):
        read_live(path)


def test_a_file_that_is_marked_as_immutable_is_told_with_its_command(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("{}")
    assert obstacle(path) is None
    monkeypatch.setattr(file.fcntl, "ioctl", lambda *args: (0x10).to_bytes(8, "little"))
    found = obstacle(path)
    assert found
    assert str(found).endswith(f"sudo chattr -ia {path}")


# --- in place -------------------------------------------------------------------------------

OURS, NEWER = '{"ours": 1}\n', '{"newer": 1}\n'


def in_place(path: Path, text: str, **more: Any) -> None:
    live = read_live(path)
    assert live
    write_live(path, text, expected=live.digest, in_place=True, **more)


def test_writes_in_place_leave_one_running_copy_and_what_somebody_else_wrote(mounted: Path) -> None:
    theirs = mounted.read_text()
    known = Known(frozenset({digest_of(OURS), digest_of(NEWER)}), frozenset({digest_of(theirs)}))
    for text in (OURS, NEWER, OURS):
        in_place(mounted, text, known=known)
        assert mounted.read_text() == text
    copies = {one.name: one.read_text() for one in mounted.parent.iterdir() if one != mounted}
    assert copies == {"config.json.bak": theirs}


@pytest.mark.parametrize("times", [1, 2])
def test_a_write_in_place_that_fails_puts_the_old_text_back_or_says_where_it_is(
    mounted: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """The disk fails once, or also when the old text comes back."""
    old, real, failed = mounted.read_text(), os.fsync, []

    def fails(handle: int) -> None:
        if os.fstat(handle).st_ino == mounted.stat().st_ino and len(failed) < times:
            failed.append(handle)
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(handle)

    monkeypatch.setattr(replacing.os, "fsync", fails)
    with pytest.raises(BadTarget) as refused:
        in_place(mounted, NEWER)
    kept = [one for one in mounted.parent.iterdir() if one != mounted]
    if times == 1:
        assert (refused.value.code, mounted.read_text(), kept) == ("failed", old, [])
        return
    assert refused.value.code == "torn"
    [copy] = kept
    assert str(copy) in str(refused.value)
    assert copy.read_text() == old


# --- the page -------------------------------------------------------------------------------


@pytest.fixture
def mounted(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As if the file were mounted alone."""
    path.write_text('{"channels": {}}\n')
    monkeypatch.setattr(file, "_mount", lambda handle: stat.S_ISDIR(os.fstat(handle).st_mode))
    return path


@pytest.mark.django_db
def test_s89_a_mounted_file_is_told_before_any_choice_and_can_not_be_pressed(
    site: Client, mounted: Path, main_route: Route
) -> None:
    for mode in ("env", "keys"):
        html = page_of(site.get("/config/", {"write": mode}))
        assert 'data-obstacle="mounted"' in html
        assert "Mount the folder that holds it instead" in html
        assert re.search(r'<button[^>]* type="submit" disabled>.{0,900}Write to Facio', html)
    answer = write(site, "keys")
    assert answer.status_code == 409  # and not a page that asks for a password
    assert mounted.read_text() == '{"channels": {}}\n'


@pytest.mark.django_db
def test_a_mounted_file_is_written_in_place_where_the_operator_allows_it(
    site: Client, mounted: Path, main_route: Route, settings: Any
) -> None:
    settings.FACIO_CONFIG_IN_PLACE = True
    inode = mounted.stat().st_ino
    html = page_of(site.get("/config/"))
    assert "so it is written in place" in html
    assert "data-obstacle" not in html
    assert write(site).status_code == 302
    assert mounted.stat().st_ino == inode
    assert "gpt-5" in mounted.read_text()
    [copy] = [one for one in mounted.parent.iterdir() if one != mounted]
    assert copy.read_text() == '{"channels": {}}\n'
    assert ConfigVersion.objects.get(reason="found").original() == b'{"channels": {}}\n'
