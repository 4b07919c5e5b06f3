"""The sealed seeds of sign-in factors as a whole, for key rotation and the first start."""

import contextlib
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models.signals import pre_save
from django.dispatch import receiver

from facio_site import sealing
from facio_site.accounts.adapters import PURPOSE, place_of
from facio_site.pieces import in_pieces

_NAMES = ("secret", "seed")  # where allauth keeps a TOTP secret and the seed of recovery codes


def key_ids() -> set[str]:
    """Ids of the master keys that seeds are sealed under."""
    rows = in_pieces(Authenticator.objects.all())
    return {sealing.key_id_of(box) for row in rows for box in _boxes(row.data).values()}


def rotate() -> tuple[int, int, int]:
    """Seal every seed again under the newest key, each in a short transaction of its own.

    Returns (rows sealed again, rows still under an old key, rows that do not open). A row that
    changes at the same moment is left alone. Raises sealing.KeyMissing.
    """
    newest = sealing.newest_key_id()
    done = unreadable = 0
    for row in in_pieces(Authenticator.objects.all()):
        old = _old_boxes(row.data, newest)
        try:
            new = {name: _again(row.user_id, box) for name, box in old.items()}
        except sealing.Unreadable:
            unreadable += 1
            continue
        done += bool(new) and _swap(row.pk, old, new)
    left = sum(bool(_old_boxes(row.data, newest)) for row in in_pieces(Authenticator.objects.all()))
    return done, left - unreadable, unreadable


def forget_unreadable() -> int:
    """Remove the factors whose seed no key at hand opens; returns how many.

    Their users sign in by password alone until they add a factor anew.
    """
    count = 0
    for row in list(Authenticator.objects.all()):
        try:
            for box in _boxes(row.data).values():
                sealing.unseal(PURPOSE, place_of(row.user_id), box)
        except sealing.Unreadable:
            row.delete()
            count += 1
    return count


@receiver(pre_save, sender=Authenticator)
def keep_newest(instance: Authenticator, **_kwargs: Any) -> None:
    """A row that was read before a rotation does not bring the old box back."""
    with contextlib.suppress(sealing.KeyMissing, sealing.Unreadable):
        newest = sealing.newest_key_id()
        old = _old_boxes(instance.data, newest)
        for name, box in old.items():
            instance.data[name] = _again(instance.user_id, box)


@transaction.atomic
def _swap(pk: int, old: dict[str, str], new: dict[str, str]) -> bool:
    row = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if row is None or any(row.data.get(name) != box for name, box in old.items()):
        return False
    row.data = {**row.data, **new}
    row.save(update_fields=["data"])
    return True


def _boxes(data: Any) -> dict[str, str]:
    """Empty for what is no such object: a bogus passkey (passkeys.py)."""
    known = data if isinstance(data, dict) else {}
    return {name: known[name] for name in _NAMES if name in known}


def _old_boxes(data: Any, newest: str) -> dict[str, str]:
    """Those that another key than the newest has sealed."""
    return {name: box for name, box in _boxes(data).items() if sealing.key_id_of(box) != newest}


def _again(user_pk: int, box: str) -> str:
    place = place_of(user_pk)
    return sealing.seal(PURPOSE, place, sealing.unseal(PURPOSE, place, box))
