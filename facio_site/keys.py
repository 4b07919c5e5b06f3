"""The site's master keys as a whole: the first one, what is sealed under which, the change of one.

Kept out: sealing itself (sealing/), and which of the keys the database names (sealing/site.py).
"""

import re
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from facio_site import private, sealing
from facio_site.accounts import mfa
from facio_site.models import SiteKey
from facio_site.schema import is_own_file
from facio_site.sealing import rows, site


@dataclass(frozen=True, slots=True)
class Counts:
    """What a rotation came to, in rows."""

    done: int
    left: int  # still under an old key
    unreadable: int


def sealed_ids() -> set[str]:
    """Ids of the master keys that anything in the database is sealed under; of a box that is
    damaged there is none."""
    found = rows.key_ids() | mfa.key_ids()
    return {key_id for key_id in found if re.fullmatch("[0-9a-f]{8}", key_id)}


def make_first() -> None:
    """Write a new master key file, unless there is a key or the site has one elsewhere.

    A site whose database is no file of this machine may have other machines, which have its key.
    """
    if sealing.own_keys() or settings.MASTER_KEYS or sealed_ids():
        return
    if SiteKey.objects.exists():
        if not is_own_file():
            return
        _start_over()
    private.write_new(Path(settings.MASTER_KEY_FILE), sealing.new_master_key() + "\n")


def _start_over() -> None:
    """Forget keys that are gone and never sealed anything; nobody else uses this database."""
    SiteKey.objects.all().delete()
    site.forget()


def settle() -> None:
    """At a start: have the database name what is in use, and the newest key, where it does not.

    The newest is said by a machine that has all of them: its first one that seals something.
    """
    known, sealed, own = site.keys(now=True), sealed_ids(), sealing.own_keys().keys()
    if own and not sealed and known.used - own and is_own_file():
        _start_over()
    elif sealed - known.used:
        site.note_used(sealed - known.used)
    usable = sealing.master_keys(now=True)
    if usable and not site.keys().newest:
        site.take_first(next(iter(usable)))


def fits() -> bool:
    """False when nothing that is stored can be opened by any key at hand: it is a wrong one.

    True without a key (the site starts locked) and while nothing is sealed. Opens nothing: each box
    names its key. Raises sealing.BadMasterKey.
    """
    own, used = set(sealing.own_keys()), sealed_ids()
    return not own or not used or bool(own & used)


def told() -> list[str]:
    """What a person who starts a part should know of its keys, in sentences. Ids are no secret.

    Raises sealing.BadMasterKey.
    """
    where = "MASTER_KEYS or MASTER_KEY_FILE"
    own, known = list(sealing.own_keys()), site.keys(now=True)
    if missing := sorted(known.used - {*own}):
        words = "master key" if len(missing) == 1 else "master keys"
        said = f"this machine has not the {words} {', '.join(missing)} that the site uses"
        return [f"{said}: it starts locked and takes no jobs. Put it into {where}."]
    if not own:
        return [
            f"there is no master key: it starts locked and takes no jobs. Put one into {where}."
        ]
    further = [key_id for key_id in own if known.used and key_id not in known.used]
    said = "is not the site's yet; rotate_master_key on a machine whose list begins with it makes"
    return [f"master key {key_id} {said} it the newest." for key_id in further]


def rotate() -> Counts:
    """Make this machine's first key the site's newest and seal everything again under it.

    Can be broken off at any moment and run again. Raises sealing.KeyMissing.
    """
    with site.overruled():
        newest = sealing.newest_key_id()
        site.note_used(sealed_ids())
        site.make_newest(newest)
        parts = [rows.rotate(), mfa.rotate()]
        site.drop_unused(sealed_ids())
    return Counts(*(sum(column) for column in zip(*parts, strict=True)))


def forget_unreadable() -> int:
    """Give up what no key at hand opens; returns how many rows. Raises sealing.KeyMissing."""
    with site.overruled(), transaction.atomic():
        return rows.forget_unreadable() + mfa.forget_unreadable()
