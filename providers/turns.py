"""One call at a time for a provider: whoever comes later hangs up on the one before.

The row of the earlier job has ended by then (jobs.start); here its connection ends as well. Within
one process: the worker is one.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from providers.http import Door
from providers.jobs import Job

_lock = threading.Lock()
_open: dict[tuple[Any, str], tuple[datetime, Door]] = {}


@contextmanager
def only_call(job: Job, door: Door) -> Iterator[None]:
    """While inside, no older job calls the same provider for the same task."""
    key, mine = (job.provider_id, job.task), (job.created_at, door)
    with _lock:
        other = _open.get(key)
        older = min(other, mine, key=lambda held: held[0]) if other else None
        if older is not mine:
            _open[key] = mine
    if older:
        older[1].hang_up()
    try:
        yield
    finally:
        with _lock:
            if _open.get(key) == mine:
                del _open[key]
