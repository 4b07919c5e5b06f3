"""Answers that are odd: read where they are plain, a reply without data where they are no JSON."""

import gzip
import json
import socket

import pytest

from tests.providers.http.servers import CHUNKED, EARLY, HEAD, always, answer, ids, once, serve

NOT_JSON_BODIES = [
    ("empty", b""),
    ("HTML", b"<!doctype html><title>Sign in</title>"),
    ("cut off", b'{"data": 1'),
    ("events without JSON", b"data: hello\n\ndata: [DONE]\n\n"),
]
ODD_BODIES = [
    ("deep JSON", b'{"a": ' + b"[" * 500 + b"]" * 500 + b"}"),
    ("huge integer", b'{"data": ' + b"9" * 100_000 + b"}"),
    ("NaN", b'{"data": NaN}'),
    ("infinite float", b'{"data": 1e999}'),
    ("bad UTF-8", b'{"data": "\xff\xfe"}'),
    ("half a pair", b'{"data": "\\ud800"}'),
    ("UTF-16", '{"data": 1}'.encode("utf-16")),
]
TOO_DEEP_BODIES = [
    ("deep JSON", b"[" * 100_000 + b"]" * 100_000),
    ("open lists", b"[" * 200_000),
    ("deep objects", b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
]


@pytest.mark.parametrize("row", NOT_JSON_BODIES, ids=ids(NOT_JSON_BODIES))
def test_s8_a_body_that_is_no_plain_json_is_a_reply_without_data(fetch, row):
    with serve(once(answer(row[1]))) as server:
        reply = fetch(f"http://127.0.0.1:{server.port}/")
    assert reply.status == 200
    assert not reply.is_json
    json.dumps(reply.text).encode()


@pytest.mark.parametrize("row", NOT_JSON_BODIES, ids=ids(NOT_JSON_BODIES))
def test_s8_nor_is_it_when_it_comes_packed(fetch, row):
    data = answer(gzip.compress(row[1]), headers=("Content-Encoding: gzip",))
    with serve(once(data)) as server:
        assert not fetch(f"http://127.0.0.1:{server.port}/").is_json


@pytest.mark.parametrize("row", ODD_BODIES, ids=ids(ODD_BODIES))
def test_a_body_with_an_odd_value_is_a_reply_that_can_be_stored(fetch, row):
    with serve(once(answer(row[1]))) as server:
        reply = fetch(f"http://127.0.0.1:{server.port}/")
    assert list(reply.data) in (["data"], ["a"])
    json.dumps([reply.data, reply.text], ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize("row", TOO_DEEP_BODIES, ids=ids(TOO_DEEP_BODIES))
def test_s7_s8_a_body_nested_beyond_all_measure_is_told_as_that(verdict_of, row):
    with serve(once(answer(row[1]))) as server:
        verdict = verdict_of(f"http://127.0.0.1:{server.port}/")
    assert (verdict.outcome, verdict.detail) == ("unexpected_response", "too_deep")


READABLE = [
    ("length and chunks", CHUNKED.replace(b"\r\n", b"\r\nContent-Length: 99\r\n", 1)),
    ("lengths that agree", HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
    ("HTTP/1.0", b"HTTP/1.0 200 OK\r\n\r\n{}"),
    ("no reason", b"HTTP/1.1 200\r\n\r\n{}"),
    ("terminal codes as reason", b"HTTP/1.1 200 \x1b[2J\xff\r\n\r\n{}"),
    ("a reason of 60 KB", b"HTTP/1.1 200 " + b"x" * 60_000 + b"\r\n\r\n{}"),
    ("a header of 60 KB", HEAD + b"X: " + b"y" * 60_000 + b"\r\n\r\n{}"),
    ("as many headers as may be", HEAD + b"X: y\r\n" * 199 + b"\r\n{}"),
    ("a folded header", HEAD + b"X: a\r\n b\r\n\r\n{}"),
    ("some hints", EARLY * 50 + HEAD + b"\r\n{}"),
]


@pytest.mark.parametrize("row", READABLE, ids=ids(READABLE))
def test_what_is_odd_but_plain_is_read(fetch, row):
    chunks = b"2\r\n{}\r\n0\r\n\r\n" if b"chunked" in row[1] else b""
    with serve(once(row[1] + chunks)) as server:
        reply = fetch(f"http://127.0.0.1:{server.port}/")
    assert (reply.status, reply.data) == (200, {})


def test_a_length_that_is_too_short_cuts_the_body(fetch):
    with serve(once(HEAD + b'Content-Length: 2\r\n\r\n{}{"more": 1}')) as server:
        assert fetch(f"http://127.0.0.1:{server.port}/").data == {}


def test_a_bomb_inside_the_limits_of_a_catalog_is_read(fetch):
    data = answer(
        gzip.compress(b"[" + b" " * 5_000_000 + b"]"), headers=("Content-Encoding: gzip",)
    )
    with serve(once(data)) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert fetch(url, wire_bytes=8_000_000, decoded_bytes=24_000_000).data == []


def test_the_limits_are_those_of_the_door(verdict_of, fetch):
    with serve(always(answer(b'"' + b"x" * 998 + b'"'))) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert len(fetch(url, decoded_bytes=1_000, wire_bytes=1_100).text) == 1_000
        assert verdict_of(url, decoded_bytes=999).detail == "too_large"
        assert verdict_of(url, wire_bytes=1_000).detail == "too_large"


def test_an_early_answer_to_a_long_request_is_read(fetch):
    def script(call):
        call.sock.recv(1_000)
        call.send(answer(b'{"error": "too long"}', status="413 No", headers=("Connection: close",)))
        call.sock.shutdown(socket.SHUT_WR)
        call.wait(0.3)

    with serve(script) as server:
        reply = fetch(f"http://127.0.0.1:{server.port}/", method="POST", json={"x": "y" * 500_000})
    assert (reply.status, reply.data) == (413, {"error": "too long"})
