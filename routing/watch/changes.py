"""What results change of the subjects that are watched: where they stand, outages, alerts.

One cause, one alert: a route that stands or falls with its provider is named in the provider's, and
`Standing.cause` remembers that until it works.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction

from facio_site import clock
from providers.spec.outcomes import Outcome
from routing.models import Alert, Outage, Standing, Watch
from routing.models.subjects import CATALOG, ROUTE
from routing.watch.alerts import raise_alert
from routing.watch.results import Result
from routing.watch.standing import Event, State, Told, step

AGAIN = timedelta(seconds=30)  # after a first failure


@dataclass(slots=True)
class Change:
    """One watched subject and what a result did to it. The row is changed and not saved yet."""

    row: Standing
    result: Result
    event: Event
    before: State
    cause: str  # that it had before
    is_retold: bool = False  # what failed with its provider goes on failing by itself

    @property
    def about(self) -> str:
        return self.result.about

    @property
    def is_own(self) -> bool:
        return self.row.cause == self.about


@dataclass(slots=True)
class Ended:
    """A job that ended, and what it changed so far."""

    mark: str  # of the job, in those of its alerts
    provider: str  # the subject
    at: datetime  # when it ended
    now: datetime
    changes: list[Change] = field(default_factory=list)


def take(results: Sequence[Result], job: Ended) -> None:
    """Inside the transaction that marks the job as judged: all of it happens, or nothing."""
    abouts = [one.about for one in results]
    watched = set(Watch.objects.watched().filter(about__in=abouts).values_list("about", flat=True))
    if not watched:
        return
    rows = Standing.objects.select_for_update().filter(about__in={*watched, job.provider})
    known = {row.about: row for row in rows.order_by("about")}
    was_told = _is_told(known.values(), job.provider, results)
    for one in results:
        if one.about in watched:
            row = known.setdefault(one.about, Standing(about=one.about))
            job.changes.append(_changed(row, _at_fault(one, job, known), job))
    for change in job.changes:
        _store(change, job, results)
    _tell(job, results, was_told, _is_told(known.values(), job.provider, results))
    _ask_again(job, is_watched=job.provider in watched)


def forget(about: str, now: datetime | None = None) -> None:
    """Nothing is known of it any more, and nothing lasts: it is not watched any longer."""
    with transaction.atomic():
        Standing.objects.filter(about=about).delete()
        _end_outage(about, now or clock.now())


def _is_told(rows: Iterable[Standing], provider: str, results: Iterable[Result]) -> bool:
    """Whether the provider counts as failing: itself, or by a route that fell with it."""
    own = {one.about for one in results if one.slot} | {provider}
    return any(row.is_failing and row.about in own and row.cause == provider for row in rows)


def _at_fault(one: Result, job: Ended, known: dict[str, Standing]) -> Result:
    """A list of models that fails while its provider does has the same cause."""
    provider = known.get(job.provider)
    is_bad_list = one.told is Told.BAD and one.about.startswith(f"{CATALOG}:")
    is_by_provider = is_bad_list and provider and provider.is_failing
    return replace(one, cause=job.provider) if is_by_provider else one


def _changed(row: Standing, one: Result, job: Ended) -> Change:
    before, cause = _state(row), row.cause
    if row.failures and one.outcome == Outcome.REACHABLE_UNVERIFIED:
        # It answers again, and this is the best that whoever looks at no key can say.
        one = replace(one, told=Told.GOOD)
    is_anothers = one.cause != one.about
    if one.told is Told.GOOD and is_anothers and cause != one.cause:
        return Change(row, one, Event.NONE, before, cause)  # it failed by itself
    state, event = step(before, one.told, one.outcome, job.at)
    change = Change(row, one, event, before, cause)
    if one.told is Told.GOOD:
        row.cause = ""
    elif one.told is Told.BAD and not before.is_failing:
        is_by_itself = event is Event.BEGAN_TO_FAIL and not _may_blame(one, job)
        row.cause = one.about if is_by_itself else one.cause
    elif one.told is Told.BAD and cause not in (one.about, one.cause) and _may_blame(one, job):
        row.cause, change.is_retold = one.cause, not is_anothers
    _put(row, state)
    return change


def _may_blame(one: Result, job: Ended) -> bool:
    """Whether the provider may be told as failing: it is watched and fails, or is not watched."""
    own = next((change for change in job.changes if change.about == job.provider), None)
    return one.cause == one.about or own is None or own.row.is_failing


def _state(row: Standing) -> State:
    return State(row.is_failing, row.failures, row.first_failed_at, row.since, row.outcome)


def _put(row: Standing, state: State) -> None:
    row.is_failing, row.failures = state.is_failing, state.failures
    row.first_failed_at, row.since, row.outcome = state.first_failed_at, state.since, state.outcome


def _store(change: Change, job: Ended, results: Iterable[Result]) -> None:
    row = change.row
    if change.event in (Event.BEGAN_TO_FAIL, Event.WORKS_AGAIN):
        row.reminded_at = None
    if _state(row) != change.before or row.cause != change.cause:
        row.save()
    if change.event is Event.BEGAN_TO_FAIL:
        hit = _hit(results) if change.about == job.provider else []
        cause = change.before.outcome or row.outcome  # as the first failure told it
        first = {"began_at": row.since or job.at, "outcome": cause, "hit": hit}
        Outage.objects.get_or_create(about=change.about, ended_at=None, defaults=first)
    elif change.event is Event.WORKS_AGAIN:
        _end_outage(change.about, job.at)


def _end_outage(about: str, at: datetime) -> None:
    for row in Outage.objects.select_for_update().filter(about=about, ended_at=None):
        row.ended_at = max(at, row.began_at)
        row.save(update_fields=["ended_at"])


def _hit(results: Iterable[Result]) -> list[str]:
    """Slots of the routes that the provider serves, but for those that answered all the same."""
    return [one.slot for one in results if one.slot and one.told is not Told.GOOD]


# --- alerts ---------------------------------------------------------------------------------


def _tell(job: Ended, results: Sequence[Result], was_told: bool, is_told: bool) -> None:
    for change in job.changes:
        if change.about != job.provider:
            _tell_own(change, job)
    if is_told and not was_told:
        since = min(_began(job, is_before=False), default=job.at)
        params = {"since": since.isoformat(), "hits": _hit(results)}
        outcome = next(one.outcome for one in results if one.about == job.provider)
        _raise(Alert.Kind.FAILS, job.provider, {"outcome": outcome, **params}, job)
    elif was_told and not is_told:
        since = min(_began(job, is_before=True), default=job.at)
        failing = {one.result.slot for one in job.changes if one.row.is_failing}
        hits = [one.slot for one in results if one.slot and one.slot not in failing]
        _raise(Alert.Kind.WORKS_AGAIN, job.provider, _over(since, hits, job), job)


def _began(job: Ended, *, is_before: bool) -> Iterator[datetime]:
    """Since when what the provider causes has failed."""
    for change in job.changes:
        state = change.before if is_before else _state(change.row)
        cause = change.cause if is_before else change.row.cause
        if state.is_failing and state.since and cause == job.provider:
            yield state.since


def _tell_own(change: Change, job: Ended) -> None:
    """What a route or a list of models does by itself."""
    one, hits = change.result, [change.result.slot] if change.result.slot else []
    if change.is_retold or (change.event is Event.BEGAN_TO_FAIL and change.is_own):
        since = job.at if change.is_retold else change.row.since or job.at
        params = {"outcome": one.outcome, "since": since.isoformat(), "hits": hits}
        params |= {"model": one.model} if one.model else {}
        _raise(Alert.Kind.FAILS, one.about, params, job)
    elif change.event is Event.WORKS_AGAIN and change.cause != job.provider:
        since = change.before.since or job.at
        _raise(Alert.Kind.WORKS_AGAIN, one.about, _over(since, hits, job), job)


def _over(since: datetime, hits: list[str], job: Ended) -> dict[str, object]:
    seconds = max(0, round((job.at - since).total_seconds()))
    return {"since": since.isoformat(), "seconds": seconds, "hits": hits}


def _raise(kind: Alert.Kind, about: str, params: Mapping[str, object], job: Ended) -> None:
    """`at` is now, not the end of the job: what is new to a person is what came since he looked."""
    raise_alert(kind, about, f"{kind}:{about}:{job.mark}", {**params}, job.now)


# --- the second test ------------------------------------------------------------------------


def _ask_again(job: Ended, *, is_watched: bool) -> None:
    """Soon, of whom failed for the first time. Of those that fell with their provider the provider
    is asked, or where it is not watched one of them: its answer tells of all."""
    first = [one for one in job.changes if one.event is Event.FIRST_FAILURE]
    own = [one.about for one in first if one.row.cause == one.about]
    fallen = [one.about for one in first if one.about.startswith(f"{ROUTE}:") and not one.is_own]
    soon = job.now + AGAIN
    abouts = own if is_watched else [*own, *fallen[:1]]
    if abouts:
        Watch.objects.watched().filter(about__in=abouts, due_at__gt=soon).update(due_at=soon)
