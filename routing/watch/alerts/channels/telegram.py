"""Telegram, by a bot.

Sources: https://core.telegram.org/bots/api#making-requests ({"ok": true}; a failure has "ok": false
and an error code), https://core.telegram.org/bots/api#sendmessage (4,096 characters; without
parse_mode nothing is markup), https://core.telegram.org/bots/api#responseparameters (retry_after,
migrate_to_chat_id), https://core.telegram.org/bots/api#messageentity (what becomes a link by
itself: @name, #tag, /command).
"""

import re
from dataclasses import replace
from typing import Any

from facio_site.marked import marked as _
from providers.http import Reply, Request
from providers.spec.outcomes import Outcome, Verdict
from routing.watch.alerts.answers import judge, unless
from routing.watch.alerts.spec import (
    ChannelField,
    ChannelSpec,
    Message,
    Secrets,
    Values,
    base,
    fitted,
    matching,
    utf16,
)

MOST = 4_096
_CALLS = re.compile(r"([@#]|(?<![\w/<>])/(?=\w))")


def _written(text: str) -> str:
    """Nobody is called, and nothing becomes a command."""
    return _CALLS.sub("\\1\u200b", text)


def build(values: Values, secrets: Secrets, message: Message) -> Request:
    topic = {"message_thread_id": int(values["topic"])} if values.get("topic") else {}
    return Request(
        url=f"{values['base']}/bot{secrets['token'].reveal()}/sendMessage",
        method="POST",
        json={
            "chat_id": values["chat"],
            **topic,
            "text": fitted(message, MOST, written=_written, size=utf16),
            "link_preview_options": {"is_disabled": True},
        },
    )


def read(reply: Reply) -> Verdict:
    """A 200 with "ok": false is a failure."""
    data: Any = reply.data if isinstance(reply.data, dict) else {}
    verdict = unless(reply, is_taken=data.get("ok") is True)
    if data.get("ok") is False and verdict.outcome is Outcome.UNEXPECTED_RESPONSE:
        code = data.get("error_code")
        verdict = judge(replace(reply, status=code if code in range(300, 600) else 400))
    if verdict.outcome is Outcome.BAD_ENDPOINT and not verdict.detail and "ok" in data:
        verdict = replace(verdict, detail="no_bot")
    if verdict.outcome is Outcome.BAD_REQUEST and "ok" in data:
        verdict = replace(verdict, detail="no_chat")
    told = data.get("parameters")
    told = told if isinstance(told, dict) else {}
    chat, wait = told.get("migrate_to_chat_id"), told.get("retry_after")
    if verdict.detail == "no_chat" and isinstance(chat, int):
        verdict = replace(verdict, detail="chat_moved", params={**verdict.params, "chat": chat})
    if verdict.outcome is Outcome.RATE_LIMITED and isinstance(wait, int) and 0 < wait < 10**6:
        verdict.params["retry_after_s"] = wait
    return verdict


SPEC = ChannelSpec(
    kind="telegram",
    label="Telegram",
    docs_url="https://core.telegram.org/bots/api#sendmessage",
    help=_(
        "Create a bot with BotFather, write to it once or add it to a group, and enter its token "
        "and the chat's ID."
    ),
    fields=(
        ChannelField(
            name="token",
            label=_("Bot token"),
            is_secret=True,
            placeholder="123456789:…",
            validator=matching(
                r"[0-9]{1,20}:[A-Za-z0-9_-]{10,100}",
                _("A bot token has digits, a colon, then letters and digits. Copy it again."),
            ),
        ),
        ChannelField(
            name="chat",
            label=_("Chat ID"),
            help=_("A number, below zero for a group, or @name of a public channel."),
            placeholder="-1001234567890",
            validator=matching(
                r"-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31}",
                _("A chat ID is a number, or the @name of a public channel."),
            ),
        ),
        ChannelField(
            name="topic",
            label=_("Topic ID"),
            help=_(
                "Only for one topic of a group: the number before the last in the link of a "
                "message there."
            ),
            required=False,
            placeholder="42",
            validator=matching(r"[1-9][0-9]{0,17}", _("A topic ID is a number.")),
        ),
        ChannelField(
            name="base",
            label=_("Bot API server"),
            help=_("Another one only for a Bot API server of your own."),
            is_address=True,
            default="https://api.telegram.org",
            placeholder="https://api.telegram.org",
            validator=base,
        ),
    ),
    build=build,
    read=read,
)
