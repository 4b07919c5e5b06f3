"""Mattermost, by an incoming webhook.

Sources: https://developers.mattermost.com/integrate/webhooks/incoming/ (200 "ok"),
https://docs.mattermost.com/end-user-guide/collaborate/format-messages.html; a post holds 16,383
characters: https://developers.mattermost.com/integrate/webhooks/incoming/#tips-and-best-practices.
"""

from facio_site.marked import marked as _
from providers.http import Request
from routing.watch.alerts.answers import says_ok
from routing.watch.alerts.spec import (
    ChannelSpec,
    Message,
    Secrets,
    Values,
    fitted,
    no_markdown,
    webhook_url,
)

MOST = 16_383


def build(values: Values, secrets: Secrets, message: Message) -> Request:
    """A payload can't forbid mentions; `no_markdown` takes them apart."""
    text = fitted(message, MOST, written=no_markdown)
    return Request(url=secrets["url"].reveal(), method="POST", json={"text": text})


SPEC = ChannelSpec(
    kind="mattermost",
    label="Mattermost",
    docs_url="https://developers.mattermost.com/integrate/webhooks/incoming/",
    help=_("Under Integrations: create an incoming webhook for the channel and copy its URL."),
    fields=(webhook_url("https://mattermost.example.org/hooks/…"),),
    build=build,
    read=says_ok,
)
