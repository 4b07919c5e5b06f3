"""Reading within limits, writing stably."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facio_site.strictjson import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    BadDocument,
    read_json,
    write_json,
)

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


def refusal(text: str | bytes) -> BadDocument:
    with pytest.raises(BadDocument) as caught:
        read_json(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    return caught.value


@given(document=st.dictionaries(TEXT, VALUES, max_size=4))
def test_what_is_written_is_read_back_equal_and_in_order(document: dict[str, Any]) -> None:
    back = read_json(write_json(document).encode())

    assert back == document
    assert json.dumps(back) == json.dumps(document)


def test_the_written_text_is_utf8_indented_by_two_and_ends_with_a_newline() -> None:
    assert write_json({"b": {"ü": 1}, "a": []}) == '{\n  "b": {\n    "ü": 1\n  },\n  "a": []\n}\n'


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


# --- S40 ------------------------------------------------------------------------------------


def test_s40_a_file_of_exactly_the_limit_is_read_and_one_byte_more_is_not() -> None:
    frame = len(b'{"a": ""}')
    assert read_json(b'{"a": "%s"}' % (b"x" * (MAX_BYTES - frame)))
    assert refusal(b'{"a": "%s"}' % (b"x" * (MAX_BYTES - frame + 1))).code == "too_large"


def test_s40_the_deepest_allowed_is_read_and_one_more_level_names_its_line() -> None:
    deepest = MAX_DEPTH - 1
    assert read_json(b'{"a": ' + b"[" * deepest + b"]" * deepest + b"}")
    error = refusal('{"a":\n\n' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}")
    assert (error.code, error.line) == ("too_deep", 3)


def test_s40_a_hundred_thousand_brackets_end_in_the_same_sentence() -> None:
    assert refusal("[" * 100_000).code == "too_deep"


def test_s40_brackets_inside_strings_are_not_depth() -> None:
    assert read_json(json.dumps({"a": '\\"' + "[{" * 200}).encode())


@pytest.mark.parametrize("piece", ['\\"', '"', "\\", '\\\\"'])
def test_s40_a_megabyte_of_quotes_is_refused_quickly(piece: str) -> None:
    started = time.monotonic()
    refusal('{"a": "' + piece * (900_000 // len(piece)))
    assert time.monotonic() - started < 60


def test_s40_too_many_values_are_refused() -> None:
    fits = MAX_NODES - 2
    assert read_json(json.dumps({"a": [0] * fits}).encode())
    error = refusal(json.dumps({"a": [0] * (fits + 1)}))
    assert (error.code, error.path) == ("too_many", f"a[{fits}]")


def test_s40_a_key_that_comes_twice_is_named_by_its_path() -> None:
    error = refusal('{"providers": {"x": [1, {"apiKey": "sk-1", "apiKey": "sk-2"}]}}')
    assert (error.code, error.path) == ("duplicate_key", "providers.x[1].apiKey")
    assert "sk-" not in error.sentence


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_s40_numbers_that_json_cannot_hold_are_named_by_their_path(number: str) -> None:
    error = refusal('{"a": {"b": [0, ' + number + "]}}")
    assert (error.code, error.path) == ("bad_number", "a.b[1]")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"a": {"b": "x\\u0000"}}', "a.b"),
        ('{"a": "\\ud800"}', "a"),
        ('{"a": {"x\\udc00": 1}}', "a.x?"),
    ],
)
def test_s40_nul_and_lone_surrogates_are_named_by_their_path(text: str, path: str) -> None:
    error = refusal(text)
    assert (error.code, error.path) == ("bad_text", path)


def test_s40_bad_utf8_names_its_line() -> None:
    error = refusal(b'{\n"a": "\xff"}')
    assert (error.code, error.line) == ("not_utf8", 2)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ('{"a": "x\ny"}', "not_json", 1, 9),
        ('{"a" 1}', "not_json", 1, 6),
        ('{\n"a": 1,\n}', "json_comma", 2, 7),
        ('{"a": [1, ]}', "json_comma", 1, 9),
        ('{"a": 1,, "b": 2}', "json_comma", 1, 8),
        ('{"a": 1}, ', "not_json", 1, 9),
        ('{\n  // mine\n  "a": 1}', "json_comment", 2, 3),
        ('{"a": 1 /* mine */}', "json_comment", 1, 9),
        ("{'a': 1}", "json_quote", 1, 2),
        ("{“a”: 1}", "json_quote", 1, 2),
        ("{", "json_end", 1, 2),
        ('{"a": {"b": 1}\n', "json_end", 2, 1),
    ],
)
def test_s40_bad_json_names_its_fault_line_and_column(
    text: str, code: str, line: int, column: int
) -> None:
    error = refusal(text)
    assert (error.code, error.line, error.params["column"]) == (code, line, column)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_what_windows_writes_is_read(encoding: str) -> None:
    assert read_json('{"a": "ä"}\r\n'.encode(encoding)) == {"a": "ä"}


def test_half_a_utf_16_text_is_told_as_that() -> None:
    with pytest.raises(BadDocument) as caught:
        read_json('{"a": 1}'.encode("utf-16") + b"\0")
    assert caught.value.code == "not_utf16"


@pytest.mark.parametrize(
    ("text", "code"), [("", "empty"), (" \n", "empty"), ("[]", "not_object"), ('"x"', "not_object")]
)
def test_s40_what_is_no_object_is_refused(text: str, code: str) -> None:
    assert refusal(text).code == code


@given(data=st.binary(max_size=200))
def test_s40_any_bytes_end_in_a_document_or_a_sentence(data: bytes) -> None:
    try:
        ended = str(type(read_json(data)))
    except BadDocument as error:
        ended = error.sentence
    assert ended == "<class 'dict'>" or ended.endswith(".")


def test_a_path_shows_no_control_characters_and_no_endless_name() -> None:
    error = refusal(json.dumps({"x\x1b" + "y" * 500: "\ud800"}))
    assert error.path.startswith("x?yyy")
    assert len(error.path) == 60
