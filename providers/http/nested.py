"""TLS inside of TLS: the way to a place behind a proxy that is itself spoken to by https."""

import ssl
import time
from collections.abc import Callable
from typing import Final, TypeVar

_PIECE: Final = 65_536

Done = TypeVar("Done")


class Nested:
    """As much of a socket as a connection of ours uses. One end bounds each call as a whole."""

    def __init__(self, outer: ssl.SSLSocket, context: ssl.SSLContext, name: str | None) -> None:
        """With the time that `outer` has."""
        self.outer = outer
        self._come, self._go = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._come, self._go, server_hostname=name)
        self.settimeout(outer.gettimeout() or 0)

    def do_handshake(self) -> None:
        """Raises OSError."""
        self._until(self._tls.do_handshake)

    def settimeout(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def recv(self, size: int) -> bytes:
        try:
            return self._until(lambda: self._tls.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def sendall(self, data: bytes) -> None:
        sent = 0
        while sent < len(data):
            rest = data[sent:]
            sent += self._until(lambda rest=rest: self._tls.write(rest))  # type: ignore[misc]

    def fileno(self) -> int:
        return self.outer.fileno()

    def close(self) -> None:
        self.outer.close()

    def _until(self, step: Callable[[], Done]) -> Done:
        """Carries bytes to and fro until the step is done."""
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._send()
                self._bound()
                if data := self.outer.recv(_PIECE):
                    self._come.write(data)
                else:
                    self._come.write_eof()
            else:
                self._send()
                return done

    def _send(self) -> None:
        if data := self._go.read():
            self._bound()
            self.outer.sendall(data)

    def _bound(self) -> None:
        """Raises TimeoutError."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.outer.settimeout(left)
