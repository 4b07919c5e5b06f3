"""What is told without a test: each threshold once, each change once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from providers.catalog.fetch import CatalogItem
from providers.models import CatalogEntry, Provider, Task
from providers.spec.names import NAME_LENGTH
from routing.models import Alert, Outage, Route, Standing, Watch, WatchSettings
from routing.models.subjects import CONDITIONS
from routing.watch import conditions
from routing.watch.conditions import KEY_DAYS, PAST_DAYS, SHORT, look, nearest, short
from routing.watch.judging import judge_ended
from tests.desk import saved, stocked
from tests.routing.agents.live_desk import edit, write
from tests.routing.watch.results import START, after, ended, provider, route, told, watched

pytestmark = [pytest.mark.django_db, pytest.mark.battery]
DAY = 24 * 60


def on(days: int) -> date:
    return (START + timedelta(days=days)).date()


def look_on(*days: int) -> list[tuple[str, str, Any]]:
    """What is told new when it is looked on each of these days."""
    known = set(Alert.objects.values_list("pk", flat=True))
    for one in days:
        assert look(after(one * DAY))
    fresh = Alert.objects.exclude(pk__in=known).order_by("at", "mark")
    return [(one.kind, one.about, one.params) for one in fresh]


def days_left() -> list[int]:
    """From each alert to the day that it tells of."""
    rows = Alert.objects.order_by("at", "mark")
    return [(date.fromisoformat(row.params["on"]) - row.at.date()).days for row in rows]


# --- once a minute --------------------------------------------------------------------------


def test_it_is_looked_once_a_minute_whichever_process_asks() -> None:
    assert [look(after(minutes)) for minutes in (0, 0, 0.5, 1, 1.9, 2)] == [
        *(True, False, False, True, False, True)
    ]


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    assert look(after(DAY))
    assert look(after(0))


def test_not_time_yet_is_one_query() -> None:
    look(after(0))
    with CaptureQueriesContext(connection) as captured:
        look(after(0.2))
    assert len(captured) == 1


def test_of_two_at_one_moment_one_looks() -> None:
    look(after(0))
    stale = Standing.objects.get(about=CONDITIONS)
    assert look(after(1))
    rows = Standing.objects.filter(about=CONDITIONS, since=stale.since)
    assert not rows.exists()


def test_a_fault_in_one_part_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    row = provider()
    Provider.objects.update(key_expires_on=on(7))

    def fails(*_args: Any) -> None:
        raise ValueError

    monkeypatch.setattr(conditions, "_money", fails)
    with pytest.raises(ValueError):
        look(after(0))
    assert told() == [("key_expires", f"provider:{row.name}")]


# --- money ----------------------------------------------------------------------------------


def test_money_is_told_each_time_it_falls_below_its_bound() -> None:
    provider("deepseek")

    def has(amount: str | None) -> None:
        known = {"money_currency": "USD", "money_means": "balance"} if amount else {}
        Provider.objects.update(money_amount=amount and Decimal(amount), **known)

    found = []
    for minutes, amount in enumerate((None, "10", "0.42", "0.41", "25", "0.4", None, "0.3")):
        has(amount)
        look(after(minutes))
        found.append(Alert.objects.filter(kind="money_low").count())
    assert found == [0, 0, 1, 1, 1, 2, 2, 3]
    first = Alert.objects.order_by("at")[0]
    assert first.about == "money:deepseek"
    assert first.params == {"amount": "0.4200", "currency": "USD", "means": "balance"}


# --- keys -----------------------------------------------------------------------------------


def test_a_key_is_told_at_each_threshold_once() -> None:
    provider()
    Provider.objects.update(key_expires_on=on(40))
    look_on(*range(60))
    assert days_left() == [30, 7, 1]
    assert set(told()) == {("key_expires", "provider:groq")}


@pytest.mark.parametrize(
    ("left", "expected"),
    [(31, []), (30, [30]), (20, [20]), (5, [5]), (1, [1]), (0, [0]), (-3, [-3]), (-8, [])],
)
def test_of_thresholds_that_had_passed_the_nearest_is_told(left: int, expected: list[Any]) -> None:
    provider()
    Provider.objects.update(key_expires_on=on(left))
    look_on(0)
    assert days_left() == expected
    assert all(one["on"] == on(left).isoformat() for _kind, _about, one in look_on(1, 2))


def test_a_key_with_another_date_is_told_anew() -> None:
    provider()
    Provider.objects.update(key_expires_on=on(5))
    assert len(look_on(0, 1)) == 1
    Provider.objects.update(key_expires_on=on(6))
    assert [one[2]["on"] for one in look_on(2)] == [on(6).isoformat()]


@given(st.integers(-400, 400), st.integers(0, 60))
def test_each_threshold_comes_at_most_once_and_in_order(left: int, many: int) -> None:
    found = [near for day in range(many) if (near := nearest(left - day, KEY_DAYS)) is not None]
    assert found == sorted(found, reverse=True)
    assert all(near in KEY_DAYS for near in found)
    assert bool(found) == any(-PAST_DAYS <= left - day <= 30 for day in range(many))


# --- models ---------------------------------------------------------------------------------


def test_a_model_that_retires_is_told_at_each_threshold_once_for_all_its_routes() -> None:
    stocked("groq", CatalogItem(model_id="llama-9", retires_at=on(70)), "llama-8")
    route()
    route("subagent")
    found = look_on(*range(90))
    assert {(kind, about) for kind, about, _params in found} == {("model_retires", "route:main")}
    assert days_left() == [60, 14, 1]
    assert found[0][2] == {
        "model": "llama-9",
        "on": on(70).isoformat(),
        "slots": ["main", "subagent"],
    }


def test_a_model_that_nobody_uses_may_retire_in_silence() -> None:
    stocked("groq", CatalogItem(model_id="llama-9", retires_at=on(3)), "llama-8")
    route(model="llama-8")
    assert look_on(0, 1, 2) == []


def test_a_model_in_use_that_a_list_has_lost_is_told_once_each_time() -> None:
    stocked("groq", "llama-9", "llama-8", "llama-7")
    route()
    route("vision")
    assert look_on(0) == []
    stocked("groq", "llama-8", "llama-7")
    lost = {"model": "llama-9", "slots": ["main", "vision"]}
    assert look_on(1, 2) == [("model_lost", "route:main", lost)]
    stocked("groq", "llama-8", "llama-7", "llama-6")  # no row of it is left now
    assert look_on(3, 4) == []
    stocked("groq", "llama-9", "llama-8", "llama-7")
    assert look_on(5) == []
    stocked("groq", "llama-8", "llama-7")
    assert look_on(6) == [("model_lost", "route:main", lost)]


def test_a_model_that_was_lost_while_nobody_looked_is_told_all_the_same() -> None:
    stocked("groq", "llama-9", "llama-8", "llama-7")
    route()
    stocked("groq", "llama-8", "llama-7")
    stocked("groq", "llama-8", "llama-7", "llama-6")
    assert not CatalogEntry.objects.filter(model_id="llama-9").exists()
    assert [one[0] for one in look_on(0, 1)] == ["model_lost"]


def test_a_name_that_is_in_no_list_since_it_was_chosen_is_its_pages_matter() -> None:
    stocked("groq", "llama-8")
    route(model="no-such")
    assert look_on(0, 1) == []


def test_a_fetch_that_lost_a_model_is_looked_at_at_once() -> None:
    row = stocked("groq", "llama-9", "llama-8", "llama-7")
    route()
    look(after(0))
    stocked("groq", "llama-8", "llama-7")
    assert not look(after(0.2))
    ended(row, minutes=0.2, task=Task.FETCH)
    judge_ended(after(0.3))
    assert look(after(0.3))
    assert told() == [("model_lost", "route:main")]


def test_marks_of_long_names_fit_and_stay_apart() -> None:
    one, other = (short("m" * 299 + last) for last in "ab")
    assert one != other
    assert len(one) == len(other) == SHORT
    assert short("m" * SHORT) == "m" * SHORT
    name, version, moment = "n" * NAME_LENGTH, f"v{2**31}", datetime.now(UTC).isoformat()
    longest = Alert._meta.get_field("mark").max_length
    assert len(f"model_lost:{name}:{one}:{version}:{moment}") <= longest


# --- the live file --------------------------------------------------------------------------


def test_a_file_that_somebody_else_changed_is_told_once_for_each_state(
    site: Client, path: Path, main_route: Route
) -> None:
    minutes = iter(range(1, 99))

    def news() -> list[str]:
        known = set(Alert.objects.values_list("pk", flat=True))
        for _ in range(2):
            assert look(after(next(minutes)))
        return [one.params["drift"] for one in Alert.objects.exclude(pk__in=known)]

    path.write_text("{}")
    assert news() == []  # it was there before anything was written
    path.unlink()
    write(site)
    assert news() == []
    saved("groq", "gsk_0123456789abcdef")
    assert news() == []  # settings of this site are ahead
    edit(path, lambda document: document.update(logging={"level": "debug"}))
    assert news() == ["changed"]
    edit(path, lambda document: document.update(logging={"level": "info"}))
    assert news() == ["changed"]
    path.unlink()
    assert news() == ["gone"]
    path.mkdir()
    assert news() == ["unusable"]
    path.rmdir()
    write(site)
    path.unlink()
    assert news() == ["gone"]  # again, after it was written again
    assert {one.about for one in Alert.objects.all()} == {"config"}


def test_where_no_live_file_is_named_nothing_is_told_of_one() -> None:
    assert look_on(0) == []


# --- reminders ------------------------------------------------------------------------------


@pytest.fixture
def down() -> Provider:
    """Its routes fell with it, a minute after START."""
    row = provider()
    route()
    watched("provider:groq", "route:main")
    for minutes in (0, 1):
        ended(row, "timeout", minutes)
        judge_ended(after(minutes))
    return row


@pytest.fixture
def remind(down: Provider) -> Callable[[float], list[tuple[str, str]]]:
    def at(hours: float) -> list[tuple[str, str]]:
        before = len(told())
        assert look(after(hours * 60))
        return told()[before:]

    return at


def test_who_wants_it_is_reminded_once_a_day_while_it_lasts(remind: Any, down: Provider) -> None:
    WatchSettings.objects.create(pk=WatchSettings.ONLY, reminds=True)
    still = [("still_fails", "provider:groq")]
    found = [bool(remind(hours)) for hours in (1, 23, 24, 25, 47, 48, 71, 72)]
    assert found == [False, False, True, False, False, True, False, True]
    last = Alert.objects.order_by("-at")[0]
    assert (last.kind, last.about) == still[0]
    assert last.params == {"outcome": "timeout", "since": after(0).isoformat()}
    ended(down, "ok", 73 * 60)
    judge_ended(after(73 * 60))
    assert remind(96.5) == []


def test_nobody_is_reminded_unasked(remind: Any) -> None:
    assert remind(25) == []


def test_what_fell_with_a_provider_that_is_not_watched_is_reminded_of_once(remind: Any) -> None:
    WatchSettings.objects.create(pk=WatchSettings.ONLY, reminds=True)
    Watch.objects.filter(about="provider:groq").delete()
    assert remind(25) == [("still_fails", "provider:groq")]
    Watch.objects.all().delete()
    assert remind(50) == []


# --- who is not watched any more ------------------------------------------------------------


def test_what_was_judged_while_its_schedule_was_switched_off_leaves_nothing(down: Provider) -> None:
    Watch.objects.filter(about="provider:groq").update(every=0)  # by whatever way
    look(after(2))
    assert set(Standing.objects.values_list("about", flat=True)) == {*("route:main", CONDITIONS)}
    ends = dict(Outage.objects.values_list("about", "ended_at"))
    assert ends == {"provider:groq": after(2), "route:main": None}


def test_the_switch_for_all_ends_what_lasts_and_nobody_is_reminded(
    remind: Any, down: Provider
) -> None:
    WatchSettings.objects.create(pk=WatchSettings.ONLY, reminds=True, is_on=False)
    assert remind(25) == []
    assert Outage.objects.filter(ended_at=None).count() == 0
    ended(down, "timeout", 26 * 60)
    judge_ended(after(26 * 60))
    assert set(Standing.objects.values_list("about", flat=True)) == {CONDITIONS}


def test_a_route_that_is_not_set_any_more_fails_no_longer(down: Provider) -> None:
    look(after(2))
    assert Standing.objects.filter(about="route:main", is_failing=True).exists()
    Route.objects.all().delete()
    look(after(3))
    assert not Standing.objects.filter(about="route:main").exists()
    assert Outage.objects.get(about="route:main").ended_at == after(3)
    assert Standing.objects.filter(about="provider:groq", is_failing=True).exists()
    assert told() == [("fails", "provider:groq")]


def test_an_empty_site_is_looked_at_without_a_word() -> None:
    assert look(datetime.now(UTC))
    assert told() == []
