"""What a worker does of the watch, and what it leaves to one that has the keys."""

from typing import Any

import pytest

from facio_site import clock
from facio_site.sealing import site
from providers.spec.outcomes import Outcome
from routing.models import Channel, Delivery
from routing.watch import tasks
from routing.watch.alerts import trial
from tests.providers.http.servers import always, answer, serve
from tests.routing.watch.alerts.desk import alert, made

pytestmark = pytest.mark.django_db


def test_a_worker_sends_what_is_due_and_makes_the_test_that_is_wanted() -> None:
    with serve(always(answer())) as server:
        channel = made("json", f"http://127.0.0.1:{server.port}")
        alert()
        trial.begin(channel, clock.now())
        tasks.deliver(str(channel.pk))
        tasks.try_channel(str(channel.pk))
    assert len(server.requests) == 2
    assert Delivery.objects.get().status == "sent"
    assert Channel.objects.get().trial["outcome"] == "ok"


def test_a_worker_without_the_keys_leaves_alerts_to_others_and_says_so_of_a_test(
    settings: Any,
) -> None:
    channel = made("json")
    alert()
    trial.begin(channel, clock.now())
    settings.MASTER_KEYS, settings.MASTER_KEY_FILE = [], settings.STATE_DIR / "no-such-file"
    site.forget()
    tasks.deliver(str(channel.pk))
    tasks.try_channel(str(channel.pk))
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == ("waiting", 0)
    assert Channel.objects.get().trial["outcome"] == Outcome.NO_KEY
