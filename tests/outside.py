"""No test connects to the outside or asks for a name: each that tries is refused and remembered.

An audit hook of the interpreter sees every socket of this process, whatever library opens it. The
settings of the tests install it, so that workers which a test starts have it, too.
"""

import errno
import ipaddress
import os
import socket
import sys
from pathlib import Path
from typing import Any

_places: list[Path] = []


def _text(host: str | bytes) -> str:
    return host.decode() if isinstance(host, bytes) else str(host)


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_inside(address: Any) -> bool:
    """A socket of this machine, or an address on loopback."""
    if not isinstance(address, tuple):
        return True
    host = _text(address[0])
    found = _number(host.partition("%")[0])
    if found is None:
        return host in ("", "localhost") or host.endswith(".invalid")  # which never exists
    mapped = getattr(found, "ipv4_mapped", None) or found
    return bool(mapped.is_loopback or mapped.is_unspecified)


def watch(place: Path) -> None:
    """From now on, for the rest of this process; `place` is where each attempt is written down."""
    if not _places:
        sys.addaudithook(_refuse)
    _places[:] = [place]


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        where: Any = (arguments[0] or "",)
        if _number(_text(where[0])):
            return  # nobody is asked for a number
    elif event in ("socket.connect", "socket.sendto"):
        where = arguments[1]
        if event == "socket.connect" and arguments[0].type == socket.SOCK_DGRAM:
            return  # sends nothing: it tells which address of ours leads there
    else:
        return
    if is_inside(where):
        return
    test = os.environ.get("PYTEST_CURRENT_TEST", "")
    with _places[0].open("a") as file:
        file.write(f"{where} in {test}\n")
    raise OSError(errno.ENETUNREACH, "no test goes outside")
