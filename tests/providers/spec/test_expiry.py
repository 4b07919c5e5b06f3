"""When the end of a key is told."""

from datetime import date, timedelta

import pytest

from providers.spec.expiry import expiry

TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("on", "told"),
    [
        (None, None),
        (TODAY + timedelta(31), None),
        (TODAY + timedelta(30), "expires"),
        (TODAY, "expires"),
        (TODAY - timedelta(1), "expired"),
        (date.min, "expired"),
        (date.max, None),
    ],
)
def test_it_is_told_thirty_days_before_and_ever_after(on: date | None, told: str | None) -> None:
    assert expiry(on, TODAY) == told
