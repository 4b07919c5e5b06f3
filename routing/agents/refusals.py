"""Why nothing was written: one sentence a reason, each with the way out. No Django."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path

from facio_site.marked import marked as _

MESSAGES: Mapping[str, str] = {  # filled with the parameters of a BadTarget
    "no_folder": _("{path}: its folder does not exist or is no folder."),
    "symlink": _("{path} is a symbolic link; name the file that it points to."),
    "kubernetes": _(
        "{path} is a link of a Kubernetes volume (ConfigMap or Secret), which nobody can write. "
        "Mount a folder that can be written, and name a file in it."
    ),
    "folder": _(
        "{path} is a folder. Docker makes one when the file that it shall mount is missing. Stop "
        "the container, remove the folder with: rmdir {path}, and mount the folder above instead."
    ),
    "not_a_file": _("{path} is there and is no regular file."),
    "hard_links": _("{path} has more than one name (hard links); writing would part them."),
    "open_folder": _("{path}: its folder can be written by everybody; take that right away first."),
    "mounted": _(
        "{path} is mounted into this container as a single file, which can't be replaced in one "
        "step. Mount the folder that holds it instead, or set FACIO_CONFIG_IN_PLACE=1 to have it "
        "written in place."
    ),
    "mounted_read_only": _(
        "{path} is mounted read-only as a single file. Mount the folder that holds it instead, "
        "and let it be written."
    ),
    "folder_read_only": _(
        "{path}: its folder is read-only, and a write needs a new file in it. Mount the folder so "
        "that it can be written."
    ),
    "folder_no_right": _(
        "{path}: this site's user may not write in its folder. To allow it, run: {command}"
    ),
    "unreadable": _("{path} can't be read by this site's user. To allow it, run: {command}"),
    "fixed": _("{path} is marked as immutable or append-only. To allow a write, run: {command}"),
    "no_right": _("{path}: no right to write there."),
    "disk_full": _("{path}: the disk is full; the old file is unchanged."),
    "owner": _(
        "{path} belongs to user {owner}, who could not read it any more after a write, because "
        "only root can give a new file away. If that user is in group {group}, run: {command}"
    ),
    "owner_stays": _(
        "{path} belongs to user {owner}, and only root can give a new file to that user. To let it "
        "be this site's user's, run: {command}"
    ),
    "group": _(
        "{path} has the group {group}, which this site's user can't give to a new file. To allow "
        "it, run this and start the site again: {command}"
    ),
    "mode": _(
        "{path}: its file system does not let this site set the mode of the old file ({reason}) "
        "on a new one; the old file is unchanged."
    ),
    "access_list": _(
        "{path}: its access list can't be given to a new file; the old file is unchanged. To do "
        "without the list, run: {command}"
    ),
    "attributes": _(
        "{path}: its attributes ({reason}) can't be given to a new file; the old file is "
        "unchanged. To do without them, run: {command}"
    ),
    "exposed": _(
        "{path} can be read by everybody, and what is written may hold secrets. Run first: "
        "{command}"
    ),
    "read_only": _("{path}: the file system is read-only."),
    "locked": _("{path}: another export is being written; try again."),
    "changed": _("{path} was changed by someone else in the meantime; nothing was written."),
    "too_large": _(
        "{path} is larger than anything this site reads. Move it away; a write makes a new one."
    ),
    "failed": _("{path} could not be written ({reason}); the old file is unchanged."),
    "torn": _(
        "{path} could not be written in place ({reason}), and is torn now. What stood there is in "
        "{copy}: copy it back."
    ),
}
BY_ERRNO = {
    errno.EBUSY: "mounted",
    errno.EACCES: "no_right",
    errno.EPERM: "no_right",
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "read_only",
    errno.ELOOP: "symlink",
}


class BadTarget(ValueError):
    """Nothing was written. `code` is a key of MESSAGES; the sentence holds the path, names of
    users and groups, a command, and nothing of the file."""

    def __init__(self, code: str, path: Path, **params: str) -> None:
        self.code, self.path = code, path
        self.params = {"reason": "", **params, "path": str(path)}
        super().__init__(MESSAGES[code].format(**self.params))
