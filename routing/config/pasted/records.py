"""What the readers of a pasted text hand to each other. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from facio_site.marked import marked as _
from facio_site.strictjson import BadDocument
from providers.spec.secret import Secret

Source = Literal["config", "env", "curl", "shell", "key"]


class BadPaste(BadDocument):
    """A text of which nothing can be used."""

    messages = {
        **BadDocument.messages,
        "two_sources": _("Hand in a file or a text, not both."),
        "not_known": _("This is not JSON, a .env file, a curl line or a key."),
        "only_comments": _("Every line is a comment. Take the # away from what is meant."),
        "bad_curl": _(
            "Line {line}: this call can't be read: its quotes or its address are incomplete. "
            'In a browser, copy it with "Copy as cURL (bash)".'
        ),
        "unknown_option": _(
            "Line {line}: an option of this call is not known, so its address can't be told from "
            "the option's value. Take the option away."
        ),
        "variable_address": _(
            "Line {line}: a variable stands in the address. Put the address itself there."
        ),
        "is_variable": _("A variable stands where the key belongs. Paste the key itself."),
        "is_address": _("This is an address and no key."),
        "is_example": _("This is a mask or an example, not a key."),
        "open_quote": _("Line {line}: a quote opens here and is never closed."),
    }


@dataclass(frozen=True, slots=True)
class Ignored:
    """A part that is left out, and why: `code` with `params` that are safe to show."""

    path: str
    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Warned:
    """What is doubtful about a part, or was mended in it. `params` are safe to show."""

    path: str
    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    source: Source
    document: dict[str, Any] = field(repr=False)
    ignored: tuple[Ignored, ...] = ()
    warnings: tuple[Warned, ...] = ()
    # What config.json has no place for: secrets and deployments by kind
    secrets: Mapping[str, Mapping[str, Secret]] = field(default_factory=dict)
    deployments: tuple[str, ...] = ()
    # Values of variables that mean nothing by themselves: what is set here may name them
    named: Mapping[str, Secret] = field(default_factory=dict)
    # When a key could be of several: all kinds to choose from, and those whose keys begin like it
    candidates: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command. `is_filled`: its shell would put something else into it."""

    text: str = field(repr=False)
    is_filled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """NAME=value, in whatever way a shell or a file writes it."""

    line: int
    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call. Header names in lower case; `query` are pairs that are added to the address."""

    line: int
    url: Word
    headers: Mapping[str, Word] = field(repr=False)
    query: tuple[str, ...] = field(default=(), repr=False)
    ignored: tuple[Ignored, ...] = ()


@dataclass(frozen=True, slots=True)
class Leftover:
    """A line that is not read, and why: one of the codes of BadPaste or Ignored."""

    line: int
    last: int
    code: str

    @property
    def path(self) -> str:
        same = self.last <= self.line
        return f"line {self.line}" if same else f"lines {self.line}-{self.last}"


class Unread(Exception):
    """A command that can't be read."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)
