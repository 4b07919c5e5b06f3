"""Where alerts arrive, on loopback: a web server for webhooks and a mail server.

Both keep what came and answer by a list that a test fills: one entry for each call, the usual
answer when it is empty. Plain, or TLS where a context is given. No product code.
"""

import base64
import socket
import ssl
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import BufferedReader
from typing import Any, Self

from tests.simulators.answers import Answer, as_json, as_text
from tests.simulators.wire import BadRequestError, Request, read, send

_IDLE_SECONDS = 60.0
MUCH = 10_000_000


class _Server:
    """Accepts on loopback; a thread for each connection."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self._stopping = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._sockets):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=3)

    def _spawn(self, target: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._spawn(self._connection, sock)

    def _connection(self, sock: socket.socket) -> None:
        sock.settimeout(_IDLE_SECONDS)
        self._sockets.add(sock)
        with suppress(OSError, ValueError):
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
                self._sockets.add(sock)
            self._serve(sock)
        with suppress(OSError):
            sock.close()

    def _serve(self, sock: socket.socket) -> None:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Hit:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float = field(compare=False)  # time.monotonic()


class Hooks(_Server):
    """A receiver of webhooks. `answers`: what the next calls get; an Answer, or one that is late
    by the seconds beside it. Then each is taken with 200."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.hits: list[Hit] = []
        self.answers: deque[Answer | tuple[float, Answer]] = deque()

    def url(self, path: str = "/hook") -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}{path}"

    def _serve(self, sock: socket.socket) -> None:
        with sock.makefile("rb") as stream:
            while not self._stopping.is_set():
                try:
                    request = read(stream)
                except BadRequestError:
                    return
                if request is None:
                    return
                answer = self._take(request)
                if answer.trick == "drop" or not send(sock, request, answer, self._stopping):
                    return

    def _take(self, request: Request) -> Answer:
        body, headers = request.body, request.headers
        self.hits.append(Hit(request.method, request.target, headers, body, time.monotonic()))
        late, answer = 0.0, as_json(200, {"ok": True})
        with suppress(IndexError):
            found = self.answers.popleft()
            late, answer = found if isinstance(found, tuple) else (0.0, found)
        self._stopping.wait(late)
        return answer


def redirected(to: str) -> Answer:
    return as_text(302, "", location=to)


def limited(seconds: int) -> Answer:
    """Too many requests: come back after so many seconds."""
    return as_text(429, "slow down", retry_after=str(seconds))


def much() -> Answer:
    """Taken, with an answer that is far longer than anybody needs."""
    return as_text(200, "x" * MUCH)


def dripping() -> Answer:
    """Taken, a byte of the answer at a time."""
    return Answer(200, b"x" * 600, trick="drip")


@dataclass(frozen=True, slots=True)
class Letter:
    sender: str
    to: tuple[str, ...]
    user: str  # who had signed in; "" = nobody
    is_safe: bool  # came over TLS
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def text(self) -> str:
        part = self.message.get_body(preferencelist=("plain",))
        return str(part.get_content()).replace("\r\n", "\n") if part else ""


class Mail(_Server):
    """An SMTP server (RFC 5321) that keeps each letter. `login`: the name and the password that it
    asks for; without, anybody may send. `upgrade`: the context that STARTTLS leads to. `refusals`:
    what the next letters get instead of being taken, such as "451 4.3.0 later"."""

    def __init__(
        self,
        login: tuple[str, str] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        upgrade: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(tls)
        self.login, self.upgrade = login, upgrade
        self.letters: list[Letter] = []
        self.refusals: deque[str] = deque()

    def _serve(self, sock: socket.socket) -> None:
        with _Talk(self, sock) as talk:
            talk.say("220 mail.example.com ESMTP")
            while not self._stopping.is_set() and talk.goes_on():
                pass


class _Talk:
    """One connection's dialogue."""

    def __init__(self, server: Mail, sock: socket.socket) -> None:
        self.server, self.sock = server, sock
        self.stream: BufferedReader = sock.makefile("rb")
        self.is_safe = server.tls is not None
        self.user = self.sender = ""
        self.to: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        self.sock.close()

    def say(self, *lines: str) -> bool:
        self.sock.sendall("".join(f"{line}\r\n" for line in lines).encode())
        return True

    def line(self) -> str:
        return self.stream.readline(4096).decode("utf-8", "replace").rstrip("\r\n")

    def goes_on(self) -> bool:
        """Answer one command; False when the other side is gone or says goodbye."""
        verb, _, rest = self.line().partition(" ")
        answer = getattr(self, f"_{verb.lower()}", None) if verb.isalpha() else None
        if not verb:
            return False
        return bool(answer(rest)) if answer else self.say("502 5.5.1 unknown")

    def _ehlo(self, _: str) -> bool:
        offers = ["mail.example.com", "8BITMIME", "SMTPUTF8"]
        if self.server.upgrade and not self.is_safe:
            offers.append("STARTTLS")
        if self.server.login:
            offers.append("AUTH PLAIN LOGIN")
        return self.say(*(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}")

    def _helo(self, _: str) -> bool:
        return self.say("250 mail.example.com")

    def _starttls(self, _: str) -> bool:
        if not self.server.upgrade:
            return self.say("502 5.5.1 unknown")
        self.say("220 2.0.0 go on")
        self.stream.close()
        self.sock = self.server.upgrade.wrap_socket(self.sock, server_side=True)
        self.server._sockets.add(self.sock)
        self.stream, self.is_safe = self.sock.makefile("rb"), True
        return True

    def _auth(self, rest: str) -> bool:
        how, _, first = rest.partition(" ")
        if how.upper() == "PLAIN":
            if not first:
                self.say("334 ")
                first = self.line()
            given = tuple(base64.b64decode(first).decode().split("\0")[1:])
        else:
            if not first:
                self.say("334 VXNlcm5hbWU6")
                first = self.line()
            self.say("334 UGFzc3dvcmQ6")
            given = tuple(base64.b64decode(part).decode() for part in (first, self.line()))
        if given != self.server.login:
            return self.say("535 5.7.8 authentication failed")
        self.user = given[0]
        return self.say("235 2.7.0 welcome")

    def _mail(self, rest: str) -> bool:
        if self.server.login and not self.user:
            return self.say("530 5.7.0 authentication required")
        self.sender, self.to = _address(rest), []
        return self.say("250 2.1.0 ok")

    def _rcpt(self, rest: str) -> bool:
        self.to.append(_address(rest))
        return self.say("250 2.1.5 ok")

    def _data(self, _: str) -> bool:
        self.say("354 go on")
        lines = []
        while (line := self.stream.readline()) != b".\r\n":
            if not line:
                return False  # broken off: nothing was handed over
            lines.append(line[1:] if line.startswith(b".") else line)
        if self.server.refusals:
            return self.say(self.server.refusals.popleft())
        letter = Letter(self.sender, tuple(self.to), self.user, self.is_safe, b"".join(lines))
        self.server.letters.append(letter)
        return self.say("250 2.0.0 taken")

    def _rset(self, _: str) -> bool:
        return self.say("250 2.0.0 ok")

    def _noop(self, _: str) -> bool:
        return self.say("250 2.0.0 ok")

    def _quit(self, _: str) -> bool:
        self.say("221 2.0.0 goodbye")
        return False


def _address(rest: str) -> str:
    """Of `FROM:<a@b> SIZE=1`."""
    return rest.partition("<")[2].partition(">")[0]
