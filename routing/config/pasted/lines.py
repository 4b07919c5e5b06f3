"""The statements of a pasted text: assignments and calls, one after the other. Pure.

Each is read to its own end, so that nothing is read from inside another's value: quotes go over
lines, here-documents and indented blocks belong to the line above them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from providers.spec.limits import BODY_BYTES
from routing.config.pasted.calls import curl_requests, httpie_request, powershell_request
from routing.config.pasted.records import Assignment, Leftover, Request, Source, Unread, Word
from routing.config.pasted.words import Bash, PowerShell, cmd_words

_NAME = r"[A-Za-z_][A-Za-z0-9_.]*+"
_PROMPT = re.compile(
    r"[ \t]*+(?:[$%>][ \t]+|PS [^>\n]{0,200}>[ \t]*|[A-Za-z]:\\[^>\n]{0,200}>[ \t]*"
    r"|[\w.-]{1,60}@[\w.-]{1,60}:[^\s$#]{0,200}[$#][ \t]+)?"
)
_SKIPPED = re.compile(
    r"[ \t]*(?:(?:#|//|::|;|REM\b|```)[^\n]*)?\r?(?:\n|\Z)|[ \t]+\Z", re.IGNORECASE
)
# Variables for one command, and what may stand in front of its name. Few: a line of thousands is
# looked at anew for each.
_BEFORE = (
    rf"(?:{_NAME}=(?:'[^'\n]*+'|\"[^\"\n]*+\"|[^\s'\"]*+)[ \t]+){{0,20}}+"
    r"(?:(?:sudo|time|exec|command|doas|nohup|proxychains4?)[ \t]+(?:-\w+[ \t]+)*+)?"
)
_CURL = re.compile(rf"{_BEFORE}(?:[^\s'\"=|;]*[\\/])?curl(?:\.exe)?(?=\s|\Z)", re.IGNORECASE)
_POWERSHELL = re.compile(
    r"(?:\$\w+\s*=\s*)?\(?(?:Invoke-WebRequest|Invoke-RestMethod|iwr|irm)(?=\s)", re.IGNORECASE
)
_HTTPIE = re.compile(rf"{_BEFORE}(httpie|https?|xhs?)[ \t]+(?=\S)")
_ENV = re.compile(
    rf"(?:-[ \t]+)?(?:(?:export|declare[ \t]+-x|typeset[ \t]+-x|ENV|env)[ \t]+)?({_NAME})"
    r"[ \t]*=[ \t]*"
)
_EXPORT = re.compile(rf"(?:export|declare[ \t]+-x|typeset[ \t]+-x)[ \t]+(?={_NAME}=)")
_YAML = re.compile(r"(?:-[ \t]+)?([A-Z][A-Z0-9_]*+)[ \t]*:[ \t]+")
_PS_ENV = re.compile(rf"\$(?:env:({_NAME})|\{{env:({_NAME})\}})\s*=\s*", re.IGNORECASE)
_PS_SET = re.compile(
    rf"\[(?:System\.)?Environment\]::SetEnvironmentVariable\(\s*['\"]({_NAME})['\"]\s*,\s*",
    re.IGNORECASE,
)
_CMD_SET = re.compile(rf"set[ \t]+(\"?)({_NAME})=([^\r\n]*)", re.IGNORECASE)
_SET_WORDS = re.compile(
    rf"(?:setx|setenv|set[ \t]+-[gxUl]+(?:[ \t]+-[gxUl]+)*)[ \t]+({_NAME})[ \t]+(?=\S)"
)
_QUOTED = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL),
    "'": re.compile(r"'([^']*+)'"),
    "`": re.compile(r"`([^`]*+)`"),
}
_AFTER = re.compile(r"[ \t]*[;,]?[ \t]*(?:#[^\n]*)?(?:\r?\n|\r?\Z)")
_BLOCK = re.compile(r"[^\n]*:[ \t]*[|>][-+\d]*[ \t]*\r?\n")
_INDENT = re.compile(r"[ \t]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(slots=True)
class Lines:
    assignments: list[Assignment] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    left: list[Leftover] = field(default_factory=list)
    sources: set[Source] = field(default_factory=set)


def read_lines(text: str) -> Lines:
    """All statements of a text, in order. Never raises: what can't be read is left over."""
    reader = _Reader(text)
    at = 0
    while at < len(text):
        skipped = _SKIPPED.match(text, at)
        at = skipped.end() if skipped else reader.statement(at)
    return reader.found


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.found = Lines()
        self.line, self._counted = 1, 0

    def statement(self, at: int) -> int:
        """Read what begins here; where the next one does."""
        self.line += self.text.count("\n", self._counted, at)
        self._counted = at
        start = prompt.end() if (prompt := _PROMPT.match(self.text, at)) else at
        readers: tuple[Callable[[int], int], ...] = (
            *(self._curl, self._powershell, self._httpie, self._set, self._export),
            *(self._powershell_env, self._env),
        )
        for read in readers:
            try:
                end = read(start)
            except Unread as error:
                return self._leave(at, error.code)
            if end > start:
                return end
        return self._leave(at, "bad_line")

    def _leave(self, at: int, code: str) -> int:
        """A statement that is not read, with all that belongs to it."""
        line_end = self._line_end(at)
        if block := _BLOCK.match(self.text, at):
            end = self._block_end(at, block.end())
        elif code == "open_quote":
            end = len(self.text)
        else:
            try:
                end = max(Bash(self.text, at).end, at + 1)
            except Unread:
                end = line_end
        last = self.line + self.text.count("\n", at, max(end - 1, at))
        self.found.left.append(Leftover(self.line, last, code))
        return end

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end + 1

    def _block_end(self, start: int, at: int) -> int:
        """Where the lines end that are indented more than the one at `start`."""
        line_start = self.text.rfind("\n", 0, start) + 1
        indent = len(_INDENT.match(self.text, line_start)[0])  # type: ignore[index]
        while at < len(self.text):
            end = self._line_end(at)
            line = self.text[at:end]
            if line.strip() and len(line) - len(line.lstrip(" \t")) <= indent:
                break
            at = end
        return at

    # Calls ----------------------------------------------------------------------------------

    def _curl(self, at: int) -> int:
        found = _CURL.match(self.text, at)
        if not found:
            return at
        line = self.text[at : self._line_end(at)].rstrip()
        words: list[Word]
        plain = line.partition("'")[0]  # what stands before any quote of another shell
        if re.search(r'\s\^"', plain) or (plain == line and line.endswith("^")):
            words, end = cmd_words(self.text, found.end())
        elif line.endswith("`"):
            shell = PowerShell(self.text, found.end())
            words, end = [one for one in shell.words if isinstance(one, Word)], shell.end
        else:
            bash = Bash(self.text, found.end())
            words, end = bash.words, bash.end
        if end - at > BODY_BYTES:
            raise Unread("bad_curl")
        self.found.requests += curl_requests(words, self.line)
        self.found.sources.add("curl")
        if "=" in found[0]:
            self.found.left.append(Leftover(self.line, self.line, "for_one_command"))
        return end

    def _powershell(self, at: int) -> int:
        found = _POWERSHELL.match(self.text, at)
        if not found:
            return at
        shell = PowerShell(self.text, found.end())
        self.found.requests.append(powershell_request(shell.words, self.line))
        self.found.sources.add("shell")
        return shell.end

    def _httpie(self, at: int) -> int:
        found = _HTTPIE.match(self.text, at)
        if not found:
            return at
        bash = Bash(self.text, found.end())
        is_https = found[1] in ("https", "xhs")
        self.found.requests.append(httpie_request(bash.words, self.line, is_https=is_https))
        self.found.sources.add("shell")
        return bash.end

    # Assignments ----------------------------------------------------------------------------

    def _add(self, name: str, value: str, source: Source) -> None:
        self.found.assignments.append(Assignment(line=self.line, name=name, value=value))
        self.found.sources.add(source)

    def _set(self, at: int) -> int:
        """cmd's set and setx, fish's set -x, csh's setenv."""
        if found := _SET_WORDS.match(self.text, at):
            bash = Bash(self.text, found.end())
            self._add(found[1], bash.words[0].text if bash.words else "", "shell")
            return max(bash.end, found.end())
        if found := _CMD_SET.match(self.text, at):
            value = re.split(r"(?<!\^)&", found[3], maxsplit=1)[0].strip()
            if found[1]:
                value = value.removesuffix('"')
            elif len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            self._add(found[2], value, "shell")
            return found.end()
        return at

    def _export(self, at: int) -> int:
        """A shell's export, of one name or several."""
        found = _EXPORT.match(self.text, at)
        if not found:
            return at
        try:
            bash = Bash(self.text, found.end())
        except Unread:
            raise Unread("open_quote") from None
        pairs = [word.text.partition("=") for word in bash.words]
        if not all(sign and re.fullmatch(_NAME, name) for name, sign, _value in pairs):
            raise Unread("bad_line")
        for name, _sign, value in pairs:
            self._add(name, value, "env")
        return bash.end

    def _powershell_env(self, at: int) -> int:
        found = _PS_ENV.match(self.text, at) or _PS_SET.match(self.text, at)
        if not found:
            return at
        if found.re is _PS_SET:
            quoted = re.compile(r"(['\"])([^'\"\n]*)\1[^\n]*\n?").match(self.text, found.end())
            if not quoted:
                raise Unread("bad_line")
            self._add(found[1], quoted[2], "shell")
            return quoted.end()
        try:
            shell = PowerShell(self.text, found.end())
        except Unread:
            raise Unread("open_quote") from None
        word = shell.words[0] if shell.words else Word("")
        self._add(found[1] or found[2], word.text if isinstance(word, Word) else "", "shell")
        return shell.end

    def _env(self, at: int) -> int:
        """A line of an .env file, or of a compose file's environment."""
        found = _ENV.match(self.text, at) or _YAML.match(self.text, at)
        if not found:
            return at
        start = found.end()
        if found.re is _YAML and _BLOCK.match(self.text, at):
            raise Unread("bad_line")
        if self.text.startswith("$(", start):
            raise Unread("bad_line")
        quote = self.text[start : start + 1]
        if quote in _QUOTED:
            value, end = self._quoted(quote, start)
        else:
            end = self._line_end(start)
            value = re.split(r"(?:^|\s)#", self.text[start:end].strip(), maxsplit=1)[0].rstrip()
        self._add(found[1], value, "env")
        return end

    def _quoted(self, quote: str, start: int) -> tuple[str, int]:
        found = _QUOTED[quote].match(self.text, start)
        if not found:
            raise Unread("open_quote")
        value = found[1]
        if quote == '"':
            value = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), value, flags=re.DOTALL)
        after = _AFTER.match(self.text, found.end())
        if after:
            return value, after.end()
        if more := re.compile(rf"[ \t]+(?={_NAME}=)").match(self.text, found.end()):
            return value, more.end()
        raise Unread("bad_line")
