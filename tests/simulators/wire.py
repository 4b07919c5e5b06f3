"""HTTP/1.1 on one connection: reads requests, sends answers, and sends them badly when told to.

Answers leave in one write, so that a kept-alive connection never waits for an acknowledgement.
"""

import functools
import gzip
import http
import socket
import threading
from dataclasses import dataclass, replace
from io import BufferedReader

from tests.simulators.answers import Answer

_HEAD_LIMIT = 64 * 1024
_BODY_LIMIT = 4 * 1024 * 1024
_WORTH_PACKING = 1400


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    names: tuple[str, ...]
    body: bytes
    keep_alive: bool


class BadRequestError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def read(stream: BufferedReader) -> Request | None:
    """The next request; None when the caller closed."""
    start = stream.peek(1)[:1]
    if not start:
        return None
    if not start.isalpha():  # a TLS handshake, for one: say so at once instead of waiting on
        raise BadRequestError(400)
    first = stream.readline(_HEAD_LIMIT)
    try:
        method, target, version = first.decode("latin-1").split()
    except ValueError:
        raise BadRequestError(400) from None
    headers: dict[str, str] = {}
    names: list[str] = []
    size = len(first)
    while (line := stream.readline(_HEAD_LIMIT)) not in (b"\r\n", b"\n"):
        size += len(line)
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or size > _HEAD_LIMIT:
            raise BadRequestError(431 if size > _HEAD_LIMIT else 400)
        names.append(name.strip().lower())
        headers[names[-1]] = value.strip()
    body = _read_body(stream, headers)
    keep = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    return Request(method, target, headers, tuple(names), body, keep)


def _read_body(stream: BufferedReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        parts = []
        while length := int(stream.readline(64).split(b";")[0], 16):
            parts.append(stream.read(length))
            stream.readline(4)
        stream.readline(4)
        return b"".join(parts)
    length = int(headers.get("content-length", "0"))
    if length > _BODY_LIMIT:
        raise BadRequestError(413)
    return stream.read(length)


@functools.lru_cache(maxsize=64)
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=1, mtime=0)


@functools.lru_cache(maxsize=1)
def _bomb() -> bytes:
    return gzip.compress(b"[" + b" " * (64 * 1024 * 1024), mtime=0)


def head_of(answer: Answer, *, keep_alive: bool) -> bytes:
    try:
        reason = http.HTTPStatus(answer.status).phrase
    except ValueError:
        reason = "Unknown"
    lines = [f"HTTP/1.1 {answer.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if answer.trick != "flood":
        lines.append(f"content-length: {len(answer.body)}")
    if not keep_alive:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def send(sock: socket.socket, request: Request, answer: Answer, stopping: threading.Event) -> bool:
    """Sends in one write; False when the connection has to end."""
    if answer.trick == "bomb":
        answer = replace(answer, body=_bomb()).with_headers(content_encoding="gzip")
    elif len(answer.body) > _WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", ""):
        answer = replace(answer, body=_packed(answer.body)).with_headers(content_encoding="gzip")
    keep_alive = request.keep_alive and answer.trick != "flood"
    head = head_of(answer, keep_alive=keep_alive)
    if answer.trick == "drip":
        sock.sendall(head)
        for byte in answer.body:
            sock.sendall(bytes([byte]))
            if stopping.wait(0.2):
                return False
        return keep_alive
    if answer.trick == "flood":
        sock.sendall(head)
        while not stopping.is_set():
            sock.sendall(b" " * 65536)
        return False
    sock.sendall(head + answer.body)
    return keep_alive
