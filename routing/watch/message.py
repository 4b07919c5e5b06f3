"""An alert in words. A stand-in: the module that the channels bring replaces it."""

from __future__ import annotations

from typing import NamedTuple

from routing.models import Alert
from routing.watch.subjects import label


class Words(NamedTuple):
    title: str
    text: str


def words(alert: Alert) -> Words:
    """In the language of who reads."""
    return Words(f"{label(alert.about)}: {Alert.Kind(alert.kind).label}", "")
