"""The list of providers: its cards and what is asked of it.

Cards that are equal look the same, so each is drawn once and kept: drawing 24 of them anew takes
longer than everything else on the page. No card holds anything of the reader but the language.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy

from facio_site import clock
from facio_site.templatetags.ui import age
from providers.dialects.money import Money, money_of
from providers.kinds import KINDS, spec_of
from providers.models import Job, Provider, Task
from providers.models.jobs import PENDING
from providers.models.provider import MONEY
from providers.pages.rounds import RECENT, JobRow, Progress, newest_round, progress_of
from providers.pages.shown import shown_money
from providers.spec.kind import ProviderSpec
from providers.spec.outcomes import Outcome

STATUSES = {
    "": gettext_lazy("All"),
    "works": gettext_lazy("Works"),
    "attention": gettext_lazy("Needs attention"),
    "untested": gettext_lazy("Not tested"),
    "off": gettext_lazy("Not set up"),
}
GROUPS = {
    "": gettext_lazy("All kinds"),
    "hosted": gettext_lazy("Hosted"),
    "gateway": gettext_lazy("Gateways and plans"),
    "local": gettext_lazy("Local servers"),
    "oauth": gettext_lazy("Sign-in"),
}
SORTS = {
    "": gettext_lazy("Set up first"),
    "name": gettext_lazy("Name"),
    "status": gettext_lazy("Needs attention first"),
    "tested": gettext_lazy("Last test"),
    "models": gettext_lazy("Number of models"),
}
_UNTOLD = ("", Outcome.REFERENCE, Outcome.CANCELLED)  # nothing is known to work or to be wrong
_COLUMNS = (
    *("pk", "name", "kind", "values__display_name", "configured_at", "check_outcome"),
    *("check_ms", "checked_at", "catalog_count", *MONEY),
)
_BY_STATUS = ("attention", "works", "untested", "off")


@dataclass(frozen=True, slots=True)
class Card:
    """One provider. `status` is what its pill says; `outcome` and `state` are its data
    attributes."""

    kind: str
    name: str
    label: str
    is_configured: bool
    status: str
    state: str
    outcome: str
    job: uuid.UUID | None  # a test under way
    version: int
    checked_at: datetime | None
    age: str
    ms: int | None
    models: int
    money: Money | None = None
    money_at: datetime | None = None
    money_age: str = ""

    @property
    def spec(self) -> ProviderSpec:
        return spec_of(self.kind, self.name, self.label)

    @property
    def filed(self) -> str:
        """The status that it is filtered by."""
        if not self.is_configured:
            return "off"
        if self.outcome in _UNTOLD:
            return "untested"
        return "works" if self.outcome == Outcome.OK else "attention"

    @property
    def html(self) -> SafeString:
        return _drawn(self, get_language() or "", False)

    @property
    def news(self) -> SafeString:
        """Drawn to take the place of what stands on the page."""
        return _drawn(self, get_language() or "", True)


@lru_cache(maxsize=1024)
def _drawn(card: Card, _language: str, oob: bool) -> SafeString:
    money = shown_money(card.money, card.money_at, card.spec)
    context = {"card": card, "spec": card.spec, "money": money, "oob": oob}
    return render_to_string("providers/list.html#card", context)


@dataclass(frozen=True, slots=True)
class Board:
    """Equal boards look the same."""

    cards: tuple[Card, ...]
    progress: Progress | None

    @property
    def is_pending(self) -> bool:
        return any(card.job for card in self.cards)

    @property
    def configured(self) -> int:
        return sum(card.is_configured for card in self.cards)

    def counts(self) -> dict[str, int]:
        """How many cards each status has; "" = all."""
        return {"": len(self.cards), **Counter(card.filed for card in self.cards)}


def board() -> Board:
    """Two queries, however many providers and tests there are."""
    now = clock.about_now()
    tests, providers = _read(now)
    if any(one.is_pending and one.deadline < now for one in tests):
        Job.objects.finish_overdue()
        tests, providers = _read(now)
    rows = {row["name"]: row for row in providers}
    running = {one.provider_id: one for one in tests if one.is_pending and not one.is_draft}
    own = sorted((_spec(row) for row in providers if row["name"] not in KINDS), key=by_label)
    specs = (*KINDS.values(), *own)
    cards = tuple(_card(spec, rows.get(spec.name), running, now) for spec in specs)
    of_rows = {row["pk"]: _spec(row) for row in providers}
    batch = newest_round(tests)
    return Board(cards, progress_of(batch, of_rows, now) if batch else None)


def _spec(row: Mapping[str, Any]) -> ProviderSpec:
    return spec_of(row["kind"], row["name"], row["values__display_name"] or "")


def by_label(spec: ProviderSpec) -> str:
    return spec.label.lower()


_STATEMENTS = (
    "SELECT name, version, configured_at, check_outcome, check_ms, checked_at, catalog_count, "
    "money_amount, money_currency, money_means, money_at "
    "FROM providers_provider",
    "SELECT id, version, status FROM providers_job ORDER BY created_at DESC LIMIT 60",
)
STAMP_SECONDS = 10


def stamp() -> Hashable:
    """What the board is made of, as the database holds it: equal stamps, equal boards.

    Ages are as old as the stamp, so each holds for ten seconds. Nothing is turned into objects: on
    a page that is drawn already this is most of the work (docs/decisions/0011).
    """
    read = []
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement)
            read.append(tuple(cursor.fetchall()))
    return (*read, int(timezone.now().timestamp()) // STAMP_SECONDS)


def _read(now: datetime) -> tuple[list[JobRow], list[dict[str, Any]]]:
    """Tests first: one that ends between the two is still shown as running, and news will come.

    They are what is under way, which is never older than two minutes, and each recent "Test all".
    """
    recent = Job.objects.filter(created_at__gt=now - RECENT, task=Task.CHECK)
    tests = recent.filter(Q(status__in=PENDING) | Q(batch__isnull=False)).order_by()
    rows = [JobRow._make(row) for row in tests.values_list(*JobRow._fields)]
    return rows, list(Provider.objects.order_by().values(*_COLUMNS))


def _card(
    spec: ProviderSpec,
    row: Mapping[str, Any] | None,
    running: Mapping[uuid.UUID, JobRow],
    now: datetime,
) -> Card:
    who = (spec.kind, spec.name, spec.label)
    if row is None:
        return Card(*who, False, "not_configured", "never", "", None, 0, None, "", None, 0)
    test = running.get(row["pk"])
    is_configured = row["configured_at"] is not None
    outcome, checked_at = row["check_outcome"], row["checked_at"]
    status = (outcome or "never") if is_configured else "not_configured"
    return Card(
        *who,
        is_configured=is_configured,
        status=test.status if test else status,
        state=test.status if test else "done" if outcome else "never",
        outcome=outcome,
        job=test.pk if test else None,
        version=test.version if test else 0,
        checked_at=None if test else checked_at,
        age="" if test or not checked_at else age((now - checked_at).total_seconds()),
        ms=row["check_ms"],
        models=row["catalog_count"],
        money=money_of(row["money_amount"], row["money_currency"], row["money_means"]),
        money_at=row["money_at"],
        money_age=age((now - row["money_at"]).total_seconds()) if row["money_at"] else "",
    )


# What is asked of the list ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """Search, filters and order; "" asks for nothing."""

    q: str = ""
    status: str = ""
    group: str = ""
    sort: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Asked:
        """Unknown values ask for nothing."""

        def known(name: str, values: Mapping[str, Any]) -> str:
            value = query.get(name, "")
            return value if value in values else ""

        return cls(
            q=" ".join(query.get("q", "")[:100].split()),
            status=known("status", STATUSES),
            group=known("group", GROUPS),
            sort=known("sort", SORTS),
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.status or self.group)

    def of(self, cards: Iterable[Card]) -> list[Card]:
        """The cards that match, in the order that is asked for."""
        return sorted((card for card in cards if self._matches(card)), key=self._key)

    def _matches(self, card: Card) -> bool:
        spec = card.spec
        where = f"{spec.label} {spec.name} {' '.join(spec.strip_prefixes)}".lower()
        return (
            all(word in where for word in self.q.lower().split())
            and self.status in ("", card.filed)
            and self.group in ("", spec.group)
        )

    def _key(self, card: Card) -> Any:
        if self.sort == "name":
            return by_label(card.spec)
        if self.sort == "status":
            return _BY_STATUS.index(card.filed)
        if self.sort == "tested":
            return -card.checked_at.timestamp() if card.checked_at else 0.0
        if self.sort == "models":
            return -card.models
        return not card.is_configured
