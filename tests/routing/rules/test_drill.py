"""What becomes of routes without one provider, on paper."""

from __future__ import annotations

import pytest

from routing.rules.drill import Asked, Moved, drill
from routing.rules.explain import Configured

STATES = [Configured(name=name, has_key=True) for name in ("openai", "anthropic")]
MAIN = Asked("main", "gpt-5", "openai")


def only(moves: list[Moved]) -> Moved:
    assert len(moves) == 1
    return moves[0]


def test_a_forced_route_falls_back_to_the_models_that_are_left() -> None:
    fallbacks = [("claude-x", "anthropic"), ("gpt-4", "auto"), ("llama", "groq")]
    moved = only(drill([Asked("main", "gpt-5", "openai", fallbacks=fallbacks)], STATES, "openai"))
    assert moved.verdict == "falls"
    assert moved.fallbacks == [("claude-x", "anthropic"), ("gpt-4", "anthropic")]


@pytest.mark.parametrize("fallbacks", [[], [("gpt-4", "openai")], [("x", "groq")]])
def test_without_any_that_is_left_it_stops(fallbacks: list[tuple[str, str]]) -> None:
    asked = Asked("main", "gpt-5", "openai", fallbacks=fallbacks)
    assert only(drill([asked], STATES, "openai")).verdict == "stops"


def test_a_fallback_behind_a_variable_may_be_left() -> None:
    asked = Asked("main", "gpt-5", "openai", fallbacks=[("${OTHER}", "auto")])
    moved = only(drill([asked], STATES, "openai"))
    assert (moved.verdict, moved.fallbacks) == ("falls", [("${OTHER}", "")])


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (Asked("main", "${MODEL}"), "MODEL"),
        (Asked("main", "gpt-5", "${PROV}"), "PROV"),
        (Asked("main", "openai/${MODEL}"), "MODEL"),
    ],
)
def test_of_a_variable_the_agent_alone_can_tell(asked: Asked, word: str) -> None:
    moved = only(drill([asked], STATES, "openai"))
    assert (moved.verdict, moved.after.provider, moved.after.word) == ("agent", None, word)


def test_a_media_provider_that_is_not_known_does_not_stay() -> None:
    asked = Asked("image", "gpt-image-1", "opnai", is_media=True)
    assert only(drill([asked], STATES, "openai")).verdict == "agent"


def test_what_the_agent_refuses_to_make_serves_nothing_now_either() -> None:
    bare = Configured(name="groq", api_base="https://llm.example.com/v1")
    asked = Asked("main", "llama", "groq")
    assert only(drill([asked], [*STATES, bare], "openai")).verdict == "idle"
    assert only(drill([MAIN], STATES, "anthropic")).verdict == "stays"
