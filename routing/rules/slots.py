"""The agent's jobs that have a route of their own, and their keys in config.json."""

from __future__ import annotations

MAIN, VISION = "main", "vision"
SLOTS = (MAIN, "subagent", VISION, "image", "video")


def route_keys(slot: str) -> tuple[str, str]:
    """The names of a slot's model and provider in agents.defaults."""
    return ("model", "provider") if slot == MAIN else (f"{slot}_model", f"{slot}_provider")
