"""What the app above knows of names: the routes, and the imported document."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings

from facio_site import sealing

LOCKED = (sealing.KeyMissing, sealing.Unreadable)  # that document does not open


def above() -> Any:
    """Its functions; `settings.NAMED_BY` names the module, which nothing here imports."""
    return import_module(settings.NAMED_BY)
