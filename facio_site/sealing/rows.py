"""SealedRow: the abstract row whose secrets stand sealed in one JSON column.

`sealed` maps a name to {"box", "hint", "set_at", "bound"}. `bound` is what the secret was typed
for (for provider keys: the origins it may go to) and is part of the associated data.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Self

from django.apps import apps
from django.db import models, transaction
from django.utils import timezone

from facio_site import clock, sealing
from facio_site.pieces import in_pieces


class ExpiringQuerySet(models.QuerySet[Any]):
    """Of rows with `expires_at`."""

    def living(self) -> Self:
        return self.filter(expires_at__gt=clock.moment())

    def sweep(self) -> int:
        """Remove those that are past their time; returns how many."""
        return self.filter(expires_at__lte=clock.moment()).delete()[0]


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
        """Seal everything that opens again under the newest key; True when something changed."""
        newest, changed = sealing.newest_key_id(), False
        for name, item in self.sealed.items():
            if sealing.key_id_of(item["box"]) == newest:
                continue
            place = self._place(name, item["bound"])
            try:
                text = sealing.unseal("rows", place, item["box"])
            except sealing.Unreadable:
                continue
            self.sealed[name] = {**item, "box": sealing.seal("rows", place, text)}
            changed = True
        return changed

    def keep_boxes(self, stored: SealedRow) -> None:
        """Where a secret is the very one that is stored, take the stored box: it may have been
        sealed again under a newer key since this row was read."""
        for name, item in self.sealed.items():
            there = stored.sealed.get(name, {})
            if all(item[part] == there.get(part) for part in ("set_at", "bound")):
                self.sealed[name] = {**item, "box": there["box"]}

    def unreadable_names(self) -> list[str]:
        """What no key at hand opens. Raises sealing.KeyMissing."""
        return [name for name in self.sealed if not self._opens(name)]

    def forget(self, names: Sequence[str]) -> None:
        """Give up what can't be opened any more: here the whole row, which is nothing without."""
        self.delete()

    def _opens(self, name: str) -> bool:
        try:
            self.unseal(name)
        except sealing.Unreadable:
            return False
        return True

    def _place(self, name: str, bound: str) -> str:
        return f"{self._meta.db_table}/{name}/{self.pk}/{bound}"


def sealed_models() -> list[type[SealedRow]]:
    """Every table that holds sealed rows."""
    return [model for model in apps.get_models() if issubclass(model, SealedRow)]


def sweep() -> int:
    """Remove the rows that are past their time, where a table has such; returns how many."""
    managers = (model._default_manager for model in sealed_models())
    return sum(manager.sweep() for manager in managers if hasattr(manager, "sweep"))


def key_ids() -> set[str]:
    """Ids of the master keys that rows are sealed under."""
    return {
        sealing.key_id_of(item["box"])
        for model in sealed_models()
        for found in model._default_manager.exclude(sealed={}).values_list("sealed", flat=True)
        for item in found.values()
    }


def rotate() -> tuple[int, int, int]:
    """Seal all rows again under the newest key, each in a short transaction of its own.

    Returns (rows sealed again, rows still under an old key, rows with something that does not
    open). A row that somebody writes at the same moment is left to them and counted as still under
    an old key when it is. Raises sealing.KeyMissing.
    """
    newest = sealing.newest_key_id()
    done = left = unreadable = 0
    for model, row in _sealed_rows():
        before = json.loads(json.dumps(row.sealed))
        if not row.reseal():
            continue
        with transaction.atomic():
            same = model._default_manager.select_for_update().filter(pk=row.pk).first()
            if same is not None and same.sealed == before:
                same.sealed = row.sealed
                same.save(update_fields=["sealed"])
                done += 1
    for _model, row in _sealed_rows():
        if any(sealing.key_id_of(item["box"]) != newest for item in row.sealed.values()):
            is_lost = bool(row.unreadable_names())
            left, unreadable = left + (not is_lost), unreadable + is_lost
    return done, left, unreadable


def forget_unreadable() -> int:
    """Give up what no key at hand opens; returns how many rows. Raises sealing.KeyMissing."""
    count = 0
    for model, row in _sealed_rows():
        if not row.unreadable_names():
            continue
        with transaction.atomic():
            same = model._default_manager.select_for_update().filter(pk=row.pk).first()
            if same is not None and (names := same.unreadable_names()):
                same.forget(names)
                count += 1
    return count


def _sealed_rows() -> Iterator[tuple[type[SealedRow], SealedRow]]:
    for model in sealed_models():
        for row in in_pieces(model._default_manager.exclude(sealed={}), size=100):
            yield model, row
