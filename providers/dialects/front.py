"""What stands in front of an API, or asks for something else than it: sign-ins, proxies, https.

Pure. A page or a plain text under an error status is mostly not the API's own word, so it says
nothing about the key.
"""

import re
from typing import Any

from providers.dialects.paths import SEARCHED, texts_at
from providers.http.records import Reply
from providers.spec.outcomes import Outcome

_SIGN_INS = {"basic": "Basic", "digest": "Digest", "negotiate": "Negotiate", "ntlm": "NTLM"}
_NAMED = re.compile(r'\b(?:name|header)\s*=\s*"?([A-Za-z][A-Za-z0-9-]{2,59})"?', re.I)
_WANTS_HTTPS = re.compile(
    r"plain http request was sent to https|http request to an https server"
    r"|speaking plain http to an ssl|\b(?:https|tls|ssl) (?:is )?(?:required|only)\b"
    r"|\b(?:requires?|use|only) (?:https|tls|ssl)\b(?!:)"
)
# Nobody behind the proxy answered. Source:
# https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/
_AWAY = (502, 504)
_ALWAYS_AWAY = (*range(520, 528), 530)
# A gateway that cannot do without a header of its own, such as Portkey; a header for a key is told
# of elsewhere. Source: https://portkey.ai/docs/aigw/support/common-errors-and-resolutions
_HEADER = r"\b(x-(?!(?:[a-z]+-){0,6}(?:key|token)(?![a-z-]))[a-z][a-z-]{1,58})\b"
_LACKS_HEADER = re.compile(
    rf"{_HEADER}[^.\n]{{0,60}}\bheaders? (?:is |are )?(?:required|missing)"
    rf"|\b(?:missing|requires?|required) (?:\w+ )?headers?:? ['\"`]?{_HEADER}",
    re.I,
)
# Details of answers that leave the key unproven, whatever their outcome
UNPROVEN = frozenset(
    [
        *("html", "front", "sign_in", "origin_away", "wants_https"),
        *("key_unseen", "key_elsewhere", "proof_limited"),
        *("wrong_project", "header_wanted"),
    ]
)

Told = tuple[Outcome, str, dict[str, Any]]


def meaning(reply: Reply, words: str) -> Told | None:
    """What the head of an answer, or a word about https, says before anything else is read."""
    status = reply.status
    if status in (400, 403, 421, 426, 497) and _WANTS_HTTPS.search(words):
        return Outcome.BAD_ENDPOINT, "wants_https", {}
    asked = reply.headers.get("www-authenticate", "")[:SEARCHED]
    if status in (401, 403) and asked:
        schemes = re.findall(r"(?:^|,)\s*([A-Za-z]+)(?=\s|,|$)", asked)
        own = [_SIGN_INS[one.lower()] for one in schemes if one.lower() in _SIGN_INS]
        if own and "bearer" not in [one.lower() for one in schemes]:
            return Outcome.FORBIDDEN, "sign_in", {"scheme": own[0]}
        match = _NAMED.search(asked)
        if match and match[1].lower() != "authorization" and "header" in asked.lower():
            return Outcome.BAD_KEY, "key_elsewhere", {"header": match[1]}
    if status in _ALWAYS_AWAY:
        return Outcome.SERVER_ERROR, "origin_away", {}
    wanted = _wanted_header(reply) if status in (400, 401, 403, 422) else ""
    return (Outcome.BAD_REQUEST, "header_wanted", {"header": wanted}) if wanted else None


def _wanted_header(reply: Reply) -> str:
    """The header that a gateway misses before it looks at any key; "" = it says nothing of one."""
    codes = texts_at(reply.data, "error[].code|internalCode")
    if "2009" in codes and "Unauthorized" in texts_at(reply.data, "error[].message|message"):
        return "cf-aig-authorization"  # Cloudflare's AI Gateway, whose own token this is
    match = _LACKS_HEADER.search(reply.text[:SEARCHED]) if reply.is_json else None
    return (match[1] or match[2]) if match else ""


def of_page(reply: Reply, outcome: Outcome) -> str:
    """The detail for an error that came as a page or a plain text; "" = it came without a word."""
    if reply.status in _AWAY:
        return "origin_away"
    if not reply.text.strip():
        return ""
    is_page = reply.text.lstrip()[:1] == "<"
    return "html" if is_page and outcome is Outcome.FORBIDDEN else "front"
