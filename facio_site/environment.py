"""What the environment says, read strictly: whatever cannot be meant is refused by name.

`Env` is django-environ's with readers that know a range. No sentence repeats a value that may hold
a password. Kept out: which settings there are.
"""

from __future__ import annotations

import ipaddress
import math
import os
import re
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from facio_site import dotenv

YES: Final = frozenset({"1", "true", "yes", "on"})
NO: Final = frozenset({"0", "false", "no", "off"})
CONNECT_SECONDS: Final = 5  # to a PostgreSQL that is away and says nothing
MOST_BYTES: Final = 65_536  # of a file with one secret
# Said instead of what was found, which may be a piece of the password
UNREADABLE: Final = "can't be read: write special characters of its password as in a URL, / as %2F."
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_HOST = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_TLS_FILES: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
MAIL_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}  # by SMTP_SECURITY
_DATABASES: Final = ("sqlite", "postgres", "postgresql")
_VALUES: Final = {  # of options, which libpq would call a server that is away
    "connect_timeout": ("[0-9]{1,4}", "a number of seconds"),
    "port": ("[0-9]{1,5}", "a number"),
    "sslmode": (
        "disable|allow|prefer|require|verify-ca|verify-full",
        "one of: disable, allow, prefer, require, verify-ca, verify-full",
    ),
}
_SSL_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl")


class Env(environ.Env):  # type: ignore[misc]
    """Each reader raises ImproperlyConfigured with one sentence that begins with the name."""

    def get_value(self, var: str, cast: Any = None, default: Any = "", **_more: Any) -> Any:
        """As it stands: a password may begin with a $, which leads to no other variable here."""
        return os.environ.get(var, default)

    def whole(self, name: str, *, default: int, least: int, most: int) -> int:
        text = self.str(name, default="").strip() or str(default)
        if not re.fullmatch(r"-?[0-9]{1,9}", text) or not least <= int(text) <= most:
            refuse(f"{name} must be a whole number from {least} to {most}.")
        return int(text)

    def seconds(self, name: str, *, default: float, least: float, most: float) -> float:
        text = self.str(name, default="").strip() or str(default)
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if not least <= found <= most:
            refuse(f"{name} must be a number of seconds from {least:g} to {most:g}.")
        return found

    def flag(self, name: str, *, default: bool = False) -> bool:
        text = self.str(name, default="").strip().lower()
        if text and text not in YES | NO:
            refuse(f"{name} must be 1 or 0.")
        return text in YES if text else default

    def choice(self, name: str, *words: str) -> str:
        """One of the words; the first where nothing is set."""
        text = self.str(name, default="").strip() or words[0]
        found = {word.lower(): word for word in words}.get(text.lower())
        if found is None:
            refuse(f"{name} must be one of: {', '.join(word or '(empty)' for word in words)}.")
        return str(found)

    def names(self, name: str) -> list[str]:
        """What stands between commas, without blanks."""
        return [part.strip() for part in self.str(name, default="").split(",") if part.strip()]

    def file(self, path: Path) -> None:
        """The lines of a `.env` that is there; what stands in the environment wins over them.
        Raises dotenv.Unreadable."""
        for name, value in dotenv.read(path).items():
            os.environ.setdefault(name, value)

    def secret(self, name: str) -> str:
        """The value, or the one line of the file that NAME_FILE names; "" without either."""
        value, path = self.str(name, default=""), self.str(f"{name}_FILE", default="")
        if value and path:
            refuse(f"{name} and {name}_FILE are both set: unset one of them.")
        return _one_line(f"{name}_FILE", Path(path)) if path else value


def refuse(sentence: str) -> None:
    raise ImproperlyConfigured(sentence)


def _one_line(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ImproperlyConfigured(f"{name} {path} cannot be read: {error.strerror}.") from None
    try:
        text = found.decode().strip()
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{name} {path} holds no text.") from None
    if not text:
        refuse(f"{name} {path} is empty.")
    if len(found) > MOST_BYTES or len(text.splitlines()) > 1 or "\0" in text:
        refuse(f"{name} {path} must hold one line.")
    return text


def token(name: str, text: str) -> str:
    """What stands in a header. Raises ImproperlyConfigured."""
    if not re.fullmatch(r"[\x21-\x7e]*", text):
        refuse(f"{name} must be plain ASCII without blanks.")
    return text


# Addresses


def host(text: str) -> tuple[str, bool]:
    """HOST, and whether only this machine reaches it. Raises ImproperlyConfigured."""
    found = text.strip() or "127.0.0.1"
    try:
        return found, ipaddress.ip_address(found).is_loopback
    except ValueError:
        if ":" in found or not _HOST.fullmatch(found):
            refuse("HOST must be an address or a name, such as 127.0.0.1 or ::1, without a port.")
        return found, found.lower() == "localhost"


class PublicAddress(NamedTuple):
    """Where browsers reach the site."""

    url: str  # without a slash at its end
    origin: str
    host: str  # without brackets
    path: str  # "" or "/facio"
    is_https: bool


def public_address(text: str) -> PublicAddress:
    """Raises ImproperlyConfigured."""
    url = text.strip().rstrip("/")
    parts = _split("PUBLIC_URL", url, "is not a URL.")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        refuse("PUBLIC_URL must begin with https:// or http:// and name a host.")
    if parts.username is not None or parts.query or parts.fragment or not _is_clean(parts.path):
        refuse("PUBLIC_URL may hold a scheme, a host, a port and a plain path, nothing else.")
    host = _as_browsers_send(str(parts.hostname))
    if not _HOST.fullmatch(host):  # ALLOWED_HOSTS follows it, so it is exact as well
        refuse("PUBLIC_URL names a host that cannot be.")
    is_usual = parts.port in (None, {"http": 80, "https": 443}[parts.scheme])
    place = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{place}" + ("" if is_usual else f":{parts.port}")
    return PublicAddress(origin + parts.path, origin, host, parts.path, parts.scheme == "https")


def _as_browsers_send(host: str) -> str:
    """Letters of any script in their ASCII form, which is what stands in Host and Origin."""
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise ImproperlyConfigured("PUBLIC_URL names a host that cannot be.") from None


def _is_clean(path: str) -> bool:
    if not path:
        return True
    return bool(_PATH.fullmatch(path)) and not {".", ".."} & set(path.split("/"))


def exact_hosts(names: list[str]) -> list[str]:
    """ALLOWED_HOSTS as it stands. Raises ImproperlyConfigured."""
    for name in names:
        bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
        if not _HOST.fullmatch(bare) or (":" in bare and bare == name):
            refuse(
                "ALLOWED_HOSTS must name exact hosts, such as facio.example.org or [::1], "
                "without scheme, port, path or *."
            )
    return names


def origins(names: list[str]) -> list[str]:
    """CSRF_TRUSTED_ORIGINS as it stands. Raises ImproperlyConfigured."""
    for name in names:
        parts = _split("CSRF_TRUSTED_ORIGINS", name, "holds what is no origin.")
        is_bare = name.lower().rstrip("/") == f"{parts.scheme}://{parts.netloc.lower()}"
        is_host = _HOST.fullmatch((parts.hostname or "").removeprefix("*."))
        if parts.scheme not in ("http", "https") or "@" in name or not (is_bare and is_host):
            refuse("CSRF_TRUSTED_ORIGINS must hold origins such as https://facio.example.org.")
    return [name.rstrip("/").lower() for name in names]


def _split(name: str, url: str, otherwise: str) -> SplitResult:
    """With a port that is a number. Raises ImproperlyConfigured."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - read now, so that no fault quotes the address later
    except ValueError:
        raise ImproperlyConfigured(f"{name} {otherwise}") from None
    return parts


def _of_server(name: str, parts: SplitResult) -> None:
    """What stands behind host and port may be the rest of a password: / ? and # end them."""
    if parts.fragment or "@" in parts.path + parts.query:
        refuse(f"{name} {UNREADABLE}")
    for place in parts.netloc.rpartition("@")[2].split(","):
        port = place.rpartition("]")[2].partition(":")[2]
        if port and not (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65_536):
            refuse(f"{name} must name a port from 1 to 65535.")


def database(text: str) -> dict[str, Any]:
    """Of DATABASE_URL, as Django wants it. Raises ImproperlyConfigured."""
    hosts = text.rpartition("@")[2].partition("/")[0]
    parts = urlsplit(text) if "," in hosts else _split("DATABASE_URL", text, UNREADABLE)
    is_file = parts.scheme == "sqlite"
    if parts.scheme not in _DATABASES or (not is_file and not parts.path.strip("/")):
        refuse("DATABASE_URL must be sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME.")
    if is_file and (parts.netloc or parts.path.strip("/") in ("", ":memory:")):
        refuse("DATABASE_URL must name a file behind sqlite:///, which all processes share.")
    if not is_file:
        _of_server("DATABASE_URL", parts)
    try:
        found: dict[str, Any] = environ.Env.db_url_config(text)
    except ValueError:
        raise ImproperlyConfigured(f"DATABASE_URL {UNREADABLE}") from None
    if not is_file:
        options = found.setdefault("OPTIONS", {})
        _check_options(options)
        for name in ("HOST", "PORT"):  # a folder of sockets, for one, is written as ?host=
            found[name] = found[name] or options.pop(name.lower(), "")
        options.setdefault("connect_timeout", CONNECT_SECONDS)
    return found


def _check_options(options: dict[str, Any]) -> None:
    """libpq's own; asked only where there are any, because its reader takes time to load."""
    if not options:
        return
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo

    for name, value in options.items():
        try:
            make_conninfo("", **{name: value})
        except (ProgrammingError, TypeError):
            refuse(f"DATABASE_URL has an option that PostgreSQL doesn't know: {name}.")
        pattern, words = _VALUES.get(name, (".*", ""))
        if not re.fullmatch(pattern, str(value), re.S):
            refuse(f"DATABASE_URL has an option that can't be so: {name} must be {words}.")
        if name in _SSL_FILES and value != "system" and not os.access(str(value), os.R_OK):
            refuse(f"DATABASE_URL has an option whose file can't be read: {name} {value}.")


class Broker(NamedTuple):
    """One Redis as both of its clients want it."""

    url: str  # for redis-py
    celery: str  # for Celery
    tls: dict[str, Any] | None  # Celery's broker_use_ssl


def broker(text: str) -> Broker:
    """Of REDIS_URL: redis, rediss or unix, with what each client reads alike.

    Raises ImproperlyConfigured.
    """
    parts = _split("REDIS_URL", text, UNREADABLE)
    if "sentinel" in parts.scheme:
        refuse("REDIS_URL: Sentinel isn't supported. Name one server, or a proxy before them.")
    if parts.scheme not in ("redis", "rediss", "unix"):
        refuse("REDIS_URL must begin with redis://, rediss:// (TLS) or unix://.")
    is_tls = parts.scheme == "rediss"
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme != "unix":
        _of_server("REDIS_URL", parts)
    known = {"db", *(("ssl_cert_reqs", *_TLS_FILES) if is_tls else ())}
    for name in sorted(set(options) - known):
        refuse(
            f"REDIS_URL has an option that isn't supported: {name[:40]}. "
            f"There are: {', '.join(sorted(known))}."
        )
    return _socket(parts, options) if parts.scheme == "unix" else _server(parts, options)


def _database_number(text: str) -> str:
    if not re.fullmatch(r"[0-9]{0,4}", text):
        refuse("REDIS_URL must end in the number of a database, such as /0.")
    return text or "0"


def _socket(parts: SplitResult, options: dict[str, str]) -> Broker:
    if not parts.path.strip("/"):
        refuse("REDIS_URL must name a socket behind unix://.")
    number = _database_number(options.get("db", ""))
    login = parts.netloc.rpartition("@")[0]
    if parts.netloc and not login:
        refuse("REDIS_URL must name a socket behind unix:///, with three slashes.")
    place = f"//{login}@{parts.path}" if login else f"//{parts.path}"
    tail = "" if number == "0" else f"?db={number}"
    celery = "" if number == "0" else f"?virtual_host={number}"
    return Broker(f"unix:{place}{tail}", f"redis+socket:{place}{celery}", None)


def _server(parts: SplitResult, options: dict[str, str]) -> Broker:
    if not _HOST.fullmatch(parts.hostname or ""):
        refuse("REDIS_URL must name one host.")
    if "db" in options and parts.path.strip("/"):
        refuse("REDIS_URL names its database twice: behind the host and as an option.")
    number = _database_number(options.get("db", "") or parts.path.strip("/"))
    place = f"//{parts.netloc}/{number}"
    if parts.scheme == "redis":
        return Broker(f"redis:{place}", f"redis:{place}", None)
    if options.get("ssl_cert_reqs", "required").lower() not in ("required", "cert_required"):
        refuse("REDIS_URL: a rediss:// server is always verified. Name its CA by ssl_ca_certs.")
    files = {name: options[name] for name in _TLS_FILES if options.get(name)}
    for name, path in files.items():
        if not os.access(path, os.R_OK) or not Path(path).is_file():
            refuse(f"REDIS_URL: {name} {path} cannot be read.")
    tls = {"ssl_cert_reqs": "required", "ssl_check_hostname": True, **files}
    query = urlencode({**tls, "ssl_check_hostname": "true"})
    return Broker(f"rediss:{place}?{query}", f"rediss:{place}", tls)


# Mail


def mail_host(text: str) -> str:
    """Of SMTP_HOST: a name or an address alone. Raises ImproperlyConfigured."""
    host = text.strip()
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if bare and not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,252}|[0-9A-Fa-f:.]{2,45}", bare):
        refuse("SMTP_HOST must be a host name or address alone; its port goes into SMTP_PORT.")
    return bare


def sender(text: str) -> str:
    """Of SMTP_FROM: an address, or a name with one. Raises ImproperlyConfigured."""
    found = text.strip()
    plain = r"[^\s<>@,;:\"\x00-\x1f]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
    if found and not re.fullmatch(rf"{plain}|[^<>@,\"\x00-\x1f\x7f]{{1,80}} <{plain}>", found):
        refuse("SMTP_FROM must be an address such as facio@example.org, or Name <address>.")
    return found


def check_mail(host: str, security: str, user: str, password: str, sender: str) -> None:
    """What belongs together. Raises ImproperlyConfigured."""
    if not host:
        return
    if not sender:
        refuse("SMTP_FROM must be set beside SMTP_HOST: the address that alerts come from.")
    if bool(user) != bool(password):
        refuse("SMTP_USER and SMTP_PASSWORD must be set both, or neither.")
    if not re.fullmatch(r"[\x20-\x7e]*", user + password):
        refuse("SMTP_USER and SMTP_PASSWORD must be plain ASCII.")
    is_here = host in ("localhost", "::1") or host.startswith("127.")
    if user and security == "none" and not is_here:
        refuse("SMTP_SECURITY none would send the SMTP_PASSWORD in clear: use starttls or tls.")
