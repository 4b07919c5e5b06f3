"""Sealing: AES-256-GCM under a master key, bound to the place where the ciphertext stands.

A box is `v1.<key id>.<base64 of nonce + ciphertext>`. Its associated data names purpose and place,
so that a box moved to another row, column or use does not open. Which of the keys at hand seals is
the site's to say, not this machine's (site.py).
"""

import base64
import binascii
import hashlib
import os
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from facio_site.sealing import site


class KeyMissing(Exception):
    """There is no master key: stored secrets can be neither opened nor written."""


class Unreadable(Exception):
    """This one box does not open: another key, another place, or damaged."""


class BadMasterKey(ValueError):
    """A master key that must not be used; the text says why."""


def new_master_key() -> str:
    """A fresh master key as text: 32 random bytes, base64url."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def parse_master_key(text: str) -> bytes:
    """The 32 bytes behind `text`. Raises BadMasterKey for short, patterned or malformed ones."""
    try:
        key = base64.urlsafe_b64decode(text.strip())
    except (binascii.Error, ValueError):
        raise BadMasterKey("a master key must be base64 text") from None
    if len(key) != 32:
        raise BadMasterKey("a master key must hold 32 bytes")
    if len(set(key)) < 12:
        raise BadMasterKey("a master key must be random")
    return key


def master_keys(*, now: bool = False) -> dict[str, bytes]:
    """Key id -> key, the one that seals first; empty while this machine is locked, which it is
    without any key, and while it lacks one that the site uses.

    `now`: what the database says at this moment, and not up to a second ago. Raises BadMasterKey.
    """
    own = own_keys()
    if not own or site.is_overruled():
        return own
    keys = site.keys(now=now)
    if keys.used - own.keys():
        return {}
    newest = keys.newest or next((key_id for key_id in own if key_id in keys.used), next(iter(own)))
    return {newest: own[newest], **own}


def lacking() -> list[str]:
    """Ids of the keys that the site uses and this machine has not. Raises BadMasterKey."""
    return sorted(site.keys(now=True).used - own_keys().keys())


def own_keys() -> dict[str, bytes]:
    """Key id -> key of this machine, in its order: from MASTER_KEYS, else from MASTER_KEY_FILE.

    Empty without either; a file that is there holds a key. Raises BadMasterKey.
    """
    texts = tuple(settings.MASTER_KEYS)
    path = Path(settings.MASTER_KEY_FILE)
    try:
        if texts or not path.exists():
            return _parsed(texts)
        stat = path.stat()
        return _from_file(path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise BadMasterKey(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadMasterKey(f"{path} is not text") from None


@lru_cache(maxsize=4)
def _from_file(path: Path, _mtime: int, _size: int) -> dict[str, bytes]:
    keys = _parsed(tuple(path.read_text().split()))
    if not keys:
        raise BadMasterKey(f"{path} holds no key")
    return keys


@lru_cache(maxsize=4)
def _parsed(texts: tuple[str, ...]) -> dict[str, bytes]:
    keys = [parse_master_key(text) for text in texts]
    return {hashlib.sha256(b"facio key id" + key).hexdigest()[:8]: key for key in keys}


def newest_key_id() -> str:
    """Id of the key that seals. The first key that seals anything is the site's from then on.

    Raises KeyMissing.
    """
    if not site.is_overruled():
        site.hold()
    keys = master_keys(now=True)
    if not keys:
        raise KeyMissing
    key_id = next(iter(keys))
    if site.is_overruled() or site.keys().newest or site.take_first(key_id) == key_id:
        return key_id
    return newest_key_id()  # another machine was the first


@lru_cache(maxsize=64)
def _derived(key: bytes, purpose: str) -> bytes:
    info = b"facio-settings/" + purpose.encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key)


def seal(purpose: str, place: str, text: str) -> str:
    """A box that opens only for the same purpose and place. Raises KeyMissing."""
    key_id = newest_key_id()
    nonce = os.urandom(12)
    cipher = AESGCM(_derived(own_keys()[key_id], purpose))
    body = nonce + cipher.encrypt(nonce, text.encode(), _bound(purpose, place))
    return f"v1.{key_id}.{base64.b64encode(body).decode()}"


def unseal(purpose: str, place: str, box: str) -> str:
    """The text of a box. Raises KeyMissing without any key, Unreadable when it does not open."""
    keys = master_keys()
    if not keys:
        raise KeyMissing
    try:
        version, key_id, encoded = box.split(".")
        body = base64.b64decode(encoded, validate=True)
        if version != "v1" or key_id not in keys:
            raise Unreadable
        cipher = AESGCM(_derived(keys[key_id], purpose))
        return cipher.decrypt(body[:12], body[12:], _bound(purpose, place)).decode()
    except (ValueError, InvalidTag):
        raise Unreadable from None


def key_id_of(box: str) -> str:
    """Id of the master key that a box was sealed with; "" when it has no such form."""
    parts = box.split(".")
    return parts[1] if len(parts) == 3 else ""


def digest(purpose: str, text: str) -> str:
    """A keyed digest: the same text gives the same value, which tells nothing without the key."""
    return _digest(next(iter(master_keys().values()), settings.SECRET_KEY.encode()), purpose, text)


def digests(purpose: str, text: str) -> set[str]:
    """The digests under each key at hand: that of a moment ago is among them, whichever key is the
    newest since."""
    return {_digest(key, purpose, text) for key in master_keys().values()}


def _digest(key: bytes, purpose: str, text: str) -> str:
    return hashlib.blake2b(text.encode(), key=_derived(key, purpose), digest_size=20).hexdigest()


def _bound(purpose: str, place: str) -> bytes:
    return f"v1/{purpose}/{place}".encode()
