"""The one grammar of addresses that are called. Pure: no name is looked up, nothing is opened.

A text passes one regular expression as a whole or is refused; everything later is built from the
parts of that match, so there is no second parser that could read the same text differently.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn, cast

import idna

from facio_site.marked import marked as _
from providers.spec.limits import BASE_LENGTH
from providers.spec.signs import odd_sign

TARGET_LENGTH: Final = 8_192  # room for the cursor of a page

Scheme = Literal["http", "https"]
DEFAULT_PORTS: Final[dict[str, int]] = {"http": 80, "https": 443}

# Each sentence says what is wrong and what to write; none repeats the text, which may hold a secret
SENTENCES: Final[dict[str, str]] = {
    "empty": _("Enter an address, such as https://api.example.com/v1."),
    "too_long": _("The address is too long."),
    "not_ascii": _(
        "The address has characters outside ASCII. Write an international name in its xn-- form."
    ),
    "invisible": _(
        "The address has an invisible character at place %(at)s (%(sign)s). Delete it there."
    ),
    "full_width": _(
        "The address has a full-width sign at place %(at)s (%(sign)s). Write %(plain)s there."
    ),
    "foreign_sign": _(
        "The address has a sign at place %(at)s that only looks like an ordinary one (%(sign)s). "
        "Type it anew there."
    ),
    "blank": _("The address has a blank or an invisible character in it."),
    "backslash": _("The address has a backslash. Use / instead."),
    "scheme": _("The address must begin with https:// or http://."),
    "user_info": _(
        "Leave out the user name and password before the @. A key has its own field; where a "
        "server asks for a name and password, they go into an extra header: Authorization: Basic, "
        "then name:password in base64."
    ),
    "query": _("Leave out the part from the question mark on."),
    "fragment": _("Leave out the part from the # on."),
    "port": _("The port must be a number from 1 to 65535."),
    "host": _(
        "The host name is not valid. It has letters, digits, hyphens and dots, as in "
        "api.example.com."
    ),
    "ipv4": _(
        "A numeric host must be a plain IPv4 address, four numbers from 0 to 255 without "
        "leading zeros, such as 192.168.1.20."
    ),
    "ipv6": _(
        "The IPv6 address is not valid. Write it in brackets and without a zone, as in [fd12::1]."
    ),
    "idna": _("A part of the host name begins with xn-- but is no valid international name."),
    "dots": _("The path has a . or .. step. Write the path out."),
    "path": _("The path has a character or an empty step that is not allowed."),
}

_HOST = r"(?:\[(?P<v6>[0-9a-f:.]{2,45})\]|(?P<name>[a-z0-9_][a-z0-9_.-]{0,252}))"
_AUTHORITY = rf"(?P<scheme>https?)://{_HOST}(?::(?P<port>[1-9][0-9]{{0,4}}))?"
_CHAR = r"[a-z0-9._~!$&'()*+,;=:@-]"
# In a base, an encoded control character, blank, dot, slash, backslash or % has no honest use
_BASE_CHAR = rf"(?:{_CHAR}|%(?![01]|2[05ef]|5c|7f)[0-9a-f]{{2}})"
_TARGET_CHAR = rf"(?:{_CHAR}|%[0-9a-f]{{2}})"
_BASE = re.compile(rf"{_AUTHORITY}(?P<path>(?:/{_BASE_CHAR}+)*)/?", re.I | re.A)
_TARGET = re.compile(
    rf"{_AUTHORITY}(?P<path>(?:/{_TARGET_CHAR}*)*)(?:\?(?P<query>(?:{_TARGET_CHAR}|[/?])*))?",
    re.I | re.A,
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.I | re.A)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.A)


class BadURL(ValueError):
    """An address that is refused. `code` is a key of SENTENCES, `params` fill it; str() is the
    sentence."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(SENTENCES[code] % params)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class _Place:
    scheme: Scheme
    host: str  # lower case; an IPv6 address without its brackets
    port: int

    @property
    def netloc(self) -> str:
        """Value of the Host header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """scheme://host[:port] in its one spelling; secrets are bound to it."""
        return f"{self.scheme}://{self.netloc}"


@dataclass(frozen=True, slots=True)
class Base(_Place):
    """An address that a person configures."""

    path: str  # "" or /v1, without a trailing slash

    @property
    def url(self) -> str:
        return f"{self.origin}{self.path}"


@dataclass(frozen=True, slots=True)
class Target(_Place):
    """An address that is called: a base with something appended."""

    path: str  # at least /
    query: str  # without the question mark

    @property
    def line(self) -> str:
        """What stands in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path


def parse_base(text: str) -> Base:
    """The address in its parts. Raises BadURL; blanks around it are the caller's to strip."""
    match = _BASE.fullmatch(text) if len(text) <= BASE_LENGTH else None
    if match is None:
        _refuse(text, BASE_LENGTH)
    scheme, host, port = _place(match)
    path = _without_dots(match["path"])
    return Base(scheme, host, port, path)


def parse_target(text: str) -> Target:
    """The same grammar with a query, and any well-formed %XX in the path. Raises BadURL."""
    match = _TARGET.fullmatch(text) if len(text) <= TARGET_LENGTH else None
    if match is None:
        _refuse(text, TARGET_LENGTH, with_query=True)
    scheme, host, port = _place(match)
    path = _without_dots(match["path"] or "/")
    return Target(scheme, host, port, path, match["query"] or "")


def origin_of(url: str) -> str:
    """scheme://host[:port] of a base or of a called address. Raises BadURL."""
    return parse_target(url).origin


def parse_host(text: str) -> str:
    """A host name or IP address as it stands in an address, without brackets. Raises BadURL."""
    match = re.fullmatch(_HOST, text, re.I | re.A)
    if match is None:
        raise BadURL("host")
    return _host(match)


def _place(match: re.Match[str]) -> tuple[Scheme, str, int]:
    scheme = cast(Scheme, match["scheme"].lower())
    port = int(match["port"] or DEFAULT_PORTS[scheme])
    if port > 65_535:
        raise BadURL("port")
    return scheme, _host(match), port


def _host(match: re.Match[str]) -> str:
    if match["v6"]:
        return _ipv6(match["v6"])
    name = match["name"].lower()
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(name)
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise BadURL("host")
        if label.startswith("xn--"):
            _decode(label)
    return name


def _ipv4(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise BadURL("ipv4") from None


def _ipv6(text: str) -> str:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise BadURL("ipv6") from None
    mapped = address.ipv4_mapped  # spelled out: Python versions print it differently
    return f"::ffff:{mapped}" if mapped else str(address)


def _decode(label: str) -> None:
    try:
        idna.decode(label)
    except (UnicodeError, ValueError, IndexError):
        raise BadURL("idna") from None


def _without_dots(path: str) -> str:
    for step in path.split("/"):
        if step.lower().replace("%2e", ".") in {".", ".."}:
            raise BadURL("dots")
    return path


def _refuse(text: str, length: int, *, with_query: bool = False) -> NoReturn:
    """Picks the sentence. The expression above has refused already; nothing here accepts."""
    code = _reason(text, length, with_query)
    if code == "not_ascii":
        code, told = odd_sign(text)
        raise BadURL(code, **({} if code == "not_ascii" else told))
    raise BadURL(code)


def _reason(text: str, length: int, with_query: bool) -> str:
    if not text:
        return "empty"
    if len(text) > length:
        return "too_long"
    if not text.isascii():
        return "not_ascii"
    if re.search(r"[\x00-\x20\x7f]", text):
        return "blank"
    if "\\" in text:
        return "backslash"
    scheme, found, rest = text.partition("://")
    if not found or scheme.lower() not in DEFAULT_PORTS:
        return "scheme"
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        return "user_info"
    if "#" in rest:
        return "fragment"
    if "?" in rest and not with_query:
        return "query"
    return _part_at_fault(authority)


def _part_at_fault(authority: str) -> str:
    if re.fullmatch(rf"{_HOST}(?::[1-9][0-9]{{0,4}})?", authority, re.I | re.A):
        return "path"
    if re.fullmatch(rf"{_HOST}:.*", authority, re.I | re.A):
        return "port"
    if "[" in authority or authority.count(":") > 1:
        return "ipv6"
    return "host"
