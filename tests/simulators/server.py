"""The sockets: one TLS port and one plain port on loopback, a thread for each connection.

Reads HTTP/1.1, finds the kind by Host (and path where two share one), records the call, applies
delays and the misbehaviours that every kind can be told to show. What a kind answers is in kinds/.
"""

import hashlib
import json
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.simulators.answers import Answer, as_text, fault, streamed
from tests.simulators.asks import Ask
from tests.simulators.certs import make_authority, server_context
from tests.simulators.kinds import HOST_NAMES, PLAIN_NAMES, Kind, kind_for
from tests.simulators.shelf import Row, Shelf
from tests.simulators.wire import BadRequestError, Request, head_of, read, send
from tests.simulators.words import split_path, words_of_key, words_of_prefix

# Names that show a certificate nobody should accept, and names behind which nobody listens.
EXPIRED, WRONG_NAME, SELF_SIGNED = (
    "expired.example.com",
    "wrongname.example.com",
    "selfsigned.example.com",
)
CLOSED, CLOSED_PLAIN = "closed.example.com", "closed.example:8000"

_IDLE_SECONDS = 60.0
_TO = re.compile(r"/~to-([a-z0-9.:-]+)")  # stands for the name in Host
_HTML = (
    "<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in to the network</h1>"
    '<form method="post"><input name="user"><input name="password" type="password"></form>'
    "</body></html>"
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrived. Holds header names and a mark of the key, never the key."""

    kind: str
    method: str
    host: str
    path: str
    query: dict[str, list[str]]
    header_names: tuple[str, ...]
    key_carrier: str  # "authorization", "x-api-key", "?key=", ...; "" without a key
    key_label: str  # behaviour words of the key, such as "good"; "" without a key
    key_mark: str  # the first 8 hex digits of its SHA-256: tells two keys apart
    body: Any
    at: float = field(compare=False)  # time.monotonic()


class Simulators:
    """All simulated providers. Use as a context manager, or start() and stop()."""

    def __init__(self, state: Path | str) -> None:
        self.state = Path(state)
        self.hosts_file = self.state / "hosts"
        self.ca_file = self.state / "ca.pem"
        self.tls_port = 0
        self.plain_port = 0
        self._shelf = Shelf()
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self._delays: dict[str, float] = {}
        self._release = threading.Event()
        self.hanging = 0  # callers that wait for an answer in vain
        self._stopping = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._listeners: list[socket.socket] = []

    # -- life -----------------------------------------------------------------------------

    def __enter__(self) -> "Simulators":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        authority = make_authority()
        context = server_context(authority, [*HOST_NAMES, "localhost", "127.0.0.1"], self.state)
        stranger = make_authority("Unknown CA")
        odd = {
            EXPIRED: server_context(authority, [EXPIRED], self.state, expired=True),
            WRONG_NAME: server_context(authority, ["other.example.com"], self.state),
            SELF_SIGNED: server_context(stranger, [SELF_SIGNED], self.state),
        }

        def choose(sock: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            if name in odd:
                sock.context = odd[name]

        context.sni_callback = choose
        tls, plain, closed = _bound(), _bound(), _bound()
        self._listeners = [tls, plain, closed]  # the last one never listens: refused for certain
        self.tls_port, self.plain_port = tls.getsockname()[1], plain.getsockname()[1]
        self.ca_file.write_bytes(authority.pem)
        self.hosts_file.write_text(self._hosts(closed.getsockname()[1]))
        for listener, wrapper in ((tls, context), (plain, None)):
            listener.listen(256)
            self._spawn(self._accept, listener, wrapper)

    def stop(self) -> None:
        """Ends hangs, closes every connection and waits for the threads."""
        self._stopping.set()
        self._release.set()
        for listener in self._listeners:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            sockets, threads = list(self._sockets), list(self._threads)
        for sock in sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(timeout=3)

    def _hosts(self, closed_port: int) -> str:
        local = "127.0.0.1"
        tls_names = [*HOST_NAMES, EXPIRED, WRONG_NAME, SELF_SIGNED]
        lines = [f"{name} {local}:{self.tls_port}" for name in tls_names]
        lines += [f"{name} {local}:{self.plain_port}" for name in PLAIN_NAMES]
        lines += [f"{name} {local}:{closed_port}" for name in (CLOSED, CLOSED_PLAIN)]
        return "\n".join(lines) + "\n"

    # -- what tests set and see -----------------------------------------------------------

    @property
    def calls(self) -> list[Call]:
        """A copy of the record so far, oldest first."""
        with self._lock:
            return list(self._calls)

    def calls_of(self, kind: str) -> list[Call]:
        return [call for call in self.calls if call.kind == kind]

    def clear(self) -> None:
        """Forgets the calls; delays and catalogs stay."""
        with self._lock:
            self._calls.clear()

    def set_delay(self, host_or_kind: str, seconds: float) -> None:
        """Every answer of that kind or host waits so long; 0 ends it."""
        self._delays[host_or_kind] = seconds

    def set_models(self, kind: str, rows: list[Row | str] | None) -> None:
        """Replaces a catalog: rows in the kind's own form or bare ids; None for the usual one."""
        self._shelf.set_models(kind, rows)

    def release_hangs(self) -> None:
        """Requests that hang now are answered as if their key were good; later ones hang again."""
        with self._lock:
            old, self._release = self._release, threading.Event()
        old.set()

    # -- connections ----------------------------------------------------------------------

    def _spawn(self, target: Any, *arguments: Any) -> None:
        def run() -> None:
            try:
                target(*arguments)
            finally:
                with self._lock:
                    self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, daemon=True, name=f"simulator {self.tls_port}")
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _accept(self, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            self._spawn(self._connection, sock, context)

    @contextmanager
    def _tracked(self, sock: socket.socket) -> Iterator[None]:
        with self._lock:
            self._sockets.add(sock)
        try:
            yield
        finally:
            with self._lock:
                self._sockets.discard(sock)
            sock.close()

    def _connection(self, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(_IDLE_SECONDS)
        with suppress(OSError, ValueError), self._tracked(sock):
            if context is None:
                self._serve(sock)
                return
            if sock.recv(1, socket.MSG_PEEK).isalpha():  # plain HTTP on the TLS port
                sock.sendall(head_of(as_text(400, ""), keep_alive=False))
                return
            wrapped = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            with self._tracked(wrapped):
                wrapped.do_handshake()
                self._serve(wrapped)

    def _serve(self, sock: socket.socket) -> None:
        with sock.makefile("rb") as stream:
            while not self._stopping.is_set():
                try:
                    request = read(stream)
                except BadRequestError as refusal:
                    sock.sendall(head_of(as_text(refusal.status, ""), keep_alive=False))
                    return
                if request is None:
                    return
                answer = self._answer(sock, request)
                if answer is None or not send(sock, request, answer, self._stopping):
                    return

    # -- one call -------------------------------------------------------------------------

    def _answer(self, sock: socket.socket, request: Request) -> Answer | None:
        """What to send; None to close without a word."""
        raw_path, _, raw_query = request.target.partition("?")
        host = request.headers.get("host", "").lower()
        if found := _TO.match(raw_path):
            host, raw_path = found[1], raw_path[found.end() :] or "/"
            request.headers["host"] = host
        prefix, path = split_path(raw_path)
        kind = kind_for(host, path)
        ask = _ask(request, kind, self._shelf, prefix, path, raw_query)
        self._note(ask, raw_path, request.names)
        if kind is None:
            return as_text(421, f"No simulated provider answers for {host!r}.")
        self._wait(ask)
        if ask.has("hang") and not self._hang(sock):
            return None
        return _spoiled(ask, kind)

    def _note(self, ask: Ask, raw_path: str, names: tuple[str, ...]) -> None:
        carrier, key = ask.carriers[0] if ask.carriers else ("", "")
        call = Call(
            kind=ask.kind,
            method=ask.method,
            host=ask.host,
            path=raw_path,
            query={name: list(values) for name, values in ask.query.items()},
            header_names=names,
            key_carrier=carrier,
            key_label=",".join(sorted(words_of_key(key))) if key else "",
            key_mark=hashlib.sha256(key.encode()).hexdigest()[:8] if key else "",
            body=ask.body,
            at=time.monotonic(),
        )
        with self._lock:
            self._calls.append(call)

    def _wait(self, ask: Ask) -> None:
        slow = ask.number("slow", 1000)
        seconds = 0.0 if slow is None else slow / 1000
        seconds += self._delays.get(ask.kind, 0.0) + self._delays.get(ask.host, 0.0)
        if seconds:
            self._stopping.wait(seconds)

    def _hang(self, sock: socket.socket) -> bool:
        """True when released, False when the caller went away or the server stops."""
        release, poll = self._release, select.poll()
        poll.register(sock, select.POLLIN | select.POLLHUP)
        with self._lock:
            self.hanging += 1
        try:
            while not release.wait(0.1):
                if poll.poll(0):
                    return False
            return not self._stopping.is_set()
        finally:
            with self._lock:
                self.hanging -= 1


def _bound() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    return sock


def _ask(
    request: Request, kind: Kind | None, shelf: Shelf, prefix: str, path: str, raw_query: str
) -> Ask:
    body: Any = None
    if request.body:
        with suppress(ValueError, RecursionError):
            body = json.loads(request.body)
    return Ask(
        kind=kind.name if kind else "",
        local=kind.local if kind else False,
        method=request.method,
        host=request.headers.get("host", "").lower().partition(":")[0],
        prefix=prefix,
        path=path,
        raw_query=raw_query,
        query=parse_qs(raw_query, keep_blank_values=True),
        headers=request.headers,
        raw_body=request.body,
        body=body,
        path_words=words_of_prefix(prefix),
        shelf=shelf,
    )


def _has_picture(document: Any) -> bool:
    """Whether a part of it is a picture, in the form of any of the APIs."""
    if isinstance(document, list):
        return any(map(_has_picture, document))
    if not isinstance(document, dict):
        return False
    kinds = ("image", "image_url", "input_image")
    is_one = document.get("type") in kinds or isinstance(document.get("image"), dict)
    return is_one or any(map(_has_picture, document.values()))


def _spoiled(ask: Ask, kind: Kind) -> Answer | None:
    """The kind's answer, or one of the ways in which any server can be broken."""
    if ask.has("drop"):
        return None
    if ask.has("html"):
        return as_text(200, _HTML, "text/html; charset=utf-8")
    if ask.has("redirect"):
        return Answer(302, headers=(("location", "https://elsewhere.example.com/login"),))
    status = ask.number("status", 500)
    if status is not None:
        return as_text(status, "")
    answer = kind.answer(ask)
    if ask.has("fixed") and answer.status == 200 and ask.document.get("temperature", 1) != 1:
        text = "Unsupported value: 'temperature' does not support this. Only the default (1) is."
        return fault(400, text, code="unsupported_value")
    if ask.has("blind") and answer.status == 200 and _has_picture(ask.document):
        return fault(400, "This model does not support image input.", code="invalid_content")
    if ask.document.get("stream") is True:
        if ask.has("nostream"):
            return fault(400, "Streaming is not supported by this model.", code="unsupported_value")
        answer = answer if ask.has("unstreamed") else streamed(answer)
    if ask.has("malformed"):
        return replace(answer, body=answer.body[: max(1, len(answer.body) // 2)])
    for trick in ("drip", "flood", "bomb"):
        if ask.has(trick):
            return replace(answer, trick=trick)
    return answer
