"""Channels with the real worker: a test and an alert that really go through broker and task."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from facio_site import clock
from routing.models import Channel, Delivery
from routing.watch import tasks
from routing.watch.alerts.deliver import due_channels
from tests.providers.http.servers import always, answer, serve
from tests.routing.watch.alerts.desk import alert, made

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def wait_until(is_so: Callable[[], bool], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_test_and_an_alert_go_by_the_worker(worker: Any, site: Client) -> None:
    with serve(always(answer())) as server:
        channel = made("json", f"http://127.0.0.1:{server.port}", name="Ops")
        page = f"/alerts/channels/{channel.pk}/"
        site.post(f"{page}test/")
        wait_until(lambda: Channel.objects.get().trial.get("state") == "done")
        part = site.get(f"{page}trial/").content.decode()
        assert 'data-outcome="ok"' in part
        assert "The message was taken." in part
        alert()
        for channel_id in due_channels(clock.now()):
            tasks.deliver.apply_async((str(channel_id),), retry=False)
        wait_until(lambda: Delivery.objects.get().status == "sent")
    assert len(server.requests) == 2
