"""The models that a provider offers: pages fetched, rows read, gaps filled. Pure apart from `send`.

Nothing that a provider lists can break it: a row of the wrong types keeps what is readable, a row
without a usable id is counted and not kept, a list without an end is cut.
"""

import hashlib
import marshal
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from providers.catalog.items import CatalogItem, read_rows
from providers.catalog.modelsdev import SNAPSHOT_DATE, Twin, twins
from providers.catalog.pages import Onward, Page, next_page, with_query
from providers.dialects.adapters import Adapter
from providers.dialects.bases import with_better_base
from providers.dialects.judge import is_absent
from providers.dialects.ladder import preflight
from providers.dialects.paths import unwrapped
from providers.dialects.rows import ids_of, is_pattern, rows_of, without_hidden
from providers.dialects.rungs import Finding
from providers.http import Send
from providers.spec.kind import IdFact, ListCall
from providers.spec.outcomes import Failed, KeyState, Outcome, Verdict

MAX_PAGES = 50
MAX_ITEMS = 20_000
_MAX_NODES = 1_000_000  # values in all rows of a fetch, about 80 MB at the worst
# So ends a page that was asked for by a guess; the others are faults of the fetch.
_NO_PAGE = (Outcome.BAD_REQUEST, Outcome.BAD_ENDPOINT, Outcome.UNEXPECTED_RESPONSE)
_PARENTS = (dict, list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """`dropped` counts all rows that came and are not kept; `notes` are closed words about the list
    as a whole, some with a number: "unnamed 3" (rows without a usable id), "over 5" (the limit),
    "other 7" (rows that name a model once more, or one that cannot be called).

    `digest` stands for the rows and for all that reads them. `is_known`: it is that of the last
    time, so nothing was read and there are no items here.
    """

    items: tuple[CatalogItem, ...]
    digest: str = ""
    is_known: bool = False
    source: Literal["live", "static"] = "live"
    dropped: int = 0
    notes: tuple[str, ...] = field(default=())


def fetch_catalog(adapter: Adapter, send: Send, *, known: str = "") -> Catalog:
    """The models of one provider. Raises Failed when there is no list to show; an empty list of a
    hosted kind is no list. `known` is the digest of the last catalog, "" = none."""
    spec = adapter.spec
    if spec.list_call is None:
        return _static(adapter)
    refusal = preflight(adapter)
    if refusal and not _is_open(spec.list_call, refusal):
        raise _failed(refusal)
    reader = _Reader(adapter, send, keyless=refusal is not None)
    try:
        rows, call = adapter.list_rows(reader.read)
    except Failed as failed:
        if spec.static_models and failed.verdict.detail == "no_list":
            return _static(adapter)
        if refusal:
            raise  # nothing is asked elsewhere with a key that is none
        found = Finding(failed.verdict, KeyState.UNKNOWN)
        raise _failed(with_better_base(adapter, send, found).verdict) from None
    digest = _digest(adapter, call, rows, (reader.came, reader.passed_over, reader.goes_on))
    if digest == known:
        return Catalog(items=(), digest=digest, is_known=True)
    offered = without_hidden(rows, call.hide)
    named = read_rows(offered, call.columns)
    items = _without_aliases(_unique(item for item in named if not is_pattern(item.model_id)))
    if not items and not spec.is_local:
        raise Failed(Outcome.REACHABLE_UNVERIFIED, "empty_list")
    shown = items[:MAX_ITEMS]
    lost = {
        "unnamed": len(offered) - len(named),
        "over": len(items) - len(shown) + reader.passed_over,
    }
    lost["other"] = reader.came - len(shown) - sum(lost.values())
    return Catalog(
        items=tuple(map(_priced, _filled(adapter, shown))),
        digest=digest,
        dropped=sum(lost.values()),
        notes=_notes(call, lost, goes_on=reader.goes_on),
    )


def count_in(notes: Iterable[str], reason: str) -> int:
    """The number that stands in the notes for a reason, 0 = none."""
    found = (note.partition(" ") for note in notes)
    return next((int(number) for word, _, number in found if word == reason and number), 0)


def _notes(call: ListCall, lost: Mapping[str, int], *, goes_on: bool) -> tuple[str, ...]:
    counted = [f"{reason} {count}" for reason, count in lost.items() if count]
    return (*filter(None, [call.note]), *(["goes_on"] if goes_on else []), *counted)


# Whatever may read a row otherwise after an update of this site.
_READERS = b"".join(
    Path(__file__).parent.joinpath(name).read_bytes()
    for name in ("fetch.py", "items.py", "store.py", "modelsdev.py", "../dialects/rows.py")
)


def _digest(adapter: Adapter, call: ListCall, rows: list[Any], rest: tuple[int, ...]) -> str:
    found = hashlib.blake2b(_READERS, digest_size=16)
    found.update(repr((call, adapter.spec.id_facts, adapter.models_dev())).encode())
    found.update(repr((SNAPSHOT_DATE, rest)).encode())
    found.update(marshal.dumps(rows, 2))  # 2: equal rows give equal bytes
    return found.hexdigest()


def _is_open(call: ListCall, refusal: Verdict) -> bool:
    """A public list can be fetched without a key, or with one that only the agent can resolve."""
    only_key = refusal.params.get("fields") == ["api_key"]
    return call.is_public and only_key


def _static(adapter: Adapter) -> Catalog:
    items = [CatalogItem(model_id=name) for name in adapter.spec.static_models]
    return Catalog(items=tuple(_filled(adapter, items)), source="static", notes=("static",))


def _failed(verdict: Verdict) -> Failed:
    failed = Failed(verdict.outcome, verdict.detail)
    failed.verdict = verdict
    return failed


# Pages ------------------------------------------------------------------------------------------


class _Reader:
    """Fetches whole lists: every page, until the end or a page seen before.

    Rows over the caps are counted, not kept, so that a hostile list costs no memory.
    """

    def __init__(self, adapter: Adapter, send: Send, *, keyless: bool) -> None:
        self._adapter = adapter
        self._send = send
        self._keyless = keyless
        self._room = MAX_ITEMS
        self._weight = 0
        self._unweighed: list[Any] | None = None  # the first page; http/bodies.py counted it
        self.came = 0  # rows of all pages
        self.passed_over = 0
        self.goes_on = False  # there is more that could not be fetched

    def _keep(self, fresh: list[Any]) -> list[Any]:
        if self._unweighed is None and len(fresh) <= self._room:
            self._room -= len(fresh)
            self._unweighed = fresh
            return fresh
        self._weight += _nodes(self._unweighed or [])
        self._unweighed = []
        weight = _nodes(fresh)
        if len(fresh) <= self._room and self._weight + weight <= _MAX_NODES:
            self._room -= len(fresh)
            self._weight += weight
            return fresh
        kept: list[Any] = []
        for row in fresh:
            if self._room > 0 and self._weight < _MAX_NODES:
                self._room -= 1
                self._weight += _nodes([row])
                kept.append(row)
        self.passed_over += len(fresh) - len(kept)
        return kept

    def read(self, call: ListCall, *, may_lack: bool = False) -> list[Any] | None:
        """All rows; None when the list is not there and `may_lack` allows it. Raises Failed."""
        rows: list[Any] = []
        seen: set[tuple[str, ...]] = set()
        came = 0
        is_numbered = call.pages.style == "page"
        onward: Onward | None = Onward(
            with_query(call, call.pages.param, "1") if is_numbered else call, is_declared=True
        )
        while onward and onward.call and len(seen) < MAX_PAGES:
            try:
                page = self._page(onward.call, may_lack=may_lack and not seen)
            except Failed as failed:
                if onward.is_declared or failed.verdict.outcome not in _NO_PAGE:
                    raise
                break
            if page is None:
                return None
            last = next(filter(None, reversed(ids_of(page.rows[-9:], call.columns))), "")
            after = next_page(call, replace(page, last_id=last, came=came + len(page.rows)))
            if after or seen:
                mark = tuple(ids_of(page.rows, call.columns))
                if mark in seen:
                    break
                seen.add(mark)
            came += len(page.rows)
            rows += self._keep(page.rows)
            onward = after
        self.goes_on = self.goes_on or onward is not None
        self.came += came
        return rows

    def _page(self, call: ListCall, *, may_lack: bool) -> Page | None:
        adapter = self._adapter
        reply, verdict = adapter.ask(self._send, call, "list", keyless=self._keyless)
        if verdict.outcome is Outcome.OK:
            data = unwrapped(reply)
            rows = rows_of(data, call.columns.items) or []
            url = adapter.request(call, keyless=True).url
            return Page(call=call, url=url, data=data, headers=reply.headers, rows=rows)
        if may_lack and is_absent(verdict):
            return None
        raise _failed(verdict)


def _nodes(rows: list[Any]) -> int:
    """How many values these are made of; long texts count once a 100 characters."""
    count = 0
    level: list[Any] = [rows]
    while level:
        values = [
            value
            for parent in level
            for value in (parent.values() if isinstance(parent, dict) else parent)
        ]
        count += len(values)
        count += sum([len(value) // 100 for value in values if isinstance(value, str)])
        level = [value for value in values if isinstance(value, _PARENTS)]
    return count


# Rows -------------------------------------------------------------------------------------------


def _unique(items: Iterable[CatalogItem]) -> list[CatalogItem]:
    found: dict[str, CatalogItem] = {}
    for item in items:
        found.setdefault(item.model_id, item)
    return list(found.values())


def _without_aliases(items: list[CatalogItem]) -> list[CatalogItem]:
    """One row a model where a list shows it under each of its names; "-latest" is kept, else the
    first. The others stay as `aliases` of it, and one that ends under each: a route may have any.
    """
    if not any(item.aliases for item in items):
        return items
    listed = {item.model_id for item in items if not item.retires_at}
    gone: set[str] = set()
    kept: list[CatalogItem] = []
    for item in sorted(items, key=lambda one: not one.model_id.endswith("-latest")):
        if item.model_id in gone:
            continue
        gone |= {name for name in item.aliases if name in listed}
        kept.append(item)
    order = {item.model_id: number for number, item in enumerate(items)}
    return sorted(kept, key=lambda item: order[item.model_id])


# Gaps -------------------------------------------------------------------------------------------

_FACTS = tuple(Twin.__dataclass_fields__)


def _filled(adapter: Adapter, items: Sequence[CatalogItem]) -> list[CatalogItem]:
    """Items with what the provider leaves out: from models.dev, then from the id itself."""
    provider = adapter.models_dev()
    known = twins(provider) if provider else {}
    if not known and not adapter.spec.id_facts:
        return list(items)
    made = []
    for item in items:
        names = adapter.twin_ids(item.model_id)
        twin = next((known[name] for name in names if name in known), None)
        made.append(_with_id_facts(_with_twin(item, twin), adapter.spec.id_facts))
    return made


def _with_twin(item: CatalogItem, twin: Twin | None) -> CatalogItem:
    if twin is None:
        return item
    gaps = {
        name: getattr(twin, name)
        for name in _FACTS
        if getattr(item, name) in (None, "") and getattr(twin, name) not in (None, "")
    }
    return item._replace(**gaps, filled=item.filled | set(gaps))


_NO_TOKENS = frozenset(["image", "video", "audio", "transcription"])


def _priced(item: CatalogItem) -> CatalogItem:
    """Speech, pictures and films are paid by the minute or the piece: a price of nothing for their
    tokens would call them free."""
    sides = (item.inputs, item.outputs)
    is_other = any(side and "text" not in side and _NO_TOKENS & set(side) for side in sides)
    if not is_other or item.price_input or item.price_output:
        return item
    return item._replace(price_input=None, price_output=None)


def _with_id_facts(item: CatalogItem, facts: Sequence[IdFact]) -> CatalogItem:
    for fact in facts:
        if re.search(fact.pattern, item.model_id, re.I):
            told = {"inputs": fact.inputs, "outputs": fact.outputs}
            gaps: dict[str, Any] = {
                name: value
                for name, value in told.items()
                if value is not None and getattr(item, name) is None
            }
            if fact.is_system and not item.price_input and not item.price_output:
                item = item._replace(price_input=None, price_output=None)
            return item._replace(**gaps, filled=item.filled | set(gaps))
    return item
