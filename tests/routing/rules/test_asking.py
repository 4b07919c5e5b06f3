"""What agents.defaults asks of a model, beside what the model can give."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routing.rules.asking import USUAL, Asking
from routing.rules.codes import Code, Lint
from routing.rules.lint import ModelFacts, ProviderFacts
from tests.routing.rules.linted import keyed, lints, only, route


def found(
    able: ModelFacts, asking: Asking = USUAL, slot: str = "main", kind: str = "openai"
) -> tuple[Lint, ...]:
    asked = replace(route("gpt-5", [keyed(kind)], kind, slot), able=able)
    return lints([asked], [ProviderFacts(name=kind)], asking=asking)


def test_a_model_of_which_nobody_knows_raises_nothing() -> None:
    assert found(ModelFacts()) == ()
    assert found(ModelFacts(context_window=0, max_output=0)) == ()
    assert found(ModelFacts(context_window=128_000, max_output=16_384)) == ()


def test_answers_that_are_longer_than_the_model_s_are_told() -> None:
    lint = only(found(ModelFacts(context_window=128_000, max_output=4096)))
    assert (lint.code, lint.severity) == (Code.ANSWER_TOO_LONG, "warning")
    assert lint.params["asked"] == "8192"
    assert lint.params["limit"] == "4096"
    assert found(ModelFacts(max_output=4096), Asking(max_tokens=4096)) == ()


def test_an_answer_fits_into_the_window_as_well() -> None:
    for window in (4096, 8192):
        first, second = found(ModelFacts(context_window=window, max_output=2048))
        assert (first.code, first.params["limit"]) == (Code.ANSWER_FILLS_WINDOW, str(window))
        assert second.code is Code.WINDOW_SMALL
    assert only(found(ModelFacts(context_window=8193))).code is Code.WINDOW_SMALL


@pytest.mark.parametrize(
    ("window", "said", "code"),
    [
        (32_768, None, Code.WINDOW_SMALL),
        (65_535, None, Code.WINDOW_SMALL),
        (65_536, None, None),
        (131_072, 200_000, Code.WINDOW_TOO_SMALL),
        (131_072, 131_072, None),
        (32_768, 32_000, None),
        (None, 1_000_000, None),
    ],
)
def test_a_conversation_that_is_longer_than_the_window_is_told(
    window: int | None, said: int | None, code: Code | None
) -> None:
    lints = found(ModelFacts(context_window=window), Asking(context_window=said))
    assert [lint.code for lint in lints] == ([code] if code else [])


def test_gateways_and_routes_of_media_are_left_out() -> None:
    short = ModelFacts(context_window=4096, max_output=1024)
    assert found(short, kind="openrouter") == ()
    assert found(short, slot="image") == ()
    assert len(found(replace(short, inputs=("image",)), slot="vision")) == 2


def test_an_effort_that_no_test_sends_is_told_once() -> None:
    asking = Asking(effort="high")
    lint = only(found(ModelFacts(), asking, kind="anthropic"))
    assert (lint.code, lint.severity) == (Code.EFFORT_UNTESTED, "note")
    assert found(ModelFacts(), asking, "subagent", "anthropic") == ()
    assert found(ModelFacts(), Asking(effort="None"), kind="anthropic") == ()
    assert found(ModelFacts(), asking) == ()
