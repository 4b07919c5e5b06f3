"""The only package that opens connections. Synchronous; free of Django."""

from providers.http.bodies import encode_json
from providers.http.door import Door
from providers.http.frames import TYPE as FRAMES
from providers.http.headers import BadHeader, check_headers
from providers.http.policy import Policy, parse_hosts, token_for
from providers.http.proxies import Proxy, parse_proxy
from providers.http.records import NOT_JSON, Observer, Reply, Request, Send
from providers.http.tls import tls_context
from providers.http.urls import (
    SENTENCES,
    BadURL,
    Target,
    origin_of,
    parse_base,
    parse_target,
)

__all__ = [
    "FRAMES",
    "NOT_JSON",
    "SENTENCES",
    "BadHeader",
    "BadURL",
    "Door",
    "Observer",
    "Policy",
    "Proxy",
    "Reply",
    "Request",
    "Send",
    "Target",
    "check_headers",
    "encode_json",
    "origin_of",
    "parse_base",
    "parse_hosts",
    "parse_proxy",
    "parse_target",
    "tls_context",
    "token_for",
]
