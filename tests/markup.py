"""How tests read a page, whatever lines its template is broken into."""

from typing import Any


def flat(answer: Any) -> str:
    """The markup of an answer with each run of white space as one blank, as a browser reads it."""
    return " ".join(answer.content.decode().split())
