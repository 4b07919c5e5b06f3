"""The one reader of JSON that a person, a file or a row hands in, and the writer that goes with it.

Strict and bounded: UTF-8, or UTF-16 as Windows writes it, one object, no key twice, no NaN, nothing
deep, long or halved. What a provider answers is read elsewhere (providers.http.reading), by rules
that forgive more. Pure.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from facio_site.marked import marked as _

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_NODES = 10_000
MAX_DIGITS = 100

MESSAGES: Mapping[str, str] = {  # filled with the parameters of a BadDocument
    "too_large": _("The file has {bytes} bytes; at most {limit} are read."),
    "not_utf8": _("Line {line}: the text is not valid UTF-8."),
    "not_utf16": _("The text begins like UTF-16 and is not valid UTF-16."),
    "empty": _("There is nothing in it."),
    "not_json": _("Line {line}, column {column}: this is not valid JSON."),
    "json_comma": _("Line {line}, column {column}: a comma too many."),
    "json_comment": _("Line {line}, column {column}: JSON has no comments."),
    "json_quote": _('Line {line}, column {column}: JSON takes plain double quotes (") only.'),
    "json_end": _("Line {line}, column {column}: the text ends too early, as if it was cut off."),
    "not_object": _("The top level must be a JSON object, in curly brackets."),
    "too_deep": _("Line {line}: nested more than {limit} levels deep."),
    "too_many": _("More than {limit} values; counting stopped at {path}."),
    "duplicate_key": _("{path} is there twice in the same object."),
    "bad_number": _("{path} is not a number that JSON can hold, or has too many digits."),
    "bad_text": _("{path} holds a NUL or half of a character pair."),
}


class BadDocument(ValueError):
    """A text that is not taken. Its sentence names the line or path and never holds a value."""

    messages: ClassVar[Mapping[str, str]] = MESSAGES

    def __init__(self, code: str, *, line: int = 0, path: str = "", **params: int) -> None:
        self.code, self.line, self.path = code, line, path
        self.params: dict[str, str | int] = {**params, "line": line, "path": path}
        super().__init__(self.messages[code].format(**self.params))

    @property
    def sentence(self) -> str:
        return str(self)


class _Duplicate(dict[str, Any]):
    """An object in which a key came twice; only lives until the path to it is known."""

    key = ""


class _BadNumber:
    """NaN, Infinity, or more digits than anything here can use."""


def read_text(data: bytes) -> str:
    """Raises BadDocument for too much, for nothing, and for what is neither UTF-8 nor UTF-16."""
    if len(data) > MAX_BYTES:
        raise BadDocument("too_large", bytes=len(data), limit=MAX_BYTES)
    encoding = _encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8-sig":
            raise BadDocument("not_utf16") from None
        line = data.count(b"\n", 0, error.start) + 1
        raise BadDocument("not_utf8", line=line) from None
    if not text.strip():
        raise BadDocument("empty")
    return text


def _encoding(data: bytes) -> str:
    """UTF-16 tells itself by its mark, or by the NUL beside a first sign that is ASCII."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    nuls = bytes(byte == 0 for byte in data[:4])
    return {b"\0\1\0\1": "utf-16-le", b"\1\0\1\0": "utf-16-be"}.get(nuls, "utf-8-sig")


def read_json(data: bytes) -> dict[str, Any]:
    """Parse a document within the limits above. Raises BadDocument."""
    return parse_json(read_text(data))


def parse_json(text: str) -> dict[str, Any]:
    """The same from a text. Raises BadDocument."""
    _check_depth(text)
    try:
        document = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=lambda _: _BadNumber(),
            parse_float=_float,
            parse_int=_int,
        )
    except json.JSONDecodeError as error:
        raise _fault_at(text, error.pos) from None
    _check_values(document)
    if not isinstance(document, dict):
        raise BadDocument("not_object")
    return document


def _fault_at(text: str, at: int) -> BadDocument:
    """The usual faults by their names."""
    before = text[:at].rstrip()
    code = "json_end" if at >= len(text.rstrip()) else "not_json"
    if text.startswith(("//", "/*", "#"), at):
        code = "json_comment"
    elif text[at : at + 1] in tuple("}],") and before.endswith((",", "[", "{")):
        code, at = "json_comma", len(before) - 1 if before.endswith(",") else at
    elif text[at : at + 1] in tuple("'“”„‘’"):
        code = "json_quote"
    line = text.count("\n", 0, at) + 1
    return BadDocument(code, line=line, column=at - text.rfind("\n", 0, at))


def write_json(document: Mapping[str, Any]) -> str:
    """The same document gives the same text: two-space indent, keys as they stand, a newline."""
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


# A whole string (also one that is never closed), or one bracket. Linear on any input.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def _check_depth(text: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            line = text.count("\n", 0, token.start()) + 1
            raise BadDocument("too_deep", line=line, limit=MAX_DEPTH)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    seen: set[str] = set()
    marked = _Duplicate(plain)
    marked.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return marked


def _float(text: str) -> Any:
    number = float(text)
    return number if math.isfinite(number) and len(text) <= MAX_DIGITS else _BadNumber()


def _int(text: str) -> Any:
    return int(text) if len(text) <= MAX_DIGITS else _BadNumber()


_BAD_TEXT = re.compile("[\0\ud800-\udfff]")


def _check_values(document: Any) -> None:
    for count, (path, value) in enumerate(_walk(document, ""), start=1):
        if count > MAX_NODES:
            raise BadDocument("too_many", path=path, limit=MAX_NODES)
        if isinstance(value, _Duplicate):
            raise BadDocument("duplicate_key", path=join(path, value.key))
        if isinstance(value, _BadNumber):
            raise BadDocument("bad_number", path=path)
        if isinstance(value, str) and _is_bad_text(value):
            raise BadDocument("bad_text", path=path)
        for key in value if isinstance(value, dict) else ():
            if _is_bad_text(key):
                raise BadDocument("bad_text", path=join(path, key))


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value with its path, parents first. Depth is bounded by _check_depth."""
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, join(path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, f"{path}[{index}]")


def _is_bad_text(text: str) -> bool:
    return _BAD_TEXT.search(text) is not None


def join(path: str, key: str) -> str:
    """`path` with one more key, fit to be shown: control characters and long names are cut."""
    shown = "".join(character if character.isprintable() else "?" for character in key)
    shown = shown if len(shown) <= 60 else shown[:59] + "…"
    return f"{path}.{shown}" if path else shown
