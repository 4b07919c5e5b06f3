"""When one subject works, when it fails, and which result changes that. Pure: time is given.

Two failures in a row make it fail, the first success makes it work. One failure between two
successes changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from providers.spec.outcomes import NOT_BAD, Outcome

FAILURES = 2  # in a row: then it fails


class Told(Enum):
    """What one result says of a subject."""

    GOOD = auto()
    BAD = auto()
    NOTHING = auto()  # neither: nobody was asked, or the answer proves nothing


class Event(Enum):
    """What a result changed."""

    NONE = auto()
    FIRST_FAILURE = auto()  # it is asked again soon
    BEGAN_TO_FAIL = auto()
    WORKS_AGAIN = auto()


@dataclass(frozen=True, slots=True)
class State:
    is_failing: bool = False
    failures: int = 0  # in a row
    first_failed_at: datetime | None = None  # the first of them
    since: datetime | None = None  # of `is_failing`; None = nothing was told yet
    outcome: str = ""  # of the last one


def told_by(outcome: str) -> Told:
    if outcome == Outcome.OK:
        return Told.GOOD
    return Told.NOTHING if outcome in NOT_BAD else Told.BAD


def step(state: State, told: Told, outcome: str, at: datetime) -> tuple[State, Event]:
    """The state after one more result, and what that changed.

    Results count in the order in which they come, whatever their times say: a clock that was a day
    ahead must not silence the day after. No time goes back behind one that is known.
    """
    if told is Told.NOTHING:
        return state, Event.NONE
    at = max([at, *filter(None, (state.first_failed_at, state.since))])
    if told is Told.GOOD:
        is_news = state.is_failing or state.since is None
        after = State(since=at if is_news else state.since, outcome=outcome)
        return after, Event.WORKS_AGAIN if state.is_failing else Event.NONE
    first = state.first_failed_at or at
    more = replace(state, failures=state.failures + 1, first_failed_at=first, outcome=outcome)
    if state.is_failing:
        return more, Event.NONE
    if more.failures < FAILURES:
        return more, Event.FIRST_FAILURE
    return replace(more, is_failing=True, since=first), Event.BEGAN_TO_FAIL
