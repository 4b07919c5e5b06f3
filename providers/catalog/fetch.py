"""The models that a provider offers: pages fetched, rows read, gaps filled. Pure apart from `send`.

Nothing that a provider lists can break it: a row of the wrong types keeps what is readable, a row
without an id is passed over, a list without an end is cut.
"""

import hashlib
import marshal
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from providers.catalog.items import CatalogItem, count_of, read_rows
from providers.catalog.modelsdev import SNAPSHOT_DATE, Twin, twins
from providers.dialects.adapters import Adapter, expectation
from providers.dialects.judge import is_absent, judge, unwrapped
from providers.dialects.ladder import preflight
from providers.dialects.rows import first, ids_of, rows_of, without_hidden
from providers.http import Send
from providers.spec.kind import IdFact, ListCall
from providers.spec.outcomes import Failed, Outcome, Verdict

MAX_PAGES = 50
MAX_ITEMS = 20_000
_MAX_NODES = 1_000_000  # values in all rows of a fetch, about 80 MB at the worst
_NOT_THERE = (404, 405, 501)
_PARENTS = (dict, list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """`dropped` counts models over the cap; `notes` are closed words about the list as a whole.

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
        raise
    digest = _digest(adapter, call, rows, reader.passed_over)
    if digest == known:
        return Catalog(items=(), digest=digest, is_known=True)
    shown_rows = without_hidden(rows, call.hide)
    items = _without_aliases(_unique(read_rows(shown_rows, call.columns)))
    if not items and not spec.is_local:
        raise Failed(Outcome.REACHABLE_UNVERIFIED, "empty_list")
    shown = items[:MAX_ITEMS]
    return Catalog(
        items=tuple(_filled(adapter, shown)),
        digest=digest,
        dropped=len(items) - len(shown) + reader.passed_over,
        notes=(call.note,) if call.note else (),
    )


# Whatever may read a row otherwise after an update of this site.
_READERS = b"".join(
    Path(__file__).parent.joinpath(name).read_bytes()
    for name in ("fetch.py", "items.py", "store.py", "modelsdev.py", "../dialects/rows.py")
)


def _digest(adapter: Adapter, call: ListCall, rows: list[Any], passed_over: int) -> str:
    found = hashlib.blake2b(_READERS, digest_size=16)
    found.update(repr((call, adapter.spec.id_facts, adapter.models_dev())).encode())
    found.update(repr((SNAPSHOT_DATE, passed_over)).encode())
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
        self.passed_over = 0

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
        page = call if call.pages.style != "page" else _with(call, call.pages.param, "1")
        for number in range(1, MAX_PAGES + 1):
            data = self._page(page, may_lack=may_lack and number == 1)
            if data is None:
                return None
            fresh = rows_of(data, call.columns.items) or []
            if call.pages.style == "none":
                return self._keep(fresh)
            mark = tuple(ids_of(fresh, call.columns))
            if mark in seen:
                break
            seen.add(mark)
            rows += self._keep(fresh)
            onward = _next_page(call, page, data, number, fresh)
            if onward is None:
                break
            page = onward
        return rows

    def _page(self, call: ListCall, *, may_lack: bool) -> Any:
        adapter = self._adapter
        reply = self._send(adapter.request(call, keyless=self._keyless))
        verdict = judge(
            reply,
            "list",
            is_expected=expectation(call),
            rules=adapter.spec.error_rules,
            secrets=adapter.secrets(),
        )
        if verdict.outcome is Outcome.OK:
            return unwrapped(reply)
        if may_lack and is_absent(verdict):
            return None
        if call.is_optional and reply.status in _NOT_THERE:
            verdict = replace(verdict, outcome=Outcome.BAD_ENDPOINT, detail="no_list")
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


def _next_page(
    call: ListCall, page: ListCall, data: Any, number: int, fresh: Sequence[Any]
) -> ListCall | None:
    """The call for the page after this one; None = this was the last."""
    pages = call.pages
    if not fresh:
        return None
    if pages.style == "page":
        total = count_of(first(data, pages.total_path))
        is_last = number * pages.size >= total if total is not None else len(fresh) < pages.size
        return None if is_last else _with(call, pages.param, str(number + 1))
    if pages.more_path and first(data, pages.more_path) is not True:
        return None
    onward = first(data, pages.next_path)
    if not isinstance(onward, str) or not onward:
        return None
    if pages.style == "link":
        return _linked(call, page, onward)
    return None if onward == dict(page.query).get(pages.param) else _with(call, pages.param, onward)


def _with(call: ListCall, name: str, value: str) -> ListCall:
    others = tuple(pair for pair in call.query if pair[0] != name)
    return replace(call, query=(*others, (name, value)))


def _linked(call: ListCall, page: ListCall, link: str) -> ListCall | None:
    """The same call with the link's query. Its path and host are not followed: where calls go is
    the declaration's to say."""
    onward = dict(parse_qsl(urlsplit(link).query, keep_blank_values=True))
    query = tuple({**dict(call.query), **onward}.items())
    is_new = bool(onward) and query != page.query and len(urlencode(query)) <= 2_000
    return replace(call, query=query) if is_new else None


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


def _with_id_facts(item: CatalogItem, facts: Sequence[IdFact]) -> CatalogItem:
    for fact in facts:
        if re.search(fact.pattern, item.model_id, re.I):
            told = {"inputs": fact.inputs, "outputs": fact.outputs}
            gaps: dict[str, Any] = {
                name: value
                for name, value in told.items()
                if value is not None and getattr(item, name) is None
            }
            return item._replace(**gaps, filled=item.filled | set(gaps))
    return item
