"""“Send a test”: one message to one channel, told as a ladder while it goes on."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from facio_site import clock
from providers.dialects.rungs import Finding, Ladder
from providers.spec.outcomes import KeyState, Outcome, Step, Verdict
from routing.models import Channel
from routing.watch.alerts.entered import spec_of
from routing.watch.alerts.message import trial
from routing.watch.alerts.sending import send, steps

QUEUED, RUNNING, DONE = "queued", "running", "done"
QUEUE_SECONDS = 20  # how long it may wait for a worker
PAUSE_SECONDS = 2  # after the last one, before another is sent
_GRACE = 10  # seconds beyond its deadline, before nobody is waited for any more


def begin(channel: Channel, now: datetime) -> bool:
    """Note that a test is wanted; False when one is under way already, or was a moment ago. In a
    transaction."""
    row = Channel.objects.select_for_update().get(pk=channel.pk)
    if is_pending(row.trial, now) or _is_just_over(row.trial, now):
        return False
    row.trial = {"state": QUEUED, "id": str(uuid.uuid4()), "at": now.isoformat()}
    row.save(update_fields=["trial"])
    return True


def give_up(channel_id: uuid.UUID, outcome: Outcome, detail: str = "") -> None:
    """Nobody will make it."""
    with transaction.atomic():
        row = Channel.objects.select_for_update().filter(pk=channel_id).first()
        if row is not None and row.trial.get("state") == QUEUED:
            row.trial |= {"state": DONE, "outcome": outcome, "detail": detail, "rungs": []}
            row.save(update_fields=["trial"])


def run_trial(channel_id: uuid.UUID) -> None:
    """Make the test that is wanted; the same message twice is one call. One that came too late is
    not made: its page has said so."""
    with transaction.atomic():
        channel = Channel.objects.select_for_update().filter(pk=channel_id).first()
        now = clock.now()
        if channel is None or channel.trial.get("state") != QUEUED:
            return
        if not is_pending(channel.trial, now):
            return
        channel.trial |= {"state": RUNNING, "at": now.isoformat(), "rungs": []}
        channel.save(update_fields=["trial"])
    kept = dict(channel.trial)
    rows = Channel.objects.filter(pk=channel_id, trial__id=kept["id"])
    spec = spec_of(channel)
    told: list[Outcome] = []

    def show(rungs: list[dict[str, Any]]) -> None:
        rows.update(trial={**kept, "rungs": rungs})

    ladder = Ladder(show)

    def observe(
        step: Step, outcome: Outcome, ms: int, detail: str, params: Mapping[str, Any]
    ) -> None:
        told.append(outcome)
        ladder.observe(step, outcome, ms, detail, params)

    if spec is not None:
        ladder.plan((step, "") for step in steps(channel, spec))
    began = clock.now()
    verdict = _worded(send(channel, trial(channel, kept["id"], began), observe))
    ended = clock.now()
    if all(outcome is Outcome.OK for outcome in told):
        ms = round((ended - began).total_seconds() * 1000)
        ladder.done(Step.MESSAGE, Finding(verdict, KeyState.UNKNOWN, ms))
    rungs = [rung.as_json() for rung in ladder.end()]
    end = {
        "state": DONE,
        "outcome": verdict.outcome,
        "detail": verdict.detail,
        "params": verdict.params,
        "http_status": verdict.http_status,
        "at": ended.isoformat(),
        "rungs": rungs,
    }
    rows.update(trial={**kept, **end})


def _worded(verdict: Verdict) -> Verdict:
    if verdict.outcome is not Outcome.OK or verdict.detail:
        return verdict
    return Verdict(Outcome.OK, "sent", {}, verdict.http_status)


def _is_just_over(kept: Mapping[str, Any], now: datetime) -> bool:
    if kept.get("state") != DONE:
        return False
    age = now - datetime.fromisoformat(kept["at"])
    return timedelta() <= age < timedelta(seconds=PAUSE_SECONDS)


def is_pending(kept: Mapping[str, Any], now: datetime) -> bool:
    """Whether an answer may still come. Past its time it is nobody's."""
    state = kept.get("state")
    if state not in (QUEUED, RUNNING):
        return False
    seconds = QUEUE_SECONDS if state == QUEUED else settings.ALERT_SECONDS + _GRACE
    return now <= datetime.fromisoformat(kept["at"]) + timedelta(seconds=seconds)
