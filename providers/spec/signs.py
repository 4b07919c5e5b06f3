"""Signs in pasted text that nobody sees, or that only look like others: cut at the ends, named
inside. Pure."""

import unicodedata

_UNSEEN = ("Cf", "Zs", "Zl", "Zp")
# Letters and marks without any ink: fillers, an empty braille cell, variation selectors
_BLANK = "\u115f\u1160\u2800\u3164\ufe0e\ufe0f\uffa0"


def trimmed(text: str) -> str:
    """Without blanks and invisible signs around it."""
    start, end = 0, len(text)
    while start < end and _is_unseen(text[start]):
        start += 1
    while end > start and _is_unseen(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_unseen(sign: str) -> bool:
    return sign.isspace() or sign in _BLANK or unicodedata.category(sign) in _UNSEEN


def foreign(text: str) -> tuple[str, dict[str, str]]:
    """The first sign outside ASCII: "invisible" or "foreign_sign", with its place and name; "" =
    there is none."""
    for place, sign in enumerate(text, start=1):
        if not sign.isascii():
            name = unicodedata.name(sign, "")
            told = {"at": str(place), "sign": f"U+{ord(sign):04X} {name}".strip()}
            return ("invisible" if _is_unseen(sign) else "foreign_sign"), told
    return "", {}


def is_letter(sign: str) -> bool:
    """Whether a sign may stand in an international name: no full-width or otherwise dressed one."""
    is_plain = unicodedata.normalize("NFKC", sign) == sign
    return is_plain and unicodedata.category(sign)[0] in "LMN"
