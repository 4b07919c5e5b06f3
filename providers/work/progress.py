"""Rungs on their way to the page: at once, but not more often than a person can see."""

import threading
import time
from types import TracebackType
from typing import Any, Self

from django.db import connection

from providers.models import Job

_EVERY_SECONDS = 0.15
_places = threading.BoundedSemaphore(4)  # so many connections to the database at most
_BATCH_SECONDS = 0.6  # the first ones of a batch: its page shows none, and many begin at once


class Progress:
    """Writes the newest rungs of a running job, 0.15 s after they are told at latest.

    A quick test writes nothing on its way: its result is there before the first write is due.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._lock = threading.Lock()
        self._rungs: list[dict[str, Any]] | None = None
        self._timer: threading.Timer | None = None
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
        with self._lock:
            self._is_over = True
            if self._timer:
                self._timer.cancel()

    def show(self, rungs: list[dict[str, Any]]) -> None:
        """Called on each change of the ladder, from the thread that makes the calls."""
        with self._lock:
            self._rungs = rungs
            if self._timer is None and not self._is_over:
                wait = max(0.0, self._due - time.monotonic())
                self._timer = threading.Timer(wait, self._write)
                self._timer.daemon = True
                self._timer.start()

    def _write(self) -> None:
        with _places:
            rungs = self._take()
            if rungs is not None:
                self._job.progress(rungs)  # a write that comes after the result changes nothing
                connection.close()  # this thread ends here

    def _take(self) -> list[dict[str, Any]] | None:
        """What is to be written now; None = nothing any more."""
        with self._lock:
            self._timer = None
            self._due = time.monotonic() + _EVERY_SECONDS
            rungs, self._rungs = self._rungs, None
            return None if self._is_over else rungs
