"""What a simulator answers, and the forms that several vendors share.

Pure: no socket, no clock.
"""

import json
from collections.abc import Sequence
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


def hinted(key: str) -> str:
    """A key as some vendors echo it: both ends, stars between."""
    return f"{key[:7]}{'*' * max(4, len(key) - 11)}{key[-4:]}"
