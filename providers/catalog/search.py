"""All catalogs at hand, for searching as one types: ids and facts as plain columns in memory.

A LIKE over 20,000 rows takes longer than a keystroke may. Each process therefore keeps what is
searched and sorted by until a catalog changes; what a page shows of a row is read from the
database. Kept out: words for pages.
"""

from __future__ import annotations

import json
import threading
from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, F, FloatField, Q, TextField
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from providers.models import CatalogEntry, Provider
from providers.spec.aside import aside

IMAGE, TOOLS, NEW, GONE, MAKES_IMAGE, MAKES_VIDEO = 1, 2, 4, 8, 16, 32
REASONING, ASIDE = 64, 128  # aside: what spec/aside.py tells of
SORTS = ("model", "provider", "context", "price", "output", "released")
_UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. Empty text, 0 and None ask for nothing; `sort` may begin with a minus."""

    text: str = ""
    provider: str = ""  # by name
    need: int = 0  # flags that all have
    lack: int = 0  # flags that none has
    context: int = 0  # tokens at least
    price: float | None = None  # USD per million input tokens at most
    show: str = ""  # "", new, gone
    among: tuple[int, ...] | None = None  # primary keys of the only ones that are asked for
    sort: str = "model"  # or one of SORTS, or best: what begins with the text comes first
    ahead: frozenset[int] = frozenset()  # primary keys of what comes before the others
    fitting: int = 0  # flags of what comes before even that


class Found(NamedTuple):
    """One entry that matches: its primary key, and what its row does not say."""

    pk: int
    provider: str  # by name
    label: str  # what that is called
    flags: int

    @property
    def is_new(self) -> bool:
        return bool(self.flags & NEW)

    @property
    def is_gone(self) -> bool:
        return bool(self.flags & GONE)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Columns of all entries, in the order of their texts."""

    stamp: tuple[Any, ...]  # of the catalogs that it was filled from
    pks: array[int]
    texts: list[str]  # what is searched: id, name and provider, in lower case, in their order
    providers: list[str]  # by name
    labels: dict[str, str]  # what they are called
    contexts: array[int]
    prices: array[float]
    output_prices: array[float]
    released: array[int]  # days, as dates count them
    flags: array[int]
    positions: list[int]  # 0, 1, 2 ...: made once, so that all orders share the numbers
    _orders: dict[tuple[str, str], list[int]] = field(default_factory=dict, repr=False)

    def find(self, wanted: Wanted, start: int = 0, stop: int = 50) -> tuple[int, list[Found]]:
        """How many entries match, and some of them, in the order that is wanted."""
        texts, providers = self.texts, self.providers
        found = self._order(wanted.sort, wanted.show)
        for word in wanted.text.lower().split()[:8]:
            found = [at for at in found if word in texts[at]]
        need, mask = wanted.need, wanted.need | wanted.lack
        if mask:
            flags = self.flags
            found = [at for at in found if flags[at] & mask == need]
        if wanted.among is not None:
            found = [at for at in found if self.pks[at] in wanted.among]
        if wanted.provider:
            found = [at for at in found if providers[at] == wanted.provider]
        if wanted.context:
            found = [at for at in found if self.contexts[at] >= wanted.context]
        if wanted.price is not None:
            found = [at for at in found if 0 <= self.prices[at] <= wanted.price]
        if wanted.sort == "best":
            begins = wanted.text.lower().strip()
            size = len(begins)  # a slice takes a third of the time of startswith
            first = [at for at in found if texts[at][:size] == begins]
            found = first + [at for at in found if texts[at][:size] != begins]
        if wanted.ahead:
            found = sorted(found, key=lambda at: self.pks[at] not in wanted.ahead)
        if need := wanted.fitting:
            found = sorted(found, key=lambda at: self.flags[at] & need != need)
        return len(found), [self._found(at) for at in found[start:stop]]

    def first(self, text: str, count: int, most: int) -> tuple[int, list[Found]]:
        """The same for a text alone, as `best` sorts: how many match, `most` at most, and the first
        `count` of them. It looks no further than it has to."""
        texts, flags, words = self.texts, self.flags, text.lower().split()[:8]
        begins = " ".join(words)
        start, end = bisect_left(texts, begins), bisect_left(texts, f"{begins}{chr(0x10FFFF)}")
        places = chain(range(start, end), range(start), range(end, len(texts)))
        matching = (at for at in places if words[0] in texts[at])
        good = (at for at in matching if all(word in texts[at] for word in words[1:]))
        found = list(islice((at for at in good if not flags[at] & GONE), most))
        return len(found), [self._found(at) for at in found[:count]]

    def _found(self, at: int) -> Found:
        provider = self.providers[at]
        return Found(self.pks[at], provider, self.labels[provider], self.flags[at])

    def _order(self, sort: str, show: str) -> list[int]:
        """Positions of what is shown, in an order; what is gone only where it is asked for."""
        order = self._orders.get((sort, show))
        if order is None:
            mask = {"new": NEW | GONE}.get(show, GONE)
            need = {"new": NEW, "gone": GONE}.get(show, 0)
            order = [at for at in self._sorted(sort) if self.flags[at] & mask == need]
            self._orders[sort, show] = order
        return order

    def _sorted(self, sort: str) -> list[int]:
        """Every position; what nobody knows stands at the end, whichever way the order goes."""
        name, is_down = sort.removeprefix("-"), sort.startswith("-")
        everything = self.positions
        columns: dict[str, Any] = {
            "provider": [self.labels[name].lower() for name in self.providers],
            "context": self.contexts,
            "price": self.prices,
            "output": self.output_prices,
            "released": self.released,
        }
        if name not in columns:
            return everything[::-1] if is_down else everything
        column = columns[name]
        known = [at for at in everything if column[at] != _UNKNOWN]
        unknown = [at for at in everything if column[at] == _UNKNOWN]
        return sorted(known, key=column.__getitem__, reverse=is_down) + unknown


_filling = threading.Lock()
_shelf: Shelf | None = None


def shelf() -> Shelf:
    """The shelf of the catalogs as they are now: one small query while nothing has changed."""
    global _shelf
    stamp = tuple(_stamp())
    with _filling:
        if _shelf is None or _shelf.stamp != stamp:
            _shelf = _filled(stamp)
        return _shelf


def _stamp() -> Any:
    rows = Provider.objects.filter(catalog_at__isnull=False).order_by("pk")
    return rows.values_list("pk", "catalog_at", "name", "values__display_name")


def _filled(stamp: tuple[Any, ...]) -> Shelf:
    rows = CatalogEntry.objects.order_by().values_list(
        "pk",
        "model_id",
        "name",
        "provider__name",
        "context_window",
        Cast("price_input", FloatField()),
        Cast("price_output", FloatField()),
        Cast("inputs", TextField()),
        Cast("outputs", TextField()),
        "tools",
        "reasoning",
        "released_on",
        _is(Q(first_seen_at=F("provider__catalog_at"), provider__catalog_is_first=False)),
        _is(Q(gone_at__isnull=False)),
    )
    specs = {row.name: row.spec for row in Provider.objects.only("name", "kind", "values")}
    labels = {name: spec.label for name, spec in specs.items()}
    full = Shelf(
        stamp=stamp,
        pks=array("q"),
        texts=[],
        providers=[],
        labels=labels,
        contexts=array("q"),
        prices=array("d"),
        output_prices=array("d"),
        released=array("l"),
        flags=array("H"),
        positions=[],
    )
    words = {name: f" {label} {name}".lower() for name, label in labels.items()}
    media = cache(_media)
    told = ((f"{row[1]} {row[2]}".lower() + words[row[3]], row) for row in rows)
    for text, row in sorted(told, key=itemgetter(0)):
        pk, model, _, provider, context, price, output, *facts, new, gone = row
        takes, makes, tools, reasoning, released = facts
        full.pks.append(pk)
        full.texts.append(text)
        full.providers.append(provider)
        full.contexts.append(_UNKNOWN if context is None else context)
        full.prices.append(_UNKNOWN if price is None else price)
        full.output_prices.append(_UNKNOWN if output is None else output)
        full.released.append(_UNKNOWN if released is None else released.toordinal())
        inputs, outputs = media(takes), media(makes)
        abilities = ("image" in inputs) * IMAGE + bool(tools) * TOOLS + bool(reasoning) * REASONING
        abilities += ("image" in outputs) * MAKES_IMAGE + ("video" in outputs) * MAKES_VIDEO
        abilities += (aside(model, inputs, outputs) is not None) * ASIDE
        is_new = new and not gone
        full.positions.append(len(full.positions))
        full.flags.append(abilities + is_new * NEW + gone * GONE)
    return full


def _media(text: str | None) -> tuple[str, ...]:
    """Modalities out of a column's text; empty = nobody says."""
    return tuple(json.loads(text) or ()) if text else ()


def _is(condition: Q) -> Combinable:
    return ExpressionWrapper(condition, BooleanField())
