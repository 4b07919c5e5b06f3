"""Provider: what was entered for one, its last check and catalog; what an undo brings back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower, Replace
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facio_site import clock, sealing
from facio_site.sealing.rows import ExpiringQuerySet
from providers.dialects.money import Money, money_of
from providers.kinds import DISPLAY_NAME, KINDS, OWN_KIND, kind_choices, spec_of
from providers.models.credentials import BODY, Entry
from providers.spec.kind import ProviderSpec
from providers.spec.names import NAME_LENGTH
from providers.spec.outcomes import Outcome

TESTED_LIFE = timedelta(minutes=15)
CHECK = ("check_outcome", "check_key_state", "check_ms", "checked_at")
MONEY = ("money_amount", "money_currency", "money_means", "money_at")
ENTERED = ("values", "api_base", "key_expires_on", "sealed")
# What a save writes: name and list of models may have changed since the row was read.
_SAVED = (*ENTERED, "version", "updated_at", "configured_at", *CHECK, *MONEY)


class ProviderQuerySet(models.QuerySet["Provider"]):
    def configured(self) -> ProviderQuerySet:
        return self.filter(configured_at__isnull=False)

    def own_names(self) -> list[str]:
        """Names of endpoints of one's own, set up or not."""
        return list(self.exclude(name=models.F("kind")).values_list("name", flat=True))

    def sweep(self) -> int:
        """Remove endpoints that were tested and never saved, once their drafts are gone."""
        old = self.filter(configured_at=None, updated_at__lte=timezone.now() - TESTED_LIFE)
        unsaved = old.exclude(name=models.F("kind")).filter(drafts=None)
        if not unsaved.exists():
            return 0
        with transaction.atomic():  # what is saved at this moment stays: looked at again when held
            held = unsaved.select_for_update(of=("self",)).order_by("pk")
            keys = list(held.values_list("pk", flat=True))
            return unsaved.filter(pk__in=keys).delete()[0]

    def checkable(self) -> list[Provider]:
        """Configured rows that a test makes sense for (not the OAuth kinds)."""
        return [row for row in self.configured().order_by("name") if not row.spec.is_oauth]


class Provider(Entry):
    """A kind as configured, or an endpoint of one's own. `version` grows with every change: a late
    result of older values is told by it."""

    # the key under "providers" in config.json, as it was typed; of a built-in kind the same word
    name = models.CharField(_("name"), max_length=NAME_LENGTH, unique=True)
    # how it is spoken to
    kind = models.CharField(_("kind"), max_length=40, choices=kind_choices)
    # None = never saved
    configured_at = models.DateTimeField(_("set up at"), null=True, blank=True)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)
    version = models.PositiveIntegerField(_("version"), default=0)
    # Last finished check of exactly these values; "" = not checked since the last change
    check_outcome = models.CharField(_("result"), max_length=30, blank=True, default="")
    check_key_state = models.CharField(_("state of the key"), max_length=12, blank=True, default="")
    check_ms = models.PositiveIntegerField(_("milliseconds"), null=True, blank=True)
    checked_at = models.DateTimeField(_("tested at"), null=True, blank=True)
    # Money that the last check which told any told of, with this key at this address
    money_amount = models.DecimalField(
        _("money"), max_digits=14, decimal_places=4, null=True, blank=True
    )
    money_currency = models.CharField(_("currency"), max_length=3, blank=True, default="")
    # balance, limit, used
    money_means = models.CharField(_("kind of amount"), max_length=8, blank=True, default="")
    money_at = models.DateTimeField(_("money told at"), null=True, blank=True)
    # Last good catalog
    # live, static
    catalog_source = models.CharField(
        _("source of the models"), max_length=10, blank=True, default=""
    )
    catalog_count = models.PositiveIntegerField(_("models"), default=0)
    catalog_dropped = models.PositiveIntegerField(default=0)  # rows that came and are not kept
    catalog_at = models.DateTimeField(_("models fetched at"), null=True, blank=True)
    catalog_notes: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    catalog_digest = models.CharField(max_length=32, blank=True, default="")  # see Catalog
    catalog_is_first = models.BooleanField(default=True)  # nothing to compare it with
    catalog_new = models.PositiveIntegerField(default=0)  # what the last list brought; first: 0
    catalog_changed = models.PositiveIntegerField(default=0)  # of what stayed, by any fact

    objects: ClassVar[Any] = ProviderQuerySet.as_manager()

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # what the agent takes for one name is one here
            models.UniqueConstraint(
                Lower(Replace("name", models.Value("-"), models.Value("_"))), name="one_spelling"
            )
        ]
        ordering: ClassVar[list[str]] = ["name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Of a built-in kind the name need not be said."""
        if "kind" in kwargs:
            kwargs.setdefault("name", kwargs["kind"])
        super().__init__(*args, **kwargs)

    def __str__(self) -> str:
        return self.spec.label

    @classmethod
    def for_name(cls, name: str) -> Provider:
        """The row of a name; an unsaved one while nobody entered anything."""
        # PostgreSQL asks nothing that holds a NUL, and no row does.
        row: Provider | None = None if "\0" in name else cls.objects.filter(name=name).first()
        return row or cls.unsaved(name)

    @classmethod
    def unsaved(cls, name: str) -> Provider:
        return cls(name=name, kind=name if name in KINDS else OWN_KIND)

    @property
    def display_name(self) -> str:
        """What an endpoint of one's own is called; "" = by its name."""
        return str(self.values.get(DISPLAY_NAME.name, ""))

    @property
    def is_own(self) -> bool:
        """Whether it is an endpoint of one's own."""
        return self.name != self.kind

    @property
    def spec(self) -> ProviderSpec:
        return spec_of(self.kind, self.name, self.display_name if self.is_own else "")

    @property
    def is_configured(self) -> bool:
        return self.configured_at is not None

    def store(self) -> bool:
        """Save changed values as a new version, if nobody else changed them since they were read.

        Returns False when somebody did; nothing is written then. What was merely noted of them
        makes no new version: their tests still hold. What calls do not depend on takes no test
        away either, and values that were tested before bring their result along.
        """
        now = timezone.now()
        before, self.version = self.version, self.version + 1
        self.configured_at = self.configured_at or now
        self._take_told(CHECK, Provider())
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
                if self._differs_by_note(current):
                    rows.filter(pk=self.pk).update(key_expires_on=self.key_expires_on)
                    self.refresh_from_db()
                    return True
                if current.sealed and current.secret_texts() != self.secret_texts():
                    Replaced.keep(current)
                is_same, is_payer = current.calls_like(self), current.account() == self.account()
                self._take_told(CHECK, current if is_same else Provider())
                self._take_told(MONEY, current if is_payer else Provider())
                self.save(update_fields=_SAVED)
                self._bring_along(current, is_same=is_same)
        except IntegrityError:  # somebody else was the first to enter this name
            return False
        return True

    def _bring_along(self, before: Provider, *, is_same: bool) -> None:
        """The tests of what is saved count as of this version; a list that is held goes when it
        was asked for otherwise."""
        jobs: Any = self.jobs
        if is_same:
            theirs = jobs.filter(input_version=before.version, is_draft=False)
            theirs.update(input_version=self.version)
        jobs.adopt(self)
        if not (is_same or before.lists_like(self)):
            self._drop_held()

    def rename(self, new: str) -> bool:
        """Another name for the same values, as a new version: who saves what was read before learns
        of it. Tests and unsaved values stay theirs. For use inside a transaction; False when
        somebody else was faster. Raises IntegrityError when the name is taken."""
        row = Provider.objects.filter(pk=self.pk, name=self.name)
        if not row.update(name=new, version=models.F("version") + 1):
            return False
        self.refresh_from_db(fields=["name", "version"])
        before: Any = self.version - 1
        jobs: Any = self.jobs
        jobs.filter(input_version=before).update(input_version=self.version)
        drafts: Any = self.drafts
        drafts.filter(base_version=before).update(base_version=self.version)
        return True

    def _drop_held(self) -> None:
        apps.get_model("providers", "HeldCatalog").objects.filter(provider=self.pk).delete()

    def forget(self, names: Sequence[str]) -> None:
        """What a check told of these secrets goes with them, what one under way will tell, and a
        list that was fetched with them and is held."""
        super().forget(names)
        if set(names) != {BODY}:
            self._drop_held()
        self.version += 1
        self._take_told((*CHECK, *MONEY), Provider())
        self.save(update_fields=["version", "updated_at", *CHECK, *MONEY])

    def _take_told(self, names: Sequence[str], stored: Provider) -> None:
        """Have these as they are in that row; in a fresh one nothing is told."""
        for name in names:
            setattr(self, name, getattr(stored, name))

    def _differs_by_note(self, stored: Provider) -> bool:
        """Whether the day on which the key expires is all that differs."""
        is_noted = self.key_expires_on != stored.key_expires_on
        ours = (self.api_base, self.values, self.sealed)
        return is_noted and ours == (stored.api_base, stored.values, stored.sealed)

    def account(self) -> tuple[Any, ...]:
        """Whose money a check tells of: where it asks, and with what."""
        texts = {name: text for name, text in self.secret_texts().items() if name != BODY}
        return self.api_base, self.bound, texts

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

    @property
    def is_working(self) -> bool:
        return self.check_outcome == Outcome.OK

    @property
    def money(self) -> Money | None:
        """What the provider told of; None = nothing, or no check was made with these values."""
        return money_of(self.money_amount, self.money_currency, self.money_means)


REPLACED_LIFE = timedelta(hours=24)


def _in_a_day() -> datetime:
    return clock.now() + REPLACED_LIFE


class Replaced(Entry):
    """What a provider held before a secret of it was changed: sealed, for an undo within a day."""

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, related_name="replaced")
    expires_at = models.DateTimeField(default=_in_a_day)

    objects: ClassVar[Any] = ExpiringQuerySet.as_manager()

    def __str__(self) -> str:
        return f"replaced values of {self.provider_id}"

    @classmethod
    def of(cls, provider: Provider) -> Replaced | None:
        """What an undo would bring back; None when nothing is kept any more."""
        kept: Replaced | None = cls.objects.living().filter(provider=provider.pk).first()
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
