"""Writing config.json so that it is always the old file or the new one, never read by others.

The new text goes into a file of its own beside the target (mode 0600 from its first byte), reaches
the disk, and takes the target's name in one step. No Django; paths come from the operator only.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from facio_site import private
from facio_site.marked import marked as _
from facio_site.strictjson import MAX_BYTES, read_json
from routing.config.schema import Refused, problems

TEMP_PREFIX = ".facio-settings-"
BACKUP_SUFFIX = ".bak"
LOCK_SECONDS = 10.0

MESSAGES: Mapping[str, str] = {
    "no_folder": _("{path}: its folder does not exist or is no folder."),
    "symlink": _("{path} is a symbolic link; name the file that it points to."),
    "not_a_file": _("{path} is there and is no regular file."),
    "hard_links": _("{path} has more than one name (hard links); writing would part them."),
    "open_folder": _("{path}: its folder can be written by everybody; take that right away first."),
    "mounted": _(
        "{path} is mounted into this container as a single file, which can't be replaced in one "
        "step. Mount the folder that holds it instead."
    ),
    "no_right": _("{path}: no right to write there."),
    "disk_full": _("{path}: the disk is full; the old file is unchanged."),
    "owner": _(
        "{path} belongs to another user, who could not read it any more after a write. Give it a "
        "group that both have, with mode 0640."
    ),
    "read_only": _("{path}: the file system is read-only."),
    "locked": _("{path}: another export is being written; try again."),
    "changed": _("{path} was changed by someone else in the meantime; nothing was written."),
    "too_large": _("{path} is larger than anything this site reads."),
    "not_utf8": _("{path} is not valid UTF-8."),
    "failed": _("{path} could not be written ({reason}); the old file is unchanged."),
}
_BY_ERRNO = {
    errno.EBUSY: "mounted",
    errno.EACCES: "no_right",
    errno.EPERM: "no_right",
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "read_only",
    errno.ELOOP: "symlink",
}


class BadTarget(ValueError):
    """Nothing was written. `code` is a key of MESSAGES; the sentence holds the path and no more."""

    def __init__(self, code: str, path: Path, reason: str = "") -> None:
        self.code, self.path, self.reason = code, path, reason
        super().__init__(MESSAGES[code].format(path=path, reason=reason))


@dataclass(frozen=True, slots=True)
class Live:
    """The file as it stands on the disk."""

    text: str = field(repr=False)
    digest: str
    mode: int
    uid: int
    gid: int


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read_live(path: Path) -> Live | None:
    """What is there; None when nothing is. Raises BadTarget."""
    with _folder(path) as folder:
        return _read(path, folder)


def write_new(path: Path, text: str) -> None:
    """Write or replace a file that is nobody's live configuration; mode 0600. Raises BadTarget."""
    with _folder(path, allow_sticky=True) as folder:
        _sweep(path, folder)
        _check_target(path, folder)
        with _temp(path, folder, text, private.MODE) as temp:
            _rename(temp, path.name, folder)


def write_live(
    path: Path,
    text: str,
    *,
    expected: str | None,
    mode: int = private.MODE,
    gid: int | None = None,
) -> str:
    """Replace the live file and keep the old one beside it (.bak); returns the new digest.

    `expected` is the digest of the file that the person saw, None for no file: when another one is
    there now, BadTarget "changed" is raised. An existing file keeps its mode and group; `mode` and
    `gid` (None = the process's own) are for a new one. One writer at a time. Raises BadDocument and
    Refused, before anything is touched, for a text that the agent would not load.
    """
    if faults := problems(read_json(text.encode())):
        raise Refused(faults)
    with _folder(path) as folder, _lock(path, folder):
        _sweep(path, folder)
        old = _read(path, folder)
        if (old.digest if old else None) != expected:
            raise BadTarget("changed", path)
        if old is None:
            with _temp(path, folder, text, mode, gid=gid) as temp:
                _rename(temp, path.name, folder)
            return digest_of(text)
        backup = path.with_name(path.name + BACKUP_SUFFIX)
        _check_target(backup, folder)
        owner = {"uid": old.uid, "gid": old.gid}
        with (
            _temp(path, folder, text, old.mode, **owner) as temp,
            _temp(path, folder, old.text, old.mode, **owner) as temp_backup,
        ):
            # The live file last: whatever fails before leaves it as it was.
            _rename(temp_backup, backup.name, folder)
            _rename(temp, path.name, folder)
    return digest_of(text)


def sweep(path: Path) -> int:
    """Remove what killed writers left beside `path`; returns how many files. For the start."""
    try:
        with _folder(path, allow_sticky=True) as folder:
            return _sweep(path, folder)
    except BadTarget:
        return 0


# --- the folder -----------------------------------------------------------------------------


@contextmanager
def _folder(path: Path, *, allow_sticky: bool = False) -> Iterator[int]:
    """The open folder of `path`: every step names files relative to it, so it can't be swapped."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        raise BadTarget("no_right", path) from None
    except OSError:
        raise BadTarget("no_folder", path) from None
    try:
        mode = os.fstat(folder).st_mode
        if mode & stat.S_IWOTH and not (allow_sticky and mode & stat.S_ISVTX):
            raise BadTarget("open_folder", path)
        yield folder
    except OSError as error:
        code = _BY_ERRNO.get(error.errno or 0, "failed")
        raise BadTarget(code, path, os.strerror(error.errno or 0)) from None
    finally:
        os.close(folder)


@contextmanager
def _lock(path: Path, folder: int) -> Iterator[None]:
    """One writer a folder: the lock is on the folder itself and leaves no file behind."""
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > until:
                raise BadTarget("locked", path) from None
            time.sleep(0.05)
    try:
        yield
    finally:
        fcntl.flock(folder, fcntl.LOCK_UN)


def _check_target(path: Path, folder: int) -> os.stat_result | None:
    """What stands at `path`, if that may be replaced; None when nothing does."""
    if not path.name:
        raise BadTarget("not_a_file", path)
    try:
        found = os.stat(path.name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise BadTarget("symlink", path)
    if not stat.S_ISREG(found.st_mode):
        raise BadTarget("not_a_file", path)
    if found.st_nlink > 1:
        raise BadTarget("hard_links", path)
    return found


def _read(path: Path, folder: int) -> Live | None:
    if _check_target(path, folder) is None:
        return None
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(path.name, flags, dir_fd=folder), "rb") as file:  # noqa: PTH123 - by folder
        found = os.fstat(file.fileno())
        data = file.read(MAX_BYTES + 1)
    if not stat.S_ISREG(found.st_mode):
        raise BadTarget("not_a_file", path)
    if len(data) > MAX_BYTES:
        raise BadTarget("too_large", path)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BadTarget("not_utf8", path) from None
    digest = hashlib.sha256(data).hexdigest()
    return Live(text, digest, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)


# --- writing --------------------------------------------------------------------------------


@contextmanager
def _temp(
    path: Path, folder: int, text: str, mode: int, *, uid: int | None = None, gid: int | None = None
) -> Iterator[str]:
    """A file of its own that holds `text` and has reached the disk; its name. Gone afterwards,
    unless it was renamed."""
    name, handle = _create(path, folder)
    try:
        os.fchmod(handle, private.MODE)
        _write_all(handle, text.encode())
        _give(path, handle, mode, uid, gid)
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
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return name, handle
        os.close(handle)  # swept before it was locked


def _give(path: Path, handle: int, mode: int, uid: int | None, gid: int | None) -> None:
    """Mode, group and owner of the file that is replaced.

    Only root can give a file away. Without that the old owner must at least be able to read it by
    its group, else the agent would lose its configuration.
    """
    made = os.fstat(handle)
    if gid is not None and gid != made.st_gid:
        os.fchown(handle, -1, gid)
    if uid is not None and uid != made.st_uid:
        try:
            os.fchown(handle, uid, -1)
        except PermissionError:
            if not mode & stat.S_IRGRP:
                raise BadTarget("owner", path) from None
    os.fchmod(handle, mode)


def _rename(temp: str, name: str, folder: int) -> None:
    os.replace(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
    with suppress(OSError):  # done is done; some file systems cannot sync a folder
        os.fsync(folder)


def _write_all(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


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
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(name, dir_fd=folder)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
