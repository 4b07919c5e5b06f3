"""Answers read as JSON with patience: one odd value costs a field, not the answer. Pure.

NaN and infinities become None, what is nested too deep is empty, MARK stands where a text cannot
be kept, and a long integer comes as its digits. In a large body a text is one byte a character
while it is parsed, and wide ones are limited in all: one wide character makes Python's text up to
four times the size.
"""

import codecs
import json
import math
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from providers.http.bodies import SMALL_BYTES
from providers.http.records import NOT_JSON
from providers.spec.outcomes import Failed, Outcome

MAX_DEPTH: Final = 32
MAX_NODES: Final = 250_000  # that an answer keeps, about 20 MB as Python objects at the worst
MOST_NODES: Final = 1_000_000  # that are parsed, one answer at a time
MAX_DIGITS: Final = 20  # of an integer: more fits no column
MARK: Final = "\ufffe"  # no character by definition: an id that holds it cannot have been sent
KEPT_BYTES: Final = 1_300  # of a text beyond ASCII in a large body; the longest id has room
WIDE_BYTES: Final = 16_000_000  # that all texts of a large body may cost beyond their own bytes
MAX_BYTES: Final = 32_000_000  # of a body that was written in another charset, as UTF-8
_STEP = 256_000

_parsing = threading.Lock()  # a body is several times its size while it is parsed
_PARENTS = (dict, list)
_DIGITS = bytes(48 if chr(one).isdecimal() else 32 for one in range(128)).ljust(256)
_LONG_INTEGER = b"0" * (MAX_DIGITS + 1)  # with every digit as a zero; or digits in a text
_UNSOUND = re.compile("[\0\ud800-\udfff]")
_DOUBTFUL = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\0")  # may be a NUL or half a pair
# An escape that ASCII has no character for, and pairs of backslashes, so that none begins within.
_ESCAPE = re.compile(
    rb"(?:\\\\)++"
    rb"|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|\\u((?!00[0-7])[0-9a-fA-F]{4}|0000)"
)
_WIDE_ESCAPE = re.compile(rb"\\u(?:(?!00[0-7])[0-9a-fA-F]{4}|0000)")
_ASCII = bytes(range(128)).ljust(256, b"?")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_.:-]{1,40})""", re.I)
# Said so often of what is UTF-8 that only a body which cannot be UTF-8 is read so.
_CARELESS = ("ascii", "iso8859-1", "cp1252")
_CHARSETS = re.compile(
    r"ascii|iso8859-[0-9]+|cp125[0-8]|cp(866|874|932|936|949|950)|koi8-[rut]"
    r"|gbk|gb2312|gb18030|big5(hkscs)?|euc_(jp|kr)|shift_jis|iso2022_(jp|kr)"
)


def _mark(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return MARK, error.end
    raise error


codecs.register_error("facio.mark", _mark)


def charset_of(content_type: str) -> str:
    """Python's name of the charset that a Content-Type names; "" = none that is read here."""
    match = _CHARSET.search(content_type)
    try:
        name = codecs.lookup(match[1]).name if match else ""
    except (LookupError, ValueError):
        return ""
    return name if _CHARSETS.fullmatch(name) else ""


def as_utf8(content: bytearray, content_type: str) -> bytearray:
    """The body in UTF-8, whatever charset it was written in. Raises Failed when it grows too long.

    UTF-16 and UTF-32 show by their first bytes; any other charset has to be declared.
    """
    found = json.detect_encoding(bytes(content[:4]))
    charset = charset_of(content_type) if found in ("utf-8", "utf-8-sig") else found
    if not charset or (charset in _CARELESS and _is_utf8(content)):
        return content
    decoder = codecs.getincrementaldecoder(charset)("facio.mark")
    made = bytearray()
    for start in range(0, len(content), _STEP):
        text = decoder.decode(bytes(content[start : start + _STEP]))
        made += text.encode("utf-8", "replace")
        if len(made) > MAX_BYTES:
            raise Failed(Outcome.UNEXPECTED_RESPONSE, "too_large")
    made += decoder.decode(b"", final=True).encode("utf-8", "replace")
    content.clear()
    return made


def _is_utf8(content: bytearray) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _STEP):
            decoder.decode(bytes(content[start : start + _STEP]))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def parse_json(content: bytes | bytearray, seconds: float) -> Any:
    """The JSON value of a body in UTF-8, or NOT_JSON. A large bytearray is emptied on the way.

    Waits at most `seconds` for its turn. Raises Failed when there are too many values in it, it
    is nested beyond all measure, or the time is up.
    """
    if not content or content.isspace():
        return NOT_JSON
    if sum(map(content.count, (b",", b"[", b"{"))) > MOST_NODES:
        raise Failed(Outcome.UNEXPECTED_RESPONSE, "too_large")
    until = time.monotonic() + seconds
    if not _parsing.acquire(timeout=max(seconds, 0)):
        raise Failed(Outcome.TIMEOUT, "deadline")
    try:
        return _read(content if isinstance(content, bytearray) else bytearray(content), until)
    except RecursionError:
        raise Failed(Outcome.UNEXPECTED_RESPONSE, "too_deep") from None
    except ValueError:  # UnicodeError and JSONDecodeError are ValueErrors
        return NOT_JSON
    finally:
        _parsing.release()


def _read(content: bytearray, until: float) -> Any:
    integer = _integer if _has_long_integer(content) else None
    is_large = len(content) > SMALL_BYTES
    clean: Callable[[str], str] | None = None
    if is_large:
        text = _narrow(content, until)
        clean = _Widening().text
    else:
        clean = _sound if _DOUBTFUL.search(content) else None
        text = content.decode("utf-8", "facio.mark").removeprefix("\ufeff")
    value = json.loads(
        text, strict=False, parse_int=integer, parse_float=_number, parse_constant=_nothing
    )
    del text
    value = _tidied(value, clean)
    return value if count_nodes(value) <= MAX_NODES else _slimmed(value)


def _narrow(content: bytearray, until: float) -> str:
    """UTF-8 with a character for each byte, so that no text is wide yet."""
    if content.startswith(codecs.BOM_UTF8):
        del content[: len(codecs.BOM_UTF8)]
    if _WIDE_ESCAPE.search(content):
        made = _without_escapes(content, until)
        content.clear()
    else:
        made = content
    text = made.decode("latin-1")
    has_nul = b"\0" in made
    made.clear()
    return text.replace("\0", "\x01") if has_nul else text


def _without_escapes(content: bytearray, until: float) -> bytearray:
    """Escapes beyond ASCII as the bytes that they stand for, which are never more."""
    made, done = bytearray(), 0
    with memoryview(content) as view:
        for number, match in enumerate(_ESCAPE.finditer(content)):
            if number % 100_000 == 0 and time.monotonic() > until:
                raise Failed(Outcome.TIMEOUT, "deadline")
            if match[0][:2] != b"\\\\":
                made += view[done : match.start()]
                made += _escaped(match)
                done = match.end()
        made += view[done:]
    return made


def _escaped(match: re.Match[bytes]) -> bytes:
    high, low, alone = match.groups()
    if alone is not None:
        code = int(alone, 16)
        is_unsound = code == 0 or 0xD800 <= code < 0xE000
        return (MARK if is_unsound else chr(code)).encode()
    code = 0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00
    return chr(code).encode()


class _Widening:
    """Texts of a large body with their real characters, as long as there is room for them."""

    def __init__(self) -> None:
        self._room = WIDE_BYTES

    def text(self, narrow: str) -> str:
        if narrow.isascii():
            return narrow
        content = narrow[:KEPT_BYTES].encode("latin-1")
        if len(narrow) > KEPT_BYTES:
            return content.translate(_ASCII).decode("ascii")
        wide = content.decode("utf-8", "facio.mark")
        self._room -= max(sys.getsizeof(wide) - sys.getsizeof(narrow), 0)
        return wide if self._room >= 0 else "\x01" + content.translate(_ASCII).decode("ascii")


def _sound(text: str) -> str:
    return _UNSOUND.sub(MARK, text)


def _has_long_integer(content: bytearray) -> bool:
    """Ten times as fast as a pattern, for which every digit is a beginning."""
    return any(
        _LONG_INTEGER in content[start : start + _STEP + MAX_DIGITS].translate(_DIGITS)
        for start in range(0, len(content), _STEP)
    )


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= MAX_DIGITS else text


def _number(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _nothing(_: str) -> None:
    return None


def _tidied(value: Any, clean: Callable[[str], str] | None) -> Any:
    """Cut at MAX_DEPTH, texts cleaned. Level by level, so that depth costs no recursion."""
    holder = [value]
    level: list[Any] = [holder]
    for _ in range(MAX_DEPTH + 1):
        if clean:
            for parent in level:
                _clean(parent, clean)
        level = [child for parent in level for child in _items(parent) if type(child) in _PARENTS]
        if not level:
            return holder[0]
        deepest = level
    for parent in deepest:
        parent.clear()
    return holder[0]


def count_nodes(value: Any) -> int:
    """How many values this is made of."""
    count, level = 1, [value]
    while level := [one for one in level if type(one) in _PARENTS]:
        level = [child for parent in level for child in _items(parent)]
        count += len(level)
    return count


def _slimmed(value: Any) -> Any:
    """A list of many rich rows with less in each: a row keeps its plain values, and of its lists
    and objects the smaller ones. Raises Failed where that is not enough."""
    rows: list[Any] = max(_lists(value), key=len, default=[])
    share = MAX_NODES // (len(rows) + 1)
    for row in rows:
        if type(row) is dict:
            _slim(row, share)
    if count_nodes(value) > MAX_NODES:
        raise Failed(Outcome.UNEXPECTED_RESPONSE, "too_large")
    return value


def _lists(value: Any) -> Iterator[Any]:
    """Lists, and objects of objects, near the top of an answer."""
    level = [value]
    for _ in range(3):
        yield from (parent for parent in level if type(parent) is list)
        yield from ([*parent.values()] for parent in level if type(parent) is dict)
        level = [
            child
            for parent in level
            if type(parent) is dict
            for child in parent.values()
            if type(child) in _PARENTS
        ]


def _slim(row: dict[str, Any], share: int) -> None:
    sizes = {name: count_nodes(item) for name, item in row.items() if type(item) in _PARENTS}
    left = share - 1 - len(row)
    for name, size in sorted(sizes.items(), key=lambda pair: pair[1]):
        left -= size
        if left < 0:
            row[name] = None


def _items(parent: Any) -> Iterator[Any]:
    return iter(parent.values() if type(parent) is dict else parent)


def _clean(parent: Any, clean: Callable[[str], str]) -> None:
    """In place; names that become equal stay apart."""
    if type(parent) is list:
        for place, item in enumerate(parent):
            if type(item) is str:
                parent[place] = clean(item)
        return
    for name, item in parent.items():
        if type(item) is str:
            parent[name] = clean(item)
    if all(clean(name) == name for name in parent):
        return
    pairs = list(parent.items())
    parent.clear()
    for name, item in pairs:
        new = clean(name)
        parent[f"{new}{MARK}{len(parent)}" if new in parent else new] = item
