"""Writing config.json so that it is always the old file or the new one, never read by others.

The new text goes into a file of its own beside the target, which has the rights of the old file
before it holds a byte, reaches the disk, and takes the target's name in one step. Where the
operator allows it, a file that can't be replaced is written in place. No Django.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shlex
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from facio_site import private
from facio_site.strictjson import read_json
from routing.agents import rights
from routing.agents.file import (
    MENDED_IN_PLACE,
    Live,
    check_target,
    digest_of,
    may_write_in_place,
    obstacle_at,
    open_folder,
    read_at,
)
from routing.agents.refusals import BadTarget
from routing.agents.rights import Rights
from routing.config.schema import Refused, problems

TEMP_PREFIX = ".facio-settings-"
BACKUP_SUFFIX = ".bak"
ORIGINAL = ".original-"  # then the time, and a number when that name is taken
LOCK_SECONDS = 10.0
ABANDONED_SECONDS = 3600  # where locks can't tell whether a writer lives


@dataclass(frozen=True, slots=True)
class Known:
    """Digests by which what stands in the folder is known again."""

    written: frozenset[str] = field(default_factory=frozenset)  # texts that this site wrote
    copied: frozenset[str] = field(default_factory=frozenset)  # files that it replaced


@dataclass(frozen=True, slots=True)
class Written:
    digest: str
    original: str = ""  # the name under which the old file is kept for good


def write_new(path: Path, text: str, *, may_hold_secrets: bool = True) -> None:
    """Write or replace a file that is nobody's live configuration. A new one has mode 0600; one
    that is there keeps whoever it belongs to and whoever may read it. Raises BadTarget."""
    with open_folder(path, allow_sticky=True) as folder:
        _sweep(path, folder)
        old = check_target(path, folder)
        if refused := obstacle_at(path, folder):
            raise refused
        wanted = Rights(os.geteuid(), os.getegid(), private.MODE)
        if old is not None:
            wanted = replace(_rights_at(path, folder), keeps_owner=True)
            if may_hold_secrets and wanted.mode & stat.S_IROTH:
                raise BadTarget("exposed", path, command=f"chmod o-r {shlex.quote(str(path))}")
        with _temp(path, folder, text.encode(), wanted) as temp:
            _rename(temp, path.name, folder)


def _rights_at(path: Path, folder: int) -> Rights:
    handle = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        return rights.rights_of(handle)
    finally:
        os.close(handle)


def write_live(
    path: Path,
    text: str,
    *,
    expected: str | None,
    mode: int = private.MODE,
    gid: int | None = None,
    known: Known | None = None,
    in_place: bool = False,
) -> Written:
    """Replace the live file and keep the old one beside it.

    `expected` is the digest of the file that the person saw, None for no file: when another one is
    there now, BadTarget "changed" is raised. An existing file keeps its rights; `mode` and `gid`
    (None = the process's own) are for a new one. `in_place`: the operator allows it for a file
    that can't be replaced. One writer at a time. Raises BadDocument and Refused, before anything
    is touched, for a text that the agent would not load.
    """
    if faults := problems(read_json(text.encode())):
        raise Refused(faults)
    with open_folder(path) as folder, _lock(path, folder):
        _sweep(path, folder)
        old = read_at(path, folder)
        _check_unchanged(path, old, expected)
        refused = obstacle_at(path, folder)
        is_in_place = in_place and refused is not None and refused.code in MENDED_IN_PLACE
        if refused and not (is_in_place and may_write_in_place(path, folder)):
            raise refused
        if old is None:
            with _temp(path, folder, text.encode(), rights.of_a_new_file(mode, gid)) as temp:
                _check_unchanged(path, read_at(path, folder), expected)
                _rename(temp, path.name, folder)
            return Written(digest_of(text))
        keeping = _Keeping(path, folder, old, known or Known(), is_first=is_in_place)
        with keeping.kept():
            if is_in_place:
                _write_in_place(path, folder, old, text.encode(), keeping.name)
            else:
                with _temp(path, folder, text.encode(), old.rights) as temp:
                    _check_unchanged(path, read_at(path, folder), expected)
                    _rename(temp, path.name, folder)
    return Written(digest_of(text), keeping.name if keeping.way == "original" else "")


def _check_unchanged(path: Path, now: Live | None, expected: str | None) -> None:
    if (now.digest if now else None) != expected:
        raise BadTarget("changed", path)


def sweep(path: Path) -> int:
    """Remove what killed writers left beside `path`; returns how many files. For the start."""
    try:
        with open_folder(path, allow_sticky=True) as folder:
            return _sweep(path, folder)
    except BadTarget:
        return 0


# --- keeping the old file -------------------------------------------------------------------


class _Keeping:
    """The copy of the file that a write replaces: where it goes, and when.

    What could not be read, and what would run over a copy that is not ours, gets a name that is
    used once, before anything is replaced. Everything else is the running copy, which takes its
    name when the write has succeeded. Before a write in place there is always a copy.
    """

    def __init__(self, path: Path, folder: int, old: Live, known: Known, *, is_first: bool) -> None:
        self.path, self.folder, self.old = path, folder, old
        self.running = path.with_name(path.name + BACKUP_SUFFIX)
        is_torn = old.document()[1] is not None
        self.way = "original" if is_torn else _running_copy(self.running, folder, old, known)
        self.name = _own_name(path, folder) if is_first or self.way == "original" else ""

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Around the write: when that fails, the folder is as it was."""
        if self.way == "none" and not self.name:
            yield
            return
        copy = _temp(self.path, self.folder, self.old.data, self.old.rights, is_copy=True)
        with copy as temp:
            if not self.name:
                yield
                self._after(temp)
                return
            _take_name(temp, self.name, self.folder)
            try:
                yield
            except BaseException as error:
                if getattr(error, "code", "") != "torn":
                    self._take_back()
                raise
            if self.way == "running":
                _rename(self.name, self.running.name, self.folder)
            elif self.way == "none":
                self._take_back()

    def _after(self, temp: str) -> None:
        """Give the running copy its name, or put the old file back."""
        try:
            _rename(temp, self.running.name, self.folder)
        except OSError:
            os.replace(temp, self.path.name, src_dir_fd=self.folder, dst_dir_fd=self.folder)
            raise

    def _take_back(self) -> None:
        with suppress(OSError):
            os.unlink(self.name, dir_fd=self.folder)


def _running_copy(running: Path, folder: int, old: Live, known: Known) -> str:
    """What to do for a file that could be read: "running", "original", or "none"."""
    is_ours = old.digest in known.written
    try:
        there = read_at(running, folder)
    except BadTarget as error:
        if error.code not in ("too_large", "unreadable"):
            raise
        return "none" if is_ours else "original"
    if there is None or there.digest in known.written:
        return "running"
    if is_ours or there.digest == old.digest:
        return "none"  # never our own text over what somebody else wrote
    return "running" if there.digest in known.copied else "original"


def _own_name(path: Path, folder: int) -> str:
    """A name that no file has, and by its time none had before."""
    first = f"{path.name}{ORIGINAL}{datetime.now(UTC):%Y%m%d-%H%M%S}"
    taken = set(os.listdir(folder))
    names = (f"{first}-{number}" if number else first for number in range(len(taken) + 1))
    return next(name for name in names if name not in taken)


def _take_name(temp: str, name: str, folder: int) -> None:
    """Name a file that must not take the place of another one."""
    try:
        os.link(temp, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # no hard links here; the lock keeps other writers of this site out
        _rename(temp, name, folder)
        return
    os.unlink(temp, dir_fd=folder)
    with suppress(OSError):
        os.fsync(folder)


# --- locks ----------------------------------------------------------------------------------


@contextmanager
def _lock(path: Path, folder: int) -> Iterator[None]:
    """One writer a folder: the lock is on the folder itself and leaves no file behind. Where a
    file system has no locks, the digest alone guards."""
    until = time.monotonic() + LOCK_SECONDS
    while (locked := _locked(folder)) is False:
        if time.monotonic() > until:
            raise BadTarget("locked", path)
        time.sleep(0.05)
    try:
        yield
    finally:
        if locked:
            fcntl.flock(folder, fcntl.LOCK_UN)


def _locked(handle: int) -> bool | None:
    """Whether the lock could be had at once; None = there are no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _sweep(path: Path, folder: int) -> int:
    start = f"{TEMP_PREFIX}{path.name}."
    left = [n for n in os.listdir(folder) if n.startswith(start) and n.endswith(".tmp")]
    return sum(_remove_abandoned(name, folder) for name in left)


def _remove_abandoned(name: str, folder: int) -> bool:
    """Remove a leftover whose writer is gone, which is when its lock can be had."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(name, flags, dir_fd=folder)
    except OSError:
        return False
    try:
        is_free = _locked(handle)
        if is_free is None:
            is_free = time.time() - os.fstat(handle).st_mtime > ABANDONED_SECONDS
        if is_free:
            os.unlink(name, dir_fd=folder)
        return is_free
    except OSError:
        return False
    finally:
        os.close(handle)


# --- writing --------------------------------------------------------------------------------


@contextmanager
def _temp(
    path: Path, folder: int, data: bytes, wanted: Rights, *, is_copy: bool = False
) -> Iterator[str]:
    """A file of its own that holds `data` and has reached the disk; its name. Gone afterwards,
    unless it was renamed. A copy that can't have these rights is for this site's user alone."""
    name, handle = _create(path, folder)
    try:
        rights.make_private(handle)
        try:
            rights.give(path, handle, wanted)
        except BadTarget:
            if not (is_copy and rights.make_private(handle)):
                raise
        _write_all(handle, data)
        os.fsync(handle)
        yield name
    finally:
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
        os.close(handle)


def _create(path: Path, folder: int) -> tuple[str, int]:
    """A new empty file, locked while its writer lives: sweepers leave locked ones alone."""
    while True:
        name = f"{TEMP_PREFIX}{path.name}.{secrets.token_hex(8)}.tmp"
        handle = private.create(name, folder=folder)
        _locked(handle)
        if os.fstat(handle).st_nlink:
            return name, handle
        os.close(handle)  # swept before it was locked


def _rename(temp: str, name: str, folder: int) -> None:
    os.replace(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
    with suppress(OSError):  # done is done; some file systems cannot sync a folder
        os.fsync(folder)


def _write_all(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


def _write_in_place(path: Path, folder: int, old: Live, data: bytes, copy: str) -> None:
    """Over the old bytes, read again afterwards; when that fails, the old ones come back."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    handle = os.open(path.name, flags, dir_fd=folder)
    try:
        if _all_of(handle) != old.data:
            raise BadTarget("changed", path)
        try:
            _overwrite(handle, data)
        except OSError as error:
            _overwrite_back(path, handle, old, copy, error)
            raise
    finally:
        os.close(handle)


def _overwrite(handle: int, data: bytes) -> None:
    os.lseek(handle, 0, os.SEEK_SET)
    _write_all(handle, data)
    os.ftruncate(handle, len(data))
    os.fsync(handle)
    if _all_of(handle) != data:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def _overwrite_back(path: Path, handle: int, old: Live, copy: str, why: OSError) -> None:
    try:
        _overwrite(handle, old.data)
    except OSError:
        place = str(path.with_name(copy))
        reason = os.strerror(why.errno or 0)
        raise BadTarget("torn", path, reason=reason, copy=place) from None


def _all_of(handle: int) -> bytes:
    os.lseek(handle, 0, os.SEEK_SET)
    parts = []
    while part := os.read(handle, 1 << 20):
        parts.append(part)
    return b"".join(parts)
