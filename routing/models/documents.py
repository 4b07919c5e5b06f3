"""config.json beside the rows: what was imported, what waits to be, and what was written when."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facio_site import clock
from facio_site.sealing.rows import ExpiringQuerySet, SealedRow
from facio_site.strictjson import write_json

UNDO_COPIES = 20
WHOLE_VERSIONS = 20  # newest written ones, which keep what they hold however old they are
NOTE_LENGTH = 200


_TURN = 0x6661_6369  # any number that nothing else here locks


def take_turn() -> None:
    """Until this transaction ends nobody else changes the imported document or numbers a version.
    Where rows are locked as well, this comes first. SQLite lets one write at a time anyway."""
    connection = transaction.get_connection()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


class Outlived(Exception):
    """What a version held was removed, because it was too old."""


class BaseDocument(SealedRow):
    """The imported config.json, sealed as a whole: what is not ours comes back unchanged."""

    NAME = "document"
    ONLY = uuid.UUID(int=1)  # the key of its one row
    imported_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return "imported config.json"

    @classmethod
    def text(cls) -> str | None:
        """The imported text; None when nothing was imported. Raises sealing.KeyMissing,
        sealing.Unreadable."""
        row = cls.objects.first()
        return row.unseal(cls.NAME) if row else None

    @classmethod
    def put(cls, document: Mapping[str, Any] | None) -> None:
        """Replace the document; None forgets it. Raises sealing.KeyMissing, and IntegrityError
        when somebody else put one at the same moment."""
        cls.objects.all().delete()
        if document is not None:
            row = cls(pk=cls.ONLY)
            row.seal(cls.NAME, write_json(document))
            row.save(force_insert=True)


def _in_15_minutes() -> datetime:
    return clock.now() + timedelta(minutes=15)


class PendingImport(SealedRow):
    """What one person handed in and has not taken over yet: sealed, gone after 15 minutes."""

    TEXT, BESIDE = "text", "beside"  # `beside`: what config.json has no place for, as JSON

    class Origin(models.TextChoices):
        UPLOAD = "upload", _("Upload")
        LIVE = "live", _("The live file")
        VERSION = "version", _("A version")

    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.UPLOAD)
    name = models.CharField(max_length=200, blank=True, default="")  # of the file or version
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    expires_at = models.DateTimeField(default=_in_15_minutes)

    objects: ClassVar[Any] = ExpiringQuerySet.as_manager()

    def __str__(self) -> str:
        return f"pending import of {self.created_by_id}"

    @property
    def may_merge(self) -> bool:
        """Only what this person typed may be mixed with what is set here: keys that stand in a
        version or in the live file are nobody's to put beside another address."""
        return self.origin == self.Origin.UPLOAD

    @property
    def keeps_keys(self) -> bool:
        """Whether a reference in it may be what an export made of a stored key, which stays then.
        A version holds its keys in plain: what it names was a reference."""
        return self.origin != self.Origin.VERSION


class ConfigVersionQuerySet(models.QuerySet["ConfigVersion"]):
    def written(self, mode: str = "") -> ConfigVersion | None:
        """The newest that was written to the live file, without its sealed part; with a mode, the
        newest of those."""
        rows = self.filter(reason=ConfigVersion.Reason.WRITTEN)
        return (rows.filter(mode=mode) if mode else rows).defer("sealed").first()

    def next_number(self) -> int:
        take_turn()
        return (self.aggregate(last=models.Max("number"))["last"] or 0) + 1

    def outlived(self, limit: Any) -> ConfigVersionQuerySet:
        """Written ones that are older than `limit` and still hold what was set then. The newest
        stay whole, and those with a note."""
        written = self.filter(reason=ConfigVersion.Reason.WRITTEN)
        newest = list(written.values_list("pk", flat=True)[:WHOLE_VERSIONS])
        old = written.filter(created_at__lt=limit, note="").exclude(sealed={})
        return old.exclude(pk__in=newest)

    def prune(self) -> None:
        """Forget old copies from before imports and removals; what was written or found stays."""
        reasons = (ConfigVersion.Reason.UNDO, ConfigVersion.Reason.REMOVAL)
        copies = self.filter(reason__in=reasons).values_list("pk", flat=True)
        self.filter(pk__in=list(copies[UNDO_COPIES:])).delete()


class ConfigVersion(SealedRow):
    """All that was set here at one moment, sealed: when the live file was written, or just before
    an import or a removal. Or a live file that could not be read, before it was replaced."""

    STATE, TEXT = "state", "text"  # everything, as JSON; the file as it was written
    ORIGINAL = "original"  # the bytes of a file that somebody else wrote, in base64

    class Reason(models.TextChoices):
        WRITTEN = "written", _("Written to Facio")
        UNDO = "undo", _("Before an import")
        REMOVAL = "removal", _("Before a removal")
        FOUND = "found", _("As it was found")

    number = models.PositiveIntegerField(unique=True)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    mode = models.CharField(max_length=10, blank=True, default="")  # of the secrets in the file
    digest = models.CharField(max_length=64, blank=True, default="")  # SHA-256 of the file
    stamp = models.CharField(max_length=64, blank=True, default="")  # of the rows it came from
    replaced = models.CharField(max_length=64, blank=True, default="")  # digest of the old file
    note = models.CharField(_("note"), max_length=NOTE_LENGTH, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_name = models.CharField(max_length=150, blank=True, default="")

    objects: ClassVar[Any] = ConfigVersionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]

    def __str__(self) -> str:
        return f"version {self.number}"

    @property
    def is_state(self) -> bool:
        """Whether it can be brought back."""
        return self.reason != self.Reason.FOUND

    @property
    def is_empty(self) -> bool:
        """Whether what it held has outlived its time: only the row is left."""
        return not self.sealed

    def original(self) -> bytes:
        """What stood in the file. Raises KeyError, sealing.KeyMissing, sealing.Unreadable."""
        return base64.b64decode(self.unseal(self.ORIGINAL))

    def state(self) -> dict[str, Any]:
        """{"document", "secrets", "deployments"}. Raises sealing.KeyMissing, sealing.Unreadable,
        Outlived."""
        if self.is_empty:
            raise Outlived
        loaded: dict[str, Any] = json.loads(self.unseal(self.STATE))
        return loaded
