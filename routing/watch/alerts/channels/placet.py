"""Placet, by its message API.

Source: https://github.com/placet-io/placet/blob/main/docs/connections/rest-api.mdx (POST
/api/v1/messages with x-api-key; channelId, text in markdown, status; the answer is the stored
message with its id). It names no longest text; MOST is far below any that would be refused.
"""

from facio_site.marked import marked as _
from providers.http import Request
from routing.watch.alerts.answers import has_id
from routing.watch.alerts.spec import (
    TOKEN,
    ChannelField,
    ChannelSpec,
    Message,
    Secrets,
    Values,
    base,
    fitted,
    matching,
    no_markdown,
)

MOST = 10_000
_STATUS = {"error": "error", "warn": "warning", "ok": "success", "info": "info"}


def _written(text: str) -> str:
    """A line of its own each: markdown runs lines together."""
    return no_markdown(text) + "  "


def build(values: Values, secrets: Secrets, message: Message) -> Request:
    return Request(
        url=f"{values['base']}/api/v1/messages",
        method="POST",
        headers={"x-api-key": secrets["key"]},
        json={
            "channelId": values["channel"],
            "text": fitted(message, MOST, written=_written),
            "status": _STATUS[message.tone],
        },
    )


SPEC = ChannelSpec(
    kind="placet",
    label="Placet",
    docs_url="https://github.com/placet-io/placet/blob/main/docs/connections/rest-api.mdx",
    help=_("Create an API key under Settings, API Keys, and copy the ID of the agent's channel."),
    fields=(
        ChannelField(
            name="base",
            label=_("Placet address"),
            is_address=True,
            placeholder="https://placet.example.org",
            validator=base,
        ),
        ChannelField(
            name="key",
            label=_("API key"),
            is_secret=True,
            placeholder="hp_…",
            validator=TOKEN,
        ),
        ChannelField(
            name="channel",
            label=_("Channel ID"),
            validator=matching(
                r"[A-Za-z0-9_.:-]{1,128}",
                _("A channel ID has letters, digits and hyphens, without a blank."),
            ),
        ),
    ),
    build=build,
    read=has_id,
)
