"""A way through the operator's proxy: reached, asked by CONNECT, and then the bare connection.

The proxy looks the name up and dials it: what lies behind it is its own to bound. What it answers
is read to the end of its head and not a byte further.
"""

import re
import socket
import ssl
import time
from typing import Final

from providers.http.addresses import read
from providers.http.network import Exchange, dial
from providers.http.policy import MAX_ADDRESSES
from providers.http.proxies import Proxy
from providers.http.resolver import resolve
from providers.http.tls import word_of
from providers.spec.outcomes import Failed, Outcome, Step

PROXY_SECONDS: Final = 10.0  # for all of it
DIAL_SECONDS: Final = 5.0
HEAD_BYTES: Final = 16_384
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: [^\r\n]*)?\r?\n")
_ENDS: Final = (b"\r\n\r\n", b"\n\n")  # of a head
_FORBIDS: Final = {401, 403, 405, 429, 451}
_BEHIND: Final = {500, 502, 503, 504}  # the proxy is there, the place behind it is not


def tunnel(exchange: Exchange, context: ssl.SSLContext) -> socket.socket:
    """A connection to the exchange's target; tells the rungs proxy and connect. Raises Failed."""
    proxy = exchange.policy.proxy
    if proxy is None:
        raise RuntimeError("there is no proxy to go through")
    began = time.monotonic()
    end = began + min(PROXY_SECONDS, exchange.left())
    try:
        sock = _reach(exchange, proxy, context, end)
    except Failed as failed:
        exchange.tell_failed(Step.PROXY, failed, time.monotonic() - began)
        raise
    reached = time.monotonic()
    step = Step.PROXY
    try:
        status = _ask(exchange, proxy, sock, end)
        if status in _BEHIND:
            step = Step.CONNECT
        _judge(proxy, status)
    except BaseException as error:
        sock.close()
        if isinstance(error, Failed):
            if step is Step.CONNECT:
                exchange.tell(Step.PROXY, Outcome.OK, reached - began, "through", via=proxy.place)
            exchange.tell_failed(step, error, time.monotonic() - reached)
        raise
    exchange.tell(Step.PROXY, Outcome.OK, reached - began, "through", via=proxy.place)
    exchange.tell(Step.CONNECT, Outcome.OK, time.monotonic() - reached)
    return sock


def _reach(exchange: Exchange, proxy: Proxy, context: ssl.SSLContext, end: float) -> socket.socket:
    """Its address is the operator's word, so no policy is asked."""
    try:
        is_literal = read(proxy.host) is not None
        most = _left(end, DIAL_SECONDS)
        found = [proxy.host] if is_literal else resolve(proxy.host, most, exchange.left)
    except Failed as failed:
        if failed.verdict.outcome is Outcome.TIMEOUT:
            raise Failed(Outcome.TIMEOUT, "proxy", via=proxy.place) from None
        raise Failed(Outcome.DNS_ERROR, "proxy_name", via=proxy.place) from None
    stop = time.monotonic() + _left(end, DIAL_SECONDS)
    fault: OSError = OSError()
    addresses = list(dict.fromkeys(found))[:MAX_ADDRESSES]
    for index, address in enumerate(addresses):
        try:
            share = (stop - time.monotonic()) / (len(addresses) - index)
            sock = dial(address, proxy.port, max(share, 0.001), exchange.hold)
        except OSError as error:
            fault = error
        else:
            return _secured(exchange, proxy, sock, context, end) if proxy.is_tls else sock
    if isinstance(fault, TimeoutError):
        raise Failed(Outcome.TIMEOUT, "proxy", via=proxy.place)
    refused = isinstance(fault, ConnectionRefusedError)
    raise Failed(Outcome.UNREACHABLE, "proxy_refused" if refused else "proxy_away", via=proxy.place)


def _secured(
    exchange: Exchange, proxy: Proxy, sock: socket.socket, context: ssl.SSLContext, end: float
) -> ssl.SSLSocket:
    try:
        exchange.use(sock)
        sock.settimeout(_left(end))
        secured = sock = context.wrap_socket(
            sock, server_hostname=proxy.host, do_handshake_on_connect=False
        )
        exchange.hold(secured)
        secured.do_handshake()
        return secured
    except BaseException as error:
        sock.close()
        if isinstance(error, TimeoutError):
            raise Failed(Outcome.TIMEOUT, "proxy", via=proxy.place) from None
        if isinstance(error, ssl.SSLError):
            plain = word_of(error) == "not_tls"
            raise Failed(
                Outcome.TLS_ERROR, "proxy_plain" if plain else "proxy", via=proxy.place
            ) from None
        if isinstance(error, OSError):
            raise Failed(Outcome.UNREACHABLE, "proxy_away", via=proxy.place) from None
        raise


def _ask(exchange: Exchange, proxy: Proxy, sock: socket.socket, end: float) -> int:
    """The status that it answers; 0 for what is no answer of a proxy."""
    host, port = exchange.target.host, exchange.target.port
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}", "User-Agent: Facio-Settings"]
    if proxy.login:
        lines.append(f"Proxy-Authorization: {proxy.login.reveal()}")
    try:
        exchange.use(sock)
        sock.settimeout(min(_left(end), exchange.left()))
        sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
        head = bytearray()
        while not head.endswith(_ENDS) and len(head) < HEAD_BYTES:
            exchange.use(sock)
            sock.settimeout(min(_left(end), exchange.left()))
            if not (byte := sock.recv(1)):
                break
            head += byte
    except TimeoutError:
        raise Failed(Outcome.TIMEOUT, "proxy", via=proxy.place) from None
    except OSError:
        raise Failed(Outcome.UNREACHABLE, "proxy_away", via=proxy.place) from None
    match = _STATUS.match(head)
    return int(match[1]) if match and head.endswith(_ENDS) else 0


def _judge(proxy: Proxy, status: int) -> None:
    """Raises Failed unless the way is open."""
    if 200 <= status < 300:
        return
    if status == 407:
        raise Failed(
            Outcome.UNREACHABLE, "proxy_login" if proxy.login else "proxy_asks", via=proxy.place
        )
    if status == 504:
        raise Failed(Outcome.TIMEOUT, "behind_proxy", via=proxy.place)
    if status in _BEHIND:
        raise Failed(Outcome.UNREACHABLE, "behind_proxy", via=proxy.place)
    raise Failed(
        Outcome.UNREACHABLE,
        "proxy_forbids" if status in _FORBIDS else "no_proxy",
        via=proxy.place,
    )


def _left(end: float, most: float = PROXY_SECONDS) -> float:
    """Seconds, more than zero."""
    return max(min(end - time.monotonic(), most), 0.001)
