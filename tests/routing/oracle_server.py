"""A real server on loopback for the oracle: states of a provider, whatever the API it speaks.

The first segment of the path names the state, so that client and site are sent to the same one:
`http://127.0.0.1:PORT/no-stream/v1`. What a state answers is in oracle_states.py.
"""

import json
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from tests.routing.oracle_states import Heard
from tests.routing.oracle_vendors import EVERY_STATE
from tests.simulators.answers import Answer, as_text
from tests.simulators.wire import BadRequestError, head_of, read, send

BEAT_SECONDS = 0.1
HELD_SECONDS = 2.0  # what has no end is given up so long after, for clients read on as they close


@dataclass(frozen=True, slots=True)
class Place:
    """Where a state lives."""

    origin: str

    def base(self, state: str, tail: str = "/v1") -> str:
        return f"{self.origin}/{state}{tail}"


class OracleServer:
    """Use as a context manager; a thread for each connection."""

    def __enter__(self) -> Self:
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.place = Place(f"http://127.0.0.1:{self._listener.getsockname()[1]}")
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError, ValueError, BadRequestError), sock, sock.makefile("rb") as stream:
            while (request := read(stream)) is not None:
                answer = answer_to(request.method, request.target, request.headers, request.body)
                if answer.trick in ("endless", "silent", "drop"):
                    self._hold(sock, answer)
                    return
                if not send(sock, request, answer, self._stopping):
                    return

    def _hold(self, sock: socket.socket, answer: Answer) -> None:
        """Sends what there is; then silence, or the last event again and again, without an end."""
        if answer.trick == "drop":
            return
        if answer.status:
            head = head_of(answer, keep_alive=False).decode("latin-1")
            sock.sendall(head.replace(f"content-length: {len(answer.body)}\r\n", "").encode())
            sock.sendall(answer.body)
        sock.settimeout(BEAT_SECONDS)
        for _ in range(round(HELD_SECONDS / BEAT_SECONDS)):
            with suppress(TimeoutError):
                if not sock.recv(1) or self._stopping.is_set():
                    return
            if answer.trick == "endless":
                sock.sendall(answer.body)


def answer_to(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """What the state in the path answers."""
    path, _, query = target.partition("?")
    _, name, *rest = path.split("/")
    document: Any = None
    with suppress(ValueError):
        document = json.loads(body) if body else None
    heard = Heard(
        method=method,
        path="/" + "/".join(rest),
        query=query,
        prefix=f"/{name}",
        headers=headers,
        body=document if isinstance(document, dict) else {},
    )
    state = EVERY_STATE.get(name)
    return state.answer(heard) if state else as_text(404, "404 page not found")
