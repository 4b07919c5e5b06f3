"""The chart of a provider's last tests, and what it says in words."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from providers.models import Job, Task
from providers.pages.history import HEIGHT, SHOWN, WIDTH, Past, history, told
from tests.desk import saved

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def past(*times: tuple[str, int | None]) -> list[Past]:
    """Newest first."""
    return [
        Past(NOON - timedelta(minutes=place), outcome, ms)
        for place, (outcome, ms) in enumerate(times)
    ]


def test_one_test_makes_no_history() -> None:
    assert told(past(("ok", 80))) is None


def test_the_numbers_are_those_of_the_tests_that_worked() -> None:
    shown = told(past(("ok", 100), ("timeout", 15_000), ("ok", 60), ("ok", 80)))
    assert shown is not None
    assert (shown.total, shown.worked) == (4, 3)
    assert (shown.median_ms, shown.slowest_ms) == (80, 100)


def test_nothing_that_worked_has_no_time() -> None:
    shown = told(past(("bad_key", 20), ("no_answer", None)))
    assert shown is not None
    assert (shown.worked, shown.median_ms, shown.slowest_ms) == (0, None, None)


def test_the_newest_bar_stands_at_the_right_and_all_are_inside() -> None:
    shown = told(past(*[("ok", 10 * n + 1) for n in range(SHOWN)]))
    assert shown is not None
    xs = [bar.x for bar in shown.bars]
    assert xs == sorted(xs)
    assert shown.bars[-1].height < shown.bars[0].height  # the newest was the fastest
    for bar in shown.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y < bar.y + bar.height <= HEIGHT


def test_a_slow_test_does_not_flatten_the_others() -> None:
    shown = told(past(("timeout", 15_000), ("ok", 100), ("ok", 10)))
    assert shown is not None
    heights = [bar.height for bar in shown.bars]
    assert heights[0] < heights[1] < heights[2] == HEIGHT
    assert heights[0] > HEIGHT / 4


def test_the_drawing_is_read_by_browsers_whatever_the_language() -> None:
    with translation.override("de"):
        shown = {"history": told(past(("ok", 1_500), ("bad_key", 20)))}
        html = render_to_string("providers/_history.html", shown)
    assert re.findall(r'<rect x="([0-9.]+)" y="[0-9.]+" width="8.0"', html) == ["281.0", "291.0"]
    assert re.findall(r'data-tone="(\w+)"/>', html) == ["error", "ok"]
    assert '<span class="ms push">1,50 s</span>' in html  # what people read is theirs


@pytest.mark.django_db
def test_only_finished_tests_of_saved_values_count() -> None:
    provider = saved("groq")

    def job(**fields: object) -> None:
        Job.objects.create(
            provider=provider,
            input_version=1,
            input_digest="x",
            deadline=NOON,
            **{"task": Task.CHECK, "status": "done", "finished_at": NOON, "ms": 5, **fields},
        )

    job(outcome="ok")
    job(outcome="bad_key")
    job(outcome="ok", task=Task.FETCH)
    job(outcome="ok", is_draft=True)
    job(outcome="reference")
    job(outcome="no_worker")
    job(outcome="cancelled", status="cancelled")
    job(outcome="", status="running", finished_at=None)
    shown = history(provider)
    assert shown is not None
    assert [one.outcome for one in shown.listed] == ["bad_key", "ok"]


@pytest.mark.django_db
def test_what_the_schedule_has_asked_is_told_by_a_word(site: Client) -> None:
    provider = saved("groq")
    for is_scheduled in (False, True):
        Job.objects.create(
            provider=provider,
            task=Task.CHECK,
            status="done",
            outcome="ok",
            finished_at=NOON,
            input_version=1,
            input_digest="x",
            deadline=NOON,
            is_scheduled=is_scheduled,
        )
    assert site.get("/providers/groq/").content.decode().count(">schedule<") == 1
    assert site.get("/activity/tests/").content.decode().count(">schedule<") == 1
