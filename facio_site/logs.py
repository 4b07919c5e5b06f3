"""Log lines as text or JSON, one line each, and what is said at most once a minute.

What a stranger sent may stand in a line and never begins one. Kept out: masks (sealing/redaction).
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from datetime import UTC, datetime
from typing import Any, Final

TEXT, JSON = "text", "json"
LEVELS: Final = ("WARNING", "DEBUG", "INFO", "ERROR", "CRITICAL")  # of LOG_LEVEL; default first
EVERY_SECONDS: Final = 60.0
CELERY_SECONDS: Final = 3600.0
MOST_KEPT: Final = 256
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_moments: dict[str, float] = {}
_lock = threading.Lock()


def config(form: str, level: str, *, access: bool) -> dict[str, Any]:
    """Of LOGGING. Every line passes the one filter that masks; what others write goes the same
    way: Django mails nothing, Celery and gunicorn add no handlers of their own."""
    quiet = {"level": level if level in ("ERROR", "CRITICAL") else "WARNING"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            # "Not ready" is an answer, not a fault; a database that is away is told once.
            "no_503": {
                "()": "django.utils.log.CallbackFilter",
                "callback": lambda record: getattr(record, "status_code", 0) != 503,
            },
            "redact": {"()": "facio_site.sealing.redaction.Redact"},
            "repeats": {"()": "facio_site.logs.Repeats"},
        },
        "formatters": {
            TEXT: {"()": "facio_site.logs.Line"},
            JSON: {"()": "facio_site.logs.JsonLine"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["repeats", "redact"],
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # These write whole URLs and headers, or every query, when they are let.
            "httpx": quiet,
            "httpcore": quiet,
            "h11": quiet,
            "django.db.backends": quiet,
            "django.template": quiet,
            "celery": quiet,
            "kombu": quiet,
            "gunicorn.access": {"level": "INFO" if access else "CRITICAL"},
            "django": {"level": level},
            "django.server": {"level": "INFO"},
            "django.request": {"filters": ["no_503"]},
            # Told as what they are by facio_site.web, without what the stranger sent.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.security.csrf": {"level": "CRITICAL"},
        },
    }


class Line(logging.Formatter):
    """`2026-11-29 15:44:27,123 WARNING facio: text`, in UTC; a traceback follows on lines of its
    own, each a step in."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        record.message = one_line(record.message)
        return super().formatMessage(record)


class JsonLine(logging.Formatter):
    """One object a line: time, level, logger, message, then what an access line counts, trace."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        told: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": one_line(record.getMessage()),
            **getattr(record, "counted", {}),
        }
        trace = record.exc_text or (record.exc_info and self.formatException(record.exc_info))
        if trace:
            told["trace"] = trace
        return json.dumps(told, ensure_ascii=False)


class Repeats(logging.Filter):
    """Celery says the same every few seconds while its broker is away; why that is, the site says
    itself (providers/broker.py), so once an hour will do. A task that met a database in trouble is
    told as that, once a minute, without the trace that names its host."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(("celery", "kombu")):
            return True
        from facio_site import trouble  # wants the settings that name this module

        if found := trouble.of_database(record.exc_info[1] if record.exc_info else None):
            record.msg, record.args = trouble.SENTENCES[found], ()
            record.exc_info = record.exc_text = None
            return is_due(f"database {found}")
        return is_due(f"{record.name} {record.msg}", CELERY_SECONDS)


def one_line(text: str) -> str:
    """Without line breaks and what else moves a terminal's cursor: those are written as \\xNN."""
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text.strip())


def is_due(about: str, every: float = EVERY_SECONDS) -> bool:
    """Whether so many seconds have passed since this was last true for the same subject."""
    now = time.monotonic()
    with _lock:
        if now - _moments.get(about, -every) < every:
            return False
        if len(_moments) >= MOST_KEPT:
            _moments.clear()
        _moments[about] = now
    return True


def tell(about: str, sentence: str) -> None:
    """A warning of the site's own about what it stands on, at most once a minute for each subject.

    `sentence` holds nothing that a stranger sent.
    """
    if is_due(about):
        logging.getLogger("facio").warning("%s", sentence)


def tell_refused(address: str | None, reason: str) -> None:
    """The one line of a refused sign-in, for whoever closes the door to an address (contrib).

    Words and blanks only: with a sign between them, name and address would look like a key.
    """
    if address:
        logging.getLogger("facio.sign_in").warning("refused address %s reason %s", address, reason)
