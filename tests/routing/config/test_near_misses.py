"""Names that are nearly those that the agent reads."""

from __future__ import annotations

from typing import Any

import pytest

from routing.config.difference import shown_path
from routing.config.schema import near_misses


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
