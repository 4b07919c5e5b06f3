"""SealedRow: the abstract row whose secrets stand sealed in one JSON column.

`sealed` maps a name to {"box", "hint", "set_at", "bound"}. `bound` is what the secret was typed
for (for provider keys: the origins it may go to) and is part of the associated data.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.apps import apps
from django.db import models, transaction
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
            name for name, item in self.sealed.items() if sealing.key_id_of(item["box"]) != newest
        ]
        for name in old:
            place = self._place(name, self.sealed[name]["bound"])
            text = sealing.unseal("rows", place, self.sealed[name]["box"])
            box = sealing.seal("rows", place, text)
            self.sealed[name] = {**self.sealed[name], "box": box}
        return bool(old)

    def _place(self, name: str, bound: str) -> str:
        return f"{self._meta.db_table}/{name}/{self.pk}/{bound}"


def sealed_models() -> list[type[SealedRow]]:
    """Every table that holds sealed rows."""
    return [model for model in apps.get_models() if issubclass(model, SealedRow)]


def sweep() -> int:
    """Remove the rows that are past their time, where a table has such; returns how many."""
    managers = (model._default_manager for model in sealed_models())
    return sum(manager.sweep() for manager in managers if hasattr(manager, "sweep"))


def rotate() -> tuple[int, int, int]:
    """Seal all rows again under the newest key, each in a short transaction of its own.

    Returns (rows sealed again, rows still under an old key, rows that do not open). A row that
    somebody writes at the same moment is left to them and counted as still under an old key when
    it is. Raises sealing.KeyMissing.
    """
    newest = sealing.newest_key_id()
    done = unreadable = 0
    for model in sealed_models():
        for row in model._default_manager.exclude(sealed={}).iterator(chunk_size=100):
            before = json.loads(json.dumps(row.sealed))
            try:
                changed = row.reseal()
            except sealing.Unreadable:
                unreadable += 1
                continue
            if changed:
                with transaction.atomic():
                    same = model._default_manager.select_for_update().filter(pk=row.pk).first()
                    if same is not None and same.sealed == before:
                        same.sealed = row.sealed
                        same.save(update_fields=["sealed"])
                        done += 1
    return done, _under_old_keys(newest) - unreadable, unreadable


def _under_old_keys(newest: str) -> int:
    return sum(
        any(sealing.key_id_of(item["box"]) != newest for item in row.sealed.values())
        for model in sealed_models()
        for row in model._default_manager.exclude(sealed={}).iterator(chunk_size=100)
    )
