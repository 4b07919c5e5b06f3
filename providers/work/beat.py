"""Beat in every worker, of which one beats: the others are there for when it is gone."""

from typing import Any

from celery.beat import Scheduler

from providers import broker
from providers.work import tasks


class OneOfAll(Scheduler):
    """Does nothing unless it is this worker's turn, which it asks anew each time: no answer, or
    somebody else's turn after a pause, is no."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Seconds until the next look; well below the time for which a turn lasts."""
        if not tasks.is_worker() or not broker.has_turn(tasks.WORKER):
            return broker.BEAT_SECONDS
        return min(super().tick(*args, **kwargs), broker.BEAT_SECONDS)
