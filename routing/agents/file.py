"""What stands at the path of a config.json, looked at without touching it, and whether a write
could succeed there. No Django; paths come from the operator only.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facio_site.strictjson import MAX_BYTES, BadDocument, read_json, read_text
from routing.agents import rights
from routing.agents.refusals import BY_ERRNO, BadTarget
from routing.agents.rights import Rights

# What only this site does not read. Of a key that is there twice, the agent takes the last.
# Source: Python's json.load, with which nanobot 0.3.5 reads it (nanobot/config/loader.py).
OWN_LIMITS = frozenset({"duplicate_key", "bad_number", "bad_text", "too_deep", "too_many"})
# What writing in place is a way round: the file stays, so it keeps whoever it belongs to.
MENDED_IN_PLACE = frozenset({"mounted", "owner", "group"})
_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_GET_FLAGS = 0x80086601  # FS_IOC_GETFLAGS; of the flags: append-only and immutable
_FIXED = 0x20 | 0x10


@dataclass(frozen=True, slots=True)
class Live:
    """The file as it stands on the disk."""

    data: bytes = field(repr=False)
    digest: str
    rights: Rights

    @property
    def text(self) -> str:
        """What can't be decoded in it is lost."""
        try:
            return read_text(self.data)
        except BadDocument:
            return self.data.decode(errors="replace")

    @property
    def is_utf8(self) -> bool:
        """Whether it is plain UTF-8, which is all that the agent reads: no UTF-16, and no byte
        order mark. Source: as OWN_LIMITS."""
        return self.text.encode(errors="replace") == self.data

    def document(self) -> tuple[dict[str, Any], BadDocument | None]:
        """What it says, or nothing and why it can't be read."""
        try:
            return read_json(self.data), None
        except BadDocument as error:
            return {}, error


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read_live(path: Path) -> Live | None:
    """What is there; None when nothing is. Raises BadTarget."""
    with open_folder(path) as folder:
        return read_at(path, folder)


def obstacle(path: Path) -> BadTarget | None:
    """Why a write would be refused, as far as it can be seen before; None when nothing is."""
    try:
        with open_folder(path) as folder:
            return obstacle_at(path, folder)
    except BadTarget as error:
        return error


# --- inside an open folder ------------------------------------------------------------------


@contextmanager
def open_folder(path: Path, *, allow_sticky: bool = False) -> Iterator[int]:
    """The open folder of `path`: every step names files relative to it, so it can't be swapped.

    Whatever the system refuses inside becomes a BadTarget.
    """
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        raise BadTarget("folder_no_right", path, command=_let_in(path.parent, "rwx")) from None
    except OSError:
        raise BadTarget("no_folder", path) from None
    try:
        mode = os.fstat(folder).st_mode
        if mode & stat.S_IWOTH and not (allow_sticky and mode & stat.S_ISVTX):
            raise BadTarget("open_folder", path)
        yield folder
    except OSError as error:
        code = BY_ERRNO.get(error.errno or 0, "failed")
        raise BadTarget(code, path, reason=os.strerror(error.errno or 0)) from None
    finally:
        os.close(folder)


def check_target(path: Path, folder: int) -> os.stat_result | None:
    """What stands at `path`, if that may be replaced; None when nothing does."""
    if not path.name:
        raise BadTarget("not_a_file", path)
    try:
        found = os.stat(path.name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        is_volume = os.readlink(path.name, dir_fd=folder).startswith("..data/")
        raise BadTarget("kubernetes" if is_volume else "symlink", path)
    if stat.S_ISDIR(found.st_mode):
        raise BadTarget("folder", path)
    if not stat.S_ISREG(found.st_mode):
        raise BadTarget("not_a_file", path)
    if found.st_nlink > 1:
        raise BadTarget("hard_links", path)
    return found


def read_at(path: Path, folder: int) -> Live | None:
    if check_target(path, folder) is None:
        return None
    try:
        handle = os.open(path.name, os.O_RDONLY | _OPEN, dir_fd=folder)
    except PermissionError:
        raise BadTarget("unreadable", path, command=_let_in(path, "rw")) from None
    with open(handle, "rb") as file:  # noqa: PTH123 - by folder
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise BadTarget("not_a_file", path)
        found = rights.rights_of(handle)
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise BadTarget("too_large", path)
    return Live(data, hashlib.sha256(data).hexdigest(), found)


def obstacle_at(path: Path, folder: int) -> BadTarget | None:
    """Mounts, rights and marks that a write would meet; what they hold is left to read_at()."""
    found = check_target(path, folder)
    if os.fstatvfs(folder).f_flag & os.ST_RDONLY:
        return BadTarget("folder_read_only", path)
    if not os.access(".", os.W_OK | os.X_OK, dir_fd=folder, effective_ids=True):
        return BadTarget("folder_no_right", path, command=_let_in(path.parent, "rwx"))
    if found is None:
        return None
    held = os.fstat(folder)
    if held.st_mode & stat.S_ISVTX and os.geteuid() not in (0, held.st_uid, found.st_uid):
        command = f"sudo chmod -t {shlex.quote(str(path.parent))}"
        return BadTarget("folder_no_right", path, command=command)
    try:
        handle = os.open(path.name, os.O_RDONLY | _OPEN, dir_fd=folder)
    except PermissionError:
        return BadTarget("unreadable", path, command=_let_in(path, "rw"))
    try:
        if _mount(handle) != _mount(folder):
            is_fixed = os.fstatvfs(handle).f_flag & os.ST_RDONLY
            return BadTarget("mounted_read_only" if is_fixed else "mounted", path)
        if _flags(handle) & _FIXED:
            command = f"sudo chattr -ia {shlex.quote(str(path))}"
            return BadTarget("fixed", path, command=command)
        return rights.foreseen(path, rights.rights_of(handle))
    finally:
        os.close(handle)


def may_write_in_place(path: Path, folder: int) -> bool:
    return os.access(path.name, os.W_OK, dir_fd=folder, effective_ids=True)


def _mount(handle: int) -> str:
    """Which mount an open file belongs to. A file that is mounted alone has another one than its
    folder, though both may stand on the same device."""
    with suppress(OSError):
        for line in Path(f"/proc/self/fdinfo/{handle}").read_text().splitlines():
            if line.startswith("mnt_id:"):
                return line
    return str(os.fstat(handle).st_dev)


def _flags(handle: int) -> int:
    """What chattr sets; 0 where there is no such thing."""
    try:
        answer = fcntl.ioctl(handle, _GET_FLAGS, struct.pack("l", 0))
    except OSError:
        return 0
    return int.from_bytes(answer[:4], "little")


def _let_in(path: Path, bits: str) -> str:
    return f"sudo setfacl -m u:{rights.who()}:{bits} {shlex.quote(str(path))}"
