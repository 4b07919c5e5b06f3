"""Web servers notice that no worker is there, and that one is back: one of them tells it."""

import time

import pytest

from tests.facio_site.run.machines import Site
from tests.processes import wait_for

pytestmark = [pytest.mark.alike, pytest.mark.journey, pytest.mark.long]

WATCHED = "from routing.models import Watch\nWatch.objects.create(about='provider:groq', every=15)"
ALERTS = "SELECT kind, about FROM routing_alert ORDER BY at"
GONE, BACK = ("part_gone", "system:worker"), ("part_back", "system:worker")


def test_a_worker_that_is_gone_is_told_once_by_whichever_web_server(together: Site) -> None:
    assert together.manage("migrate_site").returncode == 0
    webs = [together.start("--web") for _ in range(2)]
    wait_for(lambda: all(web.is_up() for web in webs), seconds=90)
    together.python(WATCHED)
    wait_for(lambda: together.rows(ALERTS) == [GONE], seconds=75)
    together.started("--worker")
    wait_for(lambda: together.rows(ALERTS) == [GONE, BACK], seconds=45)
    began = time.monotonic()
    for web in webs:
        web.stop()  # the thread that looks holds nobody up
        assert web.process.returncode == 0, web.said()
    assert time.monotonic() - began < 15
