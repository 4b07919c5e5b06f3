"""What the site adds to Celery's worker."""

import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_postrun, task_prerun, worker_ready
from celery.worker import state
from django.db import connection
from kombu.asynchronous import Hub

from facio_site import celery
from tests.processes import wait_for


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """As a worker has it, with nothing to do, after its first lost connection."""
    hub = Hub()
    monkeypatch.setattr(celery, "leave_imports_alone", lambda: None)
    celery.settle(SimpleNamespace(hub=hub))
    hub.reset()
    thread = threading.Thread(target=hub.run_forever, daemon=True)
    thread.start()
    yield hub
    hub.stop()
    thread.join(10)
    hub.close()
    celery._loop = None


def test_the_loop_looks_for_messages_until_an_ended_task_is_no_longer_counted(
    loop: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert celery.settle in [receiver() for _, receiver in worker_ready.receivers]
    counted = {"one": None}
    monkeypatch.setattr(state, "requests", counted)
    looks = list[int]()
    look = celery._look

    def seen(task_id: str, left: int) -> None:
        looks.append(left)
        if len(looks) == 3:
            counted.clear()
        look(task_id, left)

    monkeypatch.setattr(celery, "_look", seen)
    task_postrun.send(sender=None, task_id="one")
    wait_for(lambda: len(looks) == 3)
    assert looks == [celery.LOOKS, celery.LOOKS - 1, celery.LOOKS - 2]
    assert not counted


def test_without_a_worker_an_end_wakes_nobody() -> None:
    assert celery._loop is None
    celery.take_the_next("one")


@pytest.mark.django_db(transaction=True)
def test_a_thread_keeps_its_connection_from_task_to_task_as_long_as_it_is_good() -> None:
    fixup = DjangoWorkerFixup(celery.app)
    connection.ensure_connection()
    kept = connection.connection
    for _time in range(3):
        fixup.close_database()
    task_prerun.send(sender=None)
    assert connection.connection is kept
    connection.close_at = 0.0
    task_prerun.send(sender=None)
    assert connection.connection is None or connection.vendor == "sqlite"
    assert fixup.db_reuse_max == sys.maxsize
