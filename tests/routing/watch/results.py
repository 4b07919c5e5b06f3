"""What tests of the watch begin with: jobs that have ended, schedules, routes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.models import Job, Provider, Status, Task
from providers.spec.outcomes import Outcome
from routing.models import Alert, Outage, Route, Standing, Watch
from routing.watch.judging import judge_ended
from tests.desk import saved

START = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
KEYS = {"groq": "gsk_0123456789abcdef", "mistral": "0123456789abcdef0123456789abcdef"}


def after(minutes: float) -> datetime:
    """So long after the day's first moment."""
    return START + timedelta(minutes=minutes)


def provider(kind: str = "groq") -> Provider:
    return saved(kind, KEYS.get(kind, "sk-0123456789abcdef"))


def route(slot: str = "main", model: str = "llama-9", name: str = "groq") -> Route:
    found: Route = Route.objects.create(slot=slot, model=model, provider=name)
    return found


def watched(*abouts: str, every: int = 15, due_at: datetime | None = None) -> None:
    for about in abouts:
        Watch.objects.create(about=about, every=every, due_at=due_at or after(24 * 60))


def rung(step: str, outcome: str, label: str = "", ms: int = 20, **more: Any) -> dict[str, Any]:
    return {"step": step, "label": label, "outcome": outcome, "ms": ms, "params": {}, **more}


def ended(
    row: Provider,
    outcome: str = "ok",
    minutes: float = 0,
    models: Mapping[str, str] | None = None,
    **more: Any,
) -> Job:
    """A test of stored values that ended so many minutes after START; `models` with what came of
    each, "skipped" = it was not reached."""
    models = models or {}
    key = "ok" if models and "skipped" not in models.values() else outcome
    rungs = [rung("key", key, ms=30), *(rung("model", told, name) for name, told in models.items())]
    values: dict[str, Any] = {
        "provider": row,
        "task": Task.CHECK,
        "status": Status.DONE,
        "outcome": outcome,
        "ms": 40 if outcome == Outcome.OK else None,
        "model_names": list(models),
        "rungs": rungs,
        "input_version": row.version,
        "input_digest": "",
        "created_at": after(minutes - 0.1),
        "finished_at": after(minutes),
        "deadline": after(minutes),
        **more,
    }
    job: Job = Job.objects.create(**values)
    return job


def told() -> list[tuple[str, str]]:
    """Kind and subject of each alert, the oldest first."""
    return list(Alert.objects.order_by("at", "kind").values_list("kind", "about"))


def judged(row: Provider, *outcomes: str, minutes: float = 0, **more: Any) -> None:
    """Tests of it that end a minute after each other, each judged at once."""
    for place, outcome in enumerate(outcomes):
        ended(row, outcome, minutes + place, **more)
        assert judge_ended(after(minutes + place)) == 1


def standing(about: str) -> Standing:
    return Standing.objects.get(about=about)


def outages(about: str) -> list[tuple[Any, Any]]:
    rows = Outage.objects.filter(about=about).order_by("began_at")
    return list(rows.values_list("began_at", "ended_at"))
