"""What a simulator answers, and the forms that several vendors share.

Pure: no socket, no clock.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.simulators.shelf import Row


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    trick: str = ""  # how the server misbehaves while sending: hang, drop, drip, flood

    def with_headers(self, **headers: str) -> "Answer":
        """Keyword names are header names with `_` for `-`."""
        extra = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        return replace(self, headers=self.headers + extra)


def as_json(status: int, document: Any, **headers: str) -> Answer:
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    return Answer(status, body, (("content-type", "application/json"),)).with_headers(**headers)


def as_text(status: int, text: str, content_type: str = "text/plain", **headers: str) -> Answer:
    return Answer(status, text.encode(), (("content-type", content_type),)).with_headers(**headers)


def fault(
    status: int, message: str, kind: str = "invalid_request_error", code: Any = None, **headers: str
) -> Answer:
    """OpenAI's error form, which many share."""
    error = {"message": message, "type": kind, "param": None, "code": code}
    return as_json(status, {"error": error}, **headers)


def listing(rows: Sequence[Row]) -> Answer:
    return as_json(200, {"object": "list", "data": rows})


def chat_done(model: str, *, created: int = 1795341000) -> Answer:
    """A finished one-token chat completion."""
    return as_json(
        200,
        {
            "id": "chatcmpl-demo",
            "object": "chat.completion",
            "created": created,
            "model": model,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "Hi"},
                    "finish_reason": "length",
                }
            ],
            "usage": {"prompt_tokens": 8, "completion_tokens": 1, "total_tokens": 9},
        },
    )


def message_done(model: str, text: str = "Hi") -> Answer:
    """A finished answer of Anthropic's API of messages."""
    return as_json(
        200,
        {
            "id": "msg_demo",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [{"type": "text", "text": text}],
            "stop_reason": "max_tokens",
            "stop_sequence": None,
            "usage": {"input_tokens": 8, "output_tokens": 1},
        },
    )


def response_done(model: str, text: str = "Hi") -> Answer:
    """A finished answer of OpenAI's API of responses."""
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
    return as_json(
        200,
        {
            "id": "resp_demo",
            "object": "response",
            "created_at": 1795341000,
            "model": model,
            "status": "completed",
            "error": None,
            "output": [{**item, "content": [part]}],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": {"input_tokens": 8, "output_tokens": 1, "total_tokens": 9},
        },
    )


def streamed(answer: Answer) -> Answer:
    """A good answer of a model as the events that a client which asks for a stream gets; any other
    answer as it is."""
    document = json.loads(answer.body) if answer.status == 200 and answer.body else None
    if not isinstance(document, dict):
        return answer
    if isinstance(document.get("choices"), list):
        events = [("", event) for event in _chunks(document)]
        body = _as_events(events) + b"data: [DONE]\n\n"
    elif document.get("type") == "message" or document.get("object") == "response":
        is_message = document.get("type") == "message"
        made = _message_events(document) if is_message else _response_events(document)
        body = _as_events([(event["type"], event) for event in made])
    else:
        return answer
    headers = tuple(pair for pair in answer.headers if pair[0] != "content-type")
    return replace(answer, body=body, headers=(*headers, ("content-type", "text/event-stream")))


def _chunks(document: Row) -> Iterator[Row]:
    """A role, the words, the end; then what was used, without a choice."""
    whole = {"id": document["id"], "object": "chat.completion.chunk", "model": document["model"]}
    for choice in document["choices"]:
        if choice.get("error"):
            yield {**whole, "choices": [{**choice, "delta": {"content": ""}}]}
            continue
        first = {"role": "assistant", "content": ""}
        words = {"content": choice["message"]["content"]}
        for delta, end in ((first, None), (words, None), ({}, choice["finish_reason"])):
            yield {**whole, "choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
    yield {**whole, "choices": [], "usage": document.get("usage")}


def _message_events(document: Row) -> Iterator[Row]:
    yield {"type": "message_start", "message": {**document, "content": [], "stop_reason": None}}
    yield {"type": "ping"}
    for index, block in enumerate(document["content"]):
        empty, words = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        yield {"type": "content_block_delta", "index": index, "delta": words}
        yield {"type": "content_block_stop", "index": index}
    delta = {"stop_reason": document["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": document["usage"]}
    yield {"type": "message_stop"}


def _response_events(document: Row) -> Iterator[Row]:
    begun = {**document, "status": "in_progress", "output": []}
    yield {"type": "response.created", "response": begun, "sequence_number": 0}
    number = 0
    for place, item in enumerate(document["output"]):
        for part in item["content"]:
            number += 1
            at = {"item_id": item["id"], "output_index": place, "content_index": 0}
            words = {"delta": part["text"], "sequence_number": number}
            yield {"type": "response.output_text.delta", **at, **words}
    end = {"response": document, "sequence_number": number + 1}
    yield {"type": "response.completed", **end}


def _as_events(events: Iterable[tuple[str, Row]]) -> bytes:
    lines = []
    for name, event in events:
        lines += [f"event: {name}"] if name else []
        lines += [f"data: {json.dumps(event, ensure_ascii=False)}", ""]
    return "\n".join([*lines, ""]).encode()


def hinted(key: str) -> str:
    """A key as some vendors echo it: both ends, stars between."""
    return f"{key[:7]}{'*' * max(4, len(key) - 11)}{key[-4:]}"
