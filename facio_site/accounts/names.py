"""When two user names are the same one. Python decides, because each database folds otherwise:
SQLite knows only ASCII, PostgreSQL what its locale says."""

from unicodedata import normalize


def fold(name: str) -> str:
    """The form that names are compared in: neither case, nor width, nor the way in which an accent
    is written makes a difference. Source: https://www.unicode.org/versions/latest/core-spec/chapter-3/
    (D146, compatibility caseless match)."""
    once = normalize("NFKC", normalize("NFD", name).casefold())
    return normalize("NFKC", once.casefold())
