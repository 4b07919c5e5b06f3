"""The tests of the last 24 hours: counts by hour, bars, and what is left out."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.models import Job, Provider
from providers.pages import day
from providers.pages.day import COLUMN, HEIGHT, HOURS, last_day
from tests.desk import saved

pytestmark = pytest.mark.django_db


def ended(row: Provider, outcome: str = "ok", *, hours: float = 0.5, **values: Any) -> None:
    """A test that began so many hours ago."""
    job = Job.objects.create(
        provider=row,
        task=values.pop("task", "check"),
        status=values.pop("status", "done"),
        outcome=outcome,
        input_version=row.version,
        deadline=timezone.now(),
        **{"ms": 100, **values},
    )
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(hours=hours))


def bars(path: str) -> list[tuple[float, float, float]]:
    """Of one tone: left edge, top, height."""
    found = re.findall(r"M([\d.]+) ([\d.-]+)h8v([\d.]+)h-8z", path)
    assert "".join(f"M{x} {y}h8v{h}h-8z" for x, y, h in found) == path
    return [(float(x), float(y), float(height)) for x, y, height in found]


def test_tests_are_counted_by_hour_with_their_mean_time() -> None:
    row = saved("groq")
    for hours, outcome, ms in ((0.1, "ok", 100), (0.9, "timeout", 300), (5.5, "ok", 50)):
        ended(row, outcome, hours=hours, ms=ms)
    (one,) = last_day([row])
    told = [(hour.back, hour.worked, hour.total, hour.ms) for hour in one.hours]
    assert told == [(0, 1, 2, 200), (5, 1, 1, 50)]
    assert (one.worked, one.total, one.ms) == (2, 3, 150)
    assert one.failed == "timeout"


def test_what_is_older_or_says_nothing_of_the_saved_values_is_left_out() -> None:
    row = saved("groq")
    ended(row, hours=24.1)
    ended(row, task="fetch")
    ended(row, is_draft=True)
    ended(row, "", status="running")
    for outcome in ("no_worker", "cancelled", "internal_error", "reference"):
        ended(row, outcome)
    assert last_day([row]) == []
    ended(row, hours=23.9)
    assert last_day([row])[0].total == 1


def test_a_bar_is_as_high_as_its_hour_was_slow_and_parted_by_how_its_tests_ended() -> None:
    row = saved("groq")
    for outcome, hours, ms in (("ok", 0.5, 10_000), ("bad_key", 0.5, 10_000), ("ok", 23.5, 10)):
        ended(row, outcome, hours=hours, ms=ms)
    (one,) = last_day([row])
    assert list(one.paths) == ["ok", "error"]
    (old, now), (failed,) = sorted(bars(one.paths["ok"])), bars(one.paths["error"])
    assert old[0] < COLUMN
    assert now[0] == failed[0] > COLUMN * (HOURS - 1)
    assert now[1] + now[2] == HEIGHT
    assert failed[1] + failed[2] == now[1]
    assert now[2] + failed[2] == HEIGHT  # the slowest
    assert old[2] < HEIGHT / 2
    assert failed[1] >= 0


def test_a_test_without_a_time_has_a_bar_and_no_mean() -> None:
    row = saved("groq")
    ended(row, "dns_error", ms=None)
    (one,) = last_day([row])
    assert one.ms is None
    assert bars(one.paths["error"])


def test_providers_with_failures_stand_first() -> None:
    rows = [saved(kind) for kind in ("groq", "mistral", "openai")]
    for row in rows:
        ended(row)
    ended(rows[2], "bad_key")
    ended(rows[1])
    assert [one.provider.name for one in last_day(rows)] == ["openai", "mistral", "groq"]


def test_of_very_many_tests_the_newest_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    row = saved("groq")
    for hours in (3.5, 1.5, 0.5):
        ended(row, hours=hours)
    monkeypatch.setattr(day, "MOST", 2)
    assert [hour.back for hour in last_day([row])[0].hours] == [0, 1]


def test_one_query_whose_answer_does_not_grow_with_the_tests() -> None:
    rows = [saved(kind) for kind in ("groq", "mistral")]
    for row in rows:
        for place in range(60):
            ended(row, "ok" if place % 3 else "timeout", hours=place / 60)
    with CaptureQueriesContext(connection) as captured:
        days = last_day(rows)
    assert len(captured) == 1
    with connection.cursor() as cursor:
        cursor.execute(captured[0]["sql"])
        assert len(cursor.fetchall()) == 4
    assert [one.total for one in days] == [60, 60]
