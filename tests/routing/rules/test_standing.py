import itertools

import pytest

from providers.spec.outcomes import KeyState, Outcome
from routing.rules.standing import Standing, standing

ANSWERED = {"is_served": True, "has_findings": False, "own": "ok", "outcome": "ok", "key": "valid"}


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, Standing.WORKS),
        ({"outcome": ""}, Standing.WORKS),  # the own call says more than any of the provider's
        ({"own": ""}, Standing.KEY_OK),
        ({"own": "", "key": "not_needed"}, Standing.KEY_OK),
        ({"own": "", "outcome": ""}, Standing.ATTENTION),  # nothing is proven
        ({"own": "", "outcome": "bad_key", "key": "invalid"}, Standing.ATTENTION),
        ({"own": "", "outcome": "reference", "key": "unknown"}, Standing.ATTENTION),
        ({"own": "model_not_found"}, Standing.ATTENTION),
        ({"own": "rate_limited"}, Standing.ATTENTION),
        ({"has_findings": True}, Standing.ATTENTION),
        ({"is_served": False}, Standing.NOBODY),
        ({"is_served": False, "has_findings": True}, Standing.NOBODY),
    ],
)
def test_a_state_says_no_more_than_was_proven(changes: dict[str, object], state: Standing) -> None:
    assert standing(**{**ANSWERED, **changes}) is state  # type: ignore[arg-type]


def test_only_an_own_call_without_a_finding_is_told_as_working() -> None:
    outcomes = ["", *Outcome]
    for own, outcome, key in itertools.product(outcomes, outcomes, [*KeyState]):
        for served, found in itertools.product((True, False), repeat=2):
            state = standing(
                is_served=served, has_findings=found, own=own, outcome=outcome, key=key
            )
            assert (state is Standing.WORKS) == (served and not found and own == Outcome.OK)
