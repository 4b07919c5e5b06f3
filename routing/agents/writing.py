"""The agent's live config.json: where it is, whether it differs from what is set here, and writing
it. The path comes from FACIO_CONFIG_PATH only. Kept out: requests, and what a write contains.
"""

from __future__ import annotations

import grp
import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy

from facio_site import private, sealing
from facio_site.audit import record
from facio_site.strictjson import BadDocument, read_json
from providers.kinds import KINDS
from providers.models import Provider
from routing.agents.announced import announced
from routing.agents.environment import Renewal, renewal
from routing.agents.file import (
    MENDED_IN_PLACE,
    OWN_LIMITS,
    Live,
    digest_of,
    obstacle,
    read_live,
)
from routing.agents.refusals import BadTarget
from routing.agents.replacing import Known, Written, write_live
from routing.agents.torn import names_in
from routing.config.difference import Path as Keys
from routing.config.difference import value_at
from routing.config.edits import Current
from routing.config.export import Mode
from routing.config.plans import Choices, WritePlan, plan_return, plan_write
from routing.models import BaseDocument, ConfigVersion, Route
from routing.state import current, fingerprint
from routing.state.store import (
    Overtaken,
    apply_plan,
    hold,
    keep_copy,
    keep_original,
    names_of,
    pasted_version,
    told_changes,
)

if TYPE_CHECKING:
    from django.http import HttpRequest

    from facio_site.accounts.models import User


def live_path() -> Path | None:
    """None when the operator names no live file."""
    return Path(settings.FACIO_CONFIG_PATH) if settings.FACIO_CONFIG_PATH else None


def new_file_mode() -> int:
    """The mode of a file that is not there yet. Raises ValueError for one that others could read
    or that is no octal number."""
    mode = int(settings.FACIO_CONFIG_MODE or "0600", 8)
    if mode & ~0o660 or not mode & stat.S_IRUSR:
        raise ValueError
    return mode


def new_file_group() -> int | None:
    """The group of a file that is not there yet; None = the process's own. Raises KeyError for an
    unknown name."""
    name = settings.FACIO_CONFIG_GROUP
    if not name:
        return None
    return int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid


# --- drift ----------------------------------------------------------------------------------


class Drift(StrEnum):
    """How the file on the disk and what is set here stand to each other; `told` puts it in words,
    the same everywhere."""

    UNSET = "unset"  # the operator names no live file
    SAME = "same"
    MISSING = "missing"  # no file is there, and none was written
    GONE = "gone"  # no file is there any more since our last write
    FOREIGN = "foreign"  # a file that this site never wrote
    CHANGED = "changed"  # somebody else changed it since our last write
    BEHIND = "behind"  # settings were changed here since
    UNUSABLE = "unusable"  # it can't be read, or is no file that may be written

    @property
    def told(self) -> Told:
        return TOLD[self]


@dataclass(frozen=True, slots=True)
class Told:
    tone: str
    label: Any  # translated when it is shown


TOLD = {
    Drift.UNSET: Told("idle", gettext_lazy("no path is set")),
    Drift.SAME: Told("ok", gettext_lazy("Up to date")),
    Drift.MISSING: Told("info", gettext_lazy("Not written yet")),
    Drift.GONE: Told("warn", gettext_lazy("No longer there")),
    Drift.FOREIGN: Told("warn", gettext_lazy("Not written by this site")),
    Drift.CHANGED: Told("warn", gettext_lazy("Changed by someone else")),
    Drift.BEHIND: Told("info", gettext_lazy("Out of date")),
    Drift.UNUSABLE: Told("error", gettext_lazy("Can't be written")),
}


@dataclass(frozen=True, slots=True)
class Drifted:
    drift: Drift
    path: str = ""
    written_at: datetime | None = None
    number: int = 0  # of the version that was written last; 0 = none
    digest: str = ""  # of the file; "" = it isn't there, or can't be read

    @property
    def is_due(self) -> bool:
        """Worth a badge."""
        return self.drift not in (Drift.UNSET, Drift.SAME)


def drift() -> Drifted:
    """Cheap enough for every page: the file is read only when it was touched, no secret opened."""
    path = live_path()
    if path is None:
        return Drifted(Drift.UNSET)
    version = ConfigVersion.objects.written()
    at, number = (version.created_at, version.number) if version else (None, 0)
    try:
        digest = _digest_at(path)
    except BadTarget:
        return Drifted(Drift.UNUSABLE, str(path), at, number)
    return Drifted(_drift(digest, version), str(path), at, number, digest or "")


def _drift(digest: str | None, version: ConfigVersion | None) -> Drift:
    if digest is None:
        return Drift.GONE if version else Drift.MISSING
    if version is None:
        return Drift.FOREIGN
    if digest != version.digest:
        return Drift.CHANGED
    return Drift.SAME if version.stamp == stamp() else Drift.BEHIND


def _digest_at(path: Path) -> str | None:
    try:
        found = path.lstat()
    except OSError:
        live = read_live(path)  # says what is wrong with it
        return live.digest if live else None
    return _digest_of(path, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@lru_cache(maxsize=4)
def _digest_of(path: Path, _inode: int, _size: int, _mtime: int, _ctime: int) -> str | None:
    live = read_live(path)
    return live.digest if live else None


def stamp() -> str:
    """A digest of the versions of all rows that make up config.json: it changes with any save."""
    base = BaseDocument.objects.values_list("pk", "imported_at").first()
    rows = [
        *Provider.objects.configured().order_by("name").values_list("pk", "name", "version"),
        *Route.objects.order_by("slot").values_list("slot", "version"),
        *([base] if base else []),
    ]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


# --- what a write would do ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at the live file, with the write that it leads to."""

    path: Path
    live: Live | None  # None = no file is there
    document: Mapping[str, Any] = field(repr=False)
    fault: BadDocument | None  # why the file can't be compared; a write replaces it
    version: ConfigVersion | None  # our last write
    state: Current = field(repr=False)
    mode: Mode
    write: WritePlan
    renewal: Renewal  # what no file brings to the agent
    obstacle: BadTarget | None  # why a write would be refused; what in_place mends is none
    is_in_place: bool = False
    readable: tuple[Keys, ...] = ()  # names in a file that can't be read as a whole

    @property
    def lost(self) -> tuple[Keys, ...]:
        """Those of them that the new file does not have."""
        new = self.write.exported.document
        return tuple(keys for keys in self.readable if value_at(new, keys) is None)

    @property
    def drift(self) -> Drift:
        found = _drift(self.live.digest if self.live else None, self.version)
        is_behind = found is Drift.SAME and self.is_alike and self.renewal
        return Drift.BEHIND if is_behind else found

    @property
    def is_foreign(self) -> bool:
        """Somebody else wrote what is there."""
        return self.drift in (Drift.FOREIGN, Drift.CHANGED)

    @property
    def is_alike(self) -> bool:
        """The file says what is set here, whoever wrote it, and the agent can read it."""
        if self.live is None or not self.live.is_utf8:
            return False
        return not (self.write.changes or self.fault or self.write.plan)

    @property
    def does_nothing(self) -> bool:
        """A write of a file that somebody else left alike makes it ours again, and one after the
        agent's environment was renewed takes note of that."""
        return self.is_alike and not self.is_foreign and not self.renewal

    @property
    def may_be_read(self) -> bool:
        """Whether the agent may take what can't be read here: it has fewer limits."""
        is_own = self.fault is not None and self.fault.code in OWN_LIMITS
        return is_own and self.live is not None and self.live.is_utf8

    @property
    def token(self) -> str:
        """Of all that this look is about: what is written is what was looked at."""
        digest = self.live.digest if self.live else ""
        return sealing.digest("look", f"{self.mode}/{digest}/{fingerprint(self.state)}")


def remembered_mode() -> Mode | None:
    """How secrets were written last; None when nothing was written yet."""
    version = ConfigVersion.objects.written()
    return Mode(version.mode) if version else None


def look(path: Path, state: Current, mode: Mode, choices: Choices | None = None) -> Look:
    """Raises BadTarget, schema.Refused, and sealing's exceptions for our last write."""
    live = read_live(path)
    document, fault = live.document() if live else ({}, None)
    version = ConfigVersion.objects.written()
    foreign = _drift(live.digest if live else None, version) in (Drift.FOREIGN, Drift.CHANGED)
    last = _last_document(version) if foreign and not fault else None
    work = plan_write(state, mode, disk=document, last=last, choices=choices, specs=KINDS)
    return _looked(path, live, version=version, state=state, mode=mode, write=work)


def look_back(path: Path, state: Current, mode: Mode, to: ConfigVersion) -> Look:
    """The same for a write that brings back all of a version. Raises as look() does."""
    live = read_live(path)
    disk = live.document()[0] if live else {}
    version = ConfigVersion.objects.written()
    work = plan_return(state, mode, disk=disk, pasted=pasted_version(to), specs=KINDS)
    return _looked(path, live, version=version, state=state, mode=mode, write=work)


def _looked(
    path: Path,
    live: Live | None,
    *,
    version: ConfigVersion | None,
    mode: Mode,
    write: WritePlan,
    state: Current,
) -> Look:
    document, fault = live.document() if live else ({}, None)
    refused = obstacle(path)
    is_in_place = (
        bool(refused and refused.code in MENDED_IN_PLACE)
        and settings.FACIO_CONFIG_IN_PLACE
        and os.access(path, os.W_OK, effective_ids=True)
    )
    return Look(
        path=path,
        live=live,
        document=document,
        fault=fault,
        obstacle=None if is_in_place else refused,
        is_in_place=is_in_place,
        readable=names_in(live.text) if live and fault else (),
        version=version,
        mode=mode,
        write=write,
        state=state,
        renewal=renewal(write.exported.env, mode, version),
    )


def _last_document(version: ConfigVersion | None) -> Mapping[str, Any]:
    return read_json(version.unseal(version.TEXT).encode()) if version else {}


def note_same(seen: Look, taken: str) -> None:
    """The rows have new versions, and nothing that the agent has would change: neither the file
    nor its environment is behind any more. `taken` is the stamp from before they were read: what
    is saved after that is not in it."""
    if seen.drift is Drift.BEHIND and seen.does_nothing and seen.version:
        rows = ConfigVersion.objects.filter(pk=seen.version.pk, stamp=seen.version.stamp)
        rows.update(stamp=taken)
        seen.version.stamp = taken


@dataclass(frozen=True, slots=True)
class Done:
    version: ConfigVersion
    written: Written
    renewal: Renewal


def write(seen: Look, *, actor: User, note: str = "", request: HttpRequest | None = None) -> Done:
    """Write the live file as it was looked at, and store what is taken in from it.

    All or nothing: the file is replaced last. Raises BadTarget, BadDocument, schema.Refused,
    Overtaken and sealing.KeyMissing.
    """
    work = seen.write
    digest = digest_of(work.exported.text)
    try:
        with announced(digest), transaction.atomic():
            hold(seen.state)
            if seen.live and (seen.fault or (seen.is_in_place and seen.is_foreign)):
                keep_original(seen.live.data, actor=actor)
            if work.plan:
                keep_copy(seen.state, ConfigVersion.Reason.UNDO, actor=actor)
                apply_plan(work.plan)
            version = keep_copy(
                work.after,
                ConfigVersion.Reason.WRITTEN,
                actor=actor,
                text=work.exported.text,
                mode=seen.mode,
                digest=digest,
                stamp=_stamp_of(work.after),
                replaced=seen.live.digest if seen.live else "",
                note=note,
            )
            record(
                "config.written",
                actor=actor,
                target=f"version {version.number}",
                result=seen.mode.value,
                fields=names_of(work.plan) if work.plan else (),
                changes=told_changes(() if seen.fault else work.changes),
                version=version.number,
                request=request,
            )
            written = write_live(
                seen.path,
                work.exported.text,
                expected=seen.live.digest if seen.live else None,
                mode=new_file_mode() if seen.live is None else private.MODE,
                gid=new_file_group() if seen.live is None else None,
                known=_known(),
                in_place=seen.is_in_place,
            )
    except IntegrityError:
        raise Overtaken from None
    ConfigVersion.objects.prune()
    return Done(version, written, seen.renewal)


def _stamp_of(state: Current) -> str:
    """The stamp of the rows, if they say just this; else none, and the next look sees to it. A row
    that is saved for the first time can't be held before."""
    taken = stamp()
    return taken if fingerprint(current(is_lenient=True)) == fingerprint(state) else ""


def _known() -> Known:
    rows = ConfigVersion.objects.filter(reason=ConfigVersion.Reason.WRITTEN)
    pairs = list(rows.values_list("digest", "replaced"))
    return Known(frozenset(one for one, _ in pairs), frozenset(one for _, one in pairs if one))
