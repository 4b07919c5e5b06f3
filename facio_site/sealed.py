"""SealedRow: the abstract row whose secrets stand sealed in one JSON column.

`sealed` maps a name to {"box", "hint", "set_at", "bound"}. `bound` is what the secret was typed
for (for provider keys: the origins it may go to) and is part of the associated data.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils import timezone

from facio_site import sealing


class SealedRow(models.Model):
    """A row with write-only secrets. The UUID is made before the first save: boxes name it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sealed: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        abstract = True

    def seal(self, name: str, text: str, *, hint: str = "", bound: str = "") -> None:
        """Put a secret under `name`; the caller saves the row. Raises sealing.KeyMissing."""
        self.sealed[name] = {
            "box": sealing.seal("rows", self._place(name, bound), text),
            "hint": hint,
            "set_at": timezone.now().isoformat(),
            "bound": bound,
        }

    def unseal(self, name: str) -> str:
        """The text under `name`. Raises KeyError, sealing.KeyMissing or sealing.Unreadable."""
        item = self.sealed[name]
        return sealing.unseal("rows", self._place(name, item["bound"]), item["box"])

    def reseal(self) -> bool:
        """Seal everything again under the newest key; True when something changed."""
        newest = sealing.newest_key_id()
        old = [
            name
            for name, item in self.sealed.items()
            if sealing.key_id_of(item["box"]) != newest
        ]
        for name in old:
            place = self._place(name, self.sealed[name]["bound"])
            text = sealing.unseal("rows", place, self.sealed[name]["box"])
            box = sealing.seal("rows", place, text)
            self.sealed[name] = {**self.sealed[name], "box": box}
        return bool(old)

    def _place(self, name: str, bound: str) -> str:
        return f"{self._meta.db_table}/{name}/{self.pk}/{bound}"
