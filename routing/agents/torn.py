"""What can still be read of a config.json that is no JSON: names, never values. Pure."""

from __future__ import annotations

import re

MOST = 50
# A string up to its quote or the end of its line, a comment, or one bracket. Linear on any input.
_TOKEN = re.compile(
    r'"(?P<text>(?:[^"\\\n]|\\.)*+)(?:"(?P<colon>\s*+:)?|\n|\Z|\\)'
    r"|//[^\n]*+|\#[^\n]*+|/\*.*?(?:\*/|\Z)|(?P<bracket>[\[\]{}])",
    re.DOTALL,
)
_NAME = re.compile(r"[A-Za-z_][\w .-]{0,39}")
_KEY_LIKE = re.compile(r"(?=\S*\d)\S{16,}")


def names_in(text: str) -> tuple[tuple[str, ...], ...]:
    """The keys on the first two levels, in order, as paths; at most MOST. What does not look like
    a name is left out, for it may be half of a value."""
    found: dict[tuple[str, ...], None] = {}
    above: list[str] = []  # the key of each object or list that is open
    key = ""
    for token in _TOKEN.finditer(text):
        if token["colon"]:
            key = token["text"]
            path = (*above[1:], key)
            if len(path) <= 2 and all(map(_is_name, path)):
                found.pop(path[:-1], None)
                found[path] = None
        elif token["bracket"] in ("{", "["):
            above.append(key)
            key = ""
        elif token["bracket"] and above:
            above.pop()
    return tuple(found)[:MOST]


def _is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text)) and not _KEY_LIKE.search(text)
