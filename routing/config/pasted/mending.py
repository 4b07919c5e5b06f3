"""JSON as people keep it: comments, commas too many, typed quotes, a fence round it. Pure.

A mended text has every sign at the line and column where it was.
"""

from __future__ import annotations

import re

from routing.config.pasted.records import Warned

_FENCE = re.compile(r"^[ \t]*```[^\n`]*(?:\n|\Z)", re.MULTILINE)
# A string, also one that is never closed; a comment, likewise; a string in quotes of a text editor
_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\\n]|\\.)*+"?)'
    r"|(?P<comment>//[^\n]*+|\#[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?)"
    r"|(?P<curly>[“”„‟][^“”„‟\"\n]*+[“”„‟])"
)
_COMMA = re.compile(r",(?=\s*+(?:[,}\]]|\Z))|(?<=[{\[])\s*+,")


def begins_json(text: str) -> bool:
    """Whether the first sign behind blanks and comments opens an object or a list."""
    rest = re.match(r"(?:\s++|//[^\n]*+|\#[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+", text)
    at = rest.end() if rest else 0
    return re.compile(r'\{|\[\s*+(?:["{\[\]\d/#-]|\Z)').match(text, at) is not None


def out_of_fence(text: str) -> tuple[str, list[tuple[int, int]]]:
    """What stands in the first fence, at its lines; and the lines of text around it, first to last.

    A text without a fence comes back as it is.
    """
    marks = list(_FENCE.finditer(text))
    if not marks:
        return text, []
    start = marks[0].end()
    end = marks[1].start() if len(marks) > 1 else len(text)
    outside = [(0, marks[0].start())]
    if len(marks) > 1:
        outside.append((marks[1].end(), len(text)))
    around = []
    for first, last in outside:
        if text[first:last].strip():
            around.append((_line(text, first), _line(text, len(text[:last].rstrip()))))
    return "\n" * text.count("\n", 0, start) + text[start:end], around


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def mended(text: str) -> tuple[str, list[Warned]]:
    """The text as JSON has it, and what had to be mended."""
    found: dict[str, int] = {}
    plain: list[str] = []  # with every string blotted out
    signs = list(text)
    at = 0
    for token in _TOKEN.finditer(text):
        plain += text[at : token.start()], "x" * (token.end() - token.start())
        at = token.end()
        if token["comment"]:
            plain[-1] = re.sub(r"[^\n]", " ", token[0])
            signs[token.start() : at] = plain[-1]
            found.setdefault("comment", token.start())
        elif token["curly"]:
            signs[token.start()] = signs[at - 1] = '"'
            found.setdefault("curly", token.start())
    plain.append(text[at:])
    for comma in _COMMA.finditer("".join(plain)):
        signs[comma.end() - 1 if comma[0] != "," else comma.start()] = " "
        found.setdefault("comma", comma.end() - 1)
    order = sorted(found.items(), key=lambda pair: pair[1])
    return "".join(signs), [Warned(f"line {_line(text, at)}", code) for code, at in order]
