"""What is logged of a fault: its type and the places it came through. Never its text: that may
quote what was sent."""

from __future__ import annotations

import traceback

MOST_PLACES = 4  # the innermost ones


def told(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-MOST_PLACES:]
    places = ", ".join(f"{frame.filename}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {places}"
