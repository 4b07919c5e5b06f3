"""Answers in AWS's binary event stream, as the simulated service sends them and worse."""

from typing import Any

import pytest

from providers.http import FRAMES, NOT_JSON
from providers.http.frames import Frames
from tests.providers.http.servers import answer, once, serve
from tests.simulators.kinds.bedrock import frame, message

ANSWER = {"output": {"message": {}}}


def event(name: str) -> bytes:
    return frame({":message-type": "event", ":event-type": name}, {"x": 1})


def read(raw: bytes, size: int = 10_000) -> tuple[Any, bool]:
    frames = Frames(lambda: 5.0)
    for start in range(0, len(raw), size):
        frames.feed(raw[start : start + size])
    return frames.end(), frames.is_over


START, WORD, STOP = event("messageStart"), event("contentBlockDelta"), event("messageStop")
REFUSED = frame(
    {":message-type": "exception", ":exception-type": "throttlingException"},
    {"message": "Too many tokens"},
)


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("raw", "value", "is_over"),
    [
        (START + WORD + STOP, ANSWER, True),
        (START + WORD, ANSWER, False),
        (START, NOT_JSON, False),
        (START + WORD + STOP[:10], NOT_JSON, False),
        (START + REFUSED, {"error": {"type": "throttlingException", "message": "Too many tokens"}},
         True),
        (START + WORD + REFUSED, {"error": {"type": "throttlingException",
                                            "message": "Too many tokens"}}, True),
        (b"\0" * 40, NOT_JSON, True),
        (b"\xff" * 40, NOT_JSON, True),
        (b'{"message": "no frames at all"}', NOT_JSON, True),
        (b"", NOT_JSON, False),
    ],
)  # fmt: skip
def test_messages_come_to_an_answer_or_an_error(
    raw: bytes, value: Any, is_over: bool, size: int
) -> None:
    assert read(raw, size) == (value, is_over)


def test_headers_of_any_type_break_nothing() -> None:
    for kind in range(12):
        head = bytes([1]) + b"x" + bytes([kind]) + b"\0\1\2\3\4\5\6\7"
        assert read(message(head) + STOP) == (ANSWER, True)


@pytest.mark.parametrize("place", range(len(STOP)))
def test_a_message_with_one_wrong_byte_is_none(place: int) -> None:
    raw = bytearray(START + WORD + STOP)
    raw[len(START + WORD) + place] ^= 1
    assert read(bytes(raw))[0] is NOT_JSON


def test_the_door_reads_them_and_json_under_the_same_type(fetch: Any) -> None:
    headers = (f"Content-Type: {FRAMES}",)
    with serve(once(answer(START + WORD + STOP, headers=headers))) as server:
        reply = fetch(f"http://127.0.0.1:{server.port}/")
    assert (reply.data, reply.is_stream) == (ANSWER, True)
    with serve(once(answer(b'{"message": "no"}', status="403 No", headers=headers))) as server:
        assert fetch(f"http://127.0.0.1:{server.port}/").status == 403
