"""ntfy, published as JSON: ntfy.sh or a server of one's own.

Source: https://docs.ntfy.sh/publish/#publish-as-json (fields; 200 with the message),
https://docs.ntfy.sh/publish/#limitations (4,096 bytes), https://docs.ntfy.sh/publish/#access-tokens;
the whole JSON may have twice as many.
Whoever knows a topic may read it, so the topic is kept like a password.
"""

from facio_site.marked import marked as _
from providers.http import Request, encode_json
from providers.spec.secret import Secret
from routing.watch.alerts.answers import has_id
from routing.watch.alerts.spec import (
    TOKEN,
    ChannelField,
    ChannelSpec,
    Message,
    Secrets,
    Values,
    base,
    cut,
    fitted,
    matching,
    utf8,
)

MOST = 4_096
MOST_OF_TITLE = 250  # characters; shown is one line
_PRIORITY = {"error": 4, "warn": 4}  # of 1 to 5; 3 is usual


def build(values: Values, secrets: Secrets, message: Message) -> Request:
    token = secrets.get("token")
    told = {
        "topic": secrets["topic"].reveal(),
        "title": cut(message.title, MOST_OF_TITLE),
        "click": message.link,
        "priority": _PRIORITY.get(message.tone, 3),
    }

    def size(text: str) -> int:
        """In JSON a letter may take three times as much."""
        return max(utf8(text), len(encode_json({**told, "message": text})) - MOST)

    return Request(
        url=values["server"] + "/",
        method="POST",
        headers={"Authorization": Secret(f"Bearer {token.reveal()}")} if token else {},
        json={**told, "message": fitted(message, MOST, size=size, has_title=False)},
    )


SPEC = ChannelSpec(
    kind="ntfy",
    label="ntfy",
    docs_url="https://docs.ntfy.sh/publish/",
    help=_("Subscribe to a topic in the app, and enter the same one here."),
    fields=(
        ChannelField(
            name="server",
            label=_("Server"),
            is_address=True,
            default="https://ntfy.sh",
            placeholder="https://ntfy.sh",
            validator=base,
        ),
        ChannelField(
            name="topic",
            label=_("Topic"),
            help=_("Who knows the topic can read it: choose a long, random one."),
            is_secret=True,
            validator=matching(
                r"[-_A-Za-z0-9]{1,64}",
                _("A topic has 1 to 64 letters, digits, hyphens and underscores."),
            ),
        ),
        ChannelField(
            name="token",
            label=_("Access token"),
            help=_("Only for a protected topic."),
            is_secret=True,
            required=False,
            placeholder="tk_…",
            validator=TOKEN,
        ),
    ),
    build=build,
    read=has_id,
)
