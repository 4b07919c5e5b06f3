"""When a key ends, as a person has noted it. Pure: the day of today is handed in."""

from datetime import date
from typing import Literal

TOLD_DAYS = 30  # before it ends it is told

Expiry = Literal["expires", "expired"]


def expiry(on: date | None, today: date) -> Expiry | None:
    """None = nothing to tell: no day is noted, or it is far off. The day itself still counts."""
    if on is None or (on - today).days > TOLD_DAYS:
        return None
    return "expires" if on >= today else "expired"
