"""An answer in AWS's binary event stream: the same questions as to server-sent events. Pure.

Checksums count: the agent's client gives an answer up at the first that does not fit.
Source: https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html
"""

import struct
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from providers.http.events import ENOUGH_SECONDS
from providers.http.reading import parse_json
from providers.http.records import NOT_JSON

TYPE: Final = "application/vnd.amazon.eventstream"
_HEAD = 12  # two lengths and their checksum
_LARGEST = 1_000_000  # bytes of one message, as the service itself bounds them
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_SIGNS = ("contentBlockStart", "contentBlockDelta", "messageStop")


class Frames:
    """Collects messages. `is_over` as in Events; `end` gives the answer of the call that does not
    stream, {"output": ...}, or {"error": ...}."""

    def __init__(self, left: Callable[[], float]) -> None:
        self.is_over = False
        self.is_ended = False  # the model said that it had done
        self._left = left
        self._rest = bytearray()
        self._error: Any = None
        self._sign_at: float | None = None
        self._is_odd = False

    def feed(self, piece: bytes) -> None:
        self._rest += piece
        while len(self._rest) >= _HEAD and not self.is_over:
            size, headers_size, checksum = struct.unpack_from(">III", self._rest)
            is_whole = checksum == zlib.crc32(self._rest[:8])
            if not is_whole or not _HEAD + headers_size + 4 <= size <= _LARGEST:
                self._is_odd = self.is_over = True
                return
            if len(self._rest) < size:
                return
            if zlib.crc32(self._rest[: size - 4]) != int.from_bytes(self._rest[size - 4 : size]):
                self._is_odd = self.is_over = True
                return
            head = bytes(self._rest[_HEAD : _HEAD + headers_size])
            payload = bytes(self._rest[_HEAD + headers_size : size - 4])
            del self._rest[:size]
            self._message(dict(_headers(head)), payload)
        if self._sign_at is not None and time.monotonic() - self._sign_at > ENOUGH_SECONDS:
            self.is_over = True

    def end(self) -> Any:
        if self._error is not None:
            return self._error
        is_cut = bool(self._rest) and not self.is_over
        is_answer = self._sign_at is not None and not is_cut and not self._is_odd
        return {"output": {"message": {}}} if is_answer else NOT_JSON

    def _message(self, headers: dict[str, str], payload: bytes) -> None:
        if headers.get(":message-type") in ("exception", "error"):
            value = parse_json(payload, self._left())
            told = value.get("message") if isinstance(value, dict) else ""
            name = headers.get(":exception-type") or headers.get(":error-code") or "error"
            message = told or headers.get(":error-message") or ""
            self._error = {"error": {"type": name, "message": message}}
            self.is_over = True
        elif headers.get(":event-type") in _SIGNS:
            self._sign_at = self._sign_at or time.monotonic()
            self.is_over = self.is_ended = headers[":event-type"] == "messageStop"


def _headers(head: bytes) -> Iterator[tuple[str, str]]:
    """Names and texts; values of other types are passed over."""
    place = 0
    while place < len(head):
        name_end = place + 1 + head[place]
        name = head[place + 1 : name_end].decode("latin-1")
        if name_end >= len(head):
            return
        kind, place = head[name_end], name_end + 1
        if kind in _SIZES:
            place += _SIZES[kind]
            continue
        if kind not in (6, 7) or place + 2 > len(head):
            return
        (size,) = struct.unpack_from(">H", head, place)
        place += 2 + size
        if kind == 7:
            yield name, head[place - size : place].decode("utf-8", "replace")
