"""The second net under every log: what looks like a secret is masked before a line is written.

The first net is that nothing secret is handed to a logger. Here no name decides what is secret: a
query, a header's value, a long mixed token are masked wherever they stand. Lines are cut
afterwards, so that half a secret never passes as a harmless word.
"""

import logging
import re
import traceback

MASK = "***"
LONGEST = 8_000  # characters of a line, and of a traceback
_MOST_READ = 64_000  # of a line; the word at the end of that goes as a whole

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Each rule keeps its groups and masks the rest of the match.
_RULES = (
    re.compile(r"([a-z][a-z0-9+.-]{1,15}://)[^/\s@]{1,1000}(@)", re.IGNORECASE),  # user info
    re.compile(r"(\?)[^\s\"'<>]+"),  # a query
    re.compile(r"(\bBearer\s+|\bBasic\s+|Credential=|Signature=)[^\s,\"']+", re.IGNORECASE),
    re.compile(r"((?:authorization|cookie): *)[^\r\n]+", re.IGNORECASE),  # a header's line
    # A JSON member, a pair or an assignment whose name speaks of a secret.
    re.compile(
        r"((?:authorization|api[-_]?key|secret|password|passwd|token|cookie)[\w-]{0,40}"
        r"[\"']?\s{0,3}[:=,]\s{0,3})"
        r"(?:b?\"(?:[^\"\\]|\\.){0,2000}\"|b?'(?:[^'\\]|\\.){0,2000}'|[^\s,;)}\]]+)",
        re.IGNORECASE,
    ),
)
_RUN = re.compile(r"[A-Za-z0-9_+=~%.-]{12,}")
# What providers begin their keys with; such a run is a secret however short or plain it is.
_BEGINS = re.compile(r"(?:sk|hf|gsk|xox[abp]|ghp|gho|nvapi|ABSK|AIza|AKIA|ASIA|ark|v1)[-_.A-Z0-9]")


def redact(text: str) -> str:
    """`text` with a mask where something in it looks like a secret."""
    if len(text) > _MOST_READ:
        text = text[:_MOST_READ].rpartition(" ")[0] + f" … ({len(text)} characters)"
    for rule in _RULES:
        text = rule.sub(_keep_groups, text)
    return _RUN.sub(_run, text)


def _keep_groups(match: re.Match[str]) -> str:
    before, *after = match.groups()
    return f"{before}{MASK}{''.join(after)}"


def _run(match: re.Match[str]) -> str:
    """A run is a token when it begins like a key, or mixes letters and digits at some length."""
    word = match[0]
    if _UUID.fullmatch(word):
        return word
    if _BEGINS.match(word):
        return MASK
    is_mixed = any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
    return MASK if is_mixed and len(word) >= 20 else word


def cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


class Redact(logging.Filter):
    """For handlers and loggers: masks message, traceback and stack; keeps every record, without
    the traceback where it tells of an ordinary answer."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - a broken log call must not break its caller
            text = "a log line whose arguments do not fit its text"
        record.msg, record.args = cut(redact(text)), ()
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = None  # an answer such as 403 is no fault of ours
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        if record.exc_text:
            record.exc_text = cut(redact(record.exc_text))
        if record.stack_info:
            record.stack_info = cut(redact(record.stack_info))
        return True
