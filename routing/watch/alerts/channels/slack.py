"""Slack, by an incoming webhook.

Sources: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (200 "ok"),
https://docs.slack.dev/messaging/formatting-message-text (escaping),
https://docs.slack.dev/changelog/2018-truncating-really-long-messages (40,000 characters).
"""

from facio_site.marked import marked as _
from providers.http import Reply, Request
from providers.spec.outcomes import Verdict
from routing.watch.alerts.answers import says_ok, unless
from routing.watch.alerts.spec import (
    ChannelField,
    ChannelSpec,
    Message,
    Secrets,
    Values,
    fitted,
    webhook,
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


def read(reply: Reply) -> Verdict:
    return unless(reply, is_taken=says_ok(reply))


SPEC = ChannelSpec(
    kind="slack",
    label="Slack",
    docs_url="https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
    help=_("Make an app with an incoming webhook for the channel, and paste the webhook's URL."),
    fields=(
        ChannelField(
            name="url",
            label=_("Webhook URL"),
            is_secret=True,
            is_address=True,
            placeholder="https://hooks.slack.com/services/T…/B…/…",
            validator=webhook,
        ),
    ),
    build=build,
    read=read,
)
