"""A database that cannot be used, in words: full, read-only, busy or away.

Of an error only its class and code decide, and for SQLite its fixed texts; its own text names hosts
and is not repeated.
"""

from __future__ import annotations

from typing import Final

from django.db import DatabaseError, InterfaceError, InternalError, OperationalError

FULL, READ_ONLY, BUSY, AWAY = "full", "read_only", "busy", "away"
SENTENCES: Final = {
    FULL: "the database cannot be written: its disk is full",
    READ_ONLY: "the database cannot be written: it is read-only (a standby, or its rights)",
    BUSY: "the database was busy for too long",
    AWAY: "the database does not answer, or refuses this site",
}
_BY_CODE = {"53100": FULL, "25006": READ_ONLY, "55P03": BUSY, "57014": BUSY, "40P01": BUSY}
_BY_TEXT = {
    "database or disk is full": FULL,
    "disk i/o error": FULL,
    "readonly database": READ_ONLY,
    "database is locked": BUSY,
    "database table is locked": BUSY,
}


def of_database(error: BaseException | None) -> str:
    """What is wrong with the database, as somewhere in the chain of this error; "" = nothing."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, DatabaseError | InterfaceError) and (found := _judged(error)):
            return found
        error = error.__cause__ or error.__context__
    return ""


def _judged(error: BaseException) -> str:
    code = str(getattr(error.__cause__, "sqlstate", None) or "")
    if code in _BY_CODE:
        return _BY_CODE[code]
    text = str(error).lower()
    for words, found in _BY_TEXT.items():
        if words in text:
            return found
    is_unfit = isinstance(error, OperationalError | InterfaceError | InternalError)
    return AWAY if is_unfit and not _is_ours(text) else ""


def _is_ours(text: str) -> bool:
    """SQLite calls a missing table operational as well; that is no matter of reach."""
    return "no such " in text or "syntax error" in text
