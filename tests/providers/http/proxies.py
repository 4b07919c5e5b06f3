"""A proxy of this machine, and calls that go by it."""

import base64
import contextlib
import socket
import threading
from typing import Any

import pytest

from providers.http import Door, Policy, Request, parse_proxy
from providers.spec.outcomes import Failed
from tests.providers.http.servers import Call, head_of


class Connect:
    """A CONNECT proxy that leads every name to one port of this machine, and remembers."""

    def __init__(self, port: int, *, login: str = "", status: str = "200 Connection established"):
        self.port, self.login, self.status = port, login, status
        self.asked: list[str] = []
        self.heads: list[dict[str, str]] = []

    def __call__(self, call: Call) -> None:
        line, _, rest = call.request().decode().partition("\r\n")
        self.asked.append(line)
        self.heads.append(head_of(f"{line}\r\n{rest}".encode()))
        wanted = f"Basic {base64.b64encode(self.login.encode()).decode()}"
        if self.login and self.heads[-1].get("Proxy-Authorization") != wanted:
            call.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        call.send(f"HTTP/1.1 {self.status}\r\n\r\n".encode())
        if not self.status.startswith("200"):
            return
        with socket.create_connection(("127.0.0.1", self.port)) as behind:
            back = threading.Thread(target=pump, args=(behind, call.sock), daemon=True)
            back.start()
            pump(call.sock, behind)
            back.join(5)


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def by(port: int, allow: str = "", *, scheme: str = "http", login: str = "", **more: Any) -> Policy:
    text = f"{scheme}://{login}localhost:{port}" if scheme == "https" else ""
    return Policy.parse(allow, proxy=parse_proxy(text or f"http://{login}127.0.0.1:{port}"), **more)


def asked(policy: Policy, url: str, **more: Any) -> Any:
    with Door(policy, seconds=8, **more) as door:
        return door.send(Request(url=url))


def verdict(policy: Policy, url: str = "https://api.example/", **more: Any) -> Any:
    with pytest.raises(Failed) as caught:
        asked(policy, url, **more)
    return caught.value.verdict
