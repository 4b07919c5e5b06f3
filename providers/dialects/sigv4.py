"""AWS Signature Version 4 for requests that httpx sends. Pure: no clock, no I/O, no AWS library.

The URL is signed as it goes over the wire: percent-encoded once by the caller. The canonical path
encodes it a second time, as all services but S3 ask for.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from providers.spec.secret import Secret

_ALGORITHM = "AWS4-HMAC-SHA256"
# Headers that something between the signer and AWS may add or change.
_UNSIGNED = {"authorization", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"}
_DEFAULT_PORTS = {"http": 80, "https": 443}


def sign(
    *,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    access_key_id: str,
    secret_access_key: Secret,
    session_token: Secret | None = None,
    region: str,
    service: str,
    now: datetime,
) -> dict[str, str | Secret]:
    """The headers to add to a request: date, token if there is one, and the signature.

    `now` is an aware moment. `headers` are those that go along and get signed as well.
    """
    parts = urlsplit(url)
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    added: dict[str, str | Secret] = {"X-Amz-Date": stamp}
    signed = {name.lower(): _squeeze(value) for name, value in headers.items()}
    signed["x-amz-date"] = stamp
    if session_token:
        added["X-Amz-Security-Token"] = session_token
        signed["x-amz-security-token"] = _squeeze(session_token.reveal())
    signed.setdefault("host", _host(url))
    signed = {name: signed[name] for name in sorted(signed) if name not in _UNSIGNED}
    names = ";".join(signed)
    canonical = "\n".join(
        [
            method.upper(),
            _canonical_path(parts.path),
            _canonical_query(parts.query),
            *(f"{name}:{value}" for name, value in signed.items()),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join([_ALGORITHM, stamp, scope, digest])
    key = ("AWS4" + secret_access_key.reveal()).encode()
    for part in scope.split("/"):
        key = _mac(key, part)
    signature = _mac(key, to_sign).hex()
    added["Authorization"] = Secret(
        f"{_ALGORITHM} Credential={access_key_id}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return added


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _squeeze(value: str) -> str:
    return " ".join(value.split())


def _host(url: str) -> str:
    """Host header as an HTTP client sends it: the port only when it is not the usual one."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    if parts.port and parts.port != _DEFAULT_PORTS.get(parts.scheme):
        return f"{host}:{parts.port}"
    return host


def _canonical_query(query: str) -> str:
    """Sorted by name, then value; a parameter always has its equals sign here."""
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)
    return "&".join(f"{name}={value}" for name, value in pairs)


def _canonical_path(path: str) -> str:
    """Dot segments resolved, doubled slashes joined, then every byte encoded once more."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    tail = "/" if kept and path.endswith("/") else ""
    return quote("/" + "/".join(kept) + tail, safe="/~")
