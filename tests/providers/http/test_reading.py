"""Answers that one odd value must not cost, and what a hostile one may cost."""

import json
import threading
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from providers.http import NOT_JSON, bodies, encode_json, reading
from providers.http.reading import (
    KEPT_BYTES,
    MARK,
    MAX_NODES,
    MOST_NODES,
    as_utf8,
    charset_of,
    count_nodes,
    parse_json,
)
from providers.spec.limits import MODEL_LENGTH
from providers.spec.outcomes import Failed

pytestmark = pytest.mark.battery

LARGE = "x" * bodies.SMALL_BYTES
SOUND = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


def read(content, charset=""):
    content = content.encode() if isinstance(content, str) else content
    content_type = f"application/json; charset={charset}" if charset else "application/json"
    return parse_json(as_utf8(bytearray(content), content_type), 5)


def word_of(caught):
    return caught.value.verdict.outcome.value, caught.value.verdict.detail


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": NaN, "b": [1, Infinity, -Infinity, 1e999]}', {"a": None, "b": [1, *[None] * 3]}),
        (b'{"id": ' + b"7" * 30 + b"}", {"id": "7" * 30}),
        (b'{"n": -' + b"1" * 5_000 + b"}", {"n": "-" + "1" * 5_000}),
        (b'{"a": "two\nlines\tand \x01"}', {"a": "two\nlines\tand \x01"}),
        (b'["a\\u0000b", "c\0d"]', [f"a{MARK}b", f"c{MARK}d"]),
        (b'["half \\ud83d", "\\udc00", "\\ud83d\\ude00"]', [f"half {MARK}", MARK, "😀"]),
        (b'["\xff", "a\xed\xa0\x80"]', [MARK, f"a{MARK * 3}"]),
        (b'{"\\udc00": 1, "\\udc01": 2, "b": 3}', {MARK: 1, f"{MARK}{MARK}1": 2, "b": 3}),
        ("[1]".encode("utf-16"), [1]),
        ('["é"]'.encode("utf-16-be"), ["é"]),
        (b"\xef\xbb\xbf[]", []),
    ],
)
def test_an_odd_value_costs_itself_alone(content, value):
    assert read(content) == value


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": [1, 2.5, true, null, "\xc3\xbc"]}', {"a": [1, 2.5, True, None, "ü"]}),
        (b" [] \n", []),
        (b'"text"', "text"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\\\\u0000 is written like this"', "\\u0000 is written like this"),
        (b"12345678901234567890", 12_345_678_901_234_567_890),
    ],
)
def test_json_is_read(content, value):
    assert read(content) == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(SOUND),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(SOUND), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_what_is_sent_is_read_back_the_same(value):
    assert read(encode_json(value)) == value


def test_s7_too_many_values_are_refused_before_they_are_made():
    with pytest.raises(Failed) as caught:
        read(b"[" + b"{}," * MOST_NODES + b"{}]")
    assert word_of(caught) == ("unexpected_response", "too_large")


@pytest.mark.parametrize("box", ["list", "object", "bare"])
def test_rows_that_are_rich_in_values_keep_their_names(box):
    rich = {"tags": ["t"] * 150, "price": {"in": 1}, "deep": [[1] * 20] * 10}
    rows = [{"id": f"m-{n}", **rich, "note": "x, y, [z]"} for n in range(1_500)]
    forms = {"list": {"data": rows}, "object": {"data": {r["id"]: r for r in rows}}, "bare": rows}
    got = read(json.dumps(forms[box]))
    found = got if box == "bare" else got["data"]
    found = list(found.values()) if box == "object" else found
    assert found == [{**row, "deep": None} for row in rows]
    assert count_nodes(got) <= MAX_NODES


def test_s7_more_rows_than_values_may_be_are_refused():
    with pytest.raises(Failed) as caught:
        read(b"[" + b'"a",' * MAX_NODES + b'"b"]')
    assert word_of(caught) == ("unexpected_response", "too_large")


def test_parsing_waits_for_its_turn_no_longer_than_told():
    with reading._parsing, pytest.raises(Failed) as caught:
        parse_json(bytearray(b"{}"), 0.05)
    assert word_of(caught) == ("timeout", "deadline")
    assert read("{}") == {}


def test_what_lies_too_deep_is_left_out():
    row = {"id": "a", "meta": json.loads("[" * 40 + "]" * 40)}
    (kept,) = read(json.dumps([row, {"id": "b"}][:1]))
    assert kept["id"] == "a"
    assert json.dumps(kept["meta"]).count("[") == 31
    with pytest.raises(Failed) as caught:
        read("[" * 100_000)
    assert word_of(caught) == ("unexpected_response", "too_deep")


@pytest.mark.parametrize(
    "content", ["", " \n", "<html>", "{", "{'a': 1}", '{"a": 1,}', "[] []", "x"]
)
def test_what_is_no_json_stays_none(content):
    assert read(content) is NOT_JSON


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        *(("gbk", "gbk"), ("GB2312", "gb2312"), ("gb18030", "gb18030"), ("big5", "big5")),
        *(("Shift_JIS", "shift_jis"), ("euc-kr", "euc_kr"), ("ISO-2022-JP", "iso2022_jp")),
        *(("utf-16", "utf-16"), ("utf-16le", "utf-16-le"), ("utf-8", "utf-8"), ("", "utf-8")),
    ],
)
def test_a_declared_charset_is_used(charset, codec):
    word = {"euc_kr": "모델"}.get(codec, "日本")
    assert read(f'[{{"id": "{word}"}}]'.encode(codec), charset) == [{"id": word}]


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "us-ascii"])
def test_a_charset_that_is_declared_without_care_does_not_spoil_utf_8(charset):
    assert read('["é 通义"]', charset) == ["é 通义"]
    if charset != "us-ascii":
        assert read(b'["caf\xe9"]', charset) == ["café"]


@pytest.mark.parametrize(
    "charset", ["idna", "unicode_escape", "zlib", "utf-7", "nothing", "a" * 90]
)
def test_s7_no_other_codec_is_let_in(charset):
    assert charset_of(f"text/plain; charset={charset}") == ""


@settings(deadline=None)
@given(st.binary() | st.text().map(str.encode), st.sampled_from(["", "gbk", "utf-16", "cp1252"]))
@example(b'"\\ud800\\u0000"', "")
@example(b'{"\\u0000": [NaN]}', "")
def test_s8_any_bytes_are_json_that_can_be_stored_or_no_json(content, charset):
    value = read(content, charset)
    if value is not NOT_JSON:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        assert b"\0" not in text.encode()


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.text(SOUND, max_size=300)),
    st.booleans(),
)
def test_ids_come_letter_by_letter_from_bodies_of_any_size(ids, is_ascii):
    rows = [{"id": one} for one in ids]
    for filling in ("", LARGE):
        content = json.dumps({"data": rows, "filling": filling}, ensure_ascii=is_ascii)
        assert read(content)["data"] == rows


@pytest.mark.parametrize("shift", range(8))
def test_no_escape_is_read_where_there_is_none(shift):
    pieces = [
        "\\u4e2d",
        "中",
        "😀",
        "\\n",
        "\\\\",
        "\\u00e9",
        "é",
        '\\"',
        "\\\\u4e2d",
        "\\ud83d\\ude00",
    ]
    row = f'"{"a" * shift}{"".join(pieces)}"'
    large = read(f"[{','.join([row] * (bodies.SMALL_BYTES // 50))}]")
    assert set(large) == {json.loads(row)}


@pytest.mark.parametrize("wide", ["😀", "€", "\\ud83d\\ude00", "\\u20AC", "\\ud800", "\\u0100"])
def test_s7_a_long_text_of_a_large_body_costs_one_byte_a_character(wide):
    (text,) = read(f'["{wide}{LARGE}"]')
    assert text.strip("?") == "x" * len(text.strip("?"))
    assert MODEL_LENGTH < len(text) <= KEPT_BYTES  # too long for an id, as it was


def test_s7_wide_texts_of_a_large_body_cost_no_more_than_their_room(monkeypatch):
    monkeypatch.setattr("providers.http.reading.WIDE_BYTES", 100_000)
    texts = [f"😀{n:06}{'x' * 1_000}" for n in range(2_500)]
    got = read(json.dumps(texts, ensure_ascii=False))
    kept = [text for text in got if text.startswith("😀")]
    assert kept == texts[: len(kept)]
    assert 20 < len(kept) < 40
    assert not any(text.isprintable() for text in got[len(kept) :])  # never taken for an id


@pytest.mark.parametrize("bad", [b"\xff", b"\xed\xa0\x80", b"\\u0000", b"\xe4", b"\\udc00", b"\0"])
def test_a_large_body_loses_no_more_than_the_text_that_is_hit(bad):
    rows = b'["' + bad + b'", "\xe9\x80\x9a", "' + LARGE.encode() + b'"]'
    hit, whole, _ = read(rows)
    assert not hit.isprintable()
    assert whole == "通"


def test_a_large_body_with_a_mark_of_its_byte_order_is_read():
    assert read(b'\xef\xbb\xbf["' + LARGE.encode() + b'"]') == [LARGE]


def test_s7_a_body_that_grows_in_utf_8_is_bounded(monkeypatch):
    monkeypatch.setattr("providers.http.reading.MAX_BYTES", 600_000)
    with pytest.raises(Failed) as caught:
        read(('["' + "é" * 400_000 + '"]').encode("latin-1"), "iso-8859-2")
    assert word_of(caught) == ("unexpected_response", "too_large")


def test_s7_countless_escapes_end_with_the_time():
    content = bytearray(b'["' + b"\\u4e2d" * 1_000_000 + b'"]')
    began = time.monotonic()
    with pytest.raises(Failed) as caught:
        parse_json(content, 0.0)
    assert word_of(caught) == ("timeout", "deadline")
    assert time.monotonic() - began < 1


def test_an_id_of_the_longest_kind_has_room_in_a_large_body():
    assert len(("😀" * MODEL_LENGTH).encode()) <= KEPT_BYTES


def test_s7_a_full_catalog_page_is_parsed_within_seconds():
    row = {"id": "a" * 40, "context": 131_072, "inputs": ["text", "image"], "price": 0.25}
    content = json.dumps({"data": [row] * 20_000}).encode()
    began = time.monotonic()
    threads = [threading.Thread(target=parse_json, args=(bytearray(content), 30)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 60
