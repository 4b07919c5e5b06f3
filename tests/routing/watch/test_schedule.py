"""When a subject is due and when it is quiet: nights, changes of summer time, clocks that jump."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.models import Every
from routing.watch.schedule import (
    MOST_JITTER,
    day_of,
    is_too_far,
    jitter,
    next_due,
    quiet_end,
    soon_due,
    zone_named,
)

BERLIN = "Europe/Berlin"
NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SUBJECTS = [f"provider:p{n}" for n in range(24)] + [f"route:r{n}" for n in range(5)]
ON = [every.value for every in Every if every]


def is_quiet(*told: Any) -> bool:
    return quiet_end(*told) is not None


def berlin(text: str, *, fold: int = 0) -> datetime:
    """A moment by the clock on the wall there; `fold` 1 = the second time in autumn."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN), fold=fold).astimezone(UTC)


def wall(text: str) -> time:
    return time.fromisoformat(text)


# Due


@pytest.mark.parametrize("minutes", ON)
def test_the_jitter_is_a_tenth_of_the_interval_and_five_minutes_at_most(minutes: int) -> None:
    found = [jitter(minutes, name) for name in SUBJECTS]
    most = min(timedelta(minutes=minutes) / 10, MOST_JITTER)
    assert timedelta() <= min(found) <= max(found) <= most
    assert max(found) > most / 2  # and it is made use of


@pytest.mark.parametrize("minutes", ON)
def test_many_subjects_do_not_come_at_one_moment(minutes: int) -> None:
    moments = sorted(next_due(NOON, minutes, name) for name in SUBJECTS)
    for moment in moments:
        together = [one for one in moments if abs(one - moment) < timedelta(seconds=1)]
        assert len(together) <= len(SUBJECTS) / 4


def test_the_jitter_of_a_name_is_the_same_in_every_process() -> None:
    assert jitter(15, "provider:groq") == timedelta(seconds=90) * (0xE3E7B077 / 2**32)


def test_the_next_one_is_counted_from_now_however_late_this_one_is() -> None:
    found = next_due(NOON, 60, "route:main")
    assert found == NOON + timedelta(hours=1) + jitter(60, "route:main")
    assert soon_due(NOON, 60, "route:main") == NOON + jitter(60, "route:main")


@pytest.mark.parametrize("minutes", ON)
def test_a_due_time_that_was_made_just_now_is_not_too_far(minutes: int) -> None:
    due_at = next_due(NOON, minutes, "route:main")
    assert not is_too_far(due_at, NOON, minutes, "route:main")
    assert not is_too_far(due_at, NOON + timedelta(minutes=1), minutes, "route:main")


@pytest.mark.parametrize("minutes", ON)
def test_a_clock_that_jumps_back_by_a_day_is_noticed(minutes: int) -> None:
    due_at = next_due(NOON, minutes, "route:main")
    assert is_too_far(due_at, NOON - timedelta(days=1), minutes, "route:main")


def test_a_due_time_of_a_longer_interval_is_too_far_for_a_shorter_one() -> None:
    assert is_too_far(next_due(NOON, 1440, "route:main"), NOON, 15, "route:main")


# Quiet


@pytest.mark.parametrize(
    ("begins", "ends"), [("22:00", "22:00"), ("00:00", "00:00"), ("", "07:00"), ("22:00", "")]
)
def test_hours_that_begin_where_they_end_or_lack_an_end_are_never(begins: str, ends: str) -> None:
    for hour in range(24):
        now = NOON + timedelta(hours=hour)
        given_ = [wall(text) if text else None for text in (begins, ends)]
        assert not is_quiet(now, *given_, BERLIN)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-06-01T21:59:59", ""),
        ("2026-06-01T22:00:00", "2026-06-02T07:00:00"),
        ("2026-06-01T23:59:59", "2026-06-02T07:00:00"),
        ("2026-06-02T00:00:00", "2026-06-02T07:00:00"),
        ("2026-06-02T06:59:59", "2026-06-02T07:00:00"),
        ("2026-06-02T07:00:00", ""),
    ],
)
def test_hours_over_midnight(now: str, end: str) -> None:
    found = quiet_end(berlin(now), wall("22:00"), wall("07:00"), BERLIN)
    assert found == (berlin(end) if end else None)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-06-01T11:59:59", ""),
        ("2026-06-01T12:00:00", "2026-06-01T13:30:00"),
        ("2026-06-01T13:29:59", "2026-06-01T13:30:00"),
        ("2026-06-01T13:30:00", ""),
        ("2026-06-02T00:30:00", ""),
    ],
)
def test_hours_within_a_day(now: str, end: str) -> None:
    found = quiet_end(berlin(now), wall("12:00"), wall("13:30"), BERLIN)
    assert found == (berlin(end) if end else None)


def test_a_night_is_as_long_as_the_clocks_on_the_wall_say() -> None:
    usual, spring, autumn = (
        quiet_end(begin, wall("22:00"), wall("07:00"), BERLIN) - begin  # type: ignore[operator]
        for begin in map(
            berlin, ("2026-06-01T22:00:00", "2026-03-28T22:00:00", "2026-10-24T22:00:00")
        )
    )
    assert usual == timedelta(hours=9)
    assert spring == timedelta(hours=8)
    assert autumn == timedelta(hours=10)


# On 29 March 2026 the clock goes from 2:00 to 3:00, on 25 October from 3:00 back to 2:00.


def test_hours_that_end_in_the_hour_that_is_left_out_end_nevertheless() -> None:
    hours = wall("22:00"), wall("02:30"), BERLIN
    assert is_quiet(berlin("2026-03-29T01:59:59"), *hours)
    end = quiet_end(berlin("2026-03-29T01:00:00"), *hours)
    assert end == berlin("2026-03-29T03:30:00")
    assert not is_quiet(berlin("2026-03-29T03:30:00"), *hours)


def test_hours_that_begin_in_the_hour_that_is_left_out_begin_nevertheless() -> None:
    hours = wall("02:30"), wall("06:00"), BERLIN
    assert not is_quiet(berlin("2026-03-29T01:29:59"), *hours)
    assert is_quiet(berlin("2026-03-29T03:00:00"), *hours)
    assert quiet_end(berlin("2026-03-29T03:00:00"), *hours) == berlin("2026-03-29T06:00:00")


def test_hours_that_end_in_the_hour_that_comes_twice_end_the_second_time() -> None:
    hours = wall("22:00"), wall("02:30"), BERLIN
    end = berlin("2026-10-25T02:30:00", fold=1)
    assert quiet_end(berlin("2026-10-25T02:45:00"), *hours) == end
    assert quiet_end(berlin("2026-10-25T02:15:00", fold=1), *hours) == end
    assert not is_quiet(end, *hours)


def test_hours_that_begin_in_the_hour_that_comes_twice_begin_the_first_time() -> None:
    hours = wall("02:30"), wall("06:00"), BERLIN
    assert not is_quiet(berlin("2026-10-25T02:29:59"), *hours)
    for now in (berlin("2026-10-25T02:30:00"), berlin("2026-10-25T02:00:00", fold=1)):
        assert quiet_end(now, *hours) == berlin("2026-10-25T06:00:00")


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from([BERLIN, "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])


@given(moments, st.times(), st.times(), zones)
def test_where_hours_end_it_is_no_longer_quiet_and_was_so_until_then(
    now: datetime, begins: time, ends: time, zone: str
) -> None:
    end = quiet_end(now, begins, ends, zone)
    assert is_quiet(now, begins, ends, zone) == (end is not None)
    if end is None:
        return
    assert now < end < now + timedelta(hours=50)
    assert not is_quiet(end, begins, ends, zone)
    assert is_quiet(now + (end - now) * 0.999, begins, ends, zone)


# Days and zones


def test_the_day_is_that_of_the_zone() -> None:
    late = datetime(2026, 6, 1, 22, 30, tzinfo=UTC)
    assert day_of(late, BERLIN) == date(2026, 6, 2)
    assert day_of(late, "UTC") == date(2026, 6, 1)
    assert day_of(late, "America/New_York") == date(2026, 6, 1)


@pytest.mark.parametrize("name", ["", "Nowhere/Town", "Europe", "../etc/passwd", "\0", "/etc"])
def test_a_zone_that_is_not_known_is_utc(name: str) -> None:
    assert zone_named(name) is UTC
