"""The list of providers: its cards, as they are read and drawn.

Cards that are equal look the same, so each is drawn once and kept: drawing 24 of them anew takes
longer than everything else on the page. No card holds anything of the reader but the language and
whether there are buttons.
"""

from __future__ import annotations

import uuid
import zlib
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q
from django.db.models.fields.json import KT
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from facio_site import clock
from facio_site.templatetags.ui import age
from providers.dialects.money import Money, money_of
from providers.kinds import KINDS, OWN_KIND, spec_of
from providers.models import Job, Provider, Task
from providers.models.jobs import PENDING
from providers.models.provider import MONEY
from providers.pages.above import above
from providers.pages.rounds import RECENT, JobRow, Progress, newest_round, progress_of
from providers.pages.shown import shown_money
from providers.pages.ticks import last_tones, ticks
from providers.spec.kind import ProviderSpec
from providers.spec.outcomes import Outcome

_UNTOLD = ("", Outcome.REFERENCE, Outcome.CANCELLED)  # nothing is known to work or to be wrong
_COLUMNS = (
    *("pk", "name", "kind", "configured_at", "check_outcome"),
    *("check_ms", "checked_at", "catalog_count", *MONEY),
)
# As text: what looks like a number would else come as one.
_TEXTS = {
    "display_name": KT("values__display_name"),
    **{
        f"{name}_{part}": KT(f"sealed__{name}__{part}")
        for name in ("api_key", "access_key_id")
        for part in ("hint", "set_at", "reference")
    },
}
OWN = "own"  # the group of endpoints of one's own, beside those of the declarations


class Look(NamedTuple):
    """How a card is drawn; with buttons for those who may press them."""

    part: str = "card"  # or "row", of the list view
    can_edit: bool = False
    is_news: bool = False  # takes the place of what stands on the page
    is_selected: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """What may be told of a provider's key. `tail` is "" for short ones, and for a reference."""

    tail: str
    is_reference: bool
    set_at: datetime | None
    age: str


def name_mark(name: str) -> str:
    """A few signs for a name, where many stand in one address."""
    return f"{zlib.crc32(name.encode('utf-8', 'surrogatepass')) & 0xFFFF:04x}"


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
    key: Key | None = None
    serves: tuple[str, ...] = ()  # labels of routes
    last: tuple[str, ...] = ()  # tones of its last tests, see ticks.py
    is_troubled: bool = False  # the navigation counts it: its test, its key or its money

    @property
    def group(self) -> str:
        return OWN if self.kind == OWN_KIND else self.spec.group

    @property
    def watched(self) -> str:
        """The test under way as a page names it that waits for it; of what may get another name,
        with a mark of this one."""
        mark = f":{name_mark(self.name)}" if self.kind != self.name else ""
        return f"{self.job}:{self.version}{mark}"

    @property
    def can_test(self) -> bool:
        return self.is_configured and not self.spec.is_oauth

    @property
    def spec(self) -> ProviderSpec:
        return spec_of(self.kind, self.name, self.label)

    @property
    def filed(self) -> tuple[str, ...]:
        """The statuses that it is filtered by, the most pressing first: one that works may need
        attention, since its key ends."""
        if not self.is_configured:
            return ("off",)
        found = ["attention"] if self.is_troubled else []
        if self.outcome in _UNTOLD:
            found.append("untested")
        elif self.outcome == Outcome.OK:
            found.append("works")
        return tuple(found) or ("attention",)

    def drawn(self, look: Look) -> SafeString:
        return _drawn(self, get_language() or "", look)


@lru_cache(maxsize=256)
def _drawn(card: Card, _language: str, look: Look) -> SafeString:
    context = {
        "card": card,
        "spec": card.spec,
        "money": shown_money(card.money, card.money_at, card.spec),
        "ticks": ticks(card.last),
        "look": look,
    }
    return render_to_string(f"providers/_{look.part}.html", context)


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
        return {"": len(self.cards), **Counter(name for card in self.cards for name in card.filed)}


def board() -> Board:
    """Three queries, however many providers and tests there are, and who serves the routes."""
    now = clock.about_now()
    tests, providers = _read(now)
    if any(one.is_pending and one.deadline < now for one in tests):
        Job.objects.finish_overdue()
        tests, providers = _read(now)
    rows = {row["name"]: row for row in providers}
    running = {one.provider_id: one for one in tests if one.is_pending and not one.is_draft}
    own = sorted((_spec(row) for row in providers if row["name"] not in KINDS), key=by_label)
    last = last_tones([row["pk"] for row in providers if row["configured_at"]])
    known = above().of_providers()
    cards = []
    for spec in (*KINDS.values(), *own):
        row = rows.get(spec.name)
        card = _card(spec, row, running, now)
        tones = last.get(row["pk"], ()) if row else ()
        serves = tuple(known.serving.get(spec.name, ()))
        is_troubled = spec.name in known.troubled
        cards.append(replace(card, serves=serves, last=tones, is_troubled=is_troubled))
    of_rows = {row["pk"]: _spec(row) for row in providers}
    batch = newest_round(tests)
    return Board(tuple(cards), progress_of(batch, of_rows, now) if batch else None)


def _spec(row: Mapping[str, Any]) -> ProviderSpec:
    return spec_of(row["kind"], row["name"], row["display_name"] or "")


def by_label(spec: ProviderSpec) -> str:
    return spec.label.lower()


_STATEMENTS = (
    "SELECT name, version, configured_at, check_outcome, check_ms, checked_at, catalog_count, "
    "money_amount, money_currency, money_means, money_at, key_expires_on "
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
    return rows, list(Provider.objects.order_by().annotate(**_TEXTS).values(*_COLUMNS, *_TEXTS))


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
        key=_key(row, now),
    )


def _key(row: Mapping[str, Any], now: datetime) -> Key | None:
    """Without opening it; None where none is stored. Of access keys, the one that is no secret."""
    name = next((one for one in ("api_key", "access_key_id") if row[f"{one}_set_at"]), None)
    if name is None:
        return None
    set_at = datetime.fromisoformat(row[f"{name}_set_at"])
    return Key(
        tail=row[f"{name}_hint"] or "",
        is_reference=row[f"{name}_reference"] == "true",
        set_at=set_at,
        age=age((now - set_at).total_seconds()),
    )
