"""Names that are nearly those that the agent reads."""

from __future__ import annotations

from typing import Any

import pytest

from routing.config.difference import shown_path
from routing.config.export import Mode
from routing.config.schema import near_misses, out_of_reach
from tests.routing.config.importing.planned import plan
from tests.routing.config.samples import build, provider
from tests.routing.conftest import Ask


def found(document: dict[str, Any]) -> dict[str, str]:
    return {shown_path(keys): reads for keys, reads in near_misses(document)}


@pytest.mark.parametrize(
    ("document", "path", "reads"),
    [
        ({"providers": {"groq": {"base_url": "x"}}}, "providers.groq.base_url", "apiBase"),
        ({"providers": {"mine": {"baseURL": "x"}}}, "providers.mine.baseURL", "apiBase"),
        ({"providers": {"groq": {"apikey": "x"}}}, "providers.groq.apikey", "apiKey"),
        ({"providers": {"groq": {"API_KEY": "x"}}}, "providers.groq.API_KEY", "apiKey"),
        ({"providers": {"groq": {"headers": {}}}}, "providers.groq.headers", "extraHeaders"),
        ({"agents": {"default": {"model": "m"}}}, "agents.default", "agents.defaults"),
        (
            {"agents": {"subagent": {"model": "m"}}},
            "agents.subagent",
            "agents.defaults.subagent_model, agents.defaults.subagent_provider",
        ),
        (
            {"agents": {"defaults": {"vision": {"model": "m"}}}},
            "agents.defaults.vision",
            "agents.defaults.vision_model, agents.defaults.vision_provider",
        ),
        ({"agents": {"model": "m"}}, "agents.model", "agents.defaults.model"),
        ({"agents": {"defaults": {"mainModel": "m"}}}, "agents.defaults.mainModel", "model"),
        ({"Providers": {}}, "Providers", "providers"),
        ({"agent": {}}, "agent", "agents"),
    ],
)
def test_a_near_miss_is_named_with_what_the_agent_reads(
    document: dict[str, Any], path: str, reads: str
) -> None:
    assert found(document) == {path: reads}


def test_what_the_agent_reads_and_what_means_something_else_is_no_near_miss() -> None:
    assert (
        found(
            {
                "providers": {
                    "groq": {"apiKey": "k", "api_base": "b", "extra_query": {}, "models": []},
                    "bedrock": {"region": "r", "profile": "p"},
                },
                "agents": {
                    "defaults": {"subagentModel": "m", "image_provider": "fal", "dream": {"x": 1}},
                    "reviewer": {"model": "m"},
                },
                "channels": {"x": {"key": "k", "url": "u"}},
            }
        )
        == {}
    )


# --- both spellings ---------------------------------------------------------------------------

KEY = "sk-proj-0123456789abcdefghij"


def unreached(document: dict[str, Any]) -> dict[str, str]:
    return {shown_path(keys): reads for keys, reads in out_of_reach(document)}


@pytest.mark.parametrize(
    ("document", "path", "reads"),
    [
        (
            {"providers": {"openai": {"apiKey": None, "api_key": KEY}}},
            "providers.openai.api_key",
            "apiKey",
        ),
        (
            {"providers": {"mine": {"apiBase": "", "api_base": "https://gw.test/v1"}}},
            "providers.mine.api_base",
            "apiBase",
        ),
        (
            {"agents": {"defaults": {"subagent_model": "b", "subagentModel": "a"}}},
            "agents.defaults.subagent_model",
            "subagentModel",
        ),
        ({"modelPresets": {}, "model_presets": {}}, "model_presets", "modelPresets"),
    ],
)
def test_a_name_whose_other_spelling_stands_beside_it_is_out_of_reach(
    document: dict[str, Any], path: str, reads: str
) -> None:
    assert unreached(document) == {path: reads}


def test_one_spelling_alone_and_names_of_people_are_in_reach() -> None:
    headers = {"xA": "1", "x_a": "2"}
    entry = {"api_key": "k", "apiBase": "b", "extraHeaders": headers, "myNote": 1, "my_note": 2}
    assert unreached({"providers": {"openai": entry}, "channels": {"aB": 1, "a_b": 2}}) == {}


def test_an_import_says_that_it_is_not_set_here() -> None:
    found = plan({"providers": {"openai": {"apiKey": None, "api_key": KEY}}})

    assert found.providers == ()
    (change,) = found.changes
    assert (change.path, change.is_owned) == ("providers.openai.api_key", False)
    assert change.after == "***"
    assert found.kept == ("providers.openai.api_key",)
    assert [(one.path, one.code, one.params["reads"]) for one in found.warnings] == [
        ("providers.openai.api_key", "out_of_reach", "apiKey")
    ]


def test_what_is_out_of_reach_is_told_as_a_part_that_may_hold_secrets() -> None:
    base = {"providers": {"openai": {"apiKey": "${X}", "api_key": KEY}}}
    states = [provider("openai", "${X}")]

    assert build(base, states, mode=Mode.ENV).may_hold_secrets
    assert build(base, states, mode=Mode.REDACTED).document == {
        "providers": {"openai": {"apiKey": "***"}}
    }


@pytest.mark.nanobot
def test_the_agent_reads_the_other_spelling(nanobot: Ask) -> None:
    text = '{"providers": {"openai": {"apiKey": null, "api_key": "k"}, "groq": {"api_key": "g"}}}'

    assert nanobot("resolved", text=text) == {"groq": "g"}
