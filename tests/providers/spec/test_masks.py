"""What stands in the place of a secret: which texts the agent resolves."""

from __future__ import annotations

import pytest

from providers.kinds import KINDS
from providers.spec.keyshapes import key_problem, warnings_for
from providers.spec.masks import (
    is_credential,
    is_header_reference,
    is_reference,
    names_in,
    variable_form,
)
from providers.spec.secret import Secret


@pytest.mark.parametrize(
    "text", ["${X}", "${my_key_2}", "${credentials.X}", "${credentials.a-b.c}"]
)
def test_a_reference_is_a_name_alone(text: str) -> None:
    assert is_reference(text)
    assert is_header_reference(text)
    assert is_header_reference(f"Bearer {text}")
    assert variable_form(text) == ""
    assert Secret(text).is_reference


@pytest.mark.parametrize("text", ["${a.b}", "${secrets.X}", "${a-b}", "${x.credentials}"])
def test_what_is_no_name_of_a_variable_is_a_form_that_the_agent_does_not_read(text: str) -> None:
    assert not is_header_reference(text)
    assert variable_form(text).startswith("${")
    assert key_problem(text) == "variable"
    assert not Secret(text).is_reference


def test_a_scheme_word_is_for_headers_only() -> None:
    assert not is_reference("Bearer ${X}")
    assert key_problem("Bearer ${X}") == "blank"
    assert variable_form("Bearer ${X}") == ""


@pytest.mark.parametrize(
    ("text", "names"),
    [("a${X}b${Y_1}", ("X", "Y_1")), ("${a.b}", ()), ("$X {Y} ${1}", ()), ("${X", ())],
)
def test_names_are_found_as_the_agent_finds_them(text: str, names: tuple[str, ...]) -> None:
    assert names_in(text) == names


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("${credentials.X}", True), ("Bearer ${credentials.X}", True), ("${X}", False), ("x", False)],
)
def test_a_placeholder_of_the_credential_store_is_told(text: str, is_one: bool) -> None:
    assert is_credential(text) is is_one
    if text.startswith("$"):
        codes = [found.code for found in warnings_for(KINDS["openai"], text)]
        assert codes == ["credential"] * is_one
