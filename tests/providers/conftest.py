"""What tests of providers share: a broker that takes whatever it is handed."""

import pytest

from providers.models import Job
from providers.work import queue, tasks


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Jobs handed to a broker that is not there; a worker seems to be alive."""
    handed: list[Job] = []
    monkeypatch.setattr(queue.broker, "workers", lambda: {"worker-1"})
    monkeypatch.setattr(queue.broker, "announce", lambda: None)
    monkeypatch.setattr(tasks, "enqueue", handed.append)
    return handed
