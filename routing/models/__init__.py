"""Rows of routes, of config.json, and of what the site watches by itself."""

from routing.models.alerts import Alert, AlertVisit, Channel, Delivery
from routing.models.documents import (
    NOTE_LENGTH,
    UNDO_COPIES,
    WHOLE_VERSIONS,
    BaseDocument,
    ConfigVersion,
    Outlived,
    PendingImport,
)
from routing.models.health import Outage, Span, Standing
from routing.models.routes import MEDIA, Route, Slot
from routing.models.watching import Every, PassedOver, Spent, Watch, WatchSettings

__all__ = [
    "MEDIA",
    "NOTE_LENGTH",
    "UNDO_COPIES",
    "WHOLE_VERSIONS",
    "Alert",
    "AlertVisit",
    "BaseDocument",
    "Channel",
    "ConfigVersion",
    "Delivery",
    "Every",
    "Outage",
    "Outlived",
    "PassedOver",
    "PendingImport",
    "Route",
    "Slot",
    "Span",
    "Spent",
    "Standing",
    "Watch",
    "WatchSettings",
]
