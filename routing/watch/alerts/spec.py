"""What a kind of channel is: its fields, how a message becomes a request, what a good answer is.

Data and pure functions; nothing is sent here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.translation import gettext, ngettext

from facio_site.marked import marked as _
from providers.http import Reply, Request, parse_base, parse_target
from providers.spec.outcomes import Verdict
from providers.spec.secret import Secret
from routing.watch.alerts.answers import judge

DIGEST, TEST = "digest", "test"  # kinds of messages beside those of alerts
TEXT_LENGTH = 2_048  # characters of a field

Tone = Literal["error", "warn", "ok", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One alert within a message."""

    id: str
    at: datetime
    kind: str
    about: str
    title: str
    text: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one channel is told, in its language. `id` is the same at every try."""

    id: str
    at: datetime  # of its newest alert
    kind: str  # of its alert, or DIGEST or TEST
    about: str  # of its alert; "" where there is not exactly one
    tone: Tone
    title: str  # one line
    text: str  # further lines
    link: str  # with the site's address
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message for the operator's mail server."""

    to: tuple[str, ...]
    subject: str
    body: str
    message_id: str


# A field's text as it is kept. Raises BadURL, or ValueError with a sentence for the reader.
Validator = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelField:
    """One input of a kind's form."""

    name: str
    label: str
    help: str = ""
    is_secret: bool = False  # sealed, and never shown again
    is_address: bool = False  # where it is sent to: the secrets are bound to its origin
    is_lines: bool = False  # one value a line
    required: bool = True
    default: str = ""
    placeholder: str = ""
    validator: Validator = str


Values = Mapping[str, str]
Secrets = Mapping[str, Secret]
Build = Callable[[Values, Secrets, Message], Request | Mail]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSpec:
    """All that is known about one kind of channel."""

    kind: str  # the file name
    label: str
    docs_url: str  # where these facts were read
    help: str  # how to get what the form asks for
    fields: tuple[ChannelField, ...]
    build: Build
    # What an answer means; OK = it was taken. A mail server's answers are read by mail.py.
    read: Callable[[Reply], Verdict] = judge
    needs: str = ""  # a setting of the operator without which there is no such channel

    @property
    def address(self) -> ChannelField | None:
        """The field that says where it is sent to; None = the operator's mail server."""
        return next((field for field in self.fields if field.is_address), None)

    @property
    def secrets(self) -> tuple[ChannelField, ...]:
        return tuple(field for field in self.fields if field.is_secret)

    def field(self, name: str) -> ChannelField:
        return next(field for field in self.fields if field.name == name)


# Validators ---------------------------------------------------------------------------------------


def webhook(text: str) -> str:
    """A whole address, with a query where it has one."""
    parse_target(text)
    return text


def base(text: str) -> str:
    """An address to which a path is added."""
    return parse_base(text).url


def matching(pattern: str, sentence: str) -> Validator:
    """A text of this form; `sentence` is a marked one."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(gettext(sentence))
        return text

    return check


TOKEN = matching(
    r"[\x21-\x7e]{1,2048}",
    _("This holds a blank or a character that does not belong there. Copy it again."),
)


# Text ---------------------------------------------------------------------------------------------


def fitted(
    message: Message,
    most: int,
    *,
    written: Callable[[str], str] = str,
    size: Callable[[str], int] = len,
    has_title: bool = True,
) -> str:
    """Title, lines and link as one text of at most `most`, counted by `size`. Lines that do not
    fit are cut from the end and counted. `written` escapes our words; the link stays as it is."""
    head = [written(message.title)] if has_title else []
    lines = [written(line) for line in message.text.splitlines() if line]
    for count in range(len(lines), -1, -1):
        left = len(lines) - count
        more = [written(ngettext("and %d more", "and %d more", left) % left)] if left else []
        text = "\n".join([*head, *lines[:count], *more, message.link])
        if size(text) <= most:
            return text
    while text and size(text) > most:
        text = text[: -max(1, (size(text) - most) // 4)]
    return text


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def utf16(text: str) -> int:
    """The length as services count it that keep text in UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def utf8(text: str) -> int:
    return len(text.encode())


_MARKDOWN = re.compile(r"([\\`*_~|<>#\[\]()!])")


def no_markdown(text: str) -> str:
    """Text that stays as it is where markdown is read, and calls nobody."""
    return _MARKDOWN.sub(r"\\\1", text).replace("@", "@\u200b")
