"""What a write under way is about to put into the live file. Its version is seen by others only
when it is committed, and the file a moment before that: by this they know whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.db import InterfaceError, OperationalError

_SECONDS = 24 * 60 * 60  # for a writer that was killed, or whose database went away


@contextmanager
def announced(digest: str) -> Iterator[None]:
    """Around the transaction of a write, so that others read it at once."""
    cache.set(_key(digest), True, _SECONDS)
    try:
        yield
    except (OperationalError, InterfaceError):
        raise  # the file may be written, and no version says so: it is ours all the same
    except BaseException:
        cache.delete(_key(digest))
        raise
    cache.delete(_key(digest))


def is_announced(digest: str) -> bool:
    return bool(digest) and cache.get(_key(digest)) is not None


def _key(digest: str) -> str:
    return f"writing:{digest}"
