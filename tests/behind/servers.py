"""Real servers that stand before or beside the site: nginx, redis-server with TLS and users."""

import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.client import (  # noqa: TID251 - to this machine's own proxy and site
    HTTPConnection,
    HTTPSConnection,
)
from http.cookies import SimpleCookie
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from tests.conftest import absent
from tests.lanes import answers, free_port
from tests.processes import wait_for
from tests.simulators.certs import make_authority, server_pem

FORWARDED = """
proxy_set_header Host $http_host;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Proto https;
"""
_NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; {user}
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/tls.pem; ssl_certificate_key {folder}/tls.pem;
    client_max_body_size 2m;
    location {path} {{ proxy_pass http://127.0.0.1:{site}; proxy_http_version 1.1; {headers} }}
  }}
}}
"""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]  # names in lower case; a cookie once
    cookies: list[str]
    text: str


class Proxy:
    """An nginx with TLS; `set` gives it another configuration while it runs."""

    def __init__(self, folder: Path, port: int, site: int, path: str) -> None:
        self.folder, self.port, self.site, self.path = folder, port, site, path
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def origin(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def set(self, headers: str) -> None:
        user = "user root;" if os.geteuid() == 0 else ""
        words = {"folder": self.folder, "port": self.port, "site": self.site, "user": user}
        (self.folder / "conf").write_text(_NGINX.format(path=self.path, headers=headers, **words))
        self.stop()
        self.process = subprocess.Popen(
            ["nginx", "-p", str(self.folder), "-c", str(self.folder / "conf")],
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda: answers(self.port))

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(10)

    def ask(self, path: str, method: str = "GET", body: str = "", **headers: str) -> Answer:
        """Header names with _ for a hyphen."""
        context = ssl._create_unverified_context()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        caller = HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)
        with contextlib.closing(caller):
            caller.request(method, path, body or None, named)
            found = caller.getresponse()
            pairs = [(name.lower(), value) for name, value in found.getheaders()]
            cookies = [value for name, value in pairs if name == "set-cookie"]
            return Answer(found.status, dict(pairs), cookies, found.read().decode())


@contextlib.contextmanager
def nginx(folder: Path, site: int, path: str = "/", headers: str = FORWARDED) -> Iterator[Proxy]:
    """Before the site on port `site`, which is asked under the path that the visitor asks for."""
    if not shutil.which("nginx"):
        absent("nginx")
    folder.mkdir()
    pem = server_pem(make_authority(), ["127.0.0.1", "localhost"])
    (folder / "tls.pem").write_bytes(pem)
    proxy = Proxy(folder, free_port(), site, path)
    try:
        proxy.set(headers)
        yield proxy
    finally:
        proxy.stop()


class Redis(NamedTuple):
    port: int
    ca: Path


@contextlib.contextmanager
def redis_tls(folder: Path, *more: str, name: str = "127.0.0.1") -> Iterator[Redis]:
    """A redis-server that speaks TLS alone, with a certificate for `name` by a CA of its own."""
    program = shutil.which("redis-server")
    if program is None:
        absent("redis-server")
    folder.mkdir()
    authority, port = make_authority(), free_port()
    (folder / "ca.pem").write_bytes(authority.pem)
    (folder / "tls.pem").write_bytes(server_pem(authority, [name]))
    words = ["--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "--save", ""]
    for option, file in (("cert", "tls"), ("key", "tls"), ("ca-cert", "ca")):
        words += [f"--tls-{option}-file", str(folder / f"{file}.pem")]
    words += ["--tls-auth-clients", "no", *more]
    process = subprocess.Popen([str(program), *words], stdout=subprocess.DEVNULL, cwd=folder)
    try:
        wait_for(lambda: answers(port))
        yield Redis(port, folder / "ca.pem")
    finally:
        process.terminate()
        process.wait(10)


class Visitor:
    """A person's browser without a screen, on a port of this machine: it keeps cookies and sends
    forms with their token."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies = port, SimpleCookie()

    def ask(self, path: str, method: str = "GET", **fields: str) -> Answer:
        headers = {"Cookie": "; ".join(f"{one.key}={one.value}" for one in self.cookies.values())}
        body = urlencode(fields) if fields else None
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        caller = HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(caller):
            caller.request(method, path, body, headers)
            found = caller.getresponse()
            pairs = [(name.lower(), value) for name, value in found.getheaders()]
            cookies = [value for name, value in pairs if name == "set-cookie"]
            for cookie in cookies:
                self.cookies.load(cookie)
            return Answer(found.status, dict(pairs), cookies, found.read().decode())

    def send(self, path: str, page: str = "", **fields: str) -> Answer:
        """The form on `page` (else on `path` itself), with these values."""
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.ask(page or path).text)
        assert token
        return self.ask(path, "POST", csrfmiddlewaretoken=token[1], **fields)

    def sign_in(self, name: str, password: str) -> Answer:
        return self.send("/accounts/login/", login=name, password=password)


class Relay:
    """A wire to a server that can be cut and mended: what connects here ends up there."""

    def __init__(self, target: int) -> None:
        self.target, self.port = target, free_port()
        self._open: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self.mend()

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def cut(self) -> None:
        """Whoever is connected is cut off, and nobody connects any more."""
        for one in [*self._open, *([self._listener] if self._listener else [])]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open, self._listener = [], None

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket()
                far.connect(("127.0.0.1", self.target))
                self._open += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=pair, daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
