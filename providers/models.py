"""Rows: what was entered for each kind of provider, drafts of it, and the models it offers.

No HTTP and no words for pages here. Jobs have their own module (jobs.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone

from facio_site import sealing
from facio_site.compiled import compiled
from providers.catalog.fetch import Catalog
from providers.catalog.merge import merge
from providers.entered import BODY, HEADERS, Entry, SecretState
from providers.jobs import Job, JobQuerySet, Status, Task
from providers.outcomes import UNTOLD, Outcome
from providers.registry import KINDS, kind_choices
from providers.specs import ProviderSpec

__all__ = [
    "BODY",
    "HEADERS",
    "CatalogEntry",
    "Draft",
    "Entry",
    "Job",
    "JobQuerySet",
    "Provider",
    "Replaced",
    "SecretState",
]


class ProviderQuerySet(models.QuerySet["Provider"]):
    def configured(self) -> ProviderQuerySet:
        return self.filter(configured_at__isnull=False)

    def checkable(self) -> list[Provider]:
        """Configured rows that a test makes sense for (not the OAuth kinds)."""
        return [row for row in self.configured().order_by("kind") if not row.spec.is_oauth]


class Provider(Entry):
    """One kind as configured. `version` grows with every change: a late result of older values
    is told by it."""

    kind = models.CharField(max_length=40, unique=True, choices=kind_choices)
    configured_at = models.DateTimeField(null=True, blank=True)  # None = never saved
    updated_at = models.DateTimeField(auto_now=True)
    version = models.PositiveIntegerField(default=0)
    # Last finished check of exactly these values; "" = not checked since the last change
    check_outcome = models.CharField(max_length=30, blank=True, default="")
    check_key_state = models.CharField(max_length=12, blank=True, default="")
    check_ms = models.PositiveIntegerField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    # Last good catalog
    catalog_source = models.CharField(max_length=10, blank=True, default="")  # live, static
    catalog_count = models.PositiveIntegerField(default=0)
    catalog_dropped = models.PositiveIntegerField(default=0)  # beyond the cap, not stored
    catalog_at = models.DateTimeField(null=True, blank=True)
    catalog_notes: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    catalog_digest = models.CharField(max_length=32, blank=True, default="")  # see Catalog
    catalog_is_first = models.BooleanField(default=True)  # nothing to compare it with
    catalog_new = models.PositiveIntegerField(default=0)  # what the last list brought; first: 0

    objects: ClassVar[Any] = ProviderQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["kind"]

    def __str__(self) -> str:
        return self.spec.label

    @classmethod
    def for_kind(cls, kind: str) -> Provider:
        """The row of a kind; an unsaved one while nobody entered anything."""
        row: Provider | None = _of_kind.first(kind=kind)
        return row or cls(kind=kind)

    @property
    def spec(self) -> ProviderSpec:
        return KINDS[self.kind]

    @property
    def is_configured(self) -> bool:
        return self.configured_at is not None

    def store(self) -> bool:
        """Save changed values as a new version, if nobody else changed them since they were read.

        Returns False when somebody did; nothing is written then.
        """
        now = timezone.now()
        before, self.version = self.version, self.version + 1
        self.configured_at = self.configured_at or now
        self.check_outcome, self.check_key_state = "", ""
        self.check_ms, self.checked_at = None, None
        try:
            with transaction.atomic():
                if self._state.adding:
                    self.save(force_insert=True)
                    return True
                rows = Provider.objects.select_for_update()
                current = rows.filter(pk=self.pk, version=before).first()
                if current is None:
                    return False
                self.keep_boxes(current)
                if current.sealed and current.secret_texts() != self.secret_texts():
                    Replaced.keep(current)
                self.save(force_update=True)
        except IntegrityError:  # somebody else was the first to enter this kind
            return False
        return True

    def undo(self) -> bool:
        """Go back to what the last change of a secret replaced, which becomes what is kept.

        Returns False when nothing is kept any more, or somebody else changed the row meanwhile.
        Raises sealing.KeyMissing.
        """
        with transaction.atomic():
            kept = Replaced.of(self)
            if kept is None:
                return False
            self.copy_from(kept)
            return self.store()

    def record_check(self, job: Job) -> None:
        """Keep a finished check, unless the values have changed since it started.

        A model that fails says nothing about the provider as a whole, a failure of ours nothing
        at all.
        """
        if job.outcome in UNTOLD:
            return
        if job.model_names and job.outcome in (Outcome.MODEL_NOT_FOUND, Outcome.BAD_REQUEST):
            return
        Provider.objects.filter(pk=self.pk, version=job.input_version).update(
            check_outcome=job.outcome,
            check_key_state=job.key_state,
            check_ms=job.ms,
            checked_at=job.finished_at,
        )

    def adopt_check(self) -> None:
        """Values that were tested as they are now saved, be it as a draft, keep that result; what
        is still under way for them will count."""
        of_these = self.jobs.filter(input_digest=self.fingerprint())
        of_these.pending().update(is_draft=False, input_version=self.version)
        tests = of_these.filter(task=Task.CHECK, status=Status.DONE).exclude(outcome__in=UNTOLD)
        job = tests.order_by("-created_at").first()
        if job:
            Job.objects.filter(pk=job.pk).update(is_draft=False, input_version=self.version)
            job.input_version = self.version
            self.record_check(job)

    @property
    def is_working(self) -> bool:
        return self.check_outcome == Outcome.OK

    def replace_catalog(self, catalog: Catalog) -> None:
        """Store a fetched list in one transaction: only the differences are written.

        What the provider no longer lists is kept until the next refresh, marked as gone.
        """
        now = timezone.now()
        entries = CatalogEntry.objects.filter(provider=self)
        with transaction.atomic():
            self.catalog_is_first, self.catalog_at = self.catalog_at is None, now
            if catalog.is_known:
                entries.filter(gone_at__isnull=False).delete()
                self.catalog_new = 0
            else:
                new = merge(entries, self, catalog.items, now)
                self.catalog_new = 0 if self.catalog_is_first else new
                self.catalog_source, self.catalog_dropped = catalog.source, catalog.dropped
                self.catalog_count, self.catalog_digest = len(catalog.items), catalog.digest
                self.catalog_notes = list(catalog.notes)
            self.save(
                update_fields=[
                    "catalog_source",
                    "catalog_digest",
                    "catalog_dropped",
                    "catalog_count",
                    "catalog_notes",
                    "catalog_at",
                    "catalog_is_first",
                    "catalog_new",
                ]
            )


@compiled(kind=models.CharField())
def _of_kind(kind: Any) -> Any:
    return Provider.objects.filter(kind=kind).order_by()


class DraftQuerySet(models.QuerySet["Draft"]):
    def of(self, user: Any, provider: Provider) -> DraftQuerySet:
        """A user's own, also what is past its time or over values that were saved since."""
        return self.filter(provider=provider, created_by_id=user.pk)

    def sweep(self) -> int:
        """Remove drafts that are past their time; returns how many."""
        return self.filter(expires_at__lte=timezone.now()).delete()[0]


def _in_15_minutes() -> datetime:
    return timezone.now() + timedelta(minutes=15)


class Draft(Entry):
    """Values typed for a test and not saved: sealed in a row of its own, gone after 15 minutes."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="drafts")
    base_version = models.PositiveIntegerField()  # Provider.version that it was typed over
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    expires_at = models.DateTimeField(default=_in_15_minutes)

    objects: ClassVar[Any] = DraftQuerySet.as_manager()

    def __str__(self) -> str:
        return f"draft of {self.provider_id}"

    @property
    def spec(self) -> ProviderSpec:
        return self.provider.spec

    @classmethod
    def over(cls, provider: Provider, user: Any) -> Draft | None:
        """A user's own for these values of a provider; None when there is none that still lives."""
        known = {"provider": provider.pk, "version": provider.version}
        draft: Draft | None = _drafts.first(user=user.pk, now=timezone.now(), **known)
        return draft


@compiled(
    provider=models.UUIDField(),
    version=models.IntegerField(),
    user=models.IntegerField(),
    now=models.DateTimeField(),
)
def _drafts(provider: Any, version: Any, user: Any, now: Any) -> Any:
    of_user = Draft.objects.filter(provider=provider, base_version=version, created_by=user)
    return of_user.filter(expires_at__gt=now).order_by("-expires_at")[:1]


REPLACED_LIFE = timedelta(hours=24)


class ReplacedQuerySet(models.QuerySet["Replaced"]):
    def sweep(self) -> int:
        """Destroy what is past its time; returns how many."""
        return self.filter(expires_at__lte=timezone.now()).delete()[0]


def _in_a_day() -> datetime:
    return timezone.now() + REPLACED_LIFE


class Replaced(Entry):
    """What a provider held before a secret of it was changed: sealed, for an undo within a day."""

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, related_name="replaced")
    expires_at = models.DateTimeField(default=_in_a_day)

    objects: ClassVar[Any] = ReplacedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"replaced values of {self.provider_id}"

    @classmethod
    def of(cls, provider: Provider) -> Replaced | None:
        """What an undo would bring back; None when nothing is kept any more."""
        kept: Replaced | None = _replaced.first(provider=provider.pk, now=timezone.now())
        return kept

    @property
    def spec(self) -> ProviderSpec:
        return self.provider.spec

    @classmethod
    def keep(cls, provider: Provider) -> None:
        """Take the place of what was kept before; nothing is kept while there is no master key."""
        cls.objects.filter(provider=provider).delete()
        kept = cls(provider=provider)
        try:
            kept.copy_from(provider)
        except sealing.KeyMissing:
            return
        kept.save(force_insert=True)


@compiled(provider=models.UUIDField(), now=models.DateTimeField())
def _replaced(provider: Any, now: Any) -> Any:
    return Replaced.objects.filter(provider=provider, expires_at__gt=now)


class CatalogEntryQuerySet(models.QuerySet["CatalogEntry"]):
    def present(self) -> CatalogEntryQuerySet:
        return self.filter(gone_at__isnull=True)

    def search(self, text: str) -> CatalogEntryQuerySet:
        """Rows whose id or name holds every word of `text`. PostgreSQL knows no NUL."""
        rows = self
        for word in text.replace("\0", "").split()[:8]:
            rows = rows.filter(Q(model_id__icontains=word) | Q(name__icontains=word))
        return rows


class CatalogEntry(models.Model):
    """One model on offer at one provider. None or [] at a fact means: nobody says."""

    id = models.BigAutoField(primary_key=True)
    provider = models.ForeignKey(
        Provider,
        on_delete=models.CASCADE,
        related_name="entries",
        db_index=False,  # the constraint's index begins with it
    )
    model_id = models.CharField(max_length=300)
    name = models.CharField(max_length=300, blank=True, default="")
    context_window = models.BigIntegerField(null=True, blank=True)  # tokens
    max_output = models.BigIntegerField(null=True, blank=True)  # tokens
    inputs: models.JSONField[Any, Any] = models.JSONField(null=True, blank=True)
    outputs: models.JSONField[Any, Any] = models.JSONField(null=True, blank=True)
    price_input = models.DecimalField(max_digits=14, decimal_places=6, null=True, blank=True)
    price_output = models.DecimalField(max_digits=14, decimal_places=6, null=True, blank=True)
    tools = models.BooleanField(null=True, blank=True)
    reasoning = models.BooleanField(null=True, blank=True)
    retires_at = models.DateField(null=True, blank=True)
    filled: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    first_seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)  # the refresh that missed it first

    objects: ClassVar[Any] = CatalogEntryQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["provider", "model_id"], name="one_entry_a_model")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(  # a handful of rows, which nobody should look for among thousands
                fields=["provider", "model_id"],
                condition=Q(gone_at__isnull=False),
                name="entry_gone",
            )
        ]
        ordering: ClassVar[list[str]] = ["model_id"]
        verbose_name_plural = "catalog entries"

    def __str__(self) -> str:
        return self.model_id
