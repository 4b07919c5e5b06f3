"""Where a server points to instead of answering, and the one hop that may be followed. Pure.

A redirect is never followed to another origin, so that no key goes there. One hop to the same
path with a slash more or less is followed, as the agent's client does. Only origin and path of
a target are told, never its query.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from providers.dialects.particulars import holds_secret
from providers.http import BadURL, Reply, Request, Send, Target, parse_target
from providers.spec.secret import Secret

_SIGN_IN = re.compile(
    r"(?:^|[./_-])(?:log-?in|sign-?in|sso|auth|oauth2?|saml2?|adfs|captive|portal|cloudflareaccess)"
    r"(?:[./_-]|$)",
    re.I,
)
_LONGEST = 200
_KEEPS_METHOD = (307, 308)


def answered(send: Send, request: Request) -> Reply:
    """The answer to a request, after one hop to the same path with or without a slash."""
    reply = send(request)
    if not 300 <= reply.status < 400:
        return reply
    if request.method != "GET" and reply.status not in _KEEPS_METHOD:
        return reply  # a client would go on with a GET, which is another call
    here, there = _places(request.url, reply.headers.get("location", ""))
    if here is None or there is None or not _is_slash(here, there):
        return reply
    query = f"?{here.query}" if here.query else ""
    return send(replace(request, url=f"{here.origin}{there.path}{query}"))


def told(
    url: str, location: str, base: str, secrets: Sequence[Secret] = ()
) -> tuple[str, dict[str, Any]]:
    """What kind of redirect it is, and where it leads. `base` is that of the call to `url`; where
    the target is the same call below another base, that base comes along."""
    here, there = _places(url, location)
    if here is None or there is None:
        return "redirect", {}
    target = f"{there.origin}{there.path}"
    if len(target) > _LONGEST or holds_secret(target, secrets):
        target = there.origin
    params: dict[str, Any] = {"target": target}
    is_same_path = here.path.rstrip("/") == there.path.rstrip("/")
    is_same_host = here.host == there.host
    other = _base(url, there, base)
    if _SIGN_IN.search(f"{there.host}{there.path}") and not is_same_path:
        return "redirect_sign_in", params
    if (here.scheme, there.scheme) == ("https", "http"):
        return "redirect_http", params
    if here.origin != there.origin:
        is_upgrade = (here.scheme, there.scheme) == ("http", "https")
        if is_upgrade and is_same_host and is_same_path and other:
            return "redirect_https", {**params, "base": other}
        return "redirect_host", params
    if is_same_path:
        return "redirect_slash", params
    return "redirect_path", {**params, "moved": other} if other else params


def _places(url: str, location: str) -> tuple[Target | None, Target | None]:
    try:
        here = parse_target(url)
    except BadURL:
        return None, None
    text = re.split(r"[?#]", location.strip(), maxsplit=1)[0]
    if text.startswith("//"):
        text = f"{here.scheme}:{text}"
    elif text.startswith("/"):
        text = here.origin + text
    elif text and not re.match(r"[a-z][a-z0-9+.-]*:", text, re.I):
        text = f"{here.origin}{here.path.rpartition('/')[0]}/{text}"
    try:
        return here, parse_target(text)
    except BadURL:
        return here, None


def _is_slash(here: Target, there: Target) -> bool:
    is_near = here.path != there.path and here.path.rstrip("/") == there.path.rstrip("/")
    return is_near and here.origin == there.origin


def _base(url: str, there: Target, base: str) -> str:
    """The base below which the target is the same call; "" = it is another call."""
    call = url.partition("?")[0].removeprefix(base)
    path = there.path.rstrip("/")
    if not base or not url.startswith(base) or not call or not path.endswith(call):
        return ""
    return there.origin + path.removesuffix(call)
