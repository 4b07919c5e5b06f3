"""The agent's jobs that have a route of their own, and their keys in config.json."""

from __future__ import annotations

MAIN, VISION = "main", "vision"
MEDIA = ("image", "video")
SLOTS = (MAIN, "subagent", VISION, *MEDIA)
# The names of each one's model and provider in agents.defaults.
ROUTE_KEYS = {
    MAIN: ("model", "provider"),
    **{slot: (f"{slot}_model", f"{slot}_provider") for slot in SLOTS if slot != MAIN},
}
ALL_ROUTE_KEYS = frozenset(name for pair in ROUTE_KEYS.values() for name in pair)
