"""OUTBOUND_PROXY, read: the proxy that calls to public names go through by CONNECT. Pure."""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from providers.http.urls import DEFAULT_PORTS, BadURL, parse_host
from providers.spec.secret import Secret

_FORM: Final = re.compile(
    r"(?P<scheme>https?)://(?:(?P<login>[^/?#@\s]*)@)?(?P<host>\[[^\]@]*\]|[^:/?#@\[\]]+)"
    r"(?::(?P<port>[0-9]{1,5}))?/?",
    re.I | re.A,
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it is, and the header line's value with which it lets us in; None = without one."""

    host: str
    port: int
    is_tls: bool
    login: Secret | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """Safe to show."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_proxy(text: str) -> Proxy | None:
    """None for "". Raises ValueError with a sentence in which nothing of the text stands."""
    if not text.strip():
        return None
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            "OUTBOUND_PROXY must be http://HOST:PORT or https://HOST:PORT, with USER:PASSWORD@ "
            "before the host where it asks for them (special characters as in a URL, @ as %40)."
        )
    scheme = match["scheme"].lower()
    port = int(match["port"] or DEFAULT_PORTS[scheme])
    if not 1 <= port <= 65_535:
        raise ValueError("The port of OUTBOUND_PROXY must be a number from 1 to 65535.")
    try:
        host = parse_host(match["host"])
    except BadURL:
        raise ValueError("The host of OUTBOUND_PROXY is neither a name nor an address.") from None
    login = match["login"]
    return Proxy(host, port, scheme == "https", _login(login) if login else None)


def _login(text: str) -> Secret:
    user, _, password = text.partition(":")
    plain = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return Secret(f"Basic {b64encode(plain).decode()}")
