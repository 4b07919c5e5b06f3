"""The door: the one place from which a request leaves, and where secrets are revealed for it.

Follows no redirect, keeps no cookie, reads no environment, verifies every certificate. Whatever
the other side does ends in a Reply or in a Failed of the closed set of outcomes.
"""

import logging
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

import httpx

from providers.http.bodies import Body, encode_json
from providers.http.events import Events, is_stream, looks_like_events, without_comments
from providers.http.frames import TYPE as FRAMES
from providers.http.frames import Frames
from providers.http.headers import check_name, check_value
from providers.http.network import Exchange
from providers.http.policy import Policy
from providers.http.reading import as_utf8, parse_json
from providers.http.records import NOT_JSON, Observer, Reply, Request
from providers.http.tls import tls_context
from providers.http.transport import GuardedTransport, outgoing
from providers.http.urls import BadURL, Target, parse_target
from providers.spec.outcomes import Failed, Outcome, Step
from providers.spec.secret import Secret

MAX_REPLY_HEADERS: Final = 200
TEXT_BYTES: Final = 64_000  # of a body that Reply.text holds

logger = logging.getLogger(__name__)


class Door:
    """Sends requests under one policy and one deadline; usable from several threads.

    seconds: for everything from the first send to the last byte of the last answer.
    wire_bytes, decoded_bytes: for each answer; all_answers times as many for all of them.
    ca_file: the operator's own authorities, on top of the public ones (see tls_context).
    observe: told address, dns, connect and tls of each new connection, in the calling thread,
    the moment each is known; a kept connection tells nothing, a plain one no tls.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        seconds: float,
        wire_bytes: int = 2_000_000,
        decoded_bytes: int = 4_000_000,
        all_answers: int = 50,
        ca_file: str | None = None,
        observe: Observer | None = None,
    ) -> None:
        self._policy = policy
        self._seconds = seconds
        self._wire_bytes, self._decoded_bytes = wire_bytes, decoded_bytes
        self._wire_left, self._decoded_left = wire_bytes * all_answers, decoded_bytes * all_answers
        self._observe = observe
        self._deadline: float | None = None
        self._lock = threading.Lock()
        self._under_way: set[Exchange] = set()
        self._transport = GuardedTransport(tls_context(ca_file))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._transport.close()

    def hang_up(self) -> None:
        """From any thread: nothing is sent any more, and what waits for an answer ends."""
        with self._lock:
            self._deadline = 0.0
            exchanges = list(self._under_way)
        for exchange in exchanges:
            exchange.expire()

    def send(self, request: Request) -> Reply:
        """The complete answer, of any status. Raises Failed, and nothing else."""
        try:
            return self._send(request)
        except Failed:
            raise
        except Exception as error:  # noqa: BLE001 - the closed set has a word for it
            reference = _log(error)
        # Outside the block, so that the fault and the values in its text are not carried along
        raise Failed(Outcome.INTERNAL_ERROR, reference=reference)

    def _send(self, request: Request) -> Reply:
        deadline = self._start()
        try:
            target = parse_target(request.url)
        except BadURL as error:
            code, told = error.code, {**error.params, "code": error.code}
            if self._observe is not None:
                self._observe(Step.ADDRESS, Outcome.BAD_ENDPOINT, 0, "bad_url", told)
            raise Failed(Outcome.BAD_ENDPOINT, "bad_url", code=code, **error.params) from None
        body = _body(request)
        headers = _headers(request, target, body)
        is_second = False
        while True:
            exchange = Exchange(
                target,
                self._policy,
                deadline=deadline,
                wire_bytes=min(self._wire_bytes, self._wire_left),
                observe=self._observe,
            )
            try:
                with self._kept(exchange):
                    return self._exchange(exchange, request.method, headers, body)
            except Failed as failed:
                if is_second or request.method != "GET" or not _was_stale(exchange, failed):
                    raise
            is_second = True

    def _start(self) -> float:
        with self._lock:
            if self._deadline is None:
                self._deadline = time.monotonic() + self._seconds
            return self._deadline

    @contextmanager
    def _kept(self, exchange: Exchange) -> Iterator[None]:
        """Within reach of `hang_up`."""
        with self._lock:
            self._under_way.add(exchange)
            is_over = self._deadline == 0.0
        if is_over:
            exchange.expire()
        try:
            yield
        finally:
            with self._lock:
                self._under_way.discard(exchange)
                self._wire_left = max(self._wire_left - exchange.received, 0)

    def _exchange(
        self, exchange: Exchange, method: str, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> Reply:
        try:
            response = self._transport.handle_request(outgoing(exchange, method, headers, body))
            try:
                return self._read(exchange, response)
            finally:
                response.close()
        except Failed as error:
            failed = error
        except httpx.TimeoutException:
            failed = exchange.timeout()
        except httpx.ProtocolError as error:
            failed = _protocol_failure(exchange, error)
        except httpx.NetworkError:
            failed = Failed(Outcome.UNREACHABLE, "reset")
        params = failed.verdict.params
        params.update(exchange.where | params)
        try:
            raise failed
        finally:
            del failed  # or the frame and the exception would keep each other, and the body, alive

    def _read(self, exchange: Exchange, response: httpx.Response) -> Reply:
        status = response.status_code
        headers = _reply_headers(response)
        exchange.has_head = True
        exchange.count(0)  # the first piece may hold more than an answer is allowed to
        if status < 200:
            raise Failed(Outcome.UNEXPECTED_RESPONSE, "bad_http")
        is_redirect = 300 <= status < 400  # a result by itself: its body is not read
        encoding = "" if is_redirect else headers.get("content-encoding", "")
        limit = min(self._decoded_bytes, self._decoded_left)
        with Body(encoding, limit, exchange.left) as body:
            events = _stream(headers.get("content-type", ""), exchange.left)
            if not is_redirect:
                self._collect(exchange, response, headers.get("content-length", ""), body, events)
            sent_at = exchange.sent_at or time.monotonic()
            ms = round((time.monotonic() - sent_at) * 1000)
            is_whole = events is None or not events.is_over
            content = body.finish() if is_whole else body.content
            with self._lock:
                self._decoded_left = max(self._decoded_left - len(content), 0)
            if events is None:  # those are of one encoding
                content = as_utf8(content, headers.get("content-type", ""))
            text = content[:TEXT_BYTES].decode("utf-8", "replace")
            data, told = _value(content, events, exchange.left)
            return Reply(
                status=status,
                headers=headers,
                data=data,
                text=text,
                ms=ms,
                is_stream=told is not None,
                is_ended=told is None or told.is_ended,
            )

    def _collect(
        self,
        exchange: Exchange,
        response: httpx.Response,
        length: str,
        body: Body,
        events: Events | Frames | None,
    ) -> None:
        """Reads to the end; of events no more than is needed."""
        if length.isdecimal() and int(length[:20]) > exchange.wire_bytes:
            raise Failed(Outcome.UNEXPECTED_RESPONSE, "too_large")
        for piece in response.iter_raw():
            exchange.left()  # pieces that are here already cost no read, only time
            before = len(body.content)
            body.feed(piece)
            if events is not None:
                events.feed(bytes(body.content[before:]))
                if events.is_over:
                    return


def _stream(content_type: str, left: Callable[[], float]) -> Events | Frames | None:
    """What reads an answer of this type while it comes; None = it is read as a whole."""
    if is_stream(content_type):
        return Events(left)
    return Frames(left) if content_type.partition(";")[0].strip() == FRAMES else None


def _value(
    content: bytes | bytearray, events: Events | Frames | None, left: Callable[[], float]
) -> tuple[Any, Events | Frames | None]:
    """What a body holds, and the events as which it came (which not every server says)."""
    if events is not None:
        value = events.end()
        if value is not NOT_JSON:
            return value, events
    elif looks_like_events(content):
        begun = without_comments(content)
        if begun.lstrip()[:1] in (b"{", b"["):
            return parse_json(begun, left()), None
        found = Events(left)
        found.feed(bytes(content))
        value = found.end()
        if value is not NOT_JSON:
            return value, found
    return (parse_json(content, left()) if content else NOT_JSON), None


def _body(request: Request) -> bytes:
    if request.json is None:
        return b""
    try:
        return encode_json(request.json)
    except (ValueError, RecursionError):
        raise Failed(Outcome.BAD_REQUEST, "unsendable") from None


def _headers(request: Request, target: Target, body: bytes) -> list[tuple[bytes, bytes]]:
    """The header lines, secrets revealed. Raises Failed without a value in it."""
    lines = {
        "host": ("Host", target.netloc),
        "user-agent": ("User-Agent", "Facio-Settings"),
        "accept": ("Accept", "application/json"),
        "accept-encoding": ("Accept-Encoding", "gzip, identity"),
    }
    if body:
        lines["content-type"] = ("Content-Type", "application/json")
    if body or request.method not in {"GET", "HEAD"}:
        lines["content-length"] = ("Content-Length", str(len(body)))
    for name, value in request.headers.items():
        text = value.reveal() if isinstance(value, Secret) else value
        try:
            check_name(name)
        except ValueError:
            raise Failed(Outcome.BAD_REQUEST, "bad_header") from None
        try:
            check_value(name, text)
        except ValueError:
            raise Failed(Outcome.BAD_KEY, "unsendable", header=name) from None
        lines[name.lower()] = (name, text)
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in lines.values()]


def _reply_headers(response: httpx.Response) -> dict[str, str]:
    lines = response.headers.raw
    if len(lines) > MAX_REPLY_HEADERS:
        raise Failed(Outcome.UNEXPECTED_RESPONSE, "too_large")
    headers: dict[str, str] = {}
    for raw_name, raw_value in lines:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _was_stale(exchange: Exchange, failed: Failed) -> bool:
    """True when a kept connection turned out to be closed by the time it was used again."""
    is_gone = failed.verdict.outcome is Outcome.UNREACHABLE
    return is_gone and not exchange.is_fresh and not exchange.received


def _protocol_failure(exchange: Exchange, error: httpx.ProtocolError) -> Failed:
    is_local = isinstance(error, httpx.LocalProtocolError)
    if is_local and exchange.sent_at is None:
        return Failed(Outcome.BAD_KEY, "unsendable")
    if exchange.has_ended and not exchange.received:
        return Failed(Outcome.UNREACHABLE, "reset" if exchange.was_reset else "closed")
    word = "incomplete" if exchange.has_ended and exchange.has_head else "bad_http"
    return Failed(Outcome.UNEXPECTED_RESPONSE, word)


def _log(error: Exception) -> str:
    """Writes where it happened under a reference number; type names and places, no values."""
    reference = secrets.token_hex(4)
    places = [
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    logger.error("Internal error %s: %s at %s", reference, type(error).__name__, " > ".join(places))
    return reference
