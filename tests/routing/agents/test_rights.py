"""Who may do what with the live file after a write: real owners, access lists and attributes."""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from routing.agents import replacing, rights
from routing.agents.file import digest_of, obstacle
from routing.agents.refusals import BadTarget
from routing.agents.replacing import write_live, write_new
from routing.agents.rights import ACCESS, Rights
from tests.conftest import absent

OLD, NEW = "{}\n", '{"a": 1}\n'
USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 1, 2, 4, 8, 0x10, 0x20
DEFAULT = "system.posix_acl_default"
AGENT = 4242  # a user of no group of ours


@pytest.fixture
def root() -> None:
    if os.geteuid() != 0:
        absent("root", "is needed, to be other users")


def acl(*entries: tuple[int, ...]) -> bytes:
    """An access list of (tag, rights) and (tag, rights, id)."""
    rows = [(one[0], one[1], one[2] if len(one) > 2 else 0xFFFFFFFF) for one in entries]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *row) for row in rows)


LIST = acl((USER_OBJ, 6), (USER, 4, AGENT), (GROUP_OBJ, 0), (MASK, 4), (OTHER, 0))


def put(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        absent(name, "is nothing that the file system of the temporary folder knows")


def as_user(uid: int, *gids: int, do: Callable[[], Any]) -> str:
    """What `do` gives as this user, in a process of its own without any capability."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.setgroups(gids)
            os.setgid(gids[0] if gids else uid)
            os.setuid(uid)
            os.write(write, str(do()).encode())
        except OSError as error:
            os.write(write, repr(error).encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with os.fdopen(read) as said:
        return said.read()


def may_read(path: Path, uid: int, *gids: int) -> bool:
    return as_user(uid, *gids, do=lambda: path.read_text()) == path.read_text()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A live file in a folder that others can reach."""
    for folder in (tmp_path, *tmp_path.parents):
        if os.geteuid() == 0 and folder.name.startswith(("pytest", "popen", "test_")):
            folder.chmod(0o755)
    path = tmp_path / "config.json"
    path.write_text(OLD)
    path.chmod(0o640)
    return path


def copies(path: Path) -> list[Path]:
    return [one for one in path.parent.iterdir() if one != path]


# --- access lists ---------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["live", "export"])
def test_s89_an_access_list_goes_along_and_its_mask_gives_the_group_nothing(
    target: Path, way: str
) -> None:
    put(target, ACCESS, LIST)
    if way == "live":
        write_live(target, NEW, expected=digest_of(OLD))
    else:
        write_new(target, NEW)
    for path in (target, *copies(target)):
        assert os.getxattr(path, ACCESS) == LIST
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert target.read_text() == NEW


@pytest.mark.usefixtures("root")
def test_s89_the_agent_of_an_access_list_still_reads_and_a_stranger_does_not(target: Path) -> None:
    put(target, ACCESS, LIST)
    write_live(target, NEW, expected=digest_of(OLD))
    for path in (target, *copies(target)):
        assert may_read(path, AGENT)
        assert not may_read(path, AGENT + 1, 0)


@pytest.mark.parametrize("is_there", [True, False])
def test_s89_what_a_folder_hands_down_opens_no_new_file_and_no_copy(
    target: Path, is_there: bool
) -> None:
    handed = acl((USER_OBJ, 7), (USER, 7, AGENT), (GROUP_OBJ, 7), (MASK, 7), (OTHER, 5))
    put(target.parent, DEFAULT, handed)
    if not is_there:
        target.unlink()
    write_live(target, NEW, expected=digest_of(OLD) if is_there else None, mode=0o640)
    for path in (target, *copies(target)):
        assert ACCESS not in os.listxattr(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_s89_a_list_that_cannot_be_given_stops_the_write(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(target, ACCESS, LIST)

    def refuses(*args: Any, **more: Any) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(rights.os, "setxattr", refuses)
    with pytest.raises(BadTarget, match="setfacl -b") as refused:
        write_live(target, NEW, expected=digest_of(OLD))
    assert refused.value.code == "access_list"
    assert target.read_text() == OLD
    assert copies(target) == []


def test_s89_attributes_go_along_or_the_write_is_refused(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(target, "user.origin", b"here")
    write_live(target, NEW, expected=digest_of(OLD))
    assert os.getxattr(target, "user.origin") == b"here"

    def refuses(*args: Any, **more: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(rights.os, "setxattr", refuses)
    with pytest.raises(BadTarget, match=r"\(user\.origin\).*setfattr -x user\.origin"):
        write_live(target, OLD, expected=digest_of(NEW))
    assert target.read_text() == NEW


# --- owner, group, mode ---------------------------------------------------------------------


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_s89_an_export_over_a_file_of_the_agent_leaves_it_the_agents(
    target: Path, mode: int
) -> None:
    os.chown(target, AGENT, AGENT)
    target.chmod(mode)
    write_new(target, NEW, may_hold_secrets=False)
    found = target.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (AGENT, AGENT, mode)


# The site is user 1001 in group 2000, in a folder of its own: who the file belongs to, its mode,
# and what comes of a write. Written, the file is the site's, and the old owner reads it still.
SITE, SHARED = 1001, 2000
FILES = [
    ((SITE, SHARED, 0o640), "written"),
    ((SITE, SITE, 0o600), "written"),
    ((AGENT, SHARED, 0o640), "written"),  # by the group that both have
    ((AGENT, SHARED, 0o644), "written"),
    ((AGENT, SHARED, 0o604), "unreadable"),
    ((AGENT, AGENT, 0o644), "group"),
    ((AGENT, AGENT, 0o666), "group"),
    ((SITE, AGENT, 0o640), "group"),
    ((AGENT, AGENT, 0o600), "unreadable"),
]


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(("file", "comes"), FILES, ids=lambda one: str(one))
def test_s89_without_the_right_to_give_a_file_away_its_owner_still_reads_or_it_stays(
    target: Path, file: tuple[int, int, int], comes: str
) -> None:
    uid, gid, mode = file
    os.chown(target, uid, gid)
    target.chmod(mode)
    os.chown(target.parent, SITE, SHARED)

    def write() -> str:
        foreseen = obstacle(target)
        try:
            write_live(target, NEW, expected=digest_of(OLD))
        except BadTarget as refused:
            return f"{foreseen and foreseen.code} {refused.code}"
        return f"{foreseen} written"

    said = as_user(SITE, SITE, SHARED, do=write)
    assert said == (f"None {comes}" if comes == "written" else f"{comes} {comes}")
    is_written = comes == "written"
    found = target.stat()
    assert (found.st_gid, stat.S_IMODE(found.st_mode)) == (gid, mode)
    assert found.st_uid == (SITE if is_written else uid)
    assert target.read_text() == (NEW if is_written else OLD)
    assert not is_written or may_read(target, uid, gid)


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("mode", [0o640, 0o660])
def test_s89_an_export_keeps_the_owner_or_is_refused(target: Path, mode: int) -> None:
    """Also where he would still read it by the group; the command makes it the site's own."""
    os.chown(target, AGENT, SHARED)
    target.chmod(mode)
    os.chown(target.parent, SITE, SHARED)
    said = as_user(SITE, SITE, SHARED, do=lambda: _refused(lambda: write_new(target, NEW)))
    assert said == f"owner_stays sudo chown {SITE} {target}"
    assert (target.stat().st_uid, target.read_text(), copies(target)) == (AGENT, OLD, [])
    os.chown(target, SITE, -1)
    said = as_user(SITE, SITE, SHARED, do=lambda: _refused(lambda: write_new(target, NEW)))
    assert (said, target.read_text()) == ("", NEW)


def _refused(write: Callable[[], Any]) -> str:
    try:
        write()
    except BadTarget as refused:
        return f"{refused.code} {refused.params.get('command', '')}"
    return ""


@pytest.mark.usefixtures("root")
def test_in_a_sticky_folder_of_others_nobody_elses_file_is_replaced(target: Path) -> None:
    os.chown(target, AGENT, SHARED)
    os.chown(target.parent, AGENT, SHARED)
    target.parent.chmod(0o1770)
    said = as_user(SITE, SITE, SHARED, do=lambda: obstacle(target))
    assert said.endswith(f"sudo chmod -t {target.parent}")


def test_s89_an_owner_known_here_who_is_not_in_the_group_stops_the_write() -> None:
    """And the command is the one that lets him read by the group."""
    wanted = Rights(1, 65533, 0o640)  # daemon, who is in no such group
    refused = rights.refusal(Path("/x/my config.json"), wanted, Rights(1001, 65533, 0o640))
    assert refused
    assert refused.code == "owner"
    assert "sudo chmod 640 '/x/my config.json'" in str(refused)
    named = acl((USER_OBJ, 6), (USER, 4, 1), (GROUP_OBJ, 0), (MASK, 4), (OTHER, 0))
    listed = Rights(1, 65533, 0o640, named)
    assert rights.refusal(Path("/x"), listed, Rights(1001, 65533, 0o640, named)) is None
    masked = acl((USER_OBJ, 6), (USER, 4, 1), (GROUP_OBJ, 0), (MASK, 0), (OTHER, 4))
    hidden = Rights(1, 65533, 0o604, masked)
    assert rights.refusal(Path("/x"), hidden, Rights(1001, 65533, 0o604, masked))


# --- file systems that refuse ---------------------------------------------------------------


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_without_locks_the_write_goes_on_and_the_digest_guards(
    target: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuses(*args: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(replacing.fcntl, "flock", refuses)
    write_live(target, NEW, expected=digest_of(OLD))
    with pytest.raises(BadTarget, match="changed by someone else"):
        write_live(target, OLD, expected=digest_of(OLD))
    assert target.read_text() == NEW


def test_without_locks_only_old_leftovers_are_swept(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*args: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(replacing.fcntl, "flock", refuses)
    new, old = (target.with_name(f"{replacing.TEMP_PREFIX}config.json.{n}.tmp") for n in "ab")
    new.write_text("")
    old.write_text("")
    os.utime(old, (0, 0))
    assert replacing.sweep(target) == 1
    assert new.exists()


@pytest.mark.parametrize(("mode", "is_written"), [(0o600, True), (0o640, False)])
def test_where_modes_cannot_be_set_it_goes_on_when_nothing_changes_by_it(
    target: Path, monkeypatch: pytest.MonkeyPatch, mode: int, is_written: bool
) -> None:
    target.chmod(mode)

    def refuses(*args: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    for name in ("fchmod", "fchown", "chmod", "chown"):
        monkeypatch.setattr(rights.os, name, refuses)
    if is_written:
        write_live(target, NEW, expected=digest_of(OLD))
        assert target.read_text() == NEW
        return
    with pytest.raises(BadTarget, match=r"set the mode of the old file \(0640\)"):
        write_live(target, NEW, expected=digest_of(OLD))
    assert target.read_text() == OLD
