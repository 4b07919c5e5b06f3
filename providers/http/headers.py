"""Which header lines may leave. Pure; used by forms when they are typed and by the door again.

Source of the token rule: https://www.rfc-editor.org/rfc/rfc9110#name-tokens
"""

import re
from collections.abc import Mapping
from typing import Final

MAX_HEADERS: Final = 20  # entered by a person for one provider
MAX_VALUE: Final = 4_096

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?")

# Set by the transport, or trusted by proxies and cloud metadata services when they see them
_OURS: Final = frozenset(
    {
        *("accept-encoding", "connection", "content-length", "cookie", "expect", "forwarded"),
        *("host", "keep-alive", "origin", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
_OUR_PREFIXES: Final = ("proxy-", "x-forwarded-", "metadata", "x-aws-ec2-")


def check_header(name: str, value: str) -> None:
    """Raises ValueError with a sentence for the form; the sentence never holds the value."""
    check_name(name)
    check_value(name, value)


def check_name(name: str) -> None:
    """Raises ValueError where the name is no token or is not ours to set."""
    if not _TOKEN.fullmatch(name):
        raise ValueError(
            "A header name has letters, digits and hyphens only, up to 100 of them, as in X-Title."
        )
    lower = name.lower()
    if lower in _OURS or lower.startswith(_OUR_PREFIXES):
        raise ValueError(f"The header {name} cannot be set here.")


def check_value(name: str, value: str) -> None:
    """Raises ValueError. `name` must have passed check_name: it stands in the sentence."""
    if len(value) > MAX_VALUE:
        raise ValueError(f"The value of {name} is longer than {MAX_VALUE:,} characters.")
    if not _VALUE.fullmatch(value):
        raise ValueError(
            f"The value of {name} may have plain ASCII characters only: no line break, no accent, "
            "no typographic quote, no blank at its ends."
        )


def check_headers(headers: Mapping[str, str]) -> None:
    """A whole set as entered for one provider. Raises ValueError with the first fault."""
    if len(headers) > MAX_HEADERS:
        raise ValueError(f"There are more than {MAX_HEADERS} headers.")
    seen = set()
    for name, value in headers.items():
        check_header(name, value)
        if name.lower() in seen:
            raise ValueError(f"The header {name} is there twice.")
        seen.add(name.lower())
