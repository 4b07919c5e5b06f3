"""Names of endpoints of one's own: what is taken, what is the same, and their variables."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.kinds import KINDS, own_spec
from providers.spec.names import INHERITED_NAMES, folded, name_problem
from routing.rules.order import FACTS

NAMES = st.text(max_size=64) | st.from_regex(
    r"[A-Za-z]{1,3}[-_. ]?[A-Za-z0-9]{0,3}", fullmatch=True
)


def test_the_kinds_here_are_those_of_the_rules() -> None:
    assert set(KINDS) | INHERITED_NAMES == set(FACTS)


@pytest.mark.parametrize("name", [*KINDS, *sorted(INHERITED_NAMES)])
def test_no_built_in_name_is_free_in_any_spelling(name: str) -> None:
    words = name.split("_")
    camel = words[0] + "".join(word.title() for word in words[1:])
    for spelled in (name, name.upper(), name.replace("_", "-"), camel, name.title()):
        assert name_problem(spelled, KINDS)[0] == "built_in", spelled


@given(names=st.lists(NAMES, unique_by=folded, max_size=8))
def test_no_two_endpoints_share_a_variable_and_none_has_a_vendors(names: list[str]) -> None:
    free = [name for name in names if not name_problem(name, KINDS)[0]]
    variables = [own_spec(name).env_key for name in free]
    assert len(set(variables)) == len(variables)
    assert all(re.fullmatch("[A-Z][A-Z0-9_]*", one) for one in variables)
    taken = {spec.env_key for spec in KINDS.values()}
    taken |= {one for spec in KINDS.values() for one in (*spec.env_aliases, *spec.env_also)}
    assert not taken & set(variables)


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("Corp-LLM", "CORP_LLM_API_KEY"),
        ("corp_llm", "CORP_LLM_API_KEY"),
        ("gpu2", "GPU2_API_KEY"),
    ],
)
def test_a_plain_name_is_seen_in_its_variable(name: str, variable: str) -> None:
    assert own_spec(name).env_key == variable


@pytest.mark.parametrize("name", ["zai", "corp.llm", "corp llm", "2gpu", "Ünï", "__proto__"])
def test_other_names_are_told_apart_by_a_digest(name: str) -> None:
    assert re.fullmatch("ENDPOINT_(?:[A-Z0-9_]+_)?[0-9A-F]{8}_KEY", own_spec(name).env_key)
