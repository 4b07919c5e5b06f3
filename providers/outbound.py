"""The operator's settings turned into the door that every task and command uses."""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from providers.http import Door, Observer, Policy, parse_hosts, parse_proxy
from providers.spec.outcomes import Outcome

WIRE_BYTES, DECODED_BYTES = 8_000_000, 24_000_000  # of one answer
ALL_ANSWERS = 5  # as many of the largest may come within one test or fetch


def own_ports() -> frozenset[int]:
    """Ports of this installation itself: no provider is called there on local addresses."""
    ports = {int(settings.PORT)}
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("postgresql"):
        named = str(database.get("PORT") or "").split(",")  # one for each of several hosts
        ports |= {int(port or 5432) for port in named}
    broker = urlsplit(settings.REDIS_URL)
    if broker.scheme in ("redis", "rediss"):
        ports.add(broker.port or 6379)
    return frozenset(ports)


@lru_cache(maxsize=8)
def _policy(
    allow: str, public_http: bool, hosts_file: str, ports: frozenset[int], proxy: str
) -> Policy:
    try:
        hosts = parse_hosts(Path(hosts_file).read_text()) if hosts_file else {}
    except OSError as error:
        raise ValueError(f"OUTBOUND_HOSTS_FILE {hosts_file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ValueError(f"OUTBOUND_HOSTS_FILE {hosts_file} holds no text.") from None
    return Policy.parse(
        allow, public_http=public_http, own_ports=ports, hosts=hosts, proxy=parse_proxy(proxy)
    )


def policy() -> Policy:
    """The operator's policy. Raises ValueError with a sentence for a bad token, hosts file or
    proxy."""
    return _policy(
        settings.OUTBOUND_ALLOW,
        settings.OUTBOUND_PUBLIC_HTTP,
        settings.OUTBOUND_HOSTS_FILE,
        own_ports(),
        settings.OUTBOUND_PROXY,
    )


# A failure that a proxy on the only way out would explain
_NO_WAY = frozenset({Outcome.DNS_ERROR, Outcome.UNREACHABLE, Outcome.TIMEOUT})
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")
_NEAR = (".local", ".lan", ".internal", ".localhost", ".home", ".test")


def unused_proxy(outcome: str, params: Mapping[str, Any]) -> dict[str, str]:
    """{"proxy": name of the variable} where the environment names a proxy and a public name could
    not be reached without it; else {}. The environment has no say in the calls themselves, and
    where the operator has named a proxy for them, it explains nothing."""
    if settings.OUTBOUND_PROXY:
        return {}
    host = str(params.get("host", ""))
    is_public_name = "." in host and not host.endswith(_NEAR) and not _is_number(host)
    named = next((name for name in _PROXIES if os.environ.get(name)), "")
    is_away = outcome in _NO_WAY and is_public_name
    return {"proxy": named} if named and is_away else {}


def _is_number(host: str) -> bool:
    return ":" in host or host.rpartition(".")[2].isdigit()


def open_door(
    seconds: float,
    *,
    observe: Observer | None = None,
    wire_bytes: int = WIRE_BYTES,
    decoded_bytes: int = DECODED_BYTES,
) -> Door:
    """A door for one job; `seconds` bound all of its calls together. A test reads as much of an
    answer as a fetch does: a list that can be fetched can be tested."""
    return Door(
        policy(),
        seconds=seconds,
        wire_bytes=wire_bytes,
        decoded_bytes=decoded_bytes,
        all_answers=ALL_ANSWERS,
        ca_file=settings.OUTBOUND_CA_FILE or None,
        observe=observe,
    )
