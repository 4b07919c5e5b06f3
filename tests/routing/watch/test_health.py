"""How it went over time, by hand: frames, shares, percentiles, outages that overlap."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from routing.models import Outage, Span, Watch
from routing.watch.health import (
    DAY,
    QUARTER,
    WEEK,
    Down,
    Tally,
    courses,
    frame_of,
    lasted,
    lately,
    outages,
    percent,
    percentile,
    together,
    told,
    touching,
    uptimes,
)

NOW = datetime(2026, 3, 29, 10, 42, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)


def outage(about: str, begin: float, end: float | None, *hit: str) -> Outage:
    """From so many minutes ago until so many ago."""
    return Outage(
        about=about,
        began_at=NOW - timedelta(minutes=begin),
        ended_at=None if end is None else NOW - timedelta(minutes=end),
        outcome="timeout",
        hit=list(hit),
    )


# Frames


def test_the_last_cell_of_a_frame_is_that_of_now() -> None:
    assert DAY.first(NOW) == datetime(2026, 3, 28, 11, tzinfo=UTC)
    assert WEEK.first(NOW) == datetime(2026, 3, 22, 11, tzinfo=UTC)
    assert QUARTER.first(NOW) == datetime(2025, 12, 30, tzinfo=UTC)
    for frame in (DAY, WEEK, QUARTER):
        first = frame.first(NOW)
        assert frame.place(NOW, first) == frame.cells - 1
        assert frame.place(first, first) == 0
        assert frame.place(first - timedelta(seconds=1), first) == -1


def test_a_frame_counts_in_utc_wherever_now_was_said() -> None:
    east = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert DAY.first(east) == DAY.first(NOW)
    assert QUARTER.first(east) == QUARTER.first(NOW)


@pytest.mark.parametrize("name", ["", "1y", "7D", "24h\0", "90d "])
def test_a_word_that_names_no_frame_is_the_shortest(name: str) -> None:
    assert frame_of(name) is DAY


def test_each_frame_has_its_name() -> None:
    assert [frame_of(name).cells for name in ("24h", "7d", "90d")] == [24, 168, 90]


# Shares and percentiles


@pytest.mark.parametrize(
    ("times", "share", "found"),
    [
        ([], 0.5, None),
        ([7], 0.5, 7),
        ([7], 0.95, 7),
        ([300, 100], 0.5, 100),
        ([300, 100], 0.95, 300),
        (range(1, 101), 0.5, 50),
        (range(1, 101), 0.95, 95),
        (range(1, 22), 0.95, 20),
    ],
)
def test_a_percentile_is_the_smallest_time_that_the_share_does_not_exceed(
    times: Any, share: float, found: int | None
) -> None:
    assert percentile(times, share) == found


@pytest.mark.parametrize(
    ("good", "bad", "found"),
    [
        (1, 0, 100),
        (0, 1, 0),
        (99_999, 1, 99.9),
        (1, 99_999, 0.1),
        (1194, 10, 99.1),
        (1, 1, 50),
        (2, 1, 66.6),
        (57, 43, 57),
    ],
)
def test_a_hundred_is_said_of_no_failure_only_and_zero_of_no_success(
    good: int, bad: int, found: float
) -> None:
    assert percent(good / (good + bad)) == Tally(good, bad).percent == found


def test_where_nothing_was_proved_there_is_no_uptime() -> None:
    for tally in (Tally(), Tally(outcomes={"rate_limited": 3})):
        assert (tally.uptime, tally.percent, tally.p50, tally.p95) == (None,) * 4
    assert Tally(outcomes={"rate_limited": 3}).other == 3


def test_tests_that_prove_neither_count_among_all_and_in_no_share() -> None:
    tally = Tally(3, 1, {"ok": 3, "timeout": 1, "rate_limited": 4})
    assert (tally.total, tally.proved, tally.other, tally.uptime) == (8, 4, 4, 0.75)


def test_tallies_are_summed_by_outcome_and_keep_every_time() -> None:
    one, other = Tally(1, 0, {"ok": 1}, [5]), Tally(1, 2, {"ok": 1, "timeout": 2}, [9])
    assert together([one, other]) == Tally(2, 2, {"ok": 2, "timeout": 2}, [5, 9])


# Outages


def test_outages_that_overlap_are_one() -> None:
    found = [
        outage("provider:groq", 100, 70, "main"),
        outage("route:main", 90, 60),
        outage("route:main", 30, 18),
        outage("provider:groq", 29, 28, "main"),
    ]
    assert told(found, "route:main", NOW - HOUR * 3, NOW) == Down(2, 40 * 60 + 12 * 60)
    assert told(reversed(found), "route:main", NOW - HOUR * 3, NOW).times == 2
    assert told(found, "provider:groq", NOW - HOUR * 3, NOW) == Down(2, 31 * 60)


def test_outages_that_touch_are_one() -> None:
    found = [outage("route:main", 30, 20), outage("provider:groq", 20, 10, "main")]
    assert told(found, "route:main", NOW - HOUR, NOW) == Down(1, 20 * 60)


def test_a_provider_that_did_not_serve_the_route_then_says_nothing_of_it() -> None:
    found = [outage("provider:groq", 30, 20, "vision"), outage("route:vision", 9, 8)]
    assert told(found, "route:main", NOW - HOUR, NOW) == Down(0, 0)
    assert [one.about for one in touching(found, "route:vision")] == [
        "provider:groq",
        "route:vision",
    ]
    assert touching(found, "provider:vision") == []


def test_an_outage_counts_as_far_as_it_reaches_into_the_time() -> None:
    found = [outage("route:main", 90, 50), outage("route:main", 5, None)]
    assert told(found, "route:main", NOW - HOUR, NOW) == Down(2, 10 * 60 + 5 * 60)
    before, after = outage("route:main", 90, 60), outage("route:main", -5, -9)
    assert told([before, after], "route:main", NOW - HOUR, NOW) == Down(0, 0)


def test_an_outage_lasts_to_its_end_or_until_now() -> None:
    assert lasted(outage("route:main", 90, 50), NOW) == 40 * 60
    assert lasted(outage("route:main", 90, None), NOW) == 90 * 60
    assert lasted(outage("route:main", -5, None), NOW) == 0  # a clock that went back


# Rows

store = pytest.mark.django_db


def span(about: str, at: datetime, size: str = Span.HOUR, **told: Any) -> None:
    Span.objects.create(about=about, size=size, began_at=at, **told)


@store
def test_a_course_has_the_cells_that_were_asked_and_all_of_them_together(
    django_assert_num_queries: Any,
) -> None:
    first = DAY.first(NOW)
    span("provider:groq", first, good=2, outcomes={"ok": 2}, times=[100, 300])
    span("provider:groq", first + HOUR * 23, bad=1, outcomes={"timeout": 1})
    span("provider:groq", first - HOUR, bad=9)
    span("provider:groq", first, size=Span.DAY, bad=9)
    span("provider:groq", NOW + HOUR, bad=9)
    span("route:main", first + HOUR * 5, good=1, outcomes={"ok": 1})
    with django_assert_num_queries(1):
        found = courses(DAY, NOW)
    assert set(found) == {"provider:groq", "route:main"}
    groq = found["provider:groq"]
    assert set(groq.cells) == {0, 23}
    assert groq.whole == Tally(2, 1, {"ok": 2, "timeout": 1}, [100, 300])
    assert courses(DAY, NOW, "route:main").keys() == {"route:main"}
    assert courses(DAY, NOW, "provider:none") == {}


@store
def test_a_table_has_hours_of_one_day_and_days_of_many_the_newest_first() -> None:
    for hours in (0, 1, 11, 30):
        at = NOW.replace(minute=0, second=0) - HOUR * hours
        span("route:main", at, good=1, times=[hours])
    rows = courses(DAY, NOW)["route:main"].listed(DAY, NOW)
    assert [(at.day, at.hour) for at, _cell in rows] == [(29, 10), (29, 9), (28, 23)]
    rows = courses(WEEK, NOW)["route:main"].listed(WEEK, NOW)
    assert [(at.day, at.hour, cell.good) for at, cell in rows] == [(29, 0, 2), (28, 0, 2)]


@store
def test_uptimes_are_sums_of_what_proved_anything() -> None:
    first = WEEK.first(NOW)
    span("provider:groq", first, good=2, bad=1)
    span("provider:groq", first + HOUR, good=1)
    span("provider:groq", first - HOUR, bad=7)
    span("route:main", first, outcomes={"rate_limited": 2})
    assert uptimes(WEEK, NOW) == {"provider:groq": 0.75}


@store
def test_outages_are_those_that_reached_into_the_time_the_newest_first() -> None:
    for begin, end in ((5000, 61), (4000, 59), (3000, None), (-1, None)):
        one = outage(f"provider:p{begin}", begin, end)
        one.save()
    found = [one.about for one in outages(NOW - HOUR, NOW)]
    assert found == ["provider:p3000", "provider:p4000"]


@store
def test_lately_tells_of_routes_that_somebody_watches(django_assert_num_queries: Any) -> None:
    outage("provider:groq", 100, 70, "main", "vision").save()
    served = {"main": "groq", "vision": "groq", "subagent": "mistral", "image": ""}
    assert lately(served, NOW) == {}
    Watch.objects.create(about="provider:groq", every=15)
    Watch.objects.create(about="route:subagent", every=0)
    assert lately(served, NOW) == {"main": Down(1, 1800), "vision": Down(1, 1800)}
    Watch.objects.create(about="route:image", every=60)
    with django_assert_num_queries(2):
        assert lately(served, NOW)["image"] == Down(0, 0)
