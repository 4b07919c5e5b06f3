"""Texts of answers in one form, whatever their case and punctuation, and patterns for those. Pure.

Codes and sentences are folded to the same words: insufficient_user_quota, InsufficientUserQuota,
"insufficient user quota".
"""

import re
import unicodedata

from providers.dialects.paths import SEARCHED
from providers.spec.outcomes import Outcome

Meaning = tuple[Outcome, str]


def folded(text: str) -> str:
    """Lower case, words apart, full-width signs as their ordinary ones; line breaks stay."""
    text = unicodedata.normalize("NFKC", text[:SEARCHED])
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return re.sub(r"[^\S\n]+", " ", re.sub(r"[_\-]", " ", text.casefold()))


def any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))
