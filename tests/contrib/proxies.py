"""nginx and Caddy with the snippets of contrib/, and what stands behind them in a test."""

import contextlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.client import HTTPSConnection  # noqa: TID251 - to this machine's own proxy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from tests.conftest import absent
from tests.lanes import answers, free_port
from tests.processes import ROOT, stop, wait_for
from tests.providers.http.servers import Authority

NAME = "facio.example.org"
NGINX, CADDY = ROOT / "contrib/nginx/facio-settings.conf", ROOT / "contrib/caddy/Caddyfile"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str


class Front(NamedTuple):
    """A proxy that runs: its ports on loopback, and where it writes what it was asked."""

    https: int
    http: int
    log: Path

    def ask(
        self, path: str, method: str = "GET", body: str | bytes = b"", **headers: str
    ) -> Answer:
        """By TLS, under the name that the snippet is for; header names with _ for a hyphen."""
        caller = HTTPSConnection(NAME, timeout=20)
        caller.sock = self._secured()
        with contextlib.closing(caller):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            caller.request(method, path, body or None, named)
            found = caller.getresponse()
            cookies = found.headers.get_all("Set-Cookie") or []
            return Answer(found.status, dict(found.headers), cookies, found.read().decode())

    def _secured(self) -> ssl.SSLSocket:
        raw = socket.socket()
        try:
            raw.settimeout(20)
            raw.connect(("127.0.0.1", self.https))
            return ssl._create_unverified_context().wrap_socket(raw, server_hostname=NAME)
        except OSError:
            raw.close()
            raise

    def is_there(self) -> bool:
        """Caddy listens before it has a certificate."""
        try:
            self._secured().close()
        except OSError:
            return False
        return answers(self.http)


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """Each pattern stands in there once; else the snippet is not what runs."""
    for pattern, value in pairs:
        text, count = re.subn(pattern, lambda _: value, text, flags=re.M)  # noqa: B023
        assert count == 1, pattern
    return text


@contextlib.contextmanager
def nginx(folder: Path, *upstreams: int) -> Iterator[Front]:
    if not (program := shutil.which("nginx")):
        absent("nginx")
    front = Front(free_port(), free_port(), folder / "access.log")
    pem = Authority(folder).served(NAME)[1]  # with its key
    servers = " ".join(
        f"server 127.0.0.1:{port} max_fails=1 fail_timeout=2s;" for port in upstreams
    )
    snippet = replaced(
        NGINX.read_text(),
        (r"server 127\.0\.0\.1:8000 [^;]*;", servers),
        (r"listen 80;", f"listen 127.0.0.1:{front.http};"),
        (r"listen 443 ", f"listen 127.0.0.1:{front.https} "),
        (r"/etc/ssl/facio/fullchain\.pem", str(pem)),
        (r"/etc/ssl/facio/key\.pem", str(pem)),
        (r"/var/log/nginx/facio-settings\.log", str(front.log)),
    )
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "site.conf").write_text(snippet)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; {user} events {{ }}\n"
        f"http {{ {temporary} include {folder}/site.conf; }}\n"
    )
    words = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    tried = subprocess.run([*words, "-t"], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    assert "[warn]" not in tried.stderr
    yield from _running(words, folder, front)


@contextlib.contextmanager
def caddy(folder: Path, *upstreams: int) -> Iterator[Front]:
    if not (program := shutil.which("caddy")):
        absent("caddy")
    front = Front(free_port(), free_port(), folder / "stderr")
    servers = " ".join(f"127.0.0.1:{port}" for port in upstreams)
    snippet = replaced(
        CADDY.read_text(), (r"reverse_proxy 127\.0\.0\.1:8000", f"reverse_proxy {servers}")
    )
    options = f"admin off\nlocal_certs\nskip_install_trust\nhttp_port {front.http}\n"
    options += f"https_port {front.https}\ndefault_bind 127.0.0.1\n"
    file = folder / "Caddyfile"
    file.write_text(f"{{\n{options}}}\n{snippet}")
    formatted = subprocess.run([program, "fmt", str(CADDY)], capture_output=True, text=True)
    assert formatted.stdout == CADDY.read_text()
    words = [program, "run", "--config", str(file), "--adapter", "caddyfile"]
    yield from _running(words, folder, front)


def _running(words: list[str], folder: Path, front: Front) -> Iterator[Front]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "stderr").open("wb") as said:
        process = subprocess.Popen(words, stdout=said, stderr=said, env=environ, cwd=folder)
    try:
        wait_for(front.is_there)
        yield front
    finally:
        stop(process)


@contextlib.contextmanager
def echo() -> Iterator[int]:
    """A server that answers with what it was asked; gives its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            seen = {
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "length": len(self.rfile.read(length)),
            }
            body = json.dumps(seen).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
