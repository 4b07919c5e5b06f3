"""What a worker that was killed leaves behind, while others live: calls under way, and messages
that it had taken and not begun. The sweep looks after both every ten seconds.
"""

import time
from datetime import timedelta

from django.db.models.functions import Now

from providers import broker
from providers.models import Job
from providers.models.jobs import Status

SLOW = timedelta(seconds=5)  # a message that waits longer may be lost; a second one does no harm


def end_lost() -> int:
    """End the calls of workers that are gone. Returns how many.

    It looks twice, a beat apart: a broker that was just emptied knows nobody for a moment.
    """
    running = Job.objects.filter(status=Status.RUNNING, worker__startswith="worker-")
    gone = {*running.order_by().values_list("worker", flat=True)}
    try:
        if not gone or not (gone := gone - broker.workers()):
            return 0
        time.sleep(broker.BEAT_SECONDS + 1)
        gone -= broker.workers()
    except ConnectionError:
        return 0
    return Job.objects.end_of_workers(gone) if gone else 0


def waiting() -> list[Job]:
    """Jobs whose message may be gone with a worker."""
    return list(Job.objects.filter(status=Status.QUEUED, created_at__lt=Now() - SLOW))
