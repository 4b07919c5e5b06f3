import contextlib
import gzip
import json
import threading
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from providers.http import NOT_JSON, bodies, encode_json
from providers.http.bodies import MAX_DEPTH, MAX_NODES, Body, parse_json
from providers.spec.outcomes import Failed


def nested(depth, leaf=b""):
    return b"[" * depth + leaf + b"]" * depth


def word_of(caught):
    return caught.value.verdict.outcome.value, caught.value.verdict.detail


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": [1, 2.5, true, null, "\xc3\xbc"]}', {"a": [1, 2.5, True, None, "ü"]}),
        (b"\xef\xbb\xbf{}", {}),
        (b" [] \n", []),
        (b'"text"', "text"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\\\\u0000 is written like this"', "\\u0000 is written like this"),
        (b"12345678901234567890", 12_345_678_901_234_567_890),
    ],
)
def test_json_is_read(content, value):
    assert parse_json(content, 1) == value


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"   ", b"<html>", b"{", b'{"a":1,}', b"{'a':1}", b"nan"),
        *(b"NaN", b"[Infinity]", b"-Infinity", b"1e999", b"-1e999", b"1" * 21, b"1" * 5_000),
        *(b'"\xff"', b'"\xed\xa0\x80"', b'"\\ud800"', b'{"\\udc00": 1}', b'["a\\u0000b"]'),
        *(b'{"\\u0000": 1}', b"\xff\xfe{\x00}\x00", nested(MAX_DEPTH + 1), nested(100_000)),
        b'{"a":' * 40 + b"1" + b"}" * 40,
    ],
)
def test_s7_s8_what_is_no_plain_json_is_not_json(content):
    assert parse_json(content, 1) is NOT_JSON


def test_s7_the_depth_is_counted_in_lists_and_objects():
    assert parse_json(nested(MAX_DEPTH), 1) == json.loads(nested(MAX_DEPTH))
    assert parse_json(nested(MAX_DEPTH, b'"x"'), 1) == json.loads(nested(MAX_DEPTH, b'"x"'))


def test_s7_too_many_values_are_refused_before_they_are_made():
    with pytest.raises(Failed) as caught:
        parse_json(b"[" + b"{}," * MAX_NODES + b"{}]", 1)
    assert word_of(caught) == ("unexpected_response", "too_large")


@given(st.binary() | st.text().map(str.encode))
@example(b'{"a"')
@example(b'"\\ud800\\u0000"')
def test_s8_any_bytes_are_json_or_not_json(content):
    value = parse_json(content, 1)
    if value is not NOT_JSON:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    )
)
def test_what_is_sent_is_read_back_the_same(value):
    content = encode_json(value)
    read = parse_json(content, 1)
    if b"\\u0000" in content or b"\\ud" in content:
        assert read is NOT_JSON or read == value
    else:
        assert read == value


def test_parsing_waits_for_its_turn_no_longer_than_told():
    with bodies._parsing, pytest.raises(Failed) as caught:
        parse_json(b"{}", 0.05)
    assert word_of(caught) == ("timeout", "deadline")
    assert parse_json(b"{}", 0.05) == {}


def collect(encoding, *pieces, limit=1_000_000):
    with Body(encoding, limit, lambda: 0.05) as body:
        for piece in pieces:
            body.feed(piece)
        return bytes(body.finish())


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "GZIP", "x-gzip", "identity, gzip"])
def test_plain_and_packed_bodies_are_collected(encoding):
    text = b"some text " * 50
    data = gzip.compress(text) if "gzip" in encoding.lower() else text
    assert collect(encoding, data) == text
    assert collect(encoding, *(data[index : index + 1] for index in range(len(data)))) == text
    assert collect(encoding) == b""


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "compress", "gzip;q"])
def test_s7_other_encodings_are_refused(encoding):
    with pytest.raises(Failed) as caught:
        Body(encoding, 1_000, lambda: 1.0)
    assert word_of(caught) == ("unexpected_response", "bad_encoding")


@pytest.mark.parametrize(
    "data",
    [
        b"not gzip at all",
        gzip.compress(b"x" * 100)[:-4],
        gzip.compress(b"x") + b"trailing",
        gzip.compress(b"x")[:-8] + b"\0" * 8,
    ],
    ids=["no gzip", "cut", "more after it", "wrong sum"],
)
def test_s8_a_broken_gzip_stream_is_refused(data):
    with pytest.raises(Failed) as caught:
        collect("gzip", data)
    assert word_of(caught) == ("unexpected_response", "bad_encoding")


def test_s7_the_decoded_size_is_exact():
    assert len(collect("", b"x" * 1_000, limit=1_000)) == 1_000
    assert len(collect("gzip", gzip.compress(b"x" * 1_000), limit=1_000)) == 1_000
    with pytest.raises(Failed) as caught:
        collect("", b"x" * 1_001, limit=1_000)
    assert word_of(caught) == ("unexpected_response", "too_large")
    with pytest.raises(Failed) as caught:
        collect("gzip", gzip.compress(b"x" * 1_001), limit=1_000)
    assert word_of(caught) == ("unexpected_response", "bomb")


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_s7_few_large_bodies_are_in_memory_at_once(encoding):
    text = b"x" * (bodies.SMALL_BYTES + 1)
    data = gzip.compress(text) if encoding else text
    with contextlib.ExitStack() as held:
        for _ in range(2):
            body = held.enter_context(Body(encoding, 32_000_000, lambda: 0.05))
            body.feed(data)
        assert len(collect(encoding, data[:1_000_000] if not encoding else gzip.compress(b"x")))
        with pytest.raises(Failed) as caught:
            collect(encoding, data, limit=32_000_000)
        assert word_of(caught) == ("timeout", "deadline")
    assert collect(encoding, data, limit=32_000_000) == text


def test_s7_a_body_in_countless_pieces_is_refused():
    with pytest.raises(Failed) as caught:
        collect("", *[b"x"] * 50_001, limit=100_000)
    assert word_of(caught) == ("unexpected_response", "too_large")


def test_s7_a_full_catalog_page_is_parsed_within_seconds():
    row = {"id": "a" * 40, "context": 131_072, "inputs": ["text", "image"], "price": 0.25}
    content = json.dumps({"data": [row] * 20_000}).encode()
    began = time.monotonic()
    threads = [threading.Thread(target=parse_json, args=(content, 30)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 60
