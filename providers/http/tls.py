"""Certificates: always verified, by public authorities and the operator's own.

The context is built by hand: ssl.create_default_context would let SSLKEYLOGFILE, SSL_CERT_FILE
and SSL_CERT_DIR of the environment have a say.
"""

import ssl
import threading
from functools import lru_cache
from typing import Final

import certifi

_lock = threading.Lock()

# OpenSSL's numbers. Source: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_WORDS: Final = {
    2: "missing_root",  # a certificate of the chain is trusted, its issuer is nowhere
    9: "not_yet_valid",
    10: "expired",
    18: "self_signed",
    19: "unknown_issuer",  # a private root in the chain
    20: "unknown_issuer",
    21: "unknown_issuer",
    62: "wrong_name",
    64: "wrong_name",  # of an IP address
}
_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_MESSAGE")


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """One warm context a process and CA file; ca_file comes on top of the public authorities.

    Raises ValueError with a sentence when the file cannot be read as certificates: call it once
    at start. A changed file needs a restart.
    """
    with _lock:  # reading the bundle takes some 20 ms, so only one thread does it
        return _build(ca_file)


@lru_cache(maxsize=8)
def _build(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=certifi.where())
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError:  # ssl.SSLError is one
            raise ValueError(
                f"OUTBOUND_CA_FILE {ca_file} cannot be read as a PEM file of certificates."
            ) from None
    return context


def word_of(error: ssl.SSLError) -> str:
    """The closed word for a failed handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _WORDS.get(error.verify_code, "certificate")
    return "not_tls" if error.reason in _NOT_TLS else "handshake"
