"""One clock for all processes, the database's; whoever's own is off is told."""

import logging
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from django.test import Client
from django.utils import timezone

from facio_site import clock
from facio_site.templatetags import ui
from providers import broker
from providers.models import Draft, Job, Task
from providers.work import queue
from tests.conftest import signed_in
from tests.desk import saved
from tests.markup import flat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was measured or told yet."""
    for name, value in {"_looked_at": -1e9, "_told_at": -1e9, "_skew": 0.0}.items():
        monkeypatch.setattr(clock, name, value)


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> float:
    """This process is ahead of the database by so many seconds. On SQLite, where both have one
    clock, the database's is the other one."""
    seconds: float = getattr(request, "param", 40.0)
    real = timezone.now

    def now() -> datetime:
        return real() + timedelta(seconds=seconds)

    if connection.vendor == "sqlite":
        monkeypatch.setattr(clock, "now", real)
        monkeypatch.setattr(clock, "moment", real)
        monkeypatch.setattr(clock.connection, "vendor", "another")
    monkeypatch.setattr(timezone, "now", now)
    return seconds


def truth() -> datetime:
    return datetime.now(tz=timezone.get_default_timezone())


@pytest.mark.parametrize("off", [40.0, -40.0, 3000.0, -3000.0], indirect=True)
def test_s86_a_job_has_the_time_of_the_database_from_its_start_to_its_end(off: float) -> None:
    job = queue.start(saved(), Task.CHECK, hand_over=False)
    job.claim("worker-1", 15)
    assert not Job.objects.finish_overdue()
    job.finish(outcome="ok", key_state="valid")
    row = Job.objects.get()
    for moment in (row.created_at, row.started_at, row.finished_at):
        assert abs(moment - truth()) < timedelta(seconds=5)
    assert timedelta(seconds=10) < row.deadline - truth() < timedelta(seconds=25)
    assert row.created_at < row.started_at < row.finished_at


@pytest.mark.parametrize("off", [3000.0, -3000.0], indirect=True)
def test_s86_whoever_is_off_ends_nobody_elses_job_and_leaves_no_overdue_one(off: float) -> None:
    job = queue.start(saved(), Task.CHECK, hand_over=False)
    assert Job.objects.finish_overdue() == 0
    Job.objects.update(deadline=truth() - timedelta(seconds=1))
    assert Job.objects.finish_overdue() == 1
    assert Job.objects.get(pk=job.pk).outcome == "no_answer"


@pytest.mark.parametrize("off", [3000.0, -3000.0], indirect=True)
def test_s86_what_was_typed_for_a_test_lives_as_long_as_the_database_says(off: float) -> None:
    draft = Draft(provider=saved(), base_version=1)
    draft.save()
    assert Draft.objects.sweep() == 0
    assert list(Draft.objects.living()) == [draft]


@pytest.mark.parametrize("off", [90.0, -90.0], indirect=True)
def test_s86_the_starts_of_a_minute_are_counted_by_the_database(off: float, owner: Any) -> None:
    queue.start(saved(), Task.CHECK, user=owner, hand_over=False)
    assert Job.objects.started_within_a_minute(owner) == 1
    Job.objects.update(created_at=truth() - timedelta(seconds=61))
    assert Job.objects.started_within_a_minute(owner) == 0


def test_s86_jobs_of_one_round_have_an_order(queued: list[Job]) -> None:
    rows = [saved(kind) for kind in ("groq", "mistral", "openrouter")]
    queue.start_all(rows, Task.CHECK)
    assert len(set(Job.objects.values_list("created_at", flat=True))) == 3


@pytest.mark.parametrize("off", [40.0, -40.0], indirect=True)
def test_s86_a_skew_is_logged_once_and_shown_on_the_overview(
    owner: Any, off: float, caplog: pytest.LogCaptureFixture
) -> None:
    site: Client = signed_in(owner)
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        html = site.get("/").content.decode()
        clock._looked_at = -1e9
    parts = html.split('data-about="system"')[1:]
    words = f"40 s {'ahead of' if off > 0 else 'behind'} the database"
    assert sum(words in part[:1500] for part in parts) == 1
    said = [one.getMessage() for one in caplog.records if one.name == "facio_site.clock"]
    assert len(said) == 1
    assert "NTP" in said[0]


@pytest.mark.parametrize("off", [4.0, -4.0], indirect=True)
def test_s86_a_small_skew_is_nobodys_business(
    owner: Any, off: float, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    assert "the database's" not in signed_in(owner).get("/").content.decode()
    assert not [one for one in caplog.records if one.name == "facio_site.clock"]


@pytest.mark.parametrize(
    ("skews", "told"),
    [
        ({"worker-ahead-0123": 40.2, "worker-right-4567": 0.1}, ["(ahead) 40 s ahead of"]),
        ({"worker-late-1-01": -7.0, "worker-late-1-23": -7.1}, ["(late-1) 7 s behind"]),
        ({"worker-a-01": 5.0, "worker-b-23": -4.9}, []),
        ({}, []),
    ],
)
def test_s86_a_worker_whose_clock_is_off_is_shown_on_the_overview(
    site: Client, monkeypatch: pytest.MonkeyPatch, skews: dict[str, float], told: list[str]
) -> None:
    monkeypatch.setattr(broker, "skews", lambda: skews)
    html = flat(site.get("/")).partition('id="attention"')[2]
    parts = [re.sub("<[^>]+>", " ", part) for part in html.split("Clock of a worker")[1:]]
    assert len(parts) == len(told)
    for part, words in zip(parts, told, strict=True):
        assert " ".join(part.split()).startswith(words)


def test_a_heartbeat_says_how_far_the_clock_of_its_worker_is_off(with_broker: str) -> None:
    said = {"late-1": "-12.3", "right-1": "0.0", "older-1": "1", "odd-1": "x"}
    with redis.Redis.from_url(with_broker) as client:
        for worker, text in said.items():
            client.set(f"facio:worker:worker-{worker}", text, ex=30)
    expected = {"late-1": -12.3, "right-1": 0.0, "older-1": 1.0, "odd-1": 0.0}
    assert broker.skews() == {f"worker-{name}": value for name, value in expected.items()}


def test_without_a_broker_nobody_knows_of_workers() -> None:
    assert broker.skews() == {}


@pytest.mark.parametrize("off", [90.0, -90.0], indirect=True)
def test_s86_ages_are_told_by_the_database(owner: Any, off: float) -> None:
    moment = truth() - timedelta(minutes=5, seconds=10)
    assert ">5 min ago<" in ui.ago(moment)
