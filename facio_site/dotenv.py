"""The lines of a `.env` file, for the parent and for the settings alike.

Standard library only. A line that is none stops the start: what it should have set would be missed
without a word. It is told by its number, because it may hold a secret.
"""

import re
from pathlib import Path

_LINE = re.compile(r"(?:export )?([A-Za-z_0-9]+)=(.*)")


class Unreadable(ValueError):
    """The text is one sentence for whoever starts the site."""


def read(path: Path) -> dict[str, str]:
    """What it sets; {} without the file. Raises Unreadable."""
    found = {}
    for number, line in enumerate(_text(path).splitlines(), 1):
        if match := _LINE.fullmatch(line.lstrip()):
            found[match[1]] = _value(match[2])
        elif line.strip() and line.lstrip()[0] not in "#;":
            said = "is neither NAME=value, without blanks around the =, nor a comment"
            raise Unreadable(f"{path} cannot be read: line {number} {said}.")
    return found


def _value(text: str) -> str:
    """As it stands, or as a shell reads it between quotes."""
    if single := re.fullmatch(r"'(.*)'", text):
        return single[1]
    if double := re.fullmatch(r'"(.*)"', text):
        return re.sub(r"\\([^rnt])", r"\1", double[1])
    return text


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "it is not UTF-8")
        raise Unreadable(f"{path} cannot be read: {reason}.") from None
