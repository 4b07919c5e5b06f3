"""Answers as server-sent events: read to their end or a clear sign, and told from plain JSON."""

import gzip
import json
import time
from typing import Any

import pytest

from providers.http import NOT_JSON
from providers.http.events import Events, looks_like_events, without_comments
from providers.spec.outcomes import Failed, Outcome
from tests.providers.http.servers import Call, answer, once, serve

pytestmark = pytest.mark.battery

STREAM = ("Content-Type: text/event-stream; charset=utf-8",)


def event(value: Any, name: str = "") -> str:
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(value)}\n\n"


def chunk(delta: Any = None, end: Any = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta or {}, "finish_reason": end, **more}]}


ROLE, WORD, END = (
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "hi"}),
    chunk(end="stop"),
)
FILTER = {"choices": [], "prompt_filter_results": []}
USAGE = {"choices": [], "usage": {"total_tokens": 9}}
DONE = "data: [DONE]\n\n"
CLAUDE = {"type": "message_start", "message": {"type": "message", "content": []}}


def read(text: str | bytes, size: int = 10_000) -> tuple[Any, bool]:
    """What events stand for, and whether reading may end there; fed in pieces of `size` bytes."""
    raw = text.encode() if isinstance(text, str) else text
    events = Events(lambda: 5.0)
    for start in range(0, len(raw), size):
        events.feed(raw[start : start + size])
    return events.end(), events.is_over


@pytest.mark.parametrize("size", [1, 3, 10_000])
@pytest.mark.parametrize(
    ("text", "value", "is_over"),
    [
        (event(ROLE) + event(WORD) + event(END) + DONE, WORD, True),
        (event(ROLE) + event(WORD) + DONE, WORD, True),
        (event(ROLE) + event(WORD), WORD, False),
        (event(FILTER) + event(ROLE) + event(END), END, True),
        (event(FILTER) + event(ROLE), ROLE, False),
        (event(FILTER) + event(USAGE) + DONE, FILTER, True),
        (": PROCESSING\n\n: PROCESSING\n\n" + event(WORD) + DONE, WORD, True),
        (event(chunk({"reasoning_content": "well"})) + DONE, chunk({"reasoning_content": "well"}),
         True),
        (event(chunk({"tool_calls": [{"index": 0}]})), chunk({"tool_calls": [{"index": 0}]}),
         False),
        (event({"error": {"code": 429}}) + DONE, {"error": {"code": 429}}, True),
        (event(WORD) + event({"error": {"code": 502}}), {"error": {"code": 502}}, True),
        (event(WORD) + event(chunk(end="error")), chunk(end="error"), True),
        (event({"message": "x"}, "error"), {"error": {"message": "x"}}, True),
        (event(ROLE) + event({"object": "error", "message": "x", "code": 400}),
         {"error": {"object": "error", "message": "x", "code": 400}}, True),
        (event({"choices": None, "error_type": "BadRequestError", "error_message": "x"}) + DONE,
         {"error": {"message": "x", "type": "BadRequestError"}}, True),
        (event(ROLE) + event(chunk(end="insufficient_system_resource")),
         chunk(end="insufficient_system_resource"), True),
        (DONE, {"choices": []}, True),
        ("event: error\ndata: overloaded\n\n", {"error": "overloaded"}, True),
        (event(CLAUDE, "message_start") + event({"type": "ping"}), CLAUDE["message"], False),
        (event(CLAUDE) + event({"type": "content_block_start"}) + event({"type": "message_stop"}),
         CLAUDE["message"], True),
        (event(CLAUDE) + event({"type": "error", "error": {"type": "overloaded_error"}}),
         {"type": "error", "error": {"type": "overloaded_error"}}, True),
        (event({"data": [{"id": "m"}]}), {"data": [{"id": "m"}]}, False),
        ("data: {\"choices\":\ndata: [{\"text\":\"a\"}]}\n\n", {"choices": [{"text": "a"}]}, False),
        ("data: not JSON\n\n" + DONE, NOT_JSON, True),
        ("", NOT_JSON, False),
    ],
)  # fmt: skip
def test_the_event_that_tells_most_stands_for_the_answer(
    text: str, value: Any, is_over: bool, size: int
) -> None:
    assert read(text, size) == (value, is_over)
    assert read(text.replace("\n", "\r\n"), size) == (value, is_over)


def test_an_end_without_a_line_break_is_read() -> None:
    assert read(event(WORD).rstrip()) == (WORD, False)


def test_an_event_that_breaks_off_in_the_middle_spoils_the_answer() -> None:
    assert read(event(WORD) + event(END)[:20]) == (NOT_JSON, False)
    assert read(event(WORD) + "data: [DO") == (NOT_JSON, False)
    assert read(event(WORD) + event(END) + event(USAGE)[:20]) == (WORD, True)


def test_a_body_of_events_is_told_from_others() -> None:
    for raw in (b"data: {}", b": hello\n\n{}", b"\n\nevent: x", b"\xef\xbb\xbfdata:1", b"id: 1"):
        assert looks_like_events(raw)
    for raw in (b"{}", b'"data": 1', b"database: x", b"<html>", b""):
        assert not looks_like_events(raw)
    assert without_comments(b": PROCESSING\n\n:\r\n  \n{}") == b"{}"
    assert without_comments(b'{"a": 1}') == b'{"a": 1}'


@pytest.mark.parametrize("headers", [STREAM, ("Content-Type: application/json",), ()])
def test_events_are_read_whatever_type_they_are_sent_under(fetch: Any, headers: Any) -> None:
    body = (event(ROLE) + event(WORD) + DONE).encode()
    for data, more in ((body, ()), (gzip.compress(body), ("Content-Encoding: gzip",))):
        with serve(once(answer(data, headers=(*headers, *more)))) as server:
            reply = fetch(f"http://127.0.0.1:{server.port}/")
        assert (reply.data, reply.is_stream) == (WORD, True)


def test_comments_before_json_are_passed_over(fetch: Any) -> None:
    with serve(once(answer(b': PROCESSING\n\n: PROCESSING\n\n\n{"a": [1]}'))) as server:
        reply = fetch(f"http://127.0.0.1:{server.port}/")
    assert (reply.data, reply.is_stream) == ({"a": [1]}, False)


def test_json_under_the_type_of_events_is_json(fetch: Any) -> None:
    with serve(once(answer(b'{"error": "no"}', status="400 Bad", headers=STREAM))) as server:
        reply = fetch(f"http://127.0.0.1:{server.port}/")
    assert (reply.status, reply.data, reply.is_stream) == (400, {"error": "no"}, False)


def piecewise(*pieces: str | float) -> Any:
    """A chunked stream; a number is a pause."""

    def script(call: Call) -> None:
        call.request()
        call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n")
        call.send("\r\n".join(STREAM).encode() + b"\r\n\r\n")
        for piece in pieces:
            if isinstance(piece, str):
                raw = piece.encode()
                call.send(b"%x\r\n%s\r\n" % (len(raw), raw))
            elif call.wait(piece):
                return

    return script


def test_nothing_is_read_behind_the_end_of_an_answer(fetch: Any) -> None:
    start = time.monotonic()
    with serve(piecewise(event(WORD), event(END), 20.0)) as server:
        assert fetch(f"http://127.0.0.1:{server.port}/").data == WORD
    assert time.monotonic() - start < 5


def test_a_model_that_goes_on_and_on_is_left_after_a_while(
    fetch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.http.events.ENOUGH_SECONDS", 0.2)
    words = [part for _ in range(40) for part in (event(WORD), 0.05)]
    with serve(piecewise(*words)) as server:
        assert fetch(f"http://127.0.0.1:{server.port}/").data == WORD


@pytest.mark.parametrize("pieces", [(), (event(ROLE),), (event(WORD),)])
def test_a_stream_that_falls_silent_is_no_answer(fetch: Any, pieces: Any) -> None:
    with serve(piecewise(*pieces, 20.0)) as server, pytest.raises(Failed) as caught:
        fetch(f"http://127.0.0.1:{server.port}/", seconds=0.5)
    assert caught.value.verdict.outcome is Outcome.TIMEOUT


def test_a_stream_that_is_cut_off_is_incomplete(fetch: Any) -> None:
    with serve(piecewise(event(WORD))) as server, pytest.raises(Failed) as caught:
        fetch(f"http://127.0.0.1:{server.port}/")
    assert caught.value.verdict.detail == "incomplete"


def test_s7_events_count_towards_the_limits(fetch: Any) -> None:
    flood = [": x" * 20_000 + "\n\n"] * 60
    with serve(piecewise(*flood)) as server, pytest.raises(Failed) as caught:
        fetch(f"http://127.0.0.1:{server.port}/")
    assert caught.value.verdict.detail == "too_large"


RESPONSE = {"type": "response.created", "response": {"object": "response", "output": []}}
SPOKEN = {"type": "response.output_text.delta", "delta": "hi"}
COMPLETED = {**RESPONSE, "type": "response.completed"}
FAILED = {"type": "response.failed", "response": {"error": {"message": "no"}, "output": []}}
STOPPED = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}


@pytest.mark.parametrize(
    ("values", "is_ended"),
    [
        ((ROLE, WORD, END), True),
        ((ROLE, WORD), False),
        ((CLAUDE, {"type": "content_block_delta"}), False),
        ((CLAUDE, STOPPED, {"type": "message_stop"}), True),
        ((RESPONSE, SPOKEN), False),
        ((RESPONSE, SPOKEN, COMPLETED), True),
        ((RESPONSE, {**COMPLETED, "type": "response.incomplete"}), True),
    ],
)
def test_only_a_reason_to_stop_ends_an_answer(values: tuple[Any, ...], is_ended: bool) -> None:
    events = Events(lambda: 5.0)
    events.feed(("".join(event(value) for value in values) + DONE).encode())
    assert events.end() is not NOT_JSON
    assert events.is_ended is is_ended


def test_a_response_that_failed_is_its_error() -> None:
    assert read(event(RESPONSE) + event(FAILED))[0] == FAILED["response"]
