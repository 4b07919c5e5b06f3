"""Semantic difference and three-way merge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.kinds import KINDS
from routing.config.difference import (
    Merged,
    Side,
    merge,
    overlaid,
    same,
    semantic_diff,
    twin,
    value_at,
    with_value,
)


def diff(old: dict[str, Any], new: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    changes = semantic_diff(old, new, specs=KINDS)
    return {change.path: (change.op, change.before, change.after) for change in changes}


def merged(
    base: dict[str, Any],
    ours: dict[str, Any],
    theirs: dict[str, Any],
    choices: dict[str, Side] | None = None,
) -> Merged:
    return merge(base, ours, theirs, specs=KINDS, choices=choices)


# --- difference -----------------------------------------------------------------------------


def test_plain_values_are_shown_and_secrets_only_as_set() -> None:
    old = {
        "agents": {"defaults": {"model": "a", "temperature": 1}},
        "providers": {
            "openai": {"apiKey": "sk-1", "apiBase": "https://a.example", "extraBody": {"x": 1}},
            "mine": {"apiKey": "m-1"},
        },
    }
    new = {
        "agents": {"defaults": {"model": "b", "temperature": 2}},
        "providers": {
            "openai": {"apiKey": "sk-2", "apiBase": "https://b.example", "extraBody": {"x": 2}},
            "mine": {"apiKey": "m-2"},
            "groq": {"apiKey": "${GROQ}", "extraHeaders": {"A": "secret"}},
        },
        "channels": {"x": {"token": "t"}},
    }
    assert diff(old, new) == {
        "agents.defaults.model": ("changed", "a", "b"),
        "agents.defaults.temperature": ("changed", "1", "2"),
        "providers.openai.apiKey": ("changed", "set", "set"),
        "providers.openai.apiBase": ("changed", "https://a.example", "https://b.example"),
        "providers.openai.extraBody.x": ("changed", "1", "2"),
        "providers.mine.apiKey": ("changed", "set", "set"),
        "providers.groq.apiKey": ("added", "", "${GROQ}"),
        "providers.groq.extraHeaders.A": ("added", "", "set"),
        "channels.x.token": ("added", "", "set"),
    }
    text = repr(semantic_diff(old, new, specs=KINDS))
    assert not any(secret in text for secret in ("sk-1", "sk-2", "m-1", "m-2", "secret'", "'t'"))


def test_the_values_of_a_change_are_there_as_json_has_them() -> None:
    old = {"channels": {"x": {"token": "t-1", "n": 1, "gone": ["a"], "ref": 1}}}
    new = {"channels": {"x": {"token": "t-2", "n": 1.0, "new": {}, "ref": "${X}"}}}
    told = {change.path: change.values for change in semantic_diff(old, new, specs=KINDS)}
    assert told == {
        "channels.x.token": ("set", "changed"),
        "channels.x.n": (1, 1.0),
        "channels.x.gone": (["a"], None),
        "channels.x.ref": (1, "${X}"),
        "channels.x.new": (None, {}),
    }


def test_values_that_differ_in_what_is_hidden_are_told_as_changed() -> None:
    old = {"providers": {"custom": {"apiBase": "https://u:one@h/v1"}}}
    new = {"providers": {"custom": {"apiBase": "https://u:two@h/v1"}}}
    (change,) = semantic_diff(old, new, specs=KINDS)
    assert (change.before, change.after, change.values) == ("set", "set", ("set", "changed"))


def test_order_spelling_and_nothing_said_are_no_change() -> None:
    old = {
        "providers": {"azureOpenai": {"api_key": "k"}, "groq": {"apiKey": None}},
        "agents": {"defaults": {"subagent_model": "m"}},
        "tools": {"mcp_servers": {"a": {"tool_timeout": 1}}},
    }
    new = {
        "tools": {"mcpServers": {"a": {"toolTimeout": 1}}},
        "agents": {"defaults": {"image_model": "", "subagentModel": "m"}},
        "providers": {"azure_openai": {"apiKey": "k", "extraHeaders": {}}},
    }
    assert diff(old, new) == {}


@pytest.mark.parametrize("key", ["provider", "subagent_provider", "imageProvider"])
def test_a_provider_that_is_the_empty_text_is_not_one_that_is_missing(key: str) -> None:
    empty, path = {"agents": {"defaults": {key: ""}}}, f"agents.defaults.{key}"
    for missing in ({}, {"agents": {"defaults": {key: None}}}):
        assert diff(missing, empty) == {path: ("added", "", '""')}
        assert diff(empty, missing) == {path: ("removed", '""', "")}
    assert diff(empty, empty) == {}


def test_the_order_of_ones_own_endpoints_counts_and_no_other() -> None:
    a, b, c = ({"apiBase": f"https://{name}.example/v1"} for name in "abc")
    old = {"providers": {"my-a": a, "groq": {}, "beta": b, "openai": {}}}

    def after(**entries: Any) -> dict[str, tuple[str, str, str]]:
        return diff(old, {"providers": {"openai": {}, **entries, "groq": {}}})

    assert after(my_a=a, beta=b) == {}
    assert after(beta=b, my_a=a) == {"providers": ("changed", "my_a, beta", "beta, my_a")}
    assert set(after(new=c, my_a=a, beta=b)) == {"providers.new.apiBase"}
    assert set(after(beta=b)) == {"providers.my-a.apiBase"}


def test_names_that_people_give_are_not_respelled() -> None:
    old = {"tools": {"mcpServers": {"my_files": {"env": {"API_KEY": "1"}}}}}
    new = {"tools": {"mcpServers": {"myFiles": {"env": {"API_KEY": "1"}}}}}
    assert set(diff(old, new)) == {
        "tools.mcpServers.my_files.env.API_KEY",
        "tools.mcpServers.myFiles.env.API_KEY",
    }
    assert twin("my_proxy", {"myProxy": {}}, ("providers",)) is None
    assert twin("a_b", {"aB": 1}, ("providers", "openai", "extraBody")) is None


def test_a_part_that_goes_away_is_told_leaf_by_leaf() -> None:
    assert diff({"channels": {"a": {"b": 1, "c": [2]}}}, {}) == {
        "channels.a.b": ("removed", "1", ""),
        "channels.a.c": ("removed", "[2]", ""),
    }


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (1, 1.0), ("1", 1), ([1], [True]), ({}, None)]
)
def test_values_of_two_kinds_are_never_the_same(one: Any, other: Any) -> None:
    assert not same(one, other)
    assert same(one, one)


# --- paths ----------------------------------------------------------------------------------


def test_values_are_found_and_replaced_in_either_spelling() -> None:
    document = {"channels": {"x": {"allow_from": [1]}}}
    keys = ("channels", "x", "allowFrom")

    assert value_at(document, keys) == [1]
    assert value_at(document, (*keys, "y")) is None
    assert with_value(document, keys, [2]) == {"channels": {"x": {"allow_from": [2]}}}
    assert with_value(document, keys, None) == {"channels": {"x": {}}}
    assert document == {"channels": {"x": {"allow_from": [1]}}}


def test_an_overlay_keeps_order_and_spelling_of_what_lies_below() -> None:
    below = {"b": {"snake_key": 1, "z": 1}, "a": 1}
    above = {"c": 3, "a": {"x": 1}, "b": {"snakeKey": 2}}
    assert list(overlaid(below, above).items()) == [
        ("b", {"snake_key": 2, "z": 1}),
        ("a", {"x": 1}),
        ("c", 3),
    ]


# --- three ways -----------------------------------------------------------------------------


def conflicts(done: Merged) -> dict[str, tuple[str, str, Side]]:
    return {row.path: (row.ours, row.theirs, row.side) for row in done.places if row.is_conflict}


def taken(done: Merged) -> set[str]:
    return {row.path for row in done.places if row.side == "theirs"}


def test_changes_of_both_sides_come_together_key_by_key() -> None:
    base = {"agents": {"defaults": {"model": "a", "temperature": 1}}, "tools": {"x": 1, "gone": 1}}
    ours = {"agents": {"defaults": {"model": "b", "temperature": 1}}, "tools": {"x": 1, "gone": 1}}
    theirs = {"tools": {"x": 2, "new": 3}, "agents": {"defaults": {"model": "a", "temperature": 2}}}

    done = merged(base, ours, theirs)

    assert list(done.document.items()) == [
        ("agents", {"defaults": {"model": "b", "temperature": 2}}),
        ("tools", {"x": 2, "new": 3}),
    ]
    assert conflicts(done) == {}
    assert taken(done) == {"agents.defaults.temperature", "tools.x", "tools.gone", "tools.new"}


def test_their_change_can_be_left_out() -> None:
    done = merged({"tools": {"x": 1}}, {"tools": {"x": 1}}, {"tools": {}}, {"tools.x": "ours"})
    assert (done.document, taken(done)) == ({"tools": {"x": 1}}, set())


def test_a_place_that_both_changed_is_a_conflict_with_a_choice() -> None:
    base: dict[str, Any] = {"agents": {"defaults": {"model": "a"}}}
    ours = {"agents": {"defaults": {"model": "b"}}, "providers": {"groq": {"apiKey": "g-1"}}}
    theirs = {"agents": {"defaults": {"model": "c"}}, "providers": {"groq": {"apiKey": "g-2"}}}

    done = merged(base, ours, theirs)

    assert done.document == ours
    assert conflicts(done) == {
        "agents.defaults.model": ("b", "c", "ours"),
        "providers.groq.apiKey": ("set", "set", "ours"),
    }
    assert merged(base, ours, theirs, {"agents.defaults.model": "theirs"}).document == {
        "agents": {"defaults": {"model": "c"}},
        "providers": {"groq": {"apiKey": "g-1"}},
    }


def test_removed_here_and_changed_there_is_a_conflict_too() -> None:
    base = {"tools": {"x": 1}}
    assert merged(base, {"tools": {}}, {"tools": {"x": 2}}).document == {"tools": {}}
    done = merged(base, {"tools": {}}, {"tools": {"x": 2}}, {"tools.x": "theirs"})
    assert done.document == {"tools": {"x": 2}}
    assert conflicts(done) == {"tools.x": ("", "2", "theirs")}


def test_the_agents_rewriting_in_camel_case_is_no_conflict_and_keeps_our_spelling() -> None:
    base = {"providers": {"azure_openai": {"api_key": "1"}}}
    ours = {"providers": {"azure_openai": {"api_key": "2"}}}
    theirs = {"providers": {"azureOpenai": {"apiKey": "1", "apiBase": None}}}
    done = merged(base, ours, theirs)
    assert done.document == {"providers": {"azure_openai": {"api_key": "2", "apiBase": None}}}
    assert conflicts(done) == {}


DOCUMENTS = st.dictionaries(
    st.sampled_from(["a", "b", "tools"]),
    st.integers(0, 2) | st.dictionaries(st.sampled_from(["x", "y"]), st.integers(0, 2)),
)


@given(base=DOCUMENTS, ours=DOCUMENTS, theirs=DOCUMENTS)
def test_a_merge_obeys_its_laws(
    base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    assert merged(base, ours, base).document == ours
    assert merged(base, base, theirs).document == theirs
    assert merged(base, ours, ours).document == ours
    done = merged(base, ours, theirs)
    chosen: dict[str, Side] = dict.fromkeys(conflicts(done), "theirs")
    swapped = merged(base, theirs, ours)
    assert merged(base, ours, theirs, chosen).document == swapped.document
