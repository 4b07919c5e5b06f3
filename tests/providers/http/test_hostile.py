"""Servers that mean harm: each ends in one word of the closed set, in time, in little memory."""

import errno
import gzip
import json
import socket
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.http import Door, Policy, Request, network
from providers.outcomes import Failed, Outcome
from tests.providers.http.servers import (
    CHUNKED,
    HEAD,
    always,
    answer,
    bomb,
    drip,
    endless,
    hang,
    once,
    packed,
    reset,
    serve,
    silent,
)

PACKED = HEAD + b"Content-Encoding: gzip\r\n\r\n"
_PACKER = zlib.compressobj(wbits=31)
PACKED_START = PACKED + _PACKER.compress(b"[") + _PACKER.flush(zlib.Z_SYNC_FLUSH)
PACKED_NOTHING = _PACKER.flush(zlib.Z_FULL_FLUSH)  # bytes on the wire that unpack to none
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
MANY = "\r\n".join(f"X-{number}: 1" for number in range(300)).encode()

SHORT = [  # (name, script, outcome, detail): each ends by the deadline
    ("silent", silent, "timeout", "read"),
    ("hang", hang(), "timeout", "read"),
    ("hang in the status line", hang(b"HTTP/1.1 2"), "timeout", "deadline"),
    ("hang after the headers", hang(HEAD + b"Content-Length: 9\r\n\r\n"), "timeout", "deadline"),
    ("hang in the body", hang(HEAD + b"Content-Length: 9\r\n\r\n{"), "timeout", "deadline"),
    ("hang after 100", hang(b"HTTP/1.1 100 Continue\r\n\r\n"), "timeout", "deadline"),
    ("drip of headers", drip(HEAD + b"X: "), "timeout", "deadline"),
    ("drip of body", drip(HEAD + b"\r\n"), "timeout", "deadline"),
    ("drip of chunks", drip(CHUNKED, b"1\r\n \r\n"), "timeout", "deadline"),
    ("drip of 100s", drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "timeout", "deadline"),
    ("drip of hints", drip(EARLY, EARLY), "timeout", "deadline"),
    ("drip of a packed body", drip(PACKED_START, PACKED_NOTHING), "timeout", "deadline"),
    ("drip of a redirect", drip(MOVED + b"X: "), "timeout", "deadline"),
    ("drip of HTML", drip(HEAD + b"\r\n<html>", b"<p>"), "timeout", "deadline"),
    ("hang in the trailers", hang(CHUNKED + b"2\r\n{}\r\n0\r\nX: "), "timeout", "deadline"),
]

QUICK = [
    ("close at once", lambda call: call.sock.close(), "unreachable", None),
    ("close after reading", lambda call: call.request(), "unreachable", "closed"),
    ("reset", reset(), "unreachable", "reset"),
    ("reset in the body", reset(HEAD + b"Content-Length: 9\r\n\r\n{"), None, None),
    ("not HTTP", once(b"SSH-2.0-OpenSSH_9.9\r\n"), "unexpected_response", "bad_http"),
    ("HTTP/0.9", once(b"<html>hello</html>"), "unexpected_response", "bad_http"),
    ("HTTP/2 preface", once(b"\0\0\x12\x04\0\0\0\0\0" + b"\0" * 18), "unexpected_response", None),
    ("NUL in a header", once(HEAD + b"X: a\0b\r\n\r\n"), "unexpected_response", "bad_http"),
    ("status 99", once(b"HTTP/1.1 99 No\r\n\r\n"), "unexpected_response", "bad_http"),
    ("status 1000", once(b"HTTP/1.1 1000 No\r\n\r\n"), "unexpected_response", "bad_http"),
    ("upgrade", once(b"HTTP/1.1 101 Switching\r\n\r\n"), "unexpected_response", "bad_http"),
    ("half a head", once(HEAD), "unexpected_response", "bad_http"),
    (
        "length too long",
        once(HEAD + b"Content-Length: 99\r\n\r\n{}"),
        "unexpected_response",
        "incomplete",
    ),
    (
        "two lengths",
        once(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        "unexpected_response",
        "bad_http",
    ),
    (
        "negative length",
        once(HEAD + b"Content-Length: -2\r\n\r\n{}"),
        "unexpected_response",
        "bad_http",
    ),
    (
        "length of 30 digits",
        once(HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n{}"),
        "unexpected_response",
        None,
    ),
    (
        "huge length",
        once(HEAD + b"Content-Length: 9999999999\r\n\r\n{}"),
        "unexpected_response",
        "too_large",
    ),
    ("bad chunk", once(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"), "unexpected_response", "bad_http"),
    ("negative chunk", once(CHUNKED + b"-2\r\n{}\r\n"), "unexpected_response", "bad_http"),
    ("huge chunk size", once(CHUNKED + b"f" * 19 + b"\r\n{}"), "unexpected_response", None),
    ("chunk without end", once(CHUNKED + b"2\r\n{}XX0\r\n"), "unexpected_response", "bad_http"),
    ("chunks cut off", once(CHUNKED + b"2\r\n{}\r\n"), "unexpected_response", "incomplete"),
    ("many headers", once(HEAD + MANY + b"\r\n\r\n"), "unexpected_response", "too_large"),
    ("endless header", endless(HEAD, b"x" * 65_536), "unexpected_response", "bad_http"),
    ("endless headers", endless(HEAD, b"X: y\r\n" * 9_000), "unexpected_response", "bad_http"),
    ("endless status line", endless(b"HTTP/1.1 200 ", b"x" * 65_536), "unexpected_response", None),
    (
        "endless 100s",
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000),
        "unexpected_response",
        "too_large",
    ),
    ("endless body", endless(HEAD + b"\r\n", b" " * 65_536), "unexpected_response", "too_large"),
    (
        "endless chunks",
        endless(CHUNKED, b"ffff\r\n" + b" " * 65_535 + b"\r\n"),
        "unexpected_response",
        "too_large",
    ),
    (
        "endless tiny chunks",
        endless(CHUNKED, b"1\r\n \r\n" * 10_000),
        "unexpected_response",
        "too_large",
    ),
    (
        "endless trailers",
        endless(CHUNKED + b"0\r\n", b"X: y\r\n" * 9_000),
        "unexpected_response",
        "bad_http",
    ),
    (
        "endless chunk extension",
        endless(CHUNKED + b"1;", b"x" * 65_536),
        "unexpected_response",
        "bad_http",
    ),
    (
        "gzip bomb",
        once(packed(bomb())),
        "unexpected_response",
        "bomb",
    ),
    (
        "gzip cut off",
        once(answer(gzip.compress(b"{}" * 50)[:-9], headers=("Content-Encoding: gzip",))),
        "unexpected_response",
        "bad_encoding",
    ),
    (
        "gzip that is none",
        once(answer(b"{}", headers=("Content-Encoding: gzip",))),
        "unexpected_response",
        "bad_encoding",
    ),
    (
        "brotli",
        once(answer(b"{}", headers=("Content-Encoding: br",))),
        "unexpected_response",
        "bad_encoding",
    ),
    ("endless hints", endless(b"", EARLY * 500), "unexpected_response", "too_large"),
    ("countless headers", once(HEAD + b"a:\r\n" * 20_000 + b"\r\n"), None, "too_large"),
    ("header of 200 KB", once(HEAD + b"X: " + b"y" * 200_000 + b"\r\n\r\n{}"), None, "bad_http"),
    ("header without colon", once(HEAD + b"nonsense\r\n\r\n{}"), None, "bad_http"),
    ("blank before the colon", once(HEAD + b"X : a\r\n\r\n{}"), None, "bad_http"),
    ("lone CR in a header", once(HEAD + b"X: a\rX: b\r\n\r\n{}"), None, "bad_http"),
    ("length with a sign", once(HEAD + b"Content-Length: +2\r\n\r\n{}"), None, "bad_http"),
    ("length in hex", once(HEAD + b"Content-Length: 0x2\r\n\r\n{}"), None, "bad_http"),
    ("length of no ASCII", once(HEAD + b"Content-Length: \xb2\r\n\r\n{}"), None, "bad_http"),
    (
        "length of 5,000 digits",
        once(HEAD + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n{}"),
        None,
        "bad_http",
    ),
    (
        "two transfer codings",
        once(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        None,
        "bad_http",
    ),
    (
        "transfer coding named twice",
        once(HEAD + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n2\r\n{}\r\n0\r\n\r\n"),
        None,
        "bad_http",
    ),
    ("endless HTML", endless(HEAD + b"\r\n<html>", b"<p>" * 20_000), None, "too_large"),
    ("endless packed nothing", endless(PACKED_START, PACKED_NOTHING * 9_000), None, "too_large"),
    (
        "endless name in a packed body",
        endless(PACKED + b"\x1f\x8b\x08\x08\0\0\0\0\0\0", b"x" * 65_536),
        None,
        "too_large",
    ),
    (
        "packed members without end",
        endless(PACKED, gzip.compress(b"") * 3_000),
        None,
        "bad_encoding",
    ),
    (
        "packed twice",
        once(packed(gzip.compress(bomb()), "gzip, gzip")),
        None,
        "bad_encoding",
    ),
    (
        "deflate bomb",
        once(packed(zlib.compress(b" " * 50_000_000), "deflate")),
        None,
        "bad_encoding",
    ),
    (
        "countless values",
        once(answer(b"[" + b"0," * 600_000 + b"0]")),
        "unexpected_response",
        "too_large",
    ),
]

NOT_JSON_BODIES = [
    ("empty", b""),
    ("HTML", b"<!doctype html><title>Sign in</title>"),
    ("deep JSON", b"[" * 100_000 + b"]" * 100_000),
    ("open lists", b"[" * 200_000),
    ("deep objects", b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
    ("huge integer", b'{"data": ' + b"9" * 100_000 + b"}"),
    ("NaN", b'{"data": NaN}'),
    ("infinite float", b'{"data": 1e999}'),
    ("bad UTF-8", b'{"data": "\xff\xfe"}'),
    ("half a pair", b'{"data": "\\ud800"}'),
    ("UTF-16", '{"data": 1}'.encode("utf-16")),
    ("event stream", b"data: {}\n\ndata: [DONE]\n\n"),
]


def ids(rows):
    return [row[0] for row in rows]


@pytest.mark.parametrize("row", SHORT, ids=ids(SHORT))
def test_s7_a_server_that_stalls_ends_at_the_deadline(verdict_of, row):
    _, script, outcome, detail = row
    began = time.monotonic()
    with serve(script) as server:
        verdict = verdict_of(f"http://127.0.0.1:{server.port}/", seconds=0.4)
        assert time.monotonic() - began < 5
    assert (verdict.outcome.value, verdict.detail) == (outcome, detail)


@pytest.mark.parametrize("row", QUICK, ids=ids(QUICK))
def test_s7_s8_a_server_that_breaks_the_rules_ends_in_a_word_of_ours(verdict_of, row):
    _, script, outcome, detail = row
    with serve(script) as server:
        verdict = verdict_of(f"http://127.0.0.1:{server.port}/", seconds=20)
        limit = 2_000_000 + 16_000_000  # what was taken, and what socket buffers may hold
        assert server.sent < limit
    assert verdict.outcome in {Outcome.UNEXPECTED_RESPONSE, Outcome.UNREACHABLE}
    assert outcome in {None, verdict.outcome.value}
    assert detail in {None, verdict.detail}
    assert {"host", "port"} <= verdict.params.keys()


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


REDIRECTS = [
    ("endless", endless(MOVED + b"\r\n", b" " * 65_536)),
    ("endless chunks", endless(MOVED + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")),
    ("drip", drip(MOVED + b"\r\n")),
    ("hang", hang(MOVED + b"Content-Length: 9\r\n\r\n")),
    ("reset", reset(MOVED + b"Content-Length: 9\r\n\r\n")),
    ("huge length", once(MOVED + b"Content-Length: 99999999999\r\n\r\n")),
    ("bomb", once(MOVED + b"Content-Encoding: gzip\r\n\r\n" + bomb())),
    ("brotli", once(MOVED + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\nxx")),
]


@pytest.mark.parametrize("row", REDIRECTS, ids=ids(REDIRECTS))
def test_s5_s7_the_body_of_a_redirect_is_not_waited_for(loopback, row):
    with serve(row[1]) as server, Door(loopback, seconds=10) as door:
        for _ in range(2):  # the connection is not used again with the rest of it still to come
            began = time.monotonic()
            reply = door.send(Request(url=f"http://127.0.0.1:{server.port}/"))
            assert (reply.status, reply.text, reply.is_json) == (302, "", False)
            assert time.monotonic() - began < 5
    assert server.accepted == 2


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


_LINES = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 404 \r\n", MOVED, HEAD, EARLY, b"\r\n", b"\n"),
        *(b"Content-Length: 2\r\n", b"Content-Length: 99\r\n", b"Content-Length: -1\r\n"),
        *(
            b"Transfer-Encoding: chunked\r\n",
            b"Content-Encoding: gzip\r\n",
            b"Connection: close\r\n",
        ),
        *(b"2\r\n", b"{}", b"\r\n0\r\n\r\n", b"ffffffffff\r\n", b"0\r\nX: y\r\n\r\n"),
        *(gzip.compress(b"{}"), gzip.compress(b"[" * 100), PACKED_START, PACKED_NOTHING),
        *(b"[" * 100, b'"\\ud800"', b"\xff\xfe", b"\0", b"<html>", b"\x15\x03\x01\0\x02"),
    ]
)


@given(
    st.binary(max_size=300) | st.lists(_LINES | st.binary(max_size=20), max_size=8).map(b"".join)
)
@settings(max_examples=300, deadline=None)
def test_s8_whatever_bytes_come_the_result_is_of_the_closed_set(data):
    def dial(*_):
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.sendall(data)
            theirs.shutdown(socket.SHUT_WR)
        return ours

    with pytest.MonkeyPatch.context() as patch, Door(Policy.parse("loopback"), seconds=5) as door:
        patch.setattr(network, "dial", dial)
        try:
            reply = door.send(Request(url="http://127.0.0.1:1/"))
        except Failed as failed:
            verdict = failed.verdict
            assert verdict.outcome in {Outcome.UNEXPECTED_RESPONSE, Outcome.UNREACHABLE}
            assert verdict.detail in {
                *("bad_http", "incomplete", "bad_encoding", "bomb", "too_large"),
                *("closed", "reset"),
            }
        else:
            assert 200 <= reply.status <= 999
            json.dumps([reply.text, dict(reply.headers)])


def test_a_length_that_is_too_short_cuts_the_body(fetch):
    with serve(once(HEAD + b'Content-Length: 2\r\n\r\n{}{"more": 1}')) as server:
        assert fetch(f"http://127.0.0.1:{server.port}/").data == {}


def test_a_bomb_inside_the_limits_of_a_catalog_is_read(fetch):
    data = answer(
        gzip.compress(b"[" + b" " * 5_000_000 + b"]"), headers=("Content-Encoding: gzip",)
    )
    with serve(once(data)) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert fetch(url, wire_bytes=8_000_000, decoded_bytes=32_000_000).data == []


def test_the_limits_are_those_of_the_door(verdict_of, fetch):
    with serve(always(answer(b'"' + b"x" * 998 + b'"'))) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert len(fetch(url, decoded_bytes=1_000, wire_bytes=1_100).text) == 1_000
        assert verdict_of(url, decoded_bytes=999).detail == "too_large"
        assert verdict_of(url, wire_bytes=1_000).detail == "too_large"


def test_a_closed_port_is_refused(verdict_of, rungs):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    verdict = verdict_of(f"http://127.0.0.1:{port}/", observe=rungs)
    assert (verdict.outcome.value, verdict.detail) == ("unreachable", "refused")
    assert rungs[-1] == ("connect", "unreachable", "refused")


def test_a_full_backlog_is_a_timeout(verdict_of, rungs):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = []
        try:
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(address)
                fillers.append(filler)
            time.sleep(0.1)
            verdict = verdict_of(f"http://127.0.0.1:{address[1]}/", seconds=0.3, observe=rungs)
        finally:
            for filler in fillers:
                filler.close()
    assert (verdict.outcome.value, verdict.detail) == ("timeout", "connect")
    assert rungs[-1] == ("connect", "timeout", "connect")


@pytest.mark.parametrize(
    ("errors", "outcome", "detail"),
    [
        ([OSError(errno.ENETUNREACH, "x")], "unreachable", "no_route"),
        ([OSError(errno.EHOSTUNREACH, "x"), ConnectionRefusedError()], "unreachable", "refused"),
        ([OSError(errno.EPERM, "x")], "unreachable", "failed"),
        ([ConnectionResetError()], "unreachable", "reset"),
        ([OSError(errno.ENETUNREACH, "x"), TimeoutError()], "timeout", "connect"),
    ],
)
def test_the_most_telling_of_several_faults_is_told(
    names, monkeypatch, verdict_of, errors, outcome, detail
):
    names["a.example"] = [f"127.0.0.{number}" for number in range(1, len(errors) + 1)]
    faults = iter(errors)

    def dial(*_):
        raise next(faults)

    monkeypatch.setattr(network, "dial", dial)
    verdict = verdict_of("http://a.example:8000/")
    assert (verdict.outcome.value, verdict.detail) == (outcome, detail)


def test_the_next_address_is_tried_when_one_is_closed(names, fetch):
    with serve(always(answer())) as server:
        names["a.example"] = ["127.0.0.9", "127.0.0.1"]
        assert fetch(f"http://a.example:{server.port}/").status == 200


def test_an_early_answer_to_a_long_request_is_read(fetch):
    def script(call):
        call.sock.recv(1_000)
        call.send(answer(b'{"error": "too long"}', status="413 No", headers=("Connection: close",)))
        call.sock.shutdown(socket.SHUT_WR)
        call.wait(0.3)

    with serve(script) as server:
        reply = fetch(f"http://127.0.0.1:{server.port}/", method="POST", json={"x": "y" * 500_000})
    assert (reply.status, reply.data) == (413, {"error": "too long"})


def test_a_server_that_does_not_take_the_request_is_a_timeout(verdict_of):
    with serve(silent) as server:
        verdict = verdict_of(
            f"http://127.0.0.1:{server.port}/",
            method="POST",
            json={"x": "y" * 20_000_000},
            seconds=2,  # of which a busy machine takes some to write the body down
        )
    assert (verdict.outcome.value, verdict.detail) == ("timeout", "read")
