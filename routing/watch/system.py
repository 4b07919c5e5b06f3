"""Whether broker and workers are there and whether anything is brought about by itself, seen by the
web side: nobody else could tell that they are gone. A thread of each web server looks; of several
one tells, and a restart is no alert.

While no worker is there, or none that does anything by itself, the same thread sends what is to be
told.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error, connection, transaction

from facio_site import clock
from providers import broker
from routing.models import Alert, Channel, Standing, Watch
from routing.models.subjects import BEAT, BROKER, CONDITIONS, WORKER
from routing.watch import conditions
from routing.watch.alerts import deliver, raise_alert

LOOK_SECONDS = 15.0  # less than broker.KNOWN_SECONDS
PATIENCE = timedelta(seconds=20)  # between the first look that missed a part and the one that tells
STILL = timedelta(minutes=5)  # without a look at the conditions, which comes once a minute
ASLEEP = timedelta(minutes=2)  # between two looks of this thread: nothing is known of that time
FILE_EVERY = timedelta(minutes=1)
SAID_EVERY = 60.0

log = logging.getLogger(__name__)


def start() -> None:
    """In a process that answers requests, after its fork: a thread that does not keep it alive."""
    threading.Thread(target=_look_for_ever, name="watch", daemon=True).start()


def _look_for_ever() -> None:
    seen, said_at = Looker(), float("-inf")
    while True:
        time.sleep(LOOK_SECONDS)
        try:
            seen.look(clock.now(), broker.ask().workers)
        except Exception as error:  # noqa: BLE001 - without this thread nobody would look again
            # A database that is away is told by whoever asks it; type only, no text of a fault.
            if time.monotonic() - said_at > SAID_EVERY:
                said_at = time.monotonic()
                log.warning("parts of the system were not looked at: %s", type(error).__name__)
        finally:
            with contextlib.suppress(Error):
                connection.close()


@dataclass(slots=True)
class Looker:
    """What one process has seen so far."""

    missing: str = ""  # the part that was missing at the last look
    missed_at: datetime | None = None  # at the first of those looks in a row
    looked_at: datetime | None = None  # when the file was looked at last
    tick: object = ""  # what the row says that each look at the conditions changes
    ticked_at: datetime | None = None  # when that was new here, or nothing could be known
    seen_at: datetime | None = None  # the last look

    def look(self, now: datetime, workers: int | None) -> None:
        """`workers` None: the broker does not answer, and nobody knows of workers."""
        is_still = self._is_still(now, can_tick=bool(workers))
        missing = BROKER if workers is None else WORKER if not workers else BEAT if is_still else ""
        if missing != self.missing or (self.missed_at and now < self.missed_at):
            self.missing, self.missed_at = missing, now if missing else None
        if workers is not None:
            back([BROKER, WORKER] if workers else [BROKER], now)
        if self.missed_at and now - self.missed_at >= PATIENCE and is_used():
            gone(missing, self.missed_at, now)
            deliver.deliver_all(now)
        self._look_at_file(now)

    def _is_still(self, now: datetime, *, can_tick: bool) -> bool:
        """Whether a worker is there and beat brings nothing about: it can hang for days in a
        process that is well otherwise. It counts by what changes while this process looks,
        whatever the clocks say.
        """
        rows = Standing.objects.filter(about=CONDITIONS)
        tick = rows.values_list("since", flat=True).first()
        is_first, is_new = self.tick == "", tick != self.tick
        was_asleep = self.seen_at is None or abs(now - self.seen_at) > ASLEEP
        self.tick, self.seen_at = tick, now
        if is_new or was_asleep or not can_tick:
            self.ticked_at = now
        if is_new and not is_first:
            back([BEAT], now)
        return self.ticked_at is not None and now - self.ticked_at >= STILL

    def _look_at_file(self, now: datetime) -> None:
        """The live file may stand on this machine alone."""
        is_due = self.looked_at is None or abs(now - self.looked_at) >= FILE_EVERY
        if settings.FACIO_CONFIG_PATH and is_due:
            self.looked_at = now
            if is_used():
                conditions.look_at_file(now)


def is_used() -> bool:
    """Whether anything is watched, or anybody is to be told: else a site pays two small queries."""
    return Watch.objects.on().exists() or Channel.objects.exists()


def gone(part: str, since: datetime, now: datetime) -> None:
    """Told by the first process that comes here."""
    with transaction.atomic():
        if conditions.turn(part, since, is_failing=True):
            _raise(Alert.Kind.PART_GONE, part, since, now)


def back(parts: Sequence[str], now: datetime) -> None:
    """Likewise, of those of which it was told that they are gone."""
    for row in Standing.objects.filter(about__in=parts, is_failing=True):
        with transaction.atomic():
            if conditions.turn(row.about, now, is_failing=False):
                _raise(Alert.Kind.PART_BACK, row.about, row.since, now)


def _raise(kind: Alert.Kind, part: str, since: datetime | None, now: datetime) -> None:
    told = since.isoformat() if since else ""
    raise_alert(kind, part, f"{kind}:{part}:{told}", {"since": told}, now)
