"""The past in the pictures agrees with itself."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from tests.lived import down_at, spans

NOW = datetime(2026, 11, 30, 2, 22, 40, tzinfo=UTC)


def test_every_test_within_an_outage_failed_and_no_other_by_hours_and_by_days() -> None:
    rows = list(spans("provider:x", NOW, random.Random(1), is_ill=True))
    hours = [row for row in rows if row.size == row.HOUR]
    days = [row for row in rows if row.size == row.DAY]
    lasted = [end - start for start, end in down_at(NOW)]
    late = [end - start for start, end in down_at(NOW) if start > NOW - timedelta(days=7)]
    quarter = timedelta(minutes=15)
    assert sum(row.bad for row in hours) == sum(-(-one // quarter) for one in late)
    assert sum(row.bad for row in days) == sum(-(-one // quarter) for one in lasted)
