"""Two failures in a row make it fail, one success makes it work; all else changes nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.spec.outcomes import NOT_BAD, UNTOLD, Outcome
from routing.watch.standing import Event, State, Told, step, told_by

START = datetime(2026, 11, 30, tzinfo=UTC)
Results = list[tuple[Told, int]]
RESULTS = st.lists(st.tuples(st.sampled_from(Told), st.integers(-5, 5)), max_size=40)


def run(results: Results) -> tuple[list[Event], list[State]]:
    """Events and states of results that come one after the other, with times that may go back."""
    state, at = State(), START
    events, states = [], []
    for told, minutes in results:
        at += timedelta(minutes=minutes)
        state, event = step(state, told, "ok" if told is Told.GOOD else "timeout", at)
        events.append(event)
        states.append(state)
    return events, states


def of(letters: str) -> list[Event]:
    words = {"g": Told.GOOD, "b": Told.BAD, "n": Told.NOTHING}
    return run([(words[letter], 1) for letter in letters])[0]


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("g", [Event.NONE]),
        ("b", [Event.FIRST_FAILURE]),
        ("bb", [Event.FIRST_FAILURE, Event.BEGAN_TO_FAIL]),
        ("bnb", [Event.FIRST_FAILURE, Event.NONE, Event.BEGAN_TO_FAIL]),
        ("gbg", [Event.NONE, Event.FIRST_FAILURE, Event.NONE]),
        ("gbgb", [Event.NONE, Event.FIRST_FAILURE, Event.NONE, Event.FIRST_FAILURE]),
        ("bbb", [Event.FIRST_FAILURE, Event.BEGAN_TO_FAIL, Event.NONE]),
        ("bbg", [Event.FIRST_FAILURE, Event.BEGAN_TO_FAIL, Event.WORKS_AGAIN]),
        ("bbng", [Event.FIRST_FAILURE, Event.BEGAN_TO_FAIL, Event.NONE, Event.WORKS_AGAIN]),
    ],
)
def test_what_each_result_changes(letters: str, expected: list[Event]) -> None:
    assert of(letters) == expected


def test_it_fails_since_its_first_failure_and_works_since_its_first_success() -> None:
    _events, states = run([(Told.BAD, 1), (Told.BAD, 1), (Told.BAD, 1), (Told.GOOD, 1)])
    first = START + timedelta(minutes=1)
    assert [one.since for one in states] == [None, first, first, START + timedelta(minutes=4)]
    assert states[2].failures == 3
    assert states[3] == State(since=START + timedelta(minutes=4), outcome="ok")


def test_a_result_that_comes_late_counts_and_turns_no_time_back() -> None:
    """Its clock may have been a day ahead before."""
    _events, states = run([(Told.GOOD, 5), (Told.BAD, -3), (Told.BAD, -1), (Told.GOOD, -1)])
    assert [one.is_failing for one in states] == [False, False, True, False]
    assert {one.since for one in states} == {START + timedelta(minutes=5)}


@given(RESULTS)
def test_failing_and_working_take_turns_and_never_come_twice(results: Results) -> None:
    turns = [one for one in run(results)[0] if one in (Event.BEGAN_TO_FAIL, Event.WORKS_AGAIN)]
    assert turns[::2] == [Event.BEGAN_TO_FAIL] * len(turns[::2])
    assert turns[1::2] == [Event.WORKS_AGAIN] * len(turns[1::2])


@given(RESULTS)
def test_it_fails_after_two_failures_in_a_row_and_at_no_other_time(results: Results) -> None:
    is_failing, row = False, 0
    for (told, _minutes), event, state in zip(results, *run(results), strict=True):
        if told is not Told.NOTHING:
            row = row + 1 if told is Told.BAD else 0
            assert (event is Event.BEGAN_TO_FAIL) == (row == 2)
            is_failing = row >= 2 or (is_failing and told is not Told.GOOD)
        else:
            assert event is Event.NONE
        assert state.is_failing == is_failing


@given(RESULTS)
def test_no_time_goes_back(results: Results) -> None:
    since = [one.since for one in run(results)[1] if one.since]
    assert since == sorted(since)


@pytest.mark.parametrize("outcome", Outcome)
def test_what_an_outcome_proves(outcome: Outcome) -> None:
    expected = Told.GOOD if outcome == "ok" else Told.NOTHING if outcome in NOT_BAD else Told.BAD
    assert told_by(outcome) is expected
    assert outcome not in UNTOLD or expected is Told.NOTHING
