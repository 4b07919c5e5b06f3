"""Editing without loss, in the spelling that is there."""

from __future__ import annotations

from typing import Any

import pytest

from routing.config.document import camel, drop, get, key_of, make_part, part, put, snake


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("apiKey", "api_key"),
        ("azureOpenai", "azure_openai"),
        ("byteplusCodingPlan", "byteplus_coding_plan"),
        ("subagentModel", "subagent_model"),
        ("region", "region"),
    ],
)
def test_the_two_spellings_of_a_key(one: str, other: str) -> None:
    assert (camel(other), snake(one)) == (one, other)
    assert (camel(one), snake(other)) == (one, other)


@pytest.mark.parametrize("there", ["apiKey", "api_key"])
def test_an_edit_goes_under_the_spelling_that_is_there(there: str) -> None:
    section = {"x": 1, there: "a", "y": 2}

    put(section, "apiKey", "b")

    assert list(section.items()) == [("x", 1), (there, "b"), ("y", 2)]


def test_a_new_key_gets_the_name_asked_for() -> None:
    section: dict[str, Any] = {}
    put(section, "subagent_model", "m")
    put(section, "apiBase", "b")
    assert section == {"subagent_model": "m", "apiBase": "b"}


def test_both_spellings_are_read_as_the_loader_does_and_an_edit_leaves_one() -> None:
    section = {"api_key": "old", "apiKey": "new"}

    assert (key_of(section, "apiKey"), get(section, "api_key")) == ("apiKey", "new")
    put(section, "api_key", "x")
    assert section == {"apiKey": "x"}
    drop(section, "apiKey")
    assert section == {}


def test_parts_are_found_in_either_spelling_and_made_where_missing() -> None:
    document: dict[str, Any] = {"providers": {"azureOpenai": {"apiKey": "k"}, "odd": 3}}

    assert part(document, "providers", "azure_openai") == {"apiKey": "k"}
    assert part(document, "providers", "odd") == {}
    assert part(document, "agents", "defaults") == {}
    make_part(document, "agents", "defaults")["model"] = "m"
    make_part(document, "providers", "azure_openai")["apiBase"] = "b"
    assert document == {
        "providers": {"azureOpenai": {"apiKey": "k", "apiBase": "b"}, "odd": 3},
        "agents": {"defaults": {"model": "m"}},
    }
