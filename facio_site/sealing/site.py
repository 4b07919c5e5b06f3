"""Which master keys the site uses: their ids stand in the database, for all of its machines.

A process looks once a second, and whenever it seals. Kept out: the keys themselves.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.dispatch import Signal
from django.utils import timezone

LOOK_SECONDS = 1.0
lost = Signal()  # a worker no longer has all that the site uses


@dataclass(frozen=True, slots=True)
class Keys:
    """Ids. `used` has each that something may be sealed under; `newest` seals ("" = not known)."""

    newest: str
    used: frozenset[str]


_seen: tuple[float, Keys] | None = None
_overruled = threading.local()


def keys(*, now: bool = False) -> Keys:
    """As the database has them now, or had them within the last second."""
    global _seen
    if not now and _seen and _seen[0] > time.monotonic():
        return _seen[1]
    from facio_site.models import SiteKey

    rows = dict(SiteKey.objects.values_list("key_id", "is_newest"))
    newest = next((key_id for key_id, is_newest in rows.items() if is_newest), "")
    found = Keys(newest, frozenset(rows))
    _seen = (time.monotonic() + LOOK_SECONDS, found)
    return found


def hold() -> None:
    """What is sealed in this transaction is stored before another key becomes the newest, whose
    rotation then finds it. SQLite lets one write at a time anyway."""
    if connection.vendor != "postgresql" or not connection.in_atomic_block:
        return
    from facio_site.models import SiteKey

    table = connection.ops.quote_name(SiteKey._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {table} WHERE is_newest FOR SHARE")  # a name  # noqa: S608  # nosec B608


def forget() -> None:
    """Look again at the next question."""
    global _seen
    _seen = None


def take_first(key_id: str) -> str:
    """Make it the newest key where there is none yet; returns which one is."""
    from facio_site.models import SiteKey

    row = SiteKey(key_id=key_id, is_newest=True)
    SiteKey.objects.bulk_create([row], ignore_conflicts=True)  # one of two at once gets in
    if not keys(now=True).newest:
        with suppress(IntegrityError), transaction.atomic():
            SiteKey.objects.filter(pk=key_id).update(is_newest=True)
    return keys(now=True).newest


def make_newest(key_id: str) -> None:
    """From now on this key seals, on every machine; what others have sealed stays in use."""
    from facio_site.models import SiteKey

    with transaction.atomic():
        list(SiteKey.objects.select_for_update().order_by("key_id"))
        SiteKey.objects.exclude(pk=key_id).update(is_newest=False)
        row = SiteKey(key_id=key_id, is_newest=True, since=timezone.now())
        SiteKey.objects.bulk_create(
            [row], update_conflicts=True, update_fields=["is_newest"], unique_fields=["key_id"]
        )
    forget()


def note_used(key_ids: Iterable[str]) -> None:
    """Something is sealed under these as well."""
    from facio_site.models import SiteKey

    rows = [SiteKey(key_id=key_id) for key_id in key_ids]
    SiteKey.objects.bulk_create(rows, ignore_conflicts=True)
    forget()


def drop_unused(key_ids: Iterable[str]) -> None:
    """Nothing is sealed any more under any but these and the newest."""
    from facio_site.models import SiteKey

    SiteKey.objects.exclude(key_id__in=[*key_ids]).exclude(is_newest=True).delete()
    forget()


@contextmanager
def overruled() -> Iterator[None]:
    """While inside, this thread takes its machine's own keys in their own order, as rotation does:
    it is what makes a key the newest, and what gives up what a lost one has sealed."""
    _overruled.on = True
    try:
        yield
    finally:
        _overruled.on = False


def is_overruled() -> bool:
    return getattr(_overruled, "on", False)
