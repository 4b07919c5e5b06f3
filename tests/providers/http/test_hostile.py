"""Servers that mean harm: each ends in one word of the closed set, in time, in little memory."""

import gzip
import json
import socket
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.http import Door, Policy, Request, network
from providers.spec.outcomes import Failed, Outcome
from tests.providers.http.servers import (
    CHUNKED,
    EARLY,
    HEAD,
    MOVED,
    PACKED,
    PACKED_NOTHING,
    PACKED_START,
    answer,
    bomb,
    drip,
    endless,
    hang,
    ids,
    once,
    packed,
    reset,
    serve,
    silent,
)

pytestmark = pytest.mark.battery

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


@pytest.mark.parametrize("row", SHORT, ids=ids(SHORT))
def test_s7_a_server_that_stalls_ends_at_the_deadline(verdict_of, row):
    _, script, outcome, detail = row
    began = time.monotonic()
    with serve(script) as server:
        verdict = verdict_of(f"http://127.0.0.1:{server.port}/", seconds=0.4)
        assert time.monotonic() - began < 30
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
            reply = door.send(Request(url=f"http://127.0.0.1:{server.port}/"))
            assert (reply.status, reply.text, reply.is_json) == (302, "", False)
    assert server.accepted == 2


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


def test_a_server_that_does_not_take_the_request_is_a_timeout(verdict_of):
    with serve(silent) as server:
        verdict = verdict_of(
            f"http://127.0.0.1:{server.port}/",
            method="POST",
            json={"x": "y" * 20_000_000},
            seconds=2,  # of which a busy machine takes some to write the body down
        )
    assert (verdict.outcome.value, verdict.detail) == ("timeout", "read")
