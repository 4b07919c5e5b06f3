"""A command's words, as bash, cmd and PowerShell split them. Pure; nothing is expanded or run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from routing.config.pasted.records import Unread, Word

_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "e": "\x1b",
    "E": "\x1b",
}
_CODE = re.compile(r"x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})")
_FILLED = re.compile(r"\$[A-Za-z_{(]")
# Between commands; what follows is another one, or a file
_OPERATORS = re.compile(r"&&|\|\||>>|[;|&()<>]")
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_]\w*)\1")

_QUOTE, _ESCAPED = '"', '\\"'


def _line_end(text: str, at: int, *, with_break: bool = True) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + with_break


class Bash:
    """Words of one command from `start` on; `end` is then where the next line begins.

    Raises Unread for a quote that is never closed.
    """

    def __init__(self, text: str, start: int = 0) -> None:
        self.text, self.at = text, start
        self.words: list[Word] = []
        self._heredocs: list[str] = []
        self._is_over = False  # the command has ended; what follows in the line is another one
        while self.at < len(text) and self._step():
            pass
        self._skip_heredocs()
        self.end = self.at

    def _step(self) -> bool:
        """Read a word or what stands between words; False at the end of the command."""
        text, char = self.text, self.text[self.at]
        if broken := re.compile(r"\\[ \t]*\r?\n(?:> )?").match(text, self.at):
            self.at = broken.end()
        elif char == "\n":
            self.at += 1
            return False
        elif char in " \t\r":
            self.at += 1
        elif char == "#":
            self.at = _line_end(text, self.at, with_break=False)
        elif found := _HEREDOC.match(text, self.at):
            self._heredocs.append(found[2])
            self.at = found.end()
        elif found := _OPERATORS.match(text, self.at):
            self._is_over = True
            self.at = found.end()
            return found[0] not in (";", "&", "&&", "||") or bool(self._heredocs)
        else:
            word = self._word()
            if not self._is_over:
                self.words.append(word)
        return True

    def _word(self) -> Word:
        text, parts, is_filled = self.text, list[str](), False
        while self.at < len(text):
            char = text[self.at]
            if char in " \t\r\n" or (char in ";|()<>&" and not self._is_in_address(parts)):
                break
            if re.compile(r"\\[ \t]*\r?\n").match(text, self.at):
                break
            if char == "'":
                parts.append(self._until("'"))
            elif text.startswith("$'", self.at):
                self.at += 1
                parts.append(self._ansi())
            elif char == '"':
                inside, filled = self._double()
                parts.append(inside)
                is_filled |= filled
            elif char == "\\":
                parts.append(text[self.at + 1 : self.at + 2])
                self.at += 2
            else:
                is_filled |= char == "`" or _FILLED.match(text, self.at) is not None
                parts.append(char)
                self.at += 1
        return Word("".join(parts), is_filled)

    def _is_in_address(self, parts: list[str]) -> bool:
        """People paste addresses with & and without quotes; a shell would cut them there."""
        following = self.text[self.at + 1 : self.at + 2]
        is_joint = self.text[self.at] == "&" and following.isalnum()
        return is_joint and "?" in parts and "".join(parts[:4]) == "http"

    def _until(self, quote: str) -> str:
        end = self.text.find(quote, self.at + 1)
        if end < 0:
            raise Unread("bad_curl")
        inside = self.text[self.at + 1 : end]
        self.at = end + 1
        return inside

    def _double(self) -> tuple[str, bool]:
        found = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL).match(self.text, self.at)
        if found is None:
            raise Unread("bad_curl")
        self.at = found.end()
        bare = re.sub(r"\\.", "", found[1], flags=re.DOTALL)
        is_filled = _FILLED.search(bare) is not None or "`" in bare
        return re.sub(r'\\(?:\r?\n|([\\"$`]))', lambda m: m[1] or "", found[1]), is_filled

    def _ansi(self) -> str:
        """$'…' with its escapes."""
        found = re.compile(r"'((?:[^'\\]|\\.)*+)'", re.DOTALL).match(self.text, self.at)
        if found is None:
            raise Unread("bad_curl")
        self.at = found.end()
        pattern = re.compile(rf"\\(?:{_CODE.pattern}|(.))", re.DOTALL)
        return pattern.sub(lambda m: _unescaped(m), found[1])

    def _skip_heredocs(self) -> None:
        """What follows as a command's input is no line of its own."""
        for mark in self._heredocs:
            end = re.compile(rf"^\t*{mark}[ \t]*\r?$\n?", re.MULTILINE).search(self.text, self.at)
            self.at = end.end() if end else len(self.text)


def _unescaped(found: re.Match[str]) -> str:
    digits = found[1] or found[2] or found[3]
    if digits or found[4]:
        code = int(digits, 16) if digits else int(found[4], 8)
        return chr(code) if code < 0x110000 else ""
    return _ESCAPES.get(found[5], found[5])


def cmd_words(text: str, start: int = 0) -> tuple[list[Word], int]:
    """Words of a line of cmd, as a program gets them: carets first, then quotes."""
    plain, at = _without_carets(text, start)
    words, parts, is_open, has_word = [], list[str](), False, False
    for piece in re.findall(r'\\+"|\\+|"|[ \t\r\n]+|[^\\" \t\r\n]+', plain):
        if piece[0] == "\\" and piece[-1] == '"':
            count = len(piece) - 1
            parts.append("\\" * (count // 2))
            piece = '\\"' if count % 2 else '"'
        if piece == _QUOTE:
            is_open, has_word = not is_open, True
        elif piece == _ESCAPED:
            parts.append(_QUOTE)
        elif piece.isspace() and not is_open:
            if parts or has_word:
                words.append("".join(parts))
            parts, has_word = [], False
        else:
            parts.append(piece)
    if is_open:
        raise Unread("bad_curl")
    if parts or has_word:
        words.append("".join(parts))
    return [Word(word, re.search(r"%\w+%", word) is not None) for word in words], at


def _without_carets(text: str, at: int) -> tuple[str, int]:
    """A caret stands before a sign that is meant, and before the end of a line that goes on."""
    plain, is_quoted = list[str](), False
    while at < len(text):
        char = text[at]
        if char == "^" and not is_quoted:
            at += 1
            broken = re.compile(r"\r?\n").match(text, at)
            at = broken.end() if broken else at
            plain.append(text[at : at + 1])
            at += 1
            continue
        if char == "\n":
            return "".join(plain), at + 1
        if char in "|&<>" and not is_quoted:
            return "".join(plain), _line_end(text, at)
        is_quoted ^= char == '"'
        plain.append(char)
        at += 1
    return "".join(plain), at


class PowerShell:
    """Words and tables (@{…}) of one PowerShell command. Raises Unread."""

    def __init__(self, text: str, start: int = 0) -> None:
        self.text, self.at = text, start
        self.words: list[Word | dict[str, Word]] = list(self._read())
        self.end = self.at

    def _read(self) -> Iterator[Word | dict[str, Word]]:
        text = self.text
        while self.at < len(text):
            char = text[self.at]
            if broken := re.compile(r"`[ \t]*\r?\n").match(text, self.at):
                self.at = broken.end()
            elif char in "\n;|":
                self.at = self.at + 1 if char == ";" else _line_end(text, self.at)
                return
            elif char in " \t\r":
                self.at += 1
            elif text.startswith("@{", self.at):
                self.at += 2
                yield self._table()
            else:
                yield self._word(" \t\r\n;|")

    def _word(self, ends: str) -> Word:
        text, parts, is_filled = self.text, list[str](), False
        while self.at < len(text) and text[self.at] not in ends:
            here = re.compile(r"""@(["'])[ \t]*\r?\n(.*?)\r?\n\1@""", re.DOTALL).match(
                text, self.at
            )
            if here:
                parts.append(here[2])
                self.at = here.end()
            elif text[self.at] in "'\"":
                inside, filled = self._quoted()
                parts.append(inside)
                is_filled |= filled
            elif text[self.at] == "`":
                if text[self.at + 1 : self.at + 2] in ("\n", "\r"):
                    break
                parts.append(text[self.at + 1 : self.at + 2])
                self.at += 2
            else:
                is_filled |= _FILLED.match(text, self.at) is not None
                parts.append(text[self.at])
                self.at += 1
        return Word("".join(parts), is_filled)

    def _quoted(self) -> tuple[str, bool]:
        single = r"'((?:[^']|'')*+)'"
        double = r'"((?:[^"`]|`.|"")*+)"'
        is_single = self.text[self.at] == "'"
        found = re.compile(single if is_single else double, re.DOTALL).match(self.text, self.at)
        if found is None:
            raise Unread("bad_curl")
        self.at = found.end()
        if is_single:
            return found[1].replace("''", "'"), False
        is_filled = _FILLED.search(re.sub("`.", "", found[1], flags=re.DOTALL)) is not None
        return re.sub(r"`(.)|\"(\")", lambda m: m[1] or m[2], found[1], flags=re.DOTALL), is_filled

    def _table(self) -> dict[str, Word]:
        """name = value pairs up to the brace that closes."""
        table: dict[str, Word] = {}
        while True:
            self._skip(" \t\r\n;")
            if self.text.startswith("}", self.at):
                self.at += 1
                return table
            name = self._word(" \t\r\n;=}")
            self._skip(" \t")
            if not self.text.startswith("=", self.at):
                raise Unread("bad_curl")
            self.at += 1
            self._skip(" \t")
            table[name.text] = self._word(" \t\r\n;}")

    def _skip(self, signs: str) -> None:
        while self.at < len(self.text) and self.text[self.at] in signs:
            self.at += 1
