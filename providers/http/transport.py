"""httpx over the guarded network: a transport that can only go where an Exchange leads.

No httpx.Client stands above it. A client reads the Location of answers that nobody follows, fills
a cookie jar, asks the environment for proxies and writes every URL into the log.
"""

import logging
import ssl
import threading
from collections.abc import Iterator
from functools import partial

import h11
import httpcore
import httpx

from providers.http.network import Exchange, GuardedBackend
from providers.http.tunnel import tunnel
from providers.http.urls import DEFAULT_PORTS

# URLs at INFO and the other side's header lines at DEBUG may hold a key
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

_FAULTS = (
    *(httpcore.TimeoutException, httpcore.NetworkError),
    *(httpcore.ProtocolError, h11.ProtocolError),
)


def outgoing(
    exchange: Exchange, method: str, headers: list[tuple[bytes, bytes]], body: bytes
) -> httpx.Request:
    """A request to the exchange's target with these header lines and no others."""
    target = exchange.target
    path = target.line.encode("ascii")
    url = httpx.URL(scheme=target.scheme, host=target.host, port=target.port, raw_path=path)
    stream = httpx.ByteStream(body)  # given as content, it would add header lines
    extensions = {"exchange": exchange}
    return httpx.Request(method, url, headers=headers, stream=stream, extensions=extensions)


class GuardedTransport(httpx.BaseTransport):
    """One pool of connections. An answer is read in the thread that sent its request."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._local = threading.local()
        backend = GuardedBackend(lambda: self._local.exchange, partial(tunnel, context=context))
        self._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=backend)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises Failed, or an httpx.TransportError without a text.

        Before anything is opened, raises KeyError for a request without an exchange, and
        RuntimeError when httpx reads its address otherwise than our grammar did.
        """
        exchange: Exchange = request.extensions["exchange"]
        target, read = exchange.target, request.url
        url = httpcore.URL(
            scheme=target.scheme, host=target.host, port=target.port, target=target.line
        )
        port = read.port or DEFAULT_PORTS.get(read.scheme)
        if (read.raw_scheme, read.raw_host, port, read.raw_path) != (
            *(url.scheme, url.host, url.port, url.target),
        ):
            raise RuntimeError("httpx and our grammar read an address differently")
        self._local.exchange = exchange
        sent = httpcore.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=request.stream,
            extensions={"timeout": {"pool": exchange.left()}},
        )
        try:
            got = self._pool.handle_request(sent)
        except _FAULTS as error:
            raise _in_words_of_httpx(error) from None
        return httpx.Response(got.status, headers=got.headers, stream=_Pieces(got))

    def close(self) -> None:
        self._pool.close()


class _Pieces(httpx.SyncByteStream):
    """A body as it comes over the wire."""

    def __init__(self, got: httpcore.Response) -> None:
        self._got = got

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._got.iter_stream()
        except _FAULTS as error:
            raise _in_words_of_httpx(error) from None

    def close(self) -> None:
        try:
            self._got.close()
        except _FAULTS as error:
            raise _in_words_of_httpx(error) from None


def _in_words_of_httpx(error: Exception) -> httpx.TransportError:
    """Without its text, which may quote a header value."""
    if isinstance(error, httpcore.TimeoutException):
        return httpx.TimeoutException("")
    if isinstance(error, httpcore.NetworkError):
        return httpx.NetworkError("")
    if isinstance(error, httpcore.LocalProtocolError | h11.LocalProtocolError):
        return httpx.LocalProtocolError("")
    return httpx.RemoteProtocolError("")
