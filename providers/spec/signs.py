"""Signs that a copy brings along and no eye sees: cut at the ends, named with their place. Pure."""

import unicodedata
from typing import Any, Final

# Not of the invisible categories, and yet nothing is drawn.
_UNDRAWN: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
)
_IDEOGRAPHIC = {"\u3001": ",", "\u3002": ".", "\uff61": ".", "\uff64": ",", "\u30fb": "."}


def is_invisible(char: str) -> bool:
    """Whether nothing is seen of a character: blanks but the plain one, marks of writing order,
    joints, control characters."""
    return char != " " and (
        unicodedata.category(char) in ("Cf", "Cc", "Zs", "Zl", "Zp") or char in _UNDRAWN
    )


def trimmed(text: str) -> str:
    """Without blanks and invisible characters at the ends."""
    start, end = 0, len(text)
    while start < end and (text[start].isspace() or is_invisible(text[start])):
        start += 1
    while start < end and (text[end - 1].isspace() or is_invisible(text[end - 1])):
        end -= 1
    return text[start:end]


def plain_form(char: str) -> str:
    """The ASCII sign that a full-width one stands for; "" = it is none."""
    if char in _IDEOGRAPHIC:
        return _IDEOGRAPHIC[char]
    is_wide = "\uff01" <= char <= "\uff5e" or "\uffe0" <= char <= "\uffe6"
    plain = unicodedata.normalize("NFKC", char) if is_wide else ""
    return plain if plain.isascii() else ""


def is_letter(char: str) -> bool:
    """Whether a character may stand in an international name: a letter, mark or digit that is no
    other one in disguise."""
    is_plain = unicodedata.normalize("NFKC", char) == char
    return is_plain and unicodedata.category(char)[0] in "LMN"


def odd_sign(text: str) -> tuple[str, dict[str, Any]]:
    """What is wrong with the first character beyond visible ASCII: "invisible", "full_width",
    "foreign_sign" (such as a dash), "not_ascii" (a letter), or "" = there is none; and what to say
    of it: its place from 1 on, its name, and the plain form that would do.
    """
    for place, char in enumerate(text, start=1):
        is_hidden = is_invisible(char)
        if char.isascii() and not is_hidden:
            continue
        name = unicodedata.name(char, "control character" if char < " " else "").lower()
        sign = f"U+{ord(char):04X} {name}".strip()
        if is_hidden:
            return "invisible", {"at": place, "sign": sign}
        if plain := plain_form(char):
            return "full_width", {"at": place, "sign": sign, "plain": plain}
        return ("not_ascii" if is_letter(char) else "foreign_sign"), {"at": place, "sign": sign}
    return "", {}
