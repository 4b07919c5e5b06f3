"""Discord, by a webhook of a channel.

Sources: https://docs.discord.com/developers/resources/webhook#execute-webhook (204; 2,000
characters; flags), https://docs.discord.com/developers/resources/message#allowed-mentions-object,
https://docs.discord.com/developers/topics/rate-limits (429 with Retry-After, and retry_after in the
body), https://docs.discord.com/developers/topics/opcodes-and-status-codes#json (220001).
"""

import math
from dataclasses import replace
from typing import Any

from facio_site.marked import marked as _
from providers.http import Reply, Request
from providers.spec.outcomes import Outcome, Verdict
from routing.watch.alerts.answers import unless
from routing.watch.alerts.spec import (
    ChannelSpec,
    Message,
    Secrets,
    Values,
    fitted,
    no_markdown,
    utf16,
    webhook_url,
)

MOST = 2_000
_NO_PREVIEWS = 1 << 2
_FORUM = 220001  # such a webhook posts to a thread only


def build(values: Values, secrets: Secrets, message: Message) -> Request:
    content = fitted(message, MOST, written=no_markdown, size=utf16)
    return Request(
        url=secrets["url"].reveal(),
        method="POST",
        json={"content": content, "allowed_mentions": {"parse": []}, "flags": _NO_PREVIEWS},
    )


def read(reply: Reply) -> Verdict:
    """204; with ?wait=true in the URL the message itself comes."""
    data: Any = reply.data if isinstance(reply.data, dict) else {}
    verdict = unless(reply, is_taken=reply.status == 204 or "id" in data)
    if verdict.outcome is Outcome.BAD_REQUEST and data.get("code") == _FORUM:
        return replace(verdict, detail="forum")
    told = data.get("retry_after")
    wait = math.ceil(told) if isinstance(told, int | float) and 0 < told < 10**6 else 0
    if verdict.outcome is Outcome.RATE_LIMITED and wait:
        verdict.params.setdefault("retry_after_s", wait)
    return verdict


SPEC = ChannelSpec(
    kind="discord",
    label="Discord",
    docs_url="https://docs.discord.com/developers/resources/webhook",
    help=_("In the channel's settings under Integrations: create a webhook and copy its URL."),
    fields=(webhook_url("https://discord.com/api/webhooks/…/…"),),
    build=build,
    read=read,
)
