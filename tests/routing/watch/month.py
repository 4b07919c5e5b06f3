"""A world in which a month takes seconds: its clock is the site's, its providers answer by a script
instead of the network, and so do the receivers of alerts.

The rows are real, and so is all code from the beat down to the call and the message. Two clocks
run: the true one, by which the script goes, and the one that the site is shown, which may be wrong.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from facio_site import clock
from providers import broker
from providers.catalog.fetch import Catalog
from providers.catalog.store import take_in
from providers.models import Job, Task
from providers.models.jobs import PENDING, read
from providers.spec.outcomes import Outcome, Verdict, key_state_of
from providers.work import tasks as work
from routing.models import Channel, Delivery, Watch
from routing.watch import conditions, tasks
from routing.watch.alerts import deliver
from routing.watch.alerts.spec import Message
from tests.routing.watch.scripts import (
    HOW,
    Answer,
    Asked,
    Hit,
    Manner,
    Script,
    every_hour,
    is_quiet,
)

BEAT = timedelta(seconds=10)
LOOK = timedelta(hours=3)  # the longest time without a beat
LOOKED_EVERY = timedelta(minutes=100)  # at conditions: each minute would be most of the work
IDLE = timedelta(minutes=20)  # between two beats while something due cannot be started
NEVER = datetime.max.replace(tzinfo=UTC)
TOOK = {Outcome.TIMEOUT: 10.0, Outcome.OK: 1.4}


class World:
    def __init__(self, script: Script) -> None:
        self.script = script
        self.true = script.start
        self.asked: list[Asked] = []
        self.hits: list[Hit] = []
        self.beats = 0
        self._waiting: list[Job] = []  # handed to the broker
        self._under_way: list[tuple[datetime, Job, Asked]] = []
        self._deliveries: list[Any] = []  # channels for which a task waits
        self._flaps = sorted(script.flaps, key=lambda one: one.at)
        self._deaths = sorted(script.deaths)
        self._events = sorted(script.events, key=lambda one: one[0])
        self._beat_at = script.start
        self._mornings = [
            moment for moment in every_hour(script) if is_quiet(moment - BEAT) > is_quiet(moment)
        ]
        self._numbers = count()
        self._manners: dict[Manner, datetime] = {}  # when the first message met it
        self._lock = threading.Lock()
        self._is_sending = False

    # -- time ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        """What the site takes for the time."""
        return self.true + self._skew(self.true)

    def _skew(self, true: datetime) -> timedelta:
        off = timedelta()
        for since, skew in sorted(self.script.jumps):
            off = skew if since <= true else off
        return off

    def is_manned(self) -> bool:
        return not any(since <= self.true < until for since, until in self.script.silences)

    def run(self, until: datetime | None = None) -> None:
        """Until then, or to the end of the script."""
        until = until or self.script.end
        while self.true < until:
            self.true = min(max(self._next(), self.true), until)
            has_news = self._end_calls() | self._let_happen()
            if has_news:
                self._beat_at = min(self._beat_at, self._on_the_beat(self.true))
            if self.true >= self._beat_at and self.is_manned():
                self._beat()

    def _next(self) -> datetime:
        moments = [ended for ended, *_ in self._under_way]
        moments += [at for at, _ in self._events[:1]]
        moments += [at for at, _ in self.script.jumps if at > self.true]
        for since, until in self.script.silences:
            moments += [at for at in (since, until) if at > self.true]
        beat = self._beat_at
        if beat <= self.true and not self.is_manned():
            beat = NEVER
        return min([beat, *moments], default=NEVER)

    def _on_the_beat(self, moment: datetime) -> datetime:
        """The first beat that is not before it."""
        steps = -((self.script.start - moment) // BEAT)
        return self.script.start + steps * BEAT

    # -- what happens -------------------------------------------------------------------------

    def _let_happen(self) -> bool:
        is_news = False
        while self._events and self._events[0][0] <= self.true:
            self._events.pop(0)[1](self)
            self.work()
            is_news = True
        return is_news

    def _end_calls(self) -> bool:
        due = [one for one in self._under_way if one[0] <= self.true]
        self._under_way = [one for one in self._under_way if one[0] > self.true]
        for _ended, job, asked in due:
            self._end(job, asked)
        return bool(due)

    def _beat(self) -> None:
        """What the sweep and the watch do every ten seconds, and what they hand over."""
        self.beats += 1
        begun, ticked_at = self.true, self.now()
        Job.objects.finish_overdue()
        self._tick()
        self.work()
        self._send()
        self._beat_at = self._on_the_beat(
            max(self._soonest(ticked_at), self.true + timedelta(seconds=0.01))
        )
        assert self._beat_at > begun

    def _tick(self) -> None:
        """By one worker, or by two at the same moment."""
        now = self.now()
        if not self.script.twice or self.beats % 7:
            tasks.tick(now)
            return
        together = threading.Barrier(2)

        def tick() -> None:
            together.wait()
            try:
                tasks.tick(now)
            finally:
                connection.close()

        workers = [threading.Thread(target=tick) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def _soonest(self, ticked_at: datetime) -> datetime:
        """When a beat would find something to do; the last one looked at `ticked_at`."""
        now, skew = self.now(), self._skew(self.true)

        def again(at: datetime, pause: timedelta) -> datetime:
            return max(at, now) if at > ticked_at else now + pause

        found = [now + LOOK]
        due = Watch.objects.on().order_by("due_at").values_list("due_at", flat=True).first()
        if due:
            found.append(again(due, IDLE))
        open_ones = Delivery.objects.exclude(status__in=["sent", "lost"])
        at = open_ones.order_by("next_at").values_list("next_at", flat=True).first()
        if at:
            found.append(again(at, IDLE))
        found += [morning + skew for morning in self._mornings if morning + skew > now][:1]
        limit = Job.objects.filter(status__in=PENDING).order_by("deadline")
        if deadline := limit.values_list("deadline", flat=True).first():
            found.append(again(deadline, BEAT))
        return min(found) - skew

    # -- workers ------------------------------------------------------------------------------

    def take(self, job: Job) -> None:
        """What was handed to the broker."""
        with self._lock:
            self._waiting.append(job)

    def work(self) -> None:
        """Take what waits, as a worker does: claim it now, end it when the call is over."""
        while self._waiting:
            job = read(self._waiting.pop(0).pk)
            if job is None or not job.claim(f"worker-{next(self._numbers)}", 20):
                continue
            asked = Asked(
                provider=job.provider.name,
                task=job.task,
                models=tuple(job.model_names),
                is_scheduled=job.is_scheduled,
                at=self.now(),
                true_at=self.true,
                abouts=tuple(Watch.objects.filter(job=job).values_list("about", flat=True)),
            )
            self.asked.append(asked)
            if self._deaths and self._deaths[0] <= self.true:
                self._deaths.pop(0)
                continue
            outcome = asked.outcome = self._outcome(job.provider.name, asked.task)
            seconds = TOOK.get(outcome, 0.9)
            if outcome == Outcome.OK and asked.models:
                asked.model_outcome = self._model_outcome(job.provider.name, asked.models)
            self._under_way.append((self.true + timedelta(seconds=seconds), job, asked))

    def _outcome(self, name: str, task: str) -> Outcome:
        if task == Task.CHECK:
            for flap in self._flaps:
                if flap.name == name and flap.at <= self.true:
                    self._flaps.remove(flap)
                    return flap.outcome
        for spell in self.script.spells:
            if spell.name == name and not spell.model and spell.since <= self.true < spell.until:
                return spell.outcome
        return Outcome.OK

    def _model_outcome(self, name: str, models: Iterable[str]) -> str:
        for spell in self.script.spells:
            is_now = spell.name == name and spell.since <= self.true < spell.until
            if is_now and spell.model in models:
                return spell.outcome
        return Outcome.OK

    def _end(self, job: Job, asked: Asked) -> None:
        outcome = asked.outcome
        if asked.task == Task.FETCH:
            if outcome == Outcome.OK and asked.provider in self.script.lists:
                items = self.script.lists[asked.provider](self.true)
                take_in(job.provider, Catalog(items=items, digest=str(hash(items))))
            state = key_state_of(Outcome(outcome))
            written = job.finish(outcome=outcome, key_state=state, ms=900, params={})
        else:
            rungs = [rung("connect"), rung("key", outcome)]
            whole = outcome
            if asked.model_outcome:
                rungs += [rung("model", asked.model_outcome, model) for model in asked.models]
                whole = asked.model_outcome
            written = job.finish(
                is_told=True,
                outcome=whole,
                key_state=key_state_of(Outcome(whole)),
                ms=1400,
                rungs=rungs,
                params=self._money(asked.provider),
            )
        if written:
            asked.ended_at = job.finished_at

    def _money(self, name: str) -> dict[str, Any]:
        told = [
            amount
            for at, whose, amount in sorted(self.script.money)
            if whose == name and at <= self.true
        ]
        if not told:
            return {}
        return {"money": {"amount": told[-1], "currency": "USD", "means": "balance"}}

    # -- receivers ----------------------------------------------------------------------------

    def hand_over(self, arguments: tuple[Any, ...], **_more: Any) -> None:
        """A task of delivery that goes to the broker."""
        with self._lock:
            self._deliveries.append(arguments[0])

    def _send(self) -> None:
        while self._deliveries:
            tasks.deliver(self._deliveries.pop(0))

    def answer(self, channel: str, message: str, alerts: Iterable[str]) -> Answer:
        """A message reaches its receiver. Who is slow takes his time, and meanwhile the other
        workers' beats go on."""
        at = self.now()
        how = self._how(channel)
        answer = HOW[how]
        is_taken = answer.outcome == Outcome.OK
        if how != "dead":
            self.hits.append(Hit(channel, message, tuple(alerts), at, is_taken))
        begun = self.true
        if answer.seconds >= BEAT.total_seconds() and not self._is_sending:
            self._is_sending = True
            for number in (1, 2):
                self.true = begun + number * BEAT - timedelta(seconds=1)
                self._end_calls()
                tasks.tick(self.now())
                self.work()
                self._send()
            self._is_sending = False
        self.true = max(self.true, begun + timedelta(seconds=answer.seconds))
        return answer

    def _how(self, channel: str) -> str:
        for one in self.script.manners:
            if one.channel == channel and one.since <= self.true < one.until:
                began = self._manners.setdefault(one, self.true)
                if one.lasts is None or self.true < began + one.lasts:
                    return one.how
        return "fine"


def rung(step: str, outcome: str = Outcome.OK, label: str = "") -> dict[str, Any]:
    return {
        "step": step,
        "label": label,
        "outcome": str(outcome),
        "detail": "",
        "ms": 120,
        "params": {},
    }


def installed(monkeypatch: pytest.MonkeyPatch, holder: SimpleNamespace) -> None:
    """From now on the site lives in the world that `holder.world` is at that moment."""
    shown = SimpleNamespace(now=lambda: holder.world.now())
    monkeypatch.setattr(clock, "timezone", shown)
    monkeypatch.setattr(clock, "connection", SimpleNamespace(vendor="sqlite"))
    monkeypatch.setattr(
        broker, "workers", lambda: {"worker-1"} if holder.world.is_manned() else set()
    )
    monkeypatch.setattr(broker, "announce", lambda: None)
    monkeypatch.setattr(conditions, "EVERY", LOOKED_EVERY)
    monkeypatch.setattr(work, "enqueue", lambda job: holder.world.take(job))
    monkeypatch.setattr(
        tasks.deliver, "apply_async", lambda *words, **more: holder.world.hand_over(*words, **more)
    )
    passing = SimpleNamespace(monotonic=lambda: holder.world.true.timestamp())
    monkeypatch.setattr(deliver, "time", passing)

    def send(channel: Channel, message: Message, *_more: Any) -> Verdict:
        found = holder.world.answer(channel.name, message.id, [one.id for one in message.lines])
        wait = {"retry_after_s": found.retry_after} if found.retry_after else {}
        return Verdict(found.outcome, params=wait, http_status=found.status)

    monkeypatch.setattr(deliver, "send", send)
