"""What lies under the HTTP library: names, sockets, TLS, the clock and the count of bytes.

A name is resolved once for a connection, all its addresses are judged, and one of those very
addresses is dialled. Host header, server name and certificate check keep the name.
Failures leave as providers.spec.outcomes.Failed; the HTTP library passes them through.
"""

import errno
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import httpcore

from providers.http.addresses import read
from providers.http.policy import Policy
from providers.http.records import Observer
from providers.http.resolver import resolve
from providers.http.tls import word_of
from providers.http.urls import Target
from providers.spec.outcomes import Failed, Outcome, Step

DNS_SECONDS: Final = 5.0
CONNECT_SECONDS: Final = 5.0  # for all addresses of a name together
TLS_SECONDS: Final = 8.0
HEAD_BYTES: Final = 256_000  # of headers and interim answers, with the first piece of the body

_NO_ROUTE: Final = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN}
_TELLING: Final = ("refused", "timeout", "reset", "no_route", "failed")  # the most telling first


class Exchange:
    """One request on its way: its limits, and what was seen of the answer so far."""

    def __init__(
        self,
        target: Target,
        policy: Policy,
        *,
        deadline: float,
        wire_bytes: int,
        observe: Observer | None = None,
    ) -> None:
        self.target = target
        self.where: dict[str, Any] = {"host": target.host, "port": target.port}
        self.policy = policy
        self.wire_bytes = wire_bytes
        self.is_fresh = False  # on a connection of its own, not on a kept one
        self.received = 0  # bytes on the wire
        self.has_head = False  # status and headers are complete
        self.has_ended = False  # the other side closed
        self.was_reset = False  # while the request was being sent
        self.sent_at: float | None = None
        self._deadline = deadline  # of time.monotonic
        self._observe = observe
        self._sock: socket.socket | None = None

    def hold(self, sock: socket.socket) -> None:
        """From now on this is the connection that `expire` ends."""
        self._sock = sock
        self.left()  # it may have come just before

    def use(self, sock: socket.socket) -> None:
        """Before each read and write."""
        self.hold(sock)
        sock.settimeout(self.left())

    def expire(self) -> None:
        """From any thread: the time is up, and a read that waits right now ends."""
        self._deadline = 0.0
        if self._sock is not None:
            with suppress(OSError):  # not the one of ssl, which is not made for two threads
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def left(self) -> float:
        """Seconds, more than zero. Raises Failed(TIMEOUT) when the time is up."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self.timeout()
        return left

    def timeout(self) -> Failed:
        """For a request that was sent: "read" while nothing came back, "deadline" after that."""
        is_silent = self.sent_at is not None and not self.received
        return Failed(Outcome.TIMEOUT, "read" if is_silent else "deadline")

    def count(self, size: int) -> None:
        self.received += size
        if self.received > (self.wire_bytes if self.has_head else HEAD_BYTES):
            raise Failed(Outcome.UNEXPECTED_RESPONSE, "too_large")

    def tell(
        self, step: Step, outcome: Outcome, seconds: float, detail: str = "", **params: Any
    ) -> None:
        if self._observe is not None:
            self._observe(step, outcome, round(seconds * 1000), detail, self.where | params)

    @contextmanager
    def rung(self, step: Step) -> Iterator[None]:
        """Tells how the block ended and how long it took."""
        began = time.monotonic()
        try:
            yield
        except Failed as failed:
            self.tell_failed(step, failed, time.monotonic() - began)
            raise
        self.tell(step, Outcome.OK, time.monotonic() - began)

    def tell_failed(self, step: Step, failed: Failed, seconds: float = 0) -> None:
        verdict = failed.verdict
        self.tell(step, verdict.outcome, seconds, verdict.detail, **verdict.params)


class GuardedBackend(httpcore.NetworkBackend):
    """Opens connections for the exchange that the calling thread is in."""

    def __init__(self, current: Callable[[], Exchange]) -> None:
        self._current = current

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        exchange = self._current()
        if (host, port) != (exchange.target.host, exchange.target.port):
            raise RuntimeError("the HTTP library dials another place than it was given")
        exchange.is_fresh = True
        addresses, at_port = _find(exchange)
        with exchange.rung(Step.CONNECT):
            return GuardedStream(_connect(exchange, addresses, at_port), self._current)


class GuardedStream(httpcore.NetworkStream):
    """A connection on which no call outlives the deadline and no answer the limit of bytes."""

    def __init__(self, sock: socket.socket, current: Callable[[], Exchange]) -> None:
        self._sock = sock
        self._current = current

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        exchange = self._current()
        try:
            exchange.use(self._sock)
            data = self._sock.recv(max_bytes)
        except TimeoutError:
            raise exchange.timeout() from None
        except ssl.SSLError:
            raise Failed(Outcome.TLS_ERROR, "broken") from None
        except OSError:
            raise Failed(Outcome.UNREACHABLE, "reset") from None
        exchange.has_ended = not data
        exchange.count(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:  # sending nothing would take a pending error away from the next read
            return
        exchange = self._current()
        exchange.sent_at = exchange.sent_at or time.monotonic()
        try:
            exchange.use(self._sock)
            self._sock.sendall(buffer)
        except TimeoutError:
            raise exchange.timeout() from None
        except OSError as error:  # there may be an answer all the same: the library looks for it
            exchange.was_reset = isinstance(error, ConnectionResetError)
            raise httpcore.WriteError from None

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        exchange = self._current()
        with exchange.rung(Step.TLS):
            try:
                self._sock.settimeout(min(TLS_SECONDS, exchange.left()))
                self._sock = sock = ssl_context.wrap_socket(
                    self._sock, server_hostname=server_hostname, do_handshake_on_connect=False
                )
                exchange.hold(sock)
                sock.do_handshake()
            except BaseException as error:
                self._sock.close()
                if isinstance(error, OSError):
                    raise _tls_failure(error) from None
                raise
        return self

    def close(self) -> None:
        self._sock.close()

    def get_extra_info(self, info: str) -> Any:
        """Only what the pool asks to learn whether a kept connection was closed over there."""
        if info != "is_readable":
            return None
        if self._sock.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return bool(poll.poll(0))


def _find(exchange: Exchange) -> tuple[list[str], int]:
    """The judged addresses and the port to dial; tells the rungs address and dns."""
    target, policy = exchange.target, exchange.policy
    place = (target.host, target.port)
    mapped = policy.mapped(*place)
    if mapped or read(target.host):
        with exchange.rung(Step.ADDRESS):
            addresses = (
                policy.check_mapped(*place, *mapped)
                if mapped
                else policy.check(*place, target.scheme, [target.host])
            )
        exchange.tell(Step.DNS, Outcome.OK, 0, "hosts_file" if mapped else "literal")
        return addresses, mapped[1] if mapped else target.port
    began = time.monotonic()
    try:
        found = resolve(target.host, min(DNS_SECONDS, exchange.left()), exchange.left)
    except Failed as failed:
        exchange.tell(Step.ADDRESS, Outcome.OK, 0, "unresolved")  # its form is all that is known
        exchange.tell_failed(Step.DNS, failed, time.monotonic() - began)
        raise
    seconds = time.monotonic() - began
    with exchange.rung(Step.ADDRESS):
        addresses = policy.check(*place, target.scheme, found)
    exchange.tell(Step.DNS, Outcome.OK, seconds)
    return addresses, target.port


def dial(
    address: str, port: int, seconds: float, hold: Callable[[socket.socket], None]
) -> socket.socket:
    """A connected socket to an IP address that the policy has passed; `hold` is given it before it
    waits for anything. Raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        hold(sock)
        sock.settimeout(seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _connect(exchange: Exchange, addresses: list[str], port: int) -> socket.socket:
    """The first that answers; each gets an equal share of the time that is left."""
    end = time.monotonic() + min(CONNECT_SECONDS, exchange.left())
    words = {"timeout"} if not addresses else set()
    for index, address in enumerate(addresses):
        share = (end - time.monotonic()) / (len(addresses) - index)
        try:
            return dial(address, port, max(share, 0.001), exchange.hold)
        except TimeoutError:
            words.add("timeout")
        except ConnectionRefusedError:
            words.add("refused")
        except ConnectionResetError:
            words.add("reset")
        except OSError as error:
            words.add("no_route" if error.errno in _NO_ROUTE else "failed")
    word = min(words, key=_TELLING.index)
    if word == "timeout":
        raise Failed(Outcome.TIMEOUT, "connect")
    raise Failed(Outcome.UNREACHABLE, word)


def _tls_failure(error: OSError) -> Failed:
    if isinstance(error, TimeoutError):
        return Failed(Outcome.TIMEOUT, "tls")
    if isinstance(error, ssl.SSLError):
        return Failed(Outcome.TLS_ERROR, word_of(error))
    return Failed(Outcome.UNREACHABLE, "reset")
