"""Who may do what with a file: owner, group, mode, access list, attributes. Read from one file and
given to another; nobody gains a right by it and nobody loses one unsaid. No Django.
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import stat
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from facio_site import private
from routing.agents.refusals import BadTarget

ACCESS: Final = "system.posix_acl_access"
# Made for one content, or for one place: a copy must not have them.
_OF_THE_FILE = ("security.ima", "security.evm", "security.capability", "trusted.overlay.")
_USER, _GROUP_OBJ, _GROUP, _MASK = 0x02, 0x04, 0x08, 0x10
_READ = 4


@dataclass(frozen=True, slots=True)
class Rights:
    uid: int
    gid: int
    mode: int
    acl: bytes | None = None  # as the kernel keeps it; None = no list beside the mode
    attributes: Mapping[str, bytes] = field(default_factory=dict)  # all other extended ones
    keeps_owner: bool = False  # also where he would still read what is another one's


def rights_of(handle: int) -> Rights:
    found = os.fstat(handle)
    values = {name: value for name in _names(handle) for value in _value(handle, name)}
    acl = values.pop(ACCESS, None)
    return Rights(found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode), acl, values)


def of_a_new_file(mode: int, gid: int | None) -> Rights:
    """What the operator wants of a file that is not there yet. No list: what a folder hands down
    would open it to more people than the mode says."""
    return Rights(os.geteuid(), os.getegid() if gid is None else gid, mode)


def _names(handle: int) -> list[str]:
    try:
        return [n for n in os.listxattr(handle) if not n.startswith(_OF_THE_FILE)]
    except OSError:  # this file system has none
        return []


def _value(handle: int, name: str) -> Iterator[bytes]:
    with suppress(OSError):
        yield os.getxattr(handle, name)


# --- giving ---------------------------------------------------------------------------------


def give(path: Path, handle: int, wanted: Rights) -> None:
    """Make an empty, private file of ours as `wanted` says. Raises BadTarget, about `path`, when
    anybody would have another right than he had."""
    for step in _steps(handle, wanted):
        with suppress(OSError):  # what counts is what came of it
            step()
    if refused := refusal(path, wanted, rights_of(handle)):
        raise refused


def make_private(handle: int) -> bool:
    """For this site's user alone, whatever its folder hands down; whether it is."""
    with suppress(OSError):
        os.removexattr(handle, ACCESS)
    with suppress(OSError):
        if stat.S_IMODE(os.fstat(handle).st_mode) != private.MODE:
            os.fchmod(handle, private.MODE)
    found = rights_of(handle)
    return (found.mode, found.acl) == (private.MODE, None)


def _steps(handle: int, wanted: Rights) -> Iterator[Callable[[], None]]:
    """What is to be changed. The owner comes last: who gave a file away can't change it."""
    made = rights_of(handle)
    if made.gid != wanted.gid:
        yield lambda: os.fchown(handle, -1, wanted.gid)
    acl = wanted.acl
    if acl is not None:
        yield lambda: os.setxattr(handle, ACCESS, acl)
    elif made.acl is not None:
        yield lambda: os.removexattr(handle, ACCESS)
    if stat.S_IMODE(os.fstat(handle).st_mode) != wanted.mode:
        yield lambda: os.fchmod(handle, wanted.mode)
    for name, value in wanted.attributes.items():
        if made.attributes.get(name) != value:
            yield lambda name=name, value=value: os.setxattr(handle, name, value)  # type: ignore[misc]
    if made.uid != wanted.uid:
        yield lambda: os.fchown(handle, wanted.uid, -1)


# --- whether it can be given ----------------------------------------------------------------


def foreseen(path: Path, wanted: Rights) -> BadTarget | None:
    """What give() would refuse because of this process's own rights; nothing is touched."""
    if _may_give_away():
        return None
    groups = {os.getegid(), *os.getgroups()}
    gid = wanted.gid if wanted.gid in groups else os.getegid()
    return refusal(path, wanted, replace(wanted, uid=os.geteuid(), gid=gid))


def _may_give_away() -> bool:
    """Whether this process has CAP_CHOWN."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) & 1)
    return os.geteuid() == 0


def refusal(path: Path, wanted: Rights, now: Rights) -> BadTarget | None:
    """Why a file with the rights `now` can't take the place of one with those `wanted`."""
    group, me, quoted = _group(wanted.gid), _user(os.geteuid()), shlex.quote(str(path))
    if now.gid != wanted.gid:
        command = f"sudo usermod -aG {group} {me}"
        return BadTarget("group", path, group=group, command=command)
    if now.uid != wanted.uid and wanted.keeps_owner and _still_reads(wanted):
        command = f"sudo chown {me} {quoted}"
        return BadTarget("owner_stays", path, owner=_user(wanted.uid), command=command)
    if now.uid != wanted.uid and not _still_reads(wanted):
        command = f"sudo chown {me}:{group} {quoted} && sudo chmod 640 {quoted}"
        return BadTarget("owner", path, owner=_user(wanted.uid), group=group, command=command)
    if now.acl != wanted.acl:
        return BadTarget("access_list", path, command=f"setfacl -b {quoted}")
    if now.mode != wanted.mode:
        return BadTarget("mode", path, reason=f"{wanted.mode:04o}")
    lost = [n for n, value in wanted.attributes.items() if now.attributes.get(n) != value]
    if lost:
        command = " && ".join(_without(name, quoted) for name in lost)
        return BadTarget("attributes", path, reason=", ".join(lost), command=command)
    return None


def _without(attribute: str, quoted: str) -> str:
    """The command after which a new file has what the old one has of an attribute."""
    if attribute == "security.selinux":
        return f"sudo restorecon {quoted}"
    return f"setfattr -x {attribute} {quoted}"


def _still_reads(rights: Rights) -> bool:
    """Whether the owner can read it when it is another one's, with everything else as it is.

    Of a user whom this machine does not know (a container's) the group is believed to be his.
    """
    groups = _groups_of(rights.uid)
    listed = list(_entries(rights.acl))
    mask = next((bits for tag, bits, _id in listed if tag == _MASK), 7)
    named = [bits for tag, bits, one in listed if tag == _USER and one == rights.uid]
    if named:
        return bool(named[0] & mask & _READ)
    own = next((bits for tag, bits, _id in listed if tag == _GROUP_OBJ), rights.mode >> 3 & 7)
    mine = [own] if groups is None or rights.gid in groups else []
    mine += [bits for tag, bits, one in listed if tag == _GROUP and groups and one in groups]
    if mine:
        return any(bits & mask & _READ for bits in mine)
    return bool(rights.mode & _READ)


def _entries(acl: bytes | None) -> Iterator[tuple[int, int, int]]:
    """Tag, rights and id of each entry of an access list."""
    if acl:
        yield from struct.iter_unpack("<HHI", acl[4 : 4 + (len(acl) - 4) // 8 * 8])


def _groups_of(uid: int) -> frozenset[int] | None:
    """None when this machine does not know the user."""
    try:
        found = pwd.getpwuid(uid)
        return frozenset(os.getgrouplist(found.pw_name, found.pw_gid)) if uid else None
    except (KeyError, OSError):
        return None


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def who() -> str:
    """This site's user, as commands name him."""
    return _user(os.geteuid())
