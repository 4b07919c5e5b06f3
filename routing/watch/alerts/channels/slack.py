"""Slack, by an incoming webhook.

Sources: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (200 "ok"),
https://docs.slack.dev/messaging/formatting-message-text (escaping),
https://docs.slack.dev/changelog/2018-truncating-really-long-messages (40,000 characters).
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
    webhook_url,
)

MOST = 40_000


def _written(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def build(values: Values, secrets: Secrets, message: Message) -> Request:
    """`mrkdwn` off: what stands in names is no markup."""
    text = fitted(message, MOST, written=_written)
    return Request(
        url=secrets["url"].reveal(),
        method="POST",
        json={"text": text, "mrkdwn": False, "unfurl_links": False},
    )


SPEC = ChannelSpec(
    kind="slack",
    label="Slack",
    docs_url="https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
    help=_("Create an app with an incoming webhook for the channel, and paste the webhook's URL."),
    fields=(webhook_url("https://hooks.slack.com/services/T…/B…/…"),),
    build=build,
    read=says_ok,
)
