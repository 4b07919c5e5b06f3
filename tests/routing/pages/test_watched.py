"""How the schedule speaks: when something is due, what a call costs, what is to be expected."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from routing.models import Watch, WatchSettings
from routing.pages.watched import dollars, forecast, in_words, next_check
from routing.watch.costs import Estimate

pytestmark = [pytest.mark.alike, pytest.mark.django_db, pytest.mark.battery]
FREE = Estimate(0, Decimal(0))
PAID = Estimate(1, Decimal("0.001"))
UNKNOWN = Estimate(1, None)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "in less than a minute"),
        (59, "in less than a minute"),
        (60, "in 1 min"),
        (3599, "in 59 min"),
        (3600, "in 1 h"),
        (86400, "in 24 h"),
        (3 * 86400, "in 3 days"),
    ],
)
def test_how_long_it_is_until_then(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [("0", "$0.00"), ("1.234", "$1.23"), ("0.05", "$0.05"), ("0.00042", "$0.00042")],
)
def test_a_small_amount_keeps_what_it_says(amount: str, words: str) -> None:
    assert dollars(Decimal(amount)) == words


@pytest.mark.parametrize(
    ("rates", "budget", "words"),
    [
        ({"a": 60}, 50, "1 check an hour, free."),
        ({"a": 15, "b": 1440}, 50, "97 checks a day, free."),
        ({"p": 1440}, 50, "1 check a day, about $0.001 a day at most."),
        ({"a": 60, "p": 60}, 50, "2 checks an hour, about $0.02 a day at most."),
        (
            {"p": 15},
            10,
            "4 checks an hour, about $0.01 a day at most; no more than 10 paid calls a day.",
        ),
        ({"a": 60, "p": 60}, 0, "1 check an hour, free; those that cost something are left out."),
        ({"u": 60}, 50, "1 check an hour, at a price that is not known."),
    ],
)
def test_the_forecast_is_one_sentence(rates: dict[str, int], budget: int, words: str) -> None:
    costs = {"a": FREE, "b": FREE, "p": PAID, "u": UNKNOWN}
    assert forecast(rates, costs, WatchSettings(completions_a_day=budget)) == words


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        ({"a": 60}, "1 check an hour, free; only outside the quiet hours."),
        ({"a": 15, "b": 1440}, "up to 97 checks a day, free; only outside the quiet hours."),
    ],
)
def test_the_forecast_leaves_the_quiet_hours_out(rates: dict[str, int], words: str) -> None:
    costs = {"a": FREE, "b": FREE}
    rules = WatchSettings(quiet_from=time(22), quiet_until=time(6))
    assert forecast(rates, costs, rules) == words


@pytest.mark.parametrize(
    ("minutes", "quiet", "words"),
    [
        (4, None, "in 4 min"),
        (0, None, "due now"),
        (-4, None, "due now"),
        (-180, None, "overdue: was due 3 h ago"),
        (4, (time(11), time(14)), "in 2 h"),  # quiet now
        (-180, (time(11), time(14)), "in 2 h"),
        (4, (time(12, 2), time(14)), "in 2 h"),  # quiet by then
        (180, (time(11), time(14)), "in 3 h"),
    ],
)
def test_the_next_check_is_none_in_the_quiet_hours(
    minutes: int, quiet: tuple[time, time] | None, words: str
) -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    begins, ends = quiet or (None, None)
    rules = WatchSettings(quiet_from=begins, quiet_until=ends)
    row = Watch(about="provider:groq", every=60, due_at=now + timedelta(minutes=minutes))
    assert next_check(row, rules, now).words == words
