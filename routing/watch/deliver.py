"""Sending what waits. A stand-in: the module that the channels bring replaces it."""

from __future__ import annotations

from datetime import datetime


def deliver_all(now: datetime) -> None:
    """Send all that is due, in this process."""
