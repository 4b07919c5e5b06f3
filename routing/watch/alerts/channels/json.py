"""Plain JSON to any address, signed where a secret is entered.

The form is ours and described in docs/alerts.md. The signature is made like those of other
webhooks: HMAC-SHA256 over timestamp, dot and body (https://www.rfc-editor.org/rfc/rfc2104).
"""

import hashlib
import hmac
import time
from typing import Any

from facio_site.marked import marked as _
from providers.http import Request, encode_json
from routing.watch.alerts.spec import (
    ChannelField,
    ChannelSpec,
    Message,
    Secrets,
    Values,
    matching,
    webhook,
)


def body(message: Message) -> dict[str, Any]:
    return {**_told(message), "alerts": [_told(line) for line in message.lines]}


def _told(message: Message) -> dict[str, str]:
    return {
        "id": message.id,
        "at": message.at.isoformat(timespec="seconds"),
        "kind": message.kind,
        "about": message.about,
        "title": message.title,
        "text": message.text,
        "link": message.link,
    }


def signature(secret: str, timestamp: str, content: bytes) -> str:
    signed = timestamp.encode() + b"." + content
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def build(values: Values, secrets: Secrets, message: Message) -> Request:
    told = body(message)
    headers = {"Idempotency-Key": message.id}
    if secret := secrets.get("signing"):
        timestamp = str(int(time.time()))
        headers["X-Facio-Timestamp"] = timestamp
        headers["X-Facio-Signature"] = signature(secret.reveal(), timestamp, encode_json(told))
    return Request(url=secrets["url"].reveal(), method="POST", headers=headers, json=told)


SPEC = ChannelSpec(
    kind="json",
    label=_("Webhook (JSON)"),
    docs_url="https://www.rfc-editor.org/rfc/rfc2104",
    help=_(
        "Each message is one POST with a JSON body. Any status from 200 to 299 counts as received."
    ),
    fields=(
        ChannelField(
            name="url",
            label=_("URL"),
            is_secret=True,
            is_address=True,
            placeholder="https://hooks.example.org/facio",
            validator=webhook,
        ),
        ChannelField(
            name="signing",
            label=_("Signing secret"),
            help=_(
                "Optional. With it, each message is signed, so that the receiver can tell that it "
                "is from here. Make one with: openssl rand -hex 32"
            ),
            is_secret=True,
            required=False,
            validator=matching(
                r"[\x21-\x7e]{16,2048}",
                _("A signing secret has at least 16 characters, without a blank."),
            ),
        ),
    ),
    build=build,
)
