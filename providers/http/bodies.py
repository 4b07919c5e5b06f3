"""Bodies: JSON out, and what comes back within limits. Pure; no socket.

A hostile body costs at most the limits: it is unpacked piece by piece into a bounded buffer, and
few large ones are in memory at once. What stands in them is read by reading.py.
"""

import json
import threading
import zlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

from providers.spec.outcomes import Failed, Outcome

STEP_BYTES: Final = 256_000  # unpacked at a time
MAX_PIECES: Final = 50_000  # a body in one-byte chunks would cost seconds of processor time

SMALL_BYTES: Final = 1_000_000  # beyond it a body needs one of a few places in the process

_large = threading.BoundedSemaphore(2)


def encode_json(value: Any) -> bytes:
    """The exact bytes that are sent for Request.json; a signature is made over the same.

    Raises ValueError, TypeError or RecursionError for what is no JSON.
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


class Body:
    """Collects the decoded bytes of one answer; leave the block when they are no longer needed.

    left: the seconds that remain; a large body may wait that long for its place.
    Raises Failed(UNEXPECTED_RESPONSE).
    """

    def __init__(self, encoding: str, limit: int, left: Callable[[], float]) -> None:
        words = [word for word in encoding.lower().replace(" ", "").split(",") if word]
        packing = [word for word in words if word != "identity"]
        if packing not in ([], ["gzip"], ["x-gzip"]):
            raise Failed(Outcome.UNEXPECTED_RESPONSE, "bad_encoding")
        self._unpacker = zlib.decompressobj(31) if packing else None
        self._limit = limit
        self._left = left
        self._pieces = 0
        self._has_place = False
        self.content = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.content = bytearray()
        if self._has_place:
            _large.release()
            self._has_place = False

    def feed(self, piece: bytes) -> None:
        self._pieces += 1
        if self._pieces > MAX_PIECES:
            raise Failed(Outcome.UNEXPECTED_RESPONSE, "too_large")
        if not self._has_place and len(self.content) + len(piece) > SMALL_BYTES:
            self._take_place()
        if self._unpacker is None:
            self.content += piece
            self._check("too_large")
        else:
            self._unpack(self._unpacker, piece)

    def finish(self) -> bytearray:
        unpacker = self._unpacker
        if unpacker is not None and self._pieces and not unpacker.eof:
            raise Failed(Outcome.UNEXPECTED_RESPONSE, "bad_encoding")
        return self.content

    def _unpack(self, unpacker: "zlib._Decompress", piece: bytes) -> None:
        while piece:
            most = self._limit if self._has_place else min(self._limit, SMALL_BYTES)
            room = min(most - len(self.content) + 1, STEP_BYTES)
            try:
                self.content += unpacker.decompress(piece, room)
            except zlib.error:
                raise Failed(Outcome.UNEXPECTED_RESPONSE, "bad_encoding") from None
            self._check("bomb")
            if not self._has_place and len(self.content) > SMALL_BYTES:
                self._take_place()
            if unpacker.eof and unpacker.unused_data:
                raise Failed(Outcome.UNEXPECTED_RESPONSE, "bad_encoding")
            piece = unpacker.unconsumed_tail

    def _take_place(self) -> None:
        self._has_place = _large.acquire(timeout=self._left())
        if not self._has_place:
            raise Failed(Outcome.TIMEOUT, "deadline")

    def _check(self, word: str) -> None:
        if len(self.content) > self._limit:
            raise Failed(Outcome.UNEXPECTED_RESPONSE, word)
