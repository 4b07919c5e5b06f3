"""What the site adds to Celery's worker."""

import threading
from collections.abc import Iterator

import pytest
from celery.signals import task_postrun
from kombu.asynchronous import Hub, set_event_loop

from facio_site import celery
from tests.processes import wait_for


@pytest.fixture
def loop() -> Iterator[threading.Thread]:
    """As a worker has it, with nothing to do."""
    hub = Hub()
    set_event_loop(hub)
    thread = threading.Thread(target=hub.run_forever, daemon=True)
    thread.start()
    yield thread
    hub.stop()
    thread.join(10)
    hub.close()
    set_event_loop(None)


def test_the_loop_looks_for_the_next_message_when_a_task_has_ended(
    loop: threading.Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = list[threading.Thread]()
    monkeypatch.setattr(celery, "_look", lambda: looks.append(threading.current_thread()))
    task_postrun.send(sender=None)
    wait_for(lambda: looks)
    assert looks == [loop]


def test_without_a_worker_an_end_wakes_nobody() -> None:
    set_event_loop(None)
    celery.take_the_next()
