"""Which header lines may leave. Pure; used by forms when they are typed and by the door again.

Source of the token rule: https://www.rfc-editor.org/rfc/rfc9110#name-tokens
"""

import re
from collections.abc import Collection
from typing import Any, Final

from facio_site.marked import marked as _

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


class BadHeader(ValueError):
    """A header that is refused. `sentence` is for the form, filled from `params`; it never holds
    the value."""

    def __init__(self, sentence: str, **params: Any) -> None:
        super().__init__(sentence % params)
        self.sentence, self.params = sentence, params


def check_header(name: str, value: str) -> None:
    """Raises BadHeader."""
    check_name(name)
    check_value(name, value)


def check_name(name: str) -> None:
    """Raises BadHeader where the name is no token or is not ours to set."""
    if not _TOKEN.fullmatch(name):
        raise BadHeader(
            _(
                "A header name has letters, digits and hyphens only, up to 100 of them, as in "
                "X-Title."
            )
        )
    lower = name.lower()
    if lower in _OURS or lower.startswith(_OUR_PREFIXES):
        raise BadHeader(_("The header %(name)s cannot be set here."), name=name)


def check_value(name: str, value: str) -> None:
    """Raises BadHeader. `name` must have passed check_name: it stands in the sentence."""
    if len(value) > MAX_VALUE:
        sentence = _("The value of %(name)s is longer than %(limit)d characters.")
        raise BadHeader(sentence, name=name, limit=MAX_VALUE)
    if not _VALUE.fullmatch(value):
        raise BadHeader(
            _(
                "The value of %(name)s may have plain ASCII characters only: no line break, no "
                "accent, no typographic quote, no blank at its ends."
            ),
            name=name,
        )


def check_headers(headers: Collection[tuple[str, str]]) -> None:
    """Names and values as entered for one provider. Raises BadHeader for the first fault."""
    if len(headers) > MAX_HEADERS:
        raise BadHeader(_("There are more than %(limit)d headers."), limit=MAX_HEADERS)
    seen = set()
    for name, value in headers:
        check_header(name, value)
        if name.lower() in seen:
            raise BadHeader(_("The header %(name)s is there twice."), name=name)
        seen.add(name.lower())
