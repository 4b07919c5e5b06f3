"""What is due is asked: one check a subject, however late it is, and never in anybody's way.

A job is made in the transaction that moves the due times of its subjects on and counts its paid
calls: of several workers one does all of that, or nobody anything. What cannot be started now
stays due; what cannot be asked at all is passed over until its next time, with a word for why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from facio_site import sealing
from providers import broker
from providers.dialects.ladder import model_names
from providers.models import Job, Provider, Task
from providers.work import queue
from routing.models import PassedOver, Spent, Watch, WatchSettings
from routing.models.subjects import CATALOG, ROUTE, split
from routing.watch.costs import billed
from routing.watch.schedule import day_of, is_too_far, jitter, next_due, quiet_until, soon_due
from routing.watch.subjects import served_routes

SHARE = 4  # the schedule has one of so many threads of a worker, and one at least
_STARTING = 0x6661_6477  # any number that nothing else here locks
SIDE_BY_SIDE = 32  # without a worker, in a process that does nothing else


class _Undone(Exception):
    """Somebody else was faster: nothing of the transaction is kept."""


class _Full(_Undone):
    """Every place is taken."""


@dataclass(slots=True)
class Ask:
    """One job to be: the subjects of one provider that it tells of."""

    provider: Provider
    task: Task
    watches: list[Watch] = field(default_factory=list)  # the longest waiting first
    models: dict[str, str] = field(default_factory=dict)  # of its routes, by the subject's name

    def names(self, watches: Sequence[Watch]) -> list[str]:
        """The models that a job for these subjects asks: one that is the provider's own test, too,
        leaves out none of its deployments."""
        asked = [self.models[watch.about] for watch in watches if watch.about in self.models]
        own: Sequence[str] = ()
        if 0 < len(asked) < len(watches):
            own = model_names(self.provider.adapter(with_secrets=False), ())
        return [*dict.fromkeys([*own, *asked])]

    def cost(self, watches: Sequence[Watch]) -> int:
        """Paid calls of a job for these subjects."""
        if self.task == Task.FETCH:
            return 0
        return len(billed(self.provider, self.names(watches)))


def start_due(now: datetime, *, hand_over: bool = True) -> list[Job]:
    """Start what is due; returns the jobs. `hand_over=False` leaves the calls to the caller's own
    process."""
    rules = WatchSettings.read()
    if not rules.is_on:
        return []
    watches = list(Watch.objects.on().order_by("due_at", "about"))
    night = quiet_until(rules, now)
    due = [watch for watch in watches if watch.due_at <= now]
    if night:
        for watch in due:
            watch.take(night + jitter(watch.every, watch.about))
        return []
    for watch in watches[len(due) :]:
        if is_too_far(watch.due_at, now, watch.every, watch.about):
            watch.take(soon_due(now, watch.every, watch.about))
    if not due or not _can_start(hand_over=hand_over):
        return []
    return _Round(now, rules, hand_over=hand_over).start(_asks(due, now))


def _can_start(*, hand_over: bool) -> bool:
    """Whether there is a key to open what is stored, and somebody who calls."""
    try:
        has_keys = bool(sealing.master_keys())
    except sealing.BadMasterKey:
        return False
    return has_keys and (not hand_over or broker.has_worker())


def _asks(due: Sequence[Watch], now: datetime) -> list[Ask]:
    """What is due, by the jobs that do it; those that cannot be asked are passed over here."""
    rows = {row.name: row for row in Provider.objects.checkable()}
    served = {one.slot: one for one in served_routes() if one.can_be_asked}
    asks: dict[tuple[str, Task], Ask] = {}
    for watch in due:
        sort, name = split(watch.about)
        route = served.get(name) if sort == ROUTE else None
        provider = route.provider if route else rows.get(name) if sort != ROUTE else None
        if provider is None:
            _pass_over(watch, PassedOver.NOT_SET if sort == ROUTE else PassedOver.GONE, now)
            continue
        task = Task.FETCH if sort == CATALOG else Task.CHECK
        ask = asks.setdefault((provider.name, task), Ask(provider, task))
        if route:
            ask.models[watch.about] = route.model
        ask.watches.append(watch)
    return list(asks.values())


def _pass_over(watch: Watch, why: PassedOver, now: datetime) -> None:
    with transaction.atomic():
        if watch.take(next_due(now, watch.every, watch.about)):
            Watch.objects.filter(pk=watch.pk).update(passed_over=why)


def _under_way() -> int:
    return int(Job.objects.pending().filter(is_scheduled=True).count())


def _wait_for_others() -> None:
    """In a transaction: two rounds at one moment must not both count the same free place. On SQLite
    each transaction that writes is alone from its beginning."""
    connection = transaction.get_connection()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_STARTING])


class _Round:
    """What is started at one moment, and how much more may be."""

    def __init__(self, now: datetime, rules: WatchSettings, *, hand_over: bool) -> None:
        self._now = now
        self._hand_over = hand_over
        self._day = day_of(now, rules.zone)
        self._most = rules.completions_a_day
        self._left = max(0, self._most - Spent.on(self._day))
        self._busy = set(Job.objects.pending().values_list("provider", "task"))
        threads = max(1, settings.CELERY_WORKER_CONCURRENCY // SHARE)
        self._places = threads if hand_over else SIDE_BY_SIDE
        self._room = self._places - _under_way()

    def start(self, asks: Sequence[Ask]) -> list[Job]:
        """Those that cost nothing go first."""
        started: list[Job] = []
        for ask in sorted(asks, key=lambda ask: ask.cost(ask.watches) > 0):
            if len(started) >= self._room:
                break
            if (ask.provider.pk, ask.task) in self._busy:
                continue
            try:
                job = self._start(ask)
            except _Full:
                break
            if job:
                started.append(job)
        return started

    def _start(self, ask: Ask) -> Job | None:
        """None = nothing of it can be paid, or somebody else was faster. Raises _Full."""
        kept: list[Watch] = []
        for watch in ask.watches:
            if ask.cost([*kept, watch]) <= self._left:
                kept.append(watch)
            else:
                _pass_over(watch, PassedOver.BUDGET, self._now)
        try:
            with transaction.atomic():
                return self._made(ask, kept)
        except _Full:
            raise
        except (_Undone, IntegrityError):  # the latter: the provider was removed just now
            return None

    def _made(self, ask: Ask, kept: Sequence[Watch]) -> Job:
        now = self._now
        _wait_for_others()
        if _under_way() >= self._places:
            raise _Full
        won = [watch for watch in kept if watch.take(next_due(now, watch.every, watch.about))]
        number = ask.cost(won)
        if not won or (number and not Spent.take(self._day, number, self._most)):
            raise _Undone
        names = ask.names(won)
        job = queue.start_scheduled(
            ask.provider, ask.task, model_names=names, hand_over=self._hand_over
        )
        if job is None:
            raise _Undone
        Watch.objects.filter(pk__in=[watch.pk for watch in won]).update(job=job, passed_over="")
        self._left -= number
        return job
