"""Bodies: JSON out, and what comes back within limits. Pure; no socket.

A hostile body costs at most the limits: it is unpacked piece by piece into a bounded buffer,
counted before it is parsed, and few large ones are in memory at once.
"""

import json
import math
import re
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, NoReturn, Self

from providers.http.records import NOT_JSON
from providers.spec.outcomes import Failed, Outcome

MAX_DEPTH: Final = 32
MAX_NODES: Final = 250_000  # about 20 MB as Python objects at the worst
STEP_BYTES: Final = 256_000  # unpacked at a time
MAX_PIECES: Final = 50_000  # a body in one-byte chunks would cost seconds of processor time
MAX_DIGITS: Final = 20  # of an integer: more fits no column

SMALL_BYTES: Final = 2_000_000  # beyond it a body needs one of a few places in the process

_large = threading.BoundedSemaphore(2)
_parsing = threading.Lock()  # a body is several times its size while it is parsed
_DIGITS = bytes(48 if chr(one).isdecimal() else 32 for one in range(128)).ljust(256)
_LONG_INTEGER = b"0" * (MAX_DIGITS + 1)  # with every digit as a zero; or digits in a text
_DOUBTFUL = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")  # may be a NUL or half a pair
_PARENTS = (dict, list)  # exactly these, which is what the parser makes
_UNSOUND = re.compile("[\0\ud800-\udfff]")


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


@contextmanager
def turn_to_parse(seconds: float) -> Iterator[None]:
    """Waits at most `seconds`; raises Failed when no turn came."""
    if not _parsing.acquire(timeout=max(seconds, 0)):
        raise Failed(Outcome.TIMEOUT, "deadline")
    try:
        yield
    finally:
        _parsing.release()


def parse_json(content: bytes, seconds: float) -> Any:
    """The JSON value, or NOT_JSON for everything that is not strict: for what a person enters.

    Refused are bad UTF-8, half a surrogate pair, a NUL character, NaN and infinities, integers
    over 20 digits, depth over 32. Waits at most `seconds` for its turn. Raises Failed when there
    are too many values in it, or no turn came. Answers are read by reading.py.
    """
    if not content or content.isspace():
        return NOT_JSON
    if sum(map(content.count, (b",", b"[", b"{"))) > MAX_NODES:
        raise Failed(Outcome.UNEXPECTED_RESPONSE, "too_large")
    with turn_to_parse(seconds):
        try:
            value = json.loads(
                content.decode("utf-8-sig"),
                parse_int=_integer if has_long_integer(content) else None,
                parse_float=_number,
                parse_constant=_no_constant,
            )
            is_sound = _is_sound(value, with_text=bool(_DOUBTFUL.search(content)))
        except (ValueError, RecursionError):  # UnicodeError and JSONDecodeError are ValueErrors
            return NOT_JSON
    return value if is_sound else NOT_JSON


def has_long_integer(content: bytes | bytearray) -> bool:
    """Whether one may have over MAX_DIGITS. Ten times as fast as a pattern, for which every digit
    is a beginning."""
    return any(
        _LONG_INTEGER in content[start : start + STEP_BYTES + MAX_DIGITS].translate(_DIGITS)
        for start in range(0, len(content), STEP_BYTES)
    )


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _no_constant(_: str) -> NoReturn:
    raise ValueError


def _is_sound(value: Any, *, with_text: bool) -> bool:
    """Level by level, so that depth costs no recursion."""
    level: list[Any] = [[value]]
    for _ in range(MAX_DEPTH + 1):
        if with_text and not all(map(_is_sound_text, _texts(level))):
            return False
        level = [child for parent in level for child in _items(parent) if type(child) in _PARENTS]
        if not level:
            return True
    return False


def _items(parent: Any) -> Iterable[Any]:
    return parent.values() if isinstance(parent, dict) else parent


def _texts(level: list[Any]) -> Iterable[str]:
    for parent in level:
        if isinstance(parent, dict):
            yield from parent
        yield from (item for item in _items(parent) if isinstance(item, str))


def _is_sound_text(text: str) -> bool:
    return not _UNSOUND.search(text)
