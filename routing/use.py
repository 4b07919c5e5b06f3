"""A model sent here from a catalog, to be used for a route: ?use=...&kind=...&slot=..."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from providers.registry import KINDS
from routing.models import Slot


@dataclass(frozen=True, slots=True)
class Use:
    model: str
    kind: str
    slot: Slot

    @property
    def label(self) -> str:
        """What the provider is called."""
        return KINDS[self.kind].label

    @property
    def initial(self) -> dict[str, str]:
        """Values for the route's form; nothing is saved yet."""
        return {"model": self.model, "provider": self.kind}

    def links(self) -> list[tuple[str, str, bool]]:
        """Label and link of each route that could take it, and whether it is this one."""
        return [
            (
                str(slot.label),
                "?"
                + urlencode({"use": self.model, "kind": self.kind, "slot": slot.value})
                + f"#route-{slot.value}",
                slot is self.slot,
            )
            for slot in Slot
        ]


def asked_use(query: Mapping[str, str]) -> Use | None:
    """None where no model is named, or a provider that does not exist. Main unless it says so."""
    model, kind = query.get("use", "").strip()[:300], query.get("kind", "")
    slot = query.get("slot", "")
    if not model or kind not in KINDS:
        return None
    return Use(model, kind, Slot(slot) if slot in Slot.values else Slot.MAIN)
