"""Rungs on their way to the page: at once, but not more often than a person can see."""

import logging
import threading
import time
from types import TracebackType
from typing import Any, Self

from django.db import Error, close_old_connections, connection

from facio_site import faults
from providers.models import Job

log = logging.getLogger(__name__)
_LOOK_SECONDS = 0.05
_EVERY_SECONDS = 0.1  # between two writes of a job
_BATCH_SECONDS = 0.6  # the first ones of a batch: its page shows none, and many begin at once

_lock = threading.Lock()
_under_way: set["Progress"] = set()
_is_writing = False


class Progress:
    """Writes the newest rungs of a running job, 0.15 s after they are told at latest.

    A quick test writes nothing on its way: its result is there before the first write is due.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._rungs: list[dict[str, Any]] | None = None
        self._is_over = False
        first = _EVERY_SECONDS if job.batch is None else _BATCH_SECONDS
        self._due = time.monotonic() + first

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with _lock:
            self._is_over = True
            _under_way.discard(self)

    def show(self, rungs: list[dict[str, Any]]) -> None:
        """Called on each change of the ladder, from the thread that makes the calls."""
        global _is_writing
        with _lock:
            if self._is_over:
                return
            self._rungs = rungs
            _under_way.add(self)
            if not _is_writing:
                threading.Thread(target=_write_on, name="progress", daemon=True).start()
                _is_writing = True

    def take(self) -> list[dict[str, Any]] | None:
        """What is to be written now; None = nothing yet. Under the lock."""
        if self._rungs is None or time.monotonic() < self._due:
            return None
        self._due = time.monotonic() + _EVERY_SECONDS
        rungs, self._rungs = self._rungs, None
        return rungs


def _write_on() -> None:
    """One thread and one connection for all of them, as long as there are any."""
    global _is_writing
    try:
        while True:
            time.sleep(_LOOK_SECONDS)
            with _lock:
                _is_writing = bool(_under_way)
                if not _is_writing:
                    return
                due = [(one, rungs) for one in _under_way if (rungs := one.take()) is not None]
            for one, rungs in due:
                try:
                    close_old_connections()
                    one.job.progress(rungs)  # what comes after the result changes nothing
                except Error:
                    pass  # the database is away: their ends will tell
                except Exception as error:  # noqa: BLE001 - the steps of all others go on
                    log.error("steps of a test: %s", faults.told(error))
    finally:
        connection.close()
