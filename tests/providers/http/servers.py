"""Loopback servers that behave as told, byte by byte, and certificates made on the spot.

A script is a function of a Call: it reads the request and writes whatever it likes, HTTP or not.
"""

import contextlib
import datetime
import functools
import gzip
import ipaddress
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Call:
    """One accepted connection."""

    sock: socket.socket
    server: "Server"

    def request(self) -> bytes:
        """Head and body of the next request; b"" when the other side has closed."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.sock.recv(65_536)
            if not piece:
                return b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            while name.lower() == b"content-length" and len(body) < int(value):
                body += self.sock.recv(65_536)
        self.server.requests.append(head + b"\r\n\r\n" + body)
        return head + b"\r\n\r\n" + body

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)
        self.server.sent += len(data)

    def wait(self, seconds: float = 30) -> bool:
        """True when the server is told to stop."""
        return self.server.stopping.wait(seconds)

    def reset(self) -> None:
        """Closes with a RST instead of a FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


Script = Callable[[Call], None]


class Server:
    """Runs a script for every connection, each in a thread."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None, host: str) -> None:
        self.script = script
        self.tls = tls
        self.stopping = threading.Event()
        self.accepted = 0
        self.sent = 0
        self.requests: list[bytes] = []
        self._threads: list[threading.Thread] = []
        self._socks: list[socket.socket] = []
        self._listener = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            with contextlib.suppress(OSError):
                sock, _ = self._listener.accept()
                self.accepted += 1
                self._socks.append(sock)
                self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(sock.close)
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
                stack.callback(sock.close)
                self._socks.append(sock)
            self.script(Call(sock, self))

    def stop(self) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for sock in self._socks:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(5)
        self._listener.close()
        for sock in self._socks:
            sock.close()


@contextlib.contextmanager
def serve(
    script: Script, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[Server]:
    server = Server(script, tls=tls, host=host)
    try:
        yield server
    finally:
        server.stop()


def head_of(raw: bytes) -> dict[str, str]:
    """The headers of a request."""
    lines = raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines)


def answer(body: bytes = b"{}", *, status: str = "200 OK", headers: tuple[str, ...] = ()) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def always(data: bytes) -> Script:
    """Answers every request of a connection with the same bytes."""

    def script(call: Call) -> None:
        while call.request():
            call.send(data)

    return script


def once(data: bytes) -> Script:
    """Answers one request and closes."""

    def script(call: Call) -> None:
        call.request()
        call.send(data)

    return script


# Scripts of servers that mean harm

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
PACKED = HEAD + b"Content-Encoding: gzip\r\n\r\n"
_PACKER = zlib.compressobj(wbits=31)
PACKED_START = PACKED + _PACKER.compress(b"[") + _PACKER.flush(zlib.Z_SYNC_FLUSH)
PACKED_NOTHING = _PACKER.flush(zlib.Z_FULL_FLUSH)  # bytes on the wire that unpack to none
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"


def ids(rows):
    """Each row begins with its name."""
    return [row[0] for row in rows]


@functools.cache
def bomb() -> bytes:
    """300 KB that unpack to 300 MB."""
    return gzip.compress(b"[" + b" " * 300_000_000 + b"]")


def packed(body: bytes, coding: str = "gzip") -> bytes:
    """An answer whose body is packed already."""
    return answer(body, headers=(f"Content-Encoding: {coding}",))


def drip(before: bytes = b"", piece: bytes = b" ", pause: float = 0.05) -> Script:
    """A byte at a time, for ever."""

    def script(call: Call) -> None:
        call.request()
        call.send(before)
        while not call.wait(pause):
            call.send(piece)

    return script


def hang(before: bytes = b"") -> Script:
    def script(call: Call) -> None:
        call.request()
        call.send(before)
        call.wait()

    return script


def endless(before: bytes, piece: bytes) -> Script:
    def script(call: Call) -> None:
        call.request()
        call.send(before)
        while not call.server.stopping.is_set():
            call.send(piece)

    return script


def silent(call: Call) -> None:
    """Accepts and does not even read."""
    call.wait()


def reset(before: bytes = b"") -> Script:
    def script(call: Call) -> None:
        call.request()
        call.send(before)
        call.reset()

    return script


class Authority:
    """A certificate authority for one test run; below another one where that is given."""

    def __init__(self, folder: Path, above: "Authority | None" = None) -> None:
        self.folder = folder
        self.chain = b""  # what a server sends behind its own certificate
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = "Test authority" if above is None else "Authority in between"
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / ("ca.pem" if above is None else "between.pem")
        issuer = above or self
        certificate = self._certificate(
            self._name, self._key.public_key(), issuer._name, is_ca=True, signer=issuer._key
        )
        if above is not None:
            self.chain = certificate.public_bytes(serialization.Encoding.PEM)
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def context(
        self,
        *names: str,
        days: tuple[int, int] = (-1, 30),
        self_signed: bool = False,
        tls: ssl.TLSVersion | None = None,
    ) -> ssl.SSLContext:
        """A server's side. `days`: validity, counted from today."""
        return self.served(*names, days=days, self_signed=self_signed, tls=tls)[0]

    def served(
        self,
        *names: str,
        days: tuple[int, int] = (-1, 30),
        self_signed: bool = False,
        tls: ssl.TLSVersion | None = None,
    ) -> tuple[ssl.SSLContext, Path]:
        """The same, and the file with the certificate that it shows."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = self._certificate(
            subject,
            key.public_key(),
            subject if self_signed else self._name,
            names=names,
            days=days,
            signer=key if self_signed else self._key,
        )
        file = self.folder / f"{certificate.serial_number}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
            + self.chain
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if tls is not None:
            context.minimum_version = context.maximum_version = tls
        context.load_cert_chain(file)
        return context, file

    def _certificate(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        issuer: x509.Name,
        *,
        names: tuple[str, ...] = (),
        days: tuple[int, int] = (-1, 30),
        is_ca: bool = False,
        signer: ec.EllipticCurvePrivateKey | None = None,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + datetime.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
            )
        return builder.sign(signer or self._key, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(name))
    return x509.DNSName(name)
