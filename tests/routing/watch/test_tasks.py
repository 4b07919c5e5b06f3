"""What beat brings about: four steps, of which each is taken whatever becomes of the others."""

import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from celery.worker.request import Request
from django.conf import settings as django_settings
from django.db import OperationalError

from facio_site import logs
from facio_site.celery import app
from routing.watch import tasks

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


class Steps:
    """Stand-ins for the parts that do the work; `broken` names those that fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken: list[tuple[Any, ...]] = []
        self.broken: set[str] = set()
        self.waiting: list[uuid.UUID] = []
        self.sent: list[tuple[Any, dict[str, Any]]] = []
        for name, part in {
            "judging.judge_ended": self.step("judged"),
            "conditions.look": self.step("looked"),
            "due.start_due": self.step("started"),
            "alerts.deliver.due_channels": self.step("gathered", lambda: self.waiting),
            "alerts.deliver.deliver": lambda *told: self.taken.append(("delivered", *told)),
            "alerts.trial.run_trial": lambda channel: self.taken.append(("tried", channel)),
        }.items():
            monkeypatch.setattr(f"routing.watch.{name}", part)
        monkeypatch.setattr(
            tasks.deliver, "apply_async", lambda args, **options: self.sent.append((args, options))
        )

    def step(self, word: str, answer: Callable[[], Any] = lambda: None) -> Callable[..., Any]:
        def taken(now: datetime) -> Any:
            self.taken.append((word, now))
            if word in self.broken:
                raise RuntimeError("a secret stood here")
            return answer()

        return taken

    @property
    def words(self) -> list[str]:
        return [one[0] for one in self.taken]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(monkeypatch)


def test_a_tick_takes_all_steps_at_the_same_time_of_day(steps: Steps) -> None:
    tasks.tick(NOW)
    assert steps.words == ["judged", "looked", "started", "gathered"]
    assert {one[-1] for one in steps.taken} == {NOW}


@pytest.mark.django_db
@pytest.mark.parametrize("broken", ["judged", "looked", "started", "gathered"])
def test_a_fault_in_one_step_leaves_the_others(
    steps: Steps, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    steps.broken = {broken}
    tasks.tick(NOW)
    assert steps.words == ["judged", "looked", "started", "gathered"]
    [told] = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert "RuntimeError" in told.getMessage()
    assert "test_tasks.py:" in told.getMessage()
    assert "secret" not in told.getMessage()
    assert told.exc_info is None


@pytest.mark.django_db
def test_a_database_in_trouble_is_told_once_and_not_by_each_step(
    steps: Steps, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_now: datetime) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(logs, "_moments", {})
    for name in ("judging.judge_ended", "conditions.look", "due.start_due"):
        monkeypatch.setattr(f"routing.watch.{name}", full)
    tasks.tick(NOW)
    assert steps.words == ["gathered"]
    [told] = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert told.getMessage() == "the database cannot be written: its disk is full"


def test_each_channel_has_a_task_of_its_own(steps: Steps) -> None:
    steps.waiting = [uuid.uuid4(), uuid.uuid4()]
    tasks.tick(NOW)
    assert steps.sent == [((str(one),), {"retry": False, "expires": 600}) for one in steps.waiting]
    assert "delivered" not in steps.words  # nobody waits for a receiver here


@pytest.mark.django_db
def test_a_channels_tasks_send_what_waits_for_it_and_try_it(steps: Steps) -> None:
    wanted = uuid.uuid4()
    tasks.deliver(str(wanted))
    [(word, channel, now)] = steps.taken
    assert (word, channel) == ("delivered", wanted)
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
    tasks.try_channel(str(wanted))
    assert steps.taken[-1] == ("tried", wanted)


def test_a_worker_knows_the_tasks_and_beat_asks_for_them() -> None:
    assert app.tasks.keys() >= {
        *("routing.tasks.watch", "routing.tasks.deliver", "routing.tasks.try_channel"),
    }
    entry = django_settings.CELERY_BEAT_SCHEDULE["watch"]
    assert entry == {"task": "routing.tasks.watch", "schedule": 10.0}


def test_a_worker_whose_clock_is_minutes_ahead_drops_no_alert() -> None:
    """It goes by its own clock, and would drop what has expired without a word.

    Source: https://github.com/celery/celery/issues/1980
    """
    expires = datetime.now(UTC) - timedelta(minutes=5) + timedelta(seconds=tasks.EXPIRES_SECONDS)
    headers = {"task": tasks.deliver.name, "id": "1", "expires": expires.isoformat()}
    told: dict[str, Any] = {"delivery_info": {}, "properties": {}, "content_type": ""}
    message = SimpleNamespace(headers=headers, body=b"", **told)
    args: dict[str, Any] = {"headers": headers, "body": ((), {}, {}), "decoded": True}
    asked = Request(message, app=app, task=tasks.deliver, **args)
    assert not asked.maybe_expire()
