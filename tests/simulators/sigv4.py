"""Checks an AWS Signature Version 4 the way the receiving side does, from the raw request.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
Independent of botocore, which the tests use as the signer.
"""

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

SECRET = "demoSecret/for+the/Simulators0123456789A"
SESSION_TOKEN = "demo-session-token//with+slashes=="
_SKEW = dt.timedelta(minutes=15)
_FORM = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/, ]+)/(?P<date>\d{8})/(?P<region>[^/, ]+)"
    r"/(?P<service>[^/, ]+)/aws4_request, ?SignedHeaders=(?P<signed>[a-z0-9;-]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _canonical_query(raw_query: str) -> str:
    pairs = []
    for part in filter(None, raw_query.split("&")):
        name, _, value = part.partition("=")
        pairs.append((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def fault_of(
    *,
    method: str,
    raw_path: str,
    raw_query: str,
    headers: Mapping[str, str],
    body: bytes,
    region: str,
    now: dt.datetime,
) -> tuple[str, str] | None:
    """(exception name, message) of a signature that does not hold, else None.

    The canonical path is the sent path encoded once more, as every service but S3 wants it.
    """
    found = _FORM.fullmatch(headers.get("authorization", ""))
    if found is None:
        return "IncompleteSignatureException", "Authorization header is malformed."
    signed = found["signed"].split(";")
    if signed != sorted(signed) or "host" not in signed or "x-amz-date" not in signed:
        return "IncompleteSignatureException", "'host' and 'x-amz-date' must be signed headers."
    if any(name.startswith("x-amz-") and name not in signed for name in headers):
        return "InvalidSignatureException", "Every x-amz- header must be signed."
    stamp = headers.get("x-amz-date", "")
    try:
        moment = dt.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return "IncompleteSignatureException", "x-amz-date is malformed."
    if abs(now - moment) > _SKEW or not stamp.startswith(found["date"]):
        return "InvalidSignatureException", f"Signature expired: {stamp} is not current."
    if found["region"] != region or found["service"] != "bedrock":
        return "InvalidSignatureException", "Credential should be scoped to a valid region."
    temporary = found["id"].startswith("ASIA")
    if temporary and headers.get("x-amz-security-token") != SESSION_TOKEN:
        return (
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        )
    canonical = "\n".join(
        [
            method,
            quote(raw_path, safe="/-_.~"),
            _canonical_query(raw_query),
            *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in signed),
            "",
            ";".join(signed),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{found['date']}/{region}/bedrock/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for part in (found["date"], region, "bedrock", "aws4_request"):
        key = _mac(key, part)
    right = _mac(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}").hex()
    if not hmac.compare_digest(right, found["signature"]):
        return (
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.",
        )
    return None
