"""Rows: what was entered for each kind of provider, drafts of it, and the models it offers.

No HTTP and no words for pages here. Jobs have their own module (jobs.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from facio_site import sealing
from facio_site.sealed import SealedRow
from providers.adapters import Adapter, Entered, adapter_for
from providers.awsprofiles import keys_of
from providers.catalogs import Catalog
from providers.jobs import Job, JobQuerySet, Task
from providers.merge import merge
from providers.outcomes import Outcome
from providers.registry import KINDS, kind_choices
from providers.secret import Secret
from providers.specs import ProviderSpec

__all__ = ["CatalogEntry", "Draft", "Job", "JobQuerySet", "Provider", "Replaced", "SecretState"]

HEADERS = "extra_headers"  # sealed as one JSON object; the names stand in `values` for display
BODY = "extra_body"


class SecretState(models.TextChoices):
    """What a page may say about one secret."""

    MISSING = "missing"
    SET = "set"
    REFERENCE = "reference"  # ${NAME}
    RETYPE = "retype"  # the address was changed since it was typed: unusable
    UNREADABLE = "unreadable"
    LOCKED = "locked"  # no master key


class Entry(SealedRow):
    """What a person entered for one kind: plain values, and secrets bound to where they may go."""

    values: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    api_base = models.CharField(max_length=2048, blank=True, default="")

    class Meta:
        abstract = True

    @property
    def spec(self) -> ProviderSpec:
        raise NotImplementedError  # pragma: no cover - each concrete row knows its kind

    @property
    def bound(self) -> str:
        """The origins that this entry's calls may go to, as the text that secrets are bound to."""
        return " ".join(sorted(self.adapter(with_secrets=False).origins()))

    def put_secret(self, name: str, value: str | None) -> None:
        """Replace (text) or clear (None) one secret; it is bound to the entry's present origins."""
        if value is None:
            self.sealed.pop(name, None)
            return
        hint = "" if name in (HEADERS, BODY) else Secret(value).hint
        self.seal(name, value, hint=hint, bound=self.bound)
        self.sealed[name]["reference"] = Secret(value).is_reference

    def put_mapping(self, name: str, mapping: Mapping[str, Any]) -> None:
        """Extra headers or extra body; an empty one clears it. Its names are kept for display."""
        self.put_secret(name, json.dumps(mapping, ensure_ascii=False) if mapping else None)
        self.values.pop(name, None)
        if mapping:
            self.values[name] = list(mapping)

    def secret_state(self, name: str) -> SecretState:
        if name not in self.sealed:
            return SecretState.MISSING
        if self.sealed[name]["bound"] != self.bound:
            return SecretState.RETYPE
        try:
            self.unseal(name)
        except sealing.KeyMissing:
            return SecretState.LOCKED
        except sealing.Unreadable:
            return SecretState.UNREADABLE
        return SecretState.REFERENCE if self.sealed[name].get("reference") else SecretState.SET

    def has_usable(self, name: str) -> bool:
        """Set, or a reference, and still for this address; opens nothing."""
        return name in self.sealed and self.sealed[name]["bound"] == self.bound

    def written_base(self) -> str:
        """The API base as config.json carries it: local kinds always write theirs."""
        return self.api_base or (self.spec.api_base if self.spec.is_local else "")

    def open_secret(self, name: str) -> Secret | None:
        """The secret, or None when it is missing or must not be used now."""
        if self.secret_state(name) not in (SecretState.SET, SecretState.REFERENCE):
            return None
        return Secret(self.unseal(name))

    def open_mapping(self, name: str) -> dict[str, Any]:
        """Extra headers or extra body in plain; empty when there is none or it is unusable."""
        secret = self.open_secret(name)
        return json.loads(secret.reveal()) if secret else {}

    def entered(self, *, with_secrets: bool = True) -> Entered:
        """The plain record that adapters work on. Lives only while a call or an export is made."""
        plain = {
            name: value
            for name, value in self.values.items()
            if isinstance(value, str) and name not in (HEADERS, BODY)
        }
        secrets: dict[str, Secret] = {}
        headers: dict[str, Secret] = {}
        body: dict[str, Any] = {}
        if with_secrets:
            names = [name for name in self.sealed if name not in (HEADERS, BODY)]
            secrets = {name: secret for name in names if (secret := self.open_secret(name))}
            headers = {name: Secret(text) for name, text in self.open_mapping(HEADERS).items()}
            body = self.open_mapping(BODY)
        return Entered(
            api_base=self.api_base,
            values=plain,
            secrets=secrets,
            extra_headers=headers,
            extra_body=body,
            deployments=tuple(self.values.get("deployments", ())),
        )

    def adapter(self, *, with_secrets: bool = True) -> Adapter:
        """The adapter of these values. A profile that the operator opened stands for its keys."""
        entered = self.entered(with_secrets=with_secrets)
        keys = keys_of(entered.values.get("profile", "")) if with_secrets else {}
        if keys and "api_key" not in entered.secrets:
            values = {name: text for name, text in entered.values.items() if name != "profile"}
            entered = replace(entered, values=values, secrets={**entered.secrets, **keys})
        return adapter_for(self.spec, entered)

    def secret_texts(self) -> dict[str, str]:
        """What each secret opens to, to compare two entries; the box where one does not open."""
        texts = {}
        for name, item in self.sealed.items():
            try:
                texts[name] = self.unseal(name)
            except (sealing.KeyMissing, sealing.Unreadable):
                texts[name] = item["box"]
        return texts

    def fingerprint(self) -> str:
        """A keyed digest of all that was entered: equal values give equal text."""
        entered = self.entered()
        parts = [
            entered.api_base,
            sorted(entered.values.items()),
            sorted((name, secret.reveal()) for name, secret in entered.secrets.items()),
            sorted((name, secret.reveal()) for name, secret in entered.extra_headers.items()),
            sorted(entered.extra_body.items(), key=lambda item: item[0]),
            entered.deployments,
        ]
        return sealing.digest("fingerprint", json.dumps(parts, default=str))

    def forget(self, names: Sequence[str]) -> None:
        """The other values stay; the page asks for these secrets again."""
        for name in names:
            del self.sealed[name]
            if name in (HEADERS, BODY):
                self.values.pop(name, None)
        self.save(update_fields=["sealed", "values"])

    def copy_from(self, other: Entry) -> None:
        """Take over everything of another entry; secrets are sealed again for this place.

        A secret that does not open is passed over, and one of the same name here stays.
        """
        self.api_base, self.values = other.api_base, dict(other.values)
        for name in set(self.sealed) - set(other.sealed):
            del self.sealed[name]
        for name, item in other.sealed.items():
            try:
                text = other.unseal(name)
            except sealing.Unreadable:
                continue
            self.seal(name, text, hint=item["hint"], bound=item["bound"])
            self.sealed[name] |= {k: item[k] for k in ("reference", "set_at") if k in item}


class ProviderQuerySet(models.QuerySet["Provider"]):
    def configured(self) -> ProviderQuerySet:
        return self.filter(configured_at__isnull=False)

    def checkable(self) -> list[Provider]:
        """Configured rows that a test makes sense for (not the OAuth kinds)."""
        return [row for row in self.configured().order_by("kind") if not row.spec.is_oauth]

    def for_kind(self, kind: str) -> Provider:
        """The row of a kind; an unsaved one while nobody entered anything."""
        return self.filter(kind=kind).first() or Provider(kind=kind)


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
    catalog_is_first = models.BooleanField(default=True)  # nothing to compare it with

    objects: ClassVar[Any] = ProviderQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["kind"]

    def __str__(self) -> str:
        return self.spec.label

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
        if self._state.adding:
            self.save(force_insert=True)
            return True
        with transaction.atomic():
            rows = Provider.objects.select_for_update()
            current = rows.filter(pk=self.pk, version=before).first()
            if current is None:
                return False
            if current.sealed and current.secret_texts() != self.secret_texts():
                Replaced.keep(current)
            self.save()
        return True

    def undo(self) -> bool:
        """Go back to what the last change of a secret replaced, which becomes what is kept.

        Returns False when nothing is kept any more, or somebody else changed the row meanwhile.
        Raises sealing.KeyMissing.
        """
        with transaction.atomic():
            kept = Replaced.objects.living().filter(provider=self).first()
            if kept is None:
                return False
            self.copy_from(kept)
            return self.store()

    def record_check(self, job: Job) -> None:
        """Keep a finished check, unless the values have changed since it started.

        A model that fails says nothing about the provider as a whole.
        """
        if job.model_names and job.outcome in (Outcome.MODEL_NOT_FOUND, Outcome.BAD_REQUEST):
            return
        Provider.objects.filter(pk=self.pk, version=job.input_version).update(
            check_outcome=job.outcome,
            check_key_state=job.key_state,
            check_ms=job.ms,
            checked_at=job.finished_at,
        )

    def adopt_check(self) -> None:
        """Values that were tested as a draft and are now saved unchanged keep that result."""
        job = Job.objects.newest(self, Task.CHECK)
        if job and job.is_draft and not job.is_pending and job.input_digest == self.fingerprint():
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
        with transaction.atomic():
            merge(CatalogEntry.objects.filter(provider=self), self, catalog.items, now)
            self.catalog_is_first = self.catalog_at is None
            self.catalog_source, self.catalog_dropped = catalog.source, catalog.dropped
            self.catalog_count, self.catalog_at = len(catalog.items), now
            self.catalog_notes = list(catalog.notes)
            self.save(
                update_fields=[
                    "catalog_source",
                    "catalog_dropped",
                    "catalog_count",
                    "catalog_notes",
                    "catalog_at",
                    "catalog_is_first",
                ]
            )


class DraftQuerySet(models.QuerySet["Draft"]):
    def living(self) -> DraftQuerySet:
        return self.filter(expires_at__gt=timezone.now())

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


REPLACED_LIFE = timedelta(hours=24)


class ReplacedQuerySet(models.QuerySet["Replaced"]):
    def living(self) -> ReplacedQuerySet:
        return self.filter(expires_at__gt=timezone.now())

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


class CatalogEntryQuerySet(models.QuerySet["CatalogEntry"]):
    def present(self) -> CatalogEntryQuerySet:
        return self.filter(gone_at__isnull=True)

    def new(self) -> CatalogEntryQuerySet:
        """Rows that the last refresh brought, if it was not the first one."""
        return self.present().filter(
            first_seen_at=F("provider__catalog_at"), provider__catalog_is_first=False
        )

    def search(self, text: str) -> CatalogEntryQuerySet:
        """Rows whose id or name holds every word of `text`."""
        rows = self
        for word in text.split()[:8]:
            rows = rows.filter(Q(model_id__icontains=word) | Q(name__icontains=word))
        return rows


class CatalogEntry(models.Model):
    """One model on offer at one provider. None or [] at a fact means: nobody says."""

    id = models.BigAutoField(primary_key=True)
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="entries")
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
        ordering: ClassVar[list[str]] = ["model_id"]

    def __str__(self) -> str:
        return self.model_id
