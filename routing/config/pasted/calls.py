"""Calls out of commands: curl, PowerShell's and HTTPie's. Words in, a Request out. Pure.

The address is the one that is named as such, else the first word that no option takes.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

from routing.config.pasted.records import Ignored, Request, Unread, Word

# Options of curl that take a value. Source: `curl --help all`, 7.88 to 8.15
_SHORT = frozenset("AbcCdDeEFhHKmoPQrtTuUwxXyYz")
_VALUED = frozenset(
    re.split(
        r"\s+",
        """\
abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config connect-
timeout connect-to continue-at cookie cookie-jar create-file-mode crlfile curves data data-ascii
data-binary data-raw data-urlencode delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-
servers doh-url dump-header ech egd-file engine etag-compare etag-save expect100-timeout form
form-string ftp-account ftp-alternative-to-user ftp-method ftp-port ftp-ssl-ccc-mode happy-
eyeballs-timeout-ms haproxy-clientip header help hostpubmd5 hostpubsha256 hsts interface ip-tos
ipfs-gateway json keepalive-cnt keepalive-time key key-type krb libcurl limit-rate local-port
login-options mail-auth mail-from mail-rcpt max-filesize max-redirs max-time netrc-file noproxy
oauth2-bearer output output-dir parallel-max parallel-max-host pass pinnedpubkey preproxy proto
proto-default proto-redir proxy proxy-cacert proxy-capath proxy-cert proxy-cert-type proxy-
ciphers proxy-crlfile proxy-header proxy-key proxy-key-type proxy-pass proxy-pinnedpubkey proxy-
service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser proxy-user
proxy1.0 pubkey quote random-file range rate referer request request-target resolve retry retry-
delay retry-max-time sasl-authzid service-name sigalgs socks4 socks4a socks5 socks5-gssapi-
service socks5-hostname speed-limit speed-time stderr telnet-option tftp-blksize time-cond tls-
max tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii trace-config unix-socket
upload-file upload-flags url url-query user user-agent variable vlan-priority write-out""",
    )
)
_FLAGS = frozenset(
    re.split(
        r"\s+",
        """\
anyauth append basic ca-native cert-status compressed compressed-ssh create-dirs crlf digest
disable disable-eprt disable-epsv disallow-username-in-url doh-cert-status doh-insecure dump-ca-
embed fail fail-early fail-with-body false-start follow form-escape ftp-create-dirs ftp-pasv
ftp-pret ftp-skip-pasv-ip ftp-ssl-ccc ftp-ssl-control get globoff haproxy-protocol head http0.9
http1.0 http1.1 http2 http2-prior-knowledge http3 http3-only ignore-content-length include
insecure ipv4 ipv6 junk-session-cookies list-only location location-trusted mail-rcpt-allowfails
manual metalink mptcp negotiate netrc netrc-optional next no-alpn no-buffer no-clobber no-
keepalive no-npn no-progress-meter no-sessionid ntlm ntlm-wb out-null parallel parallel-
immediate path-as-is post301 post302 post303 progress-bar proxy-anyauth proxy-basic proxy-ca-
native proxy-digest proxy-http2 proxy-insecure proxy-negotiate proxy-ntlm proxy-ssl-allow-beast
proxy-ssl-auto-client-cert proxy-tlsv1 proxytunnel raw remote-header-name remote-name remote-
name-all remote-time remove-on-error retry-all-errors retry-connrefused sasl-ir show-error show-
headers silent skip-existing socks5-basic socks5-gssapi socks5-gssapi-nec ssl ssl-allow-beast
ssl-auto-client-cert ssl-no-revoke ssl-reqd ssl-revoke-best-effort sslv2 sslv3 styled-output
suppress-connect-headers tcp-fastopen tcp-nodelay tftp-no-options tls-earlydata tlsv1 tlsv1.0
tlsv1.1 tlsv1.2 tlsv1.3 tr-encoding trace-ids trace-time use-ascii verbose version xattr""",
    )
)
_LONG_OF = {"H": "header", "d": "data", "G": "get", "u": "user", ":": "next"}
_DATA = ("data", "data-ascii", "data-urlencode", "data-raw", "data-binary")
_BARE = Word("")


@dataclass(slots=True)
class _Parts:
    """One call while it is put together."""

    urls: list[Word] = field(default_factory=list)
    named: list[Word] = field(default_factory=list)  # by --url or -Uri
    headers: dict[str, Word] = field(default_factory=dict)
    query: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    is_get: bool = False
    is_unclear: bool = False

    def header(self, word: Word) -> None:
        name, _colon, value = word.text.partition(":")
        if name.startswith("@"):
            self.ignored.append(Ignored("header", "in_a_file"))
        elif value.strip():
            self.headers[name.strip().lower()] = Word(value.strip(), word.is_filled)

    def request(self, line: int) -> Request:
        if self.is_unclear and not self.named:
            raise Unread("unknown_option")
        urls = [*self.named, *self.urls]
        if not urls:
            raise Unread("bad_curl")
        more = [Ignored(f"line {line}", "second_address") for _url in urls[1:]]
        query = (*self.query, *(self.data if self.is_get else ()))
        return Request(
            line=line,
            url=urls[0],
            headers=self.headers,
            query=tuple(query),
            ignored=(*self.ignored, *more),
        )


def curl_requests(words: Sequence[Word], line: int) -> list[Request]:
    """`words` without the program's own name. Raises Unread."""
    found, parts = [], _Parts()
    for name, value in _options(words):
        if name == "next":
            found.append(parts.request(line))
            parts = _Parts()
        else:
            _take(parts, name, value)
    return [*found, parts.request(line)]


def _take(parts: _Parts, name: str, value: Word) -> None:
    match name:
        case "":
            parts.urls.append(value)
        case "?":
            parts.is_unclear |= not parts.urls
        case "url":
            parts.named.append(value)
        case "header":
            parts.header(value)
        case "oauth2-bearer":
            parts.headers["authorization"] = Word(f"Bearer {value.text}", value.is_filled)
        case "url-query":
            parts.query.append(value.text)
        case "get":
            parts.is_get = True
        case "user":
            parts.ignored.append(Ignored("user", "user_password"))
        case "config":
            parts.ignored.append(Ignored("config", "in_a_file"))
        case _ if name in _DATA:
            parts.data.append(value.text)


def _options(words: Sequence[Word]) -> Iterator[tuple[str, Word]]:
    """Options with their values by their long names; "" names a word that no option takes, "?" an
    option of which nobody knows whether it takes the next one."""
    at, has_options = 0, True
    while at < len(words):
        word, at = words[at], at + 1
        text = word.text
        following = words[at] if at < len(words) else _BARE
        if not has_options or not text.startswith("-") or text == "-":
            yield "", word
        elif text == "--":
            has_options = False
        elif text.startswith("--"):
            name, sign, value = text[2:].partition("=")
            name = _whole(name)
            if sign:
                yield name, Word(value, word.is_filled)
            elif name in _VALUED:
                at += 1
                yield name, following
            elif name in _FLAGS or name.startswith("no-") or following.text.startswith("-"):
                yield name, _BARE
            else:
                yield "?", _BARE
        else:
            at += yield from _short(word, following)


def _short(word: Word, following: Word) -> Generator[tuple[str, Word], None, int]:
    """Several in one word, of which the last may take the rest, or the next word: 1 if it does."""
    for place, letter in enumerate(word.text[1:], start=2):
        name = _LONG_OF.get(letter, letter)
        if letter not in _SHORT:
            yield name, _BARE
            continue
        rest = word.text[place:]
        yield name, Word(rest, word.is_filled) if rest else following
        return 0 if rest else 1
    return 0


def _whole(name: str) -> str:
    """An option's beginning stands for it when no other begins so."""
    if name in _VALUED or name in _FLAGS:
        return name
    longer = [one for one in (*_VALUED, *_FLAGS) if one.startswith(name)]
    return longer[0] if len(longer) == 1 else name


# --- PowerShell -----------------------------------------------------------------------------

_SWITCHES = re.compile(
    r"-(?:UseBasicParsing|UseDefaultCredentials|SkipC\w*|SkipH\w*|Disable\w*|Allow\w*|Preserve\w*"
    r"|PassThru|Resume|NoProxy|Follow\w*|Verbose|Debug)$",
    re.IGNORECASE,
)


def powershell_request(words: Sequence[Word | dict[str, Word]], line: int) -> Request:
    """Invoke-WebRequest or Invoke-RestMethod. Raises Unread."""
    parts = _Parts()
    at = 0
    while at < len(words):
        word, at = words[at], at + 1
        if isinstance(word, dict):
            continue
        if not word.text.startswith("-") or word.is_filled:
            parts.urls.append(word)
            continue
        name, colon, _rest = word.text[1:].lower().partition(":")
        if _SWITCHES.match(word.text) or (colon and _rest) or at >= len(words):
            continue
        value, at = words[at], at + 1
        if "uri".startswith(name) and isinstance(value, Word):
            parts.named.append(value)
        elif "headers".startswith(name) and isinstance(value, dict):
            parts.headers |= {key.lower(): one for key, one in value.items()}
        elif name in ("headers", "token", "credential") and isinstance(value, Word):
            parts.ignored.append(Ignored(name, "in_a_variable"))
    return parts.request(line)


# --- HTTPie ---------------------------------------------------------------------------------

_HTTPIE_FLAGS = re.compile(
    r"-[bcdfFhIjmqSvx46]+$|--(?:json|form|multipart|verbose|headers|body|meta|stream|download"
    r"|continue|follow|all|check-status|offline|quiet|ignore-stdin|ignore-netrc|compress|chunked"
    r"|debug|traceback|path-as-is|sorted|unsorted|no-[a-z-]+|meta|curl|native-tls|https?)$"
)
_METHOD = re.compile(r"(?:get|post|put|patch|delete|head|options)$", re.IGNORECASE)
_ITEM = re.compile(r"((?:[^:=@;\\]|\\.)*)(:=@|=@|:@|:=|==|:|=|@|;)(.*)", re.DOTALL)


def httpie_request(words: Sequence[Word], line: int, *, is_https: bool) -> Request:
    """`http`, `https` or `xh`, without that word. Raises Unread."""
    parts, bearer, is_bearer = _Parts(), _BARE, False
    at = 0
    while at < len(words):
        word, at = words[at], at + 1
        text = word.text
        if text.startswith("-"):
            if _HTTPIE_FLAGS.match(text):
                continue
            name, sign, value = text.partition("=")
            given = Word(value, word.is_filled) if sign else _at(words, at)
            at += not sign
            is_bearer |= name in ("-A", "--auth-type") and given.text == "bearer"
            bearer = given if name in ("-a", "--auth") else bearer
        elif not parts.urls and _METHOD.match(text):
            continue
        elif not parts.urls:
            parts.urls.append(_address(word, is_https=is_https))
        else:
            _item(parts, word)
    if is_bearer and bearer.text:
        parts.headers["authorization"] = Word(f"Bearer {bearer.text}", bearer.is_filled)
    elif bearer.text:
        parts.ignored.append(Ignored("auth", "user_password"))
    return parts.request(line)


def _at(words: Sequence[Word], at: int) -> Word:
    return words[at] if at < len(words) else _BARE


def _address(word: Word, *, is_https: bool) -> Word:
    text = re.sub(r"^:(?=/|$)", "localhost", re.sub(r"^:(?=\d)", "localhost:", word.text))
    has_scheme = re.match(r"https?://", text) is not None
    return Word(text if has_scheme else f"http{'s' * is_https}://{text}", word.is_filled)


def _item(parts: _Parts, word: Word) -> None:
    found = _ITEM.fullmatch(word.text)
    if found and found[2] == ":" and found[3]:
        parts.headers[found[1].lower()] = Word(found[3].strip(), word.is_filled)
    elif found and found[2] == "==":
        parts.query.append(f"{found[1]}={found[3]}")
