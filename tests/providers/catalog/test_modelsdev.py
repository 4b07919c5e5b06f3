"""The models.dev snapshot that comes with a package from PyPI."""

import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest

from providers.catalog.modelsdev import SNAPSHOT_DATE, _day, _snapshot, twins
from providers.kinds import KINDS

pytestmark = pytest.mark.battery


@pytest.mark.parametrize(
    "name",
    [
        *sorted({spec.models_dev for spec in KINDS.values() if spec.models_dev}),
        *("alibaba", "minimax-cn", "moonshotai-cn", "zai"),
    ],
)
def test_every_name_that_a_kind_uses_is_in_the_snapshot(name: str) -> None:
    known = twins(name)
    assert known
    assert any(twin.context_window for twin in known.values())


def test_facts_come_in_our_types() -> None:
    twin = twins("deepseek")["deepseek-v4-pro"]
    assert twin.name == "DeepSeek V4 Pro"
    assert isinstance(twin.price_input, Decimal)
    assert twin.inputs == ("text",)
    assert twin.tools is True


def test_a_day_of_release_is_a_date_also_where_only_a_month_is_told() -> None:
    days = [twin.released_on for name in ("openai", "anthropic") for twin in twins(name).values()]
    assert all(isinstance(day, date) for day in days)
    assert [_day(text) for text in ("2025-08-07", "2025-08", "2025", "soon", None)] == [
        date(2025, 8, 7),
        date(2025, 8, 1),
        *[None] * 3,
    ]


def test_an_unknown_provider_has_no_models() -> None:
    assert twins("nobody") == {}


def test_nothing_is_read_before_it_is_asked_for() -> None:
    program = (
        "import providers.kinds, providers.catalog.fetch, sys;print('models_dev' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_the_date_on_the_pages_is_that_of_the_package() -> None:
    days = (
        facts["last_updated"]
        for provider in _snapshot().values()
        for facts in provider["models"].values()
    )
    assert max(date.fromisoformat(day) for day in days if len(day) == 10) == SNAPSHOT_DATE
