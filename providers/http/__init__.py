"""The only package that opens connections. Synchronous; free of Django."""

from providers.http.bodies import encode_json, parse_json
from providers.http.door import Door
from providers.http.headers import MAX_HEADERS, check_header, check_headers
from providers.http.policy import HostsFile, Policy, parse_hosts, token_for
from providers.http.records import NOT_JSON, Observer, Reply, Request, Send
from providers.http.tls import tls_context
from providers.http.urls import (
    SENTENCES,
    BadURL,
    Base,
    Target,
    origin_of,
    parse_base,
    parse_host,
    parse_target,
)

__all__ = [
    "MAX_HEADERS",
    "NOT_JSON",
    "SENTENCES",
    "BadURL",
    "Base",
    "Door",
    "HostsFile",
    "Observer",
    "Policy",
    "Reply",
    "Request",
    "Send",
    "Target",
    "check_header",
    "check_headers",
    "encode_json",
    "origin_of",
    "parse_base",
    "parse_host",
    "parse_hosts",
    "parse_json",
    "parse_target",
    "tls_context",
    "token_for",
]
