"""How many calls a user may start: one limit for every door."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from providers.kinds import KINDS
from providers.models import Job, Provider, Task
from providers.work import queue
from routing.models import Route
from tests.desk import HTMX, saved

pytestmark = [pytest.mark.django_db, pytest.mark.battery]


def test_s13_tests_are_limited_a_minute(site: Client, queued: list[Job], settings: Any) -> None:
    settings.TESTS_PER_MINUTE = 2
    saved()
    answers = [
        site.post("/providers/openrouter/check/", {"test_model": f"m{n}"}, headers=HTMX)
        for n in range(3)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert "Wait a minute" in answers[-1].content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("are_rounds", [False, True])
def test_s13_the_limit_holds_at_one_moment(
    owner: Any, queued: list[Job], settings: Any, are_rounds: bool
) -> None:
    settings.TESTS_PER_MINUTE = 5
    rows = [saved(kind) for kind in list(KINDS)[:16] if not KINDS[kind].is_oauth]
    begin = threading.Barrier(len(rows))

    def start(row: Provider) -> bool:
        begin.wait()
        try:
            if are_rounds:
                queue.start_all([row], Task.CHECK, user=owner)
            else:
                queue.start(row, Task.CHECK, user=owner)
        except queue.TooMany:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(len(rows)) as pool:
        started = list(pool.map(start, rows))
    assert len(rows) > 10
    assert sum(started) == 5
    assert Job.objects.count() == 5


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_s13_the_limit_is_told_of_a_kind_without_a_row(
    site: Client, queued: list[Job], settings: Any, headers: dict[str, str]
) -> None:
    settings.TESTS_PER_MINUTE = 0
    data = {"api_key": "gsk_draft1234", "api_base": "https://groq.example/v1"}
    answer = site.post("/providers/groq/check/", data, headers=headers)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Wait a minute" in html
    assert "gsk_draft1234" not in html
    assert headers or "https://groq.example/v1" in html  # what was typed is not lost
    assert not Provider.objects.exists()


def test_s13_every_door_that_starts_a_call_counts_for_the_same_limit(
    site: Client, queued: list[Job], settings: Any
) -> None:
    settings.TESTS_PER_MINUTE = 0
    row = saved()
    Route(slot="main", model="some/model", provider="openrouter").store()
    admin = {"action": "test_connection", "_selected_action": str(row.pk)}
    doors: dict[str, dict[str, str]] = {
        "/providers/openrouter/check/": {},
        "/providers/openrouter/catalog/": {},
        "/providers/check/": {},
        "/routing/main/test/": {},
        "/admin/providers/provider/": admin,
    }
    for path, data in doors.items():
        site.post(path, data)
        assert not Job.objects.exists(), path
        settings.TESTS_PER_MINUTE = 100
        site.post(path, data)
        assert Job.objects.exists(), path
        settings.TESTS_PER_MINUTE = 0
        Job.objects.all().delete()


def test_s13_test_all_counts_as_one_and_queues_every_configured_provider(
    site: Client, queued: list[Job], settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.TESTS_PER_MINUTE = 2
    for kind in ("openrouter", "groq", "mistral"):
        saved(kind)
    with django_capture_on_commit_callbacks(execute=True):
        answer = site.post("/providers/check/", headers=HTMX)
    assert answer.status_code == 200
    assert len(queued) == 3
    assert Job.objects.started_within_a_minute(queued[0].requested_by) == 1
