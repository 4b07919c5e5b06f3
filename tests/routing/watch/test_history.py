"""What the watch keeps goes in its time, and `prune --dry-run` names it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from facio_site import clock, history
from routing.models import Alert, Channel, Delivery, Outage, Span, Spent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAUSE_SECONDS", 0)


def ago(days: float) -> Any:
    return clock.now() - timedelta(days=days)


def spans(size: str, *days: float) -> None:
    for one in days:
        Span.objects.create(about="provider:groq", size=size, began_at=ago(one))


def left(model: Any, field: str) -> list[int]:
    now = clock.now()
    moments = model.values_list(field, flat=True)
    return sorted(round((now - at).total_seconds() / 86400) for at in moments)


KEPT = [(90, [1, 9, 89]), (1, [1]), (400, [1, 9, 89, 91, 399])]


@pytest.mark.parametrize(("keep", "hours"), KEPT)
def test_hours_go_with_the_jobs_and_no_sooner_than_a_week(
    settings: Any, keep: int, hours: list[int]
) -> None:
    settings.KEEP_JOBS_DAYS = keep
    spans(Span.HOUR, 1, 9, 89, 91, 399, 401)
    spans(Span.DAY, 1, 91, 399, 401)
    found = history.prune()
    assert left(Span.objects.filter(size="h"), "began_at") == hours
    assert left(Span.objects.filter(size="d"), "began_at") == [1, 91, 399]
    assert (found["hours of health"], found["days of health"]) == (6 - len(hours), 1)


def test_what_lasts_stays_and_the_rest_goes_after_a_year_and_more() -> None:
    Outage.objects.create(about="provider:groq", began_at=ago(500), outcome="timeout")
    for days in (399, 401):
        Outage.objects.create(
            about="provider:groq", began_at=ago(500), ended_at=ago(days), outcome="timeout"
        )
        Spent.objects.create(day=ago(days).date(), completions=3)
    found = history.prune()
    assert (found["ended outages"], found["days of paid calls"]) == (1, 1)
    assert Outage.objects.filter(ended_at=None).count() == 1
    assert Spent.objects.get().day == ago(399).date()


@pytest.mark.parametrize(("keep", "days"), [(90, [89]), (1, [89]), (100, [89, 91])])
def test_alerts_go_with_their_deliveries_and_no_sooner_than_what_they_announce(
    settings: Any, keep: int, days: list[int]
) -> None:
    settings.KEEP_JOBS_DAYS = keep
    channel = Channel.objects.create(name="one", kind="webhook")
    for one in (89, 91):
        alert = Alert.objects.create(kind="fails", about="x", mark=str(one), at=ago(one))
        Delivery.objects.create(alert=alert, channel=channel)
    assert history.prune()["alerts"] == 2 - len(days)
    assert left(Alert.objects, "at") == days
    assert Delivery.objects.count() == len(days)


@pytest.mark.parametrize("kind", ["model_lost", "file_drifted"])
def test_what_may_last_is_kept_so_that_it_is_not_told_once_more(kind: str) -> None:
    for one in (91, 399, 401):
        Alert.objects.create(kind=kind, about="x", mark=str(one), at=ago(one))
    assert history.prune()["alerts"] == 1
    assert left(Alert.objects, "at") == [91, 399]


def test_a_dry_run_names_them_and_removes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    spans(Span.HOUR, 100)
    spans(Span.DAY, 500)
    call_command("prune", "--dry-run")
    said = capsys.readouterr().out.splitlines()
    names = ["hours of health: 1", "days of health: 1", "ended outages: 0", "alerts: 0"]
    assert said[-5:] == [*names, "days of paid calls: 0"]
    assert Span.objects.count() == 2
