"""config.json as people keep it: read, and what was mended is said by its line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facio_site.strictjson import BadDocument
from providers.kinds import KINDS
from routing.config.pasted import Pasted, kept_text, read_pasted
from tests.routing.config.drawn import documents
from tests.routing.config.pasting import read

KEY = "sk-0123456789abcdef"


def mended(pasted: Pasted) -> list[tuple[str, str]]:
    return [(one.path, one.code) for one in pasted.warnings]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1, "b": [2, 3],}', [("line 1", "comma")]),
        ('{"a": 1,, "b": [2, 3]},\n', [("line 1", "comma")]),
        ('{,"a": 1,\n"b": [2, 3, ]}', [("line 1", "comma")]),
        ('// mine\n{"a": 1, "b": [2, 3] /* , } */ } # end', [("line 1", "comment")]),
        (
            '{"a": 1, // one, }\n"b": [2, 3,], // two\n}',
            [("line 1", "comment"), ("line 2", "comma")],
        ),
        ("{“a”: 1, „b”: [2, 3]}", [("line 1", "curly")]),
        ('```json\n{"a": 1, "b": [2, 3]}\n```', [("line 1", "fence")]),
        ('~ mine:\n```\n{"a": 1, "b": [2, 3]}\n```\nthanks', [("line 2", "fence")]),
        ('\ufeff{"a": 1, "b": [2, 3]}', [("line 1", "mark")]),
    ],
)
def test_what_people_add_to_json_is_read_past_and_told(
    text: str, found: list[tuple[str, str]]
) -> None:
    pasted = read(text)
    assert (pasted.source, pasted.document) == ("config", {"a": 1, "b": [2, 3]})
    assert mended(pasted) == found


def test_text_around_a_fence_is_told_by_its_lines() -> None:
    pasted = read('so\nthis is it:\n```json\n{"a": 1}\n```\nthanks')
    assert [(one.path, one.code) for one in pasted.ignored] == [
        ("lines 1-2", "bad_line"),
        ("line 6", "bad_line"),
    ]


def test_signs_inside_texts_are_left_alone() -> None:
    text = '{"a": "// no, } comment", "b": "/* , ] */ “x” # y",}'
    assert read(text).document == {"a": "// no, } comment", "b": "/* , ] */ “x” # y"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_what_windows_writes_is_read_and_told_again_when_it_was_kept(encoding: str) -> None:
    data = '{"a": "ä"}\r\n'.encode(encoding)
    for again in (data, kept_text(data).encode()):
        pasted = read_pasted(again, specs=KINDS)
        assert (pasted.document, mended(pasted)) == ({"a": "ä"}, [("line 1", "mark")])


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ('{\n  // mine\n  "a": 1,\n  "b" 2\n}', "not_json", 4, 7),
        ('// mine\n{"a": [1, 2,],\n', "json_end", 3, 1),
        ('```\n{"a": 1,}}\n```', "not_json", 2, 10),
        ("// only\n/* this */ {", "json_end", 2, 13),
        ('{"a": 1, /* "b": 2}', "json_end", 1, 20),
    ],
)
def test_s40_what_cannot_be_mended_keeps_its_line_and_column(
    text: str, code: str, line: int, column: int
) -> None:
    with pytest.raises(BadDocument) as caught:
        read(text)
    error = caught.value
    assert (error.code, error.line, error.params["column"]) == (code, line, column)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a": 1, "a": 2,}', "duplicate_key"),
        ('{"a": NaN,}', "bad_number"),
        ("// x\n" + "[" * 40, "too_deep"),
        ("[" + "0," * 20_000 + "]", "too_many"),
        ('{"a": "\\u0000",}', "bad_text"),
    ],
)
def test_s40_mending_loosens_no_limit(text: str, code: str) -> None:
    with pytest.raises(BadDocument) as caught:
        read(text)
    assert caught.value.code == code


@pytest.mark.battery
@given(documents(), st.sampled_from(["// c\n", "/* , */", "# c\n", " \n"]), st.booleans())
def test_a_document_says_the_same_with_comments_and_commas_too_many(
    document: dict[str, Any], between: str, has_comma: bool
) -> None:
    text = json.dumps(document, indent=1)
    lines = text.replace("\n", f" {between}\n" if between.strip() else "\n")
    lines = lines[:-1].rstrip() + ("," * (has_comma and bool(document))) + between + "}"
    assert read(between + lines).document == document


@pytest.mark.parametrize(
    ("text", "document"),
    [
        (f'"apiKey": "gsk_{KEY}"', {"groq": {"apiKey": f"gsk_{KEY}"}}),
        (f'  "apiKey": "gsk_{KEY}",\n', {"groq": {"apiKey": f"gsk_{KEY}"}}),
        (f"apiKey: 'gsk_{KEY}',", {"groq": {"apiKey": f"gsk_{KEY}"}}),
        (
            f'"api_key": "{KEY}",\n"api_base": "https://llm.example.com/v1"',
            {"custom": {"apiBase": "https://llm.example.com/v1", "apiKey": KEY}},
        ),
        (
            f'{{"apiKey": "{KEY}", "apiBase": "https://api.deepseek.com"}}',
            {"deepseek": {"apiBase": "https://api.deepseek.com", "apiKey": KEY}},
        ),
        (f'"providers": {{"openai": {{"apiKey": "{KEY}"}}}},', {"openai": {"apiKey": KEY}}),
    ],
)
def test_a_member_of_a_json_object_is_read(text: str, document: dict[str, Any]) -> None:
    assert read(text).document == {"providers": document}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('"apiKey": "$OPENAI_API_KEY"', "is_variable"),
        ('"apiKey": "https://api.openai.com"', "is_address"),
        ('"apiKey": "your-api-key"', "is_example"),
        ('"apiKey": 1', "not_known"),
    ],
)
def test_a_member_that_holds_no_key_stores_nothing(text: str, code: str) -> None:
    with pytest.raises(BadDocument) as caught:
        read(text)
    assert caught.value.code == code
