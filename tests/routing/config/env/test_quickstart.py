"""The .env of the Docker quickstart: nothing in it means something else than it does here."""

from __future__ import annotations

from typing import Any

import pytest

from providers.kinds import KINDS
from routing.config.edits import Current
from routing.config.env.quickstart import Quickstart, quickstart
from tests.routing.config.samples import main, provider

OPENAI = provider("openai", "sk-1")
GROQ = provider("groq", "gsk_1")


def started(states: list[Any], model: str = "", chosen: str = "auto") -> Quickstart:
    routes = main(model, chosen) if model else []
    return quickstart(Current(providers=states, routes=routes), KINDS)


def plain(found: Quickstart) -> dict[str, str]:
    return {name: secret.reveal() for name, secret in found.env.items()}


def test_it_holds_its_four_names_only() -> None:
    states = [OPENAI, provider("openrouter", "${X}"), provider("anthropic", "sk-${X}"), GROQ]

    found = started(states, "gpt-5")

    assert plain(found) == {"OPENAI_API_KEY": "sk-1", "FACIO_MODEL": "gpt-5"}
    assert (found.elsewhere, found.other) == ((), None)


@pytest.mark.parametrize("base", ["https://gateway.test/v1", "http://api.openai.com/v1", "odd"])
def test_a_key_for_another_address_is_left_out(base: str) -> None:
    found = started([provider("openai", "sk-1", api_base=base)], "gpt-5")

    assert plain(found) == {}
    assert found.elsewhere == ("OPENAI_API_KEY",)
    assert found.other == ""


@pytest.mark.parametrize("base", ["https://api.openai.com/v1", "https://api.openai.com/v1/ "])
def test_a_key_for_the_default_address_is_taken_however_that_is_spelled(base: str) -> None:
    found = started([provider("openai", "sk-1", api_base=base)])

    assert plain(found) == {"OPENAI_API_KEY": "sk-1"}


@pytest.mark.parametrize(
    ("model", "chosen", "other"),
    [
        ("llama-3.3-70b", "groq", "openai"),
        ("llama-3.3-70b", "auto", None),  # the first key takes it, with Groq's and without
        ("gpt-5", "openai", None),
        ("openai/gpt-5", "ollama", "openai"),
    ],
)
def test_a_model_that_another_provider_would_serve_is_left_out(
    model: str, chosen: str, other: str | None
) -> None:
    found = started([OPENAI, GROQ], model, chosen)

    assert found.other == other
    assert ("FACIO_MODEL" in found.env) is (found.other is None)
