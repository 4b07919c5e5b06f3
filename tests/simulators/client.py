"""A plain HTTP client for the simulators' own tests: dials by the hosts file, keeps the real name.

Deliberately not the product's outbound door: the simulators are tested without it.
"""

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection  # noqa: TID251 - loopback; shares no code with the product
from typing import Any
from urllib.parse import urlsplit

from tests.simulators.server import Simulators


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]  # names in lower case
    text: str

    @property
    def data(self) -> Any:
        return json.loads(self.text)


def address_of(sims: Simulators, name: str, port: int) -> tuple[str, int]:
    table = dict(line.split() for line in sims.hosts_file.read_text().splitlines())
    host, _, dialled = (table.get(f"{name}:{port}") or table[name]).rpartition(":")
    return host, int(dialled)


@contextmanager
def opened(sims: Simulators, url: str, timeout: float = 5) -> Iterator[HTTPConnection]:
    """A connection to the place where `url` lives, TLS checked against the run's own CA."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    secure = parts.scheme == "https"
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    try:
        sock.connect(address_of(sims, name, parts.port or (443 if secure else 80)))
        if secure:
            context = ssl.create_default_context(cafile=str(sims.ca_file))
            sock = context.wrap_socket(sock, server_hostname=name)
    except BaseException:
        sock.close()
        raise
    connection = HTTPConnection(parts.netloc)
    connection.sock = sock
    with closing(connection):
        yield connection


def ask(
    connection: HTTPConnection,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
) -> Reply:
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    sent = {"content-type": "application/json"} if body is not None else {}
    raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    connection.request(method, target, raw, {**sent, **(headers or {})})
    response = connection.getresponse()
    names = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, names, response.read().decode())


def fetch(
    sims: Simulators,
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "",
    body: Any = None,
    timeout: float = 5,
) -> Reply:
    """One request on a connection of its own; POST when there is a body."""
    with opened(sims, url, timeout) as connection:
        return ask(connection, method or ("GET" if body is None else "POST"), url, headers, body)
