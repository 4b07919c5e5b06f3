"""The models that a provider offers: pages fetched, rows read, gaps filled. Pure apart from `send`.

Nothing that a provider lists can break it: a row of the wrong types keeps what is readable, a row
without an id is passed over, a list without an end is cut.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from providers.adapters import Adapter, expectation
from providers.checks import preflight
from providers.http import Send
from providers.judge import is_absent, judge, unwrapped
from providers.modelsdev import Twin, twins
from providers.outcomes import Failed, Outcome, Verdict
from providers.rows import first, id_of, is_hidden, rows_of
from providers.specs import Columns, IdFact, ListCall

MAX_PAGES = 50
MAX_ITEMS = 20_000
MAX_ID = 300  # characters
_MAX_NODES = 1_000_000  # values in all rows of a fetch, about 80 MB at the worst
_MAX_TOKENS = 10**12
_MAX_PRICE = Decimal(1_000_000)  # USD per million tokens
_NOT_THERE = (404, 405, 501)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogItem:
    """One model on offer. None = nobody says; `filled` names what the provider did not say itself.

    Windows in tokens, prices in USD per million tokens.
    """

    model_id: str
    name: str = ""
    context_window: int | None = None
    max_output: int | None = None
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None
    price_input: Decimal | None = None
    price_output: Decimal | None = None
    tools: bool | None = None
    reasoning: bool | None = None
    retires_at: date | None = None
    aliases: tuple[str, ...] = ()  # other ids of the same model, left out of the list
    filled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """`dropped` counts models over the cap; `notes` are closed words about the list as a whole."""

    items: tuple[CatalogItem, ...]
    source: Literal["live", "static"] = "live"
    dropped: int = 0
    notes: tuple[str, ...] = field(default=())


def fetch_catalog(adapter: Adapter, send: Send) -> Catalog:
    """The models of one provider. Raises Failed when there is no list to show; an empty list of a
    hosted kind is no list."""
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
    kept = [row for row in rows if not is_hidden(row, call.hide)]
    items = _without_aliases(_unique(read_rows(kept, call.columns)))
    if not items and not spec.is_local:
        raise Failed(Outcome.REACHABLE_UNVERIFIED, "empty_list")
    shown = items[:MAX_ITEMS]
    return Catalog(
        items=tuple(_filled(adapter, shown)),
        dropped=len(items) - len(shown) + reader.passed_over,
        notes=(call.note,) if call.note else (),
    )


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
        self.passed_over = 0

    def _keep(self, fresh: list[Any]) -> list[Any]:
        kept: list[Any] = []
        for row in fresh:
            if self._room > 0 and self._weight < _MAX_NODES:
                self._room -= 1
                self._weight += _nodes(row)
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
            mark = tuple(id_of(row, call.columns) for row in fresh)
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


def _nodes(row: Any) -> int:
    """How many values a row is made of, itself included."""
    count, todo = 0, [row]
    while todo:
        item = todo.pop()
        count += 1
        if isinstance(item, dict):
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
    return count


def _next_page(
    call: ListCall, page: ListCall, data: Any, number: int, fresh: Sequence[Any]
) -> ListCall | None:
    """The call for the page after this one; None = this was the last."""
    pages = call.pages
    if pages.style == "none" or not fresh:
        return None
    if pages.style == "page":
        total = _count(first(data, pages.total_path))
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


def read_rows(rows: Iterable[Any], columns: Columns) -> list[CatalogItem]:
    """Items of the rows that have an id."""
    return [item for item in (_item(row, columns) for row in rows) if item]


def _item(row: Any, columns: Columns) -> CatalogItem | None:
    model_id = id_of(row, columns)
    if not model_id or len(model_id) > MAX_ID:
        return None
    inputs = _words(row, columns.inputs)
    sees = _flag(first(row, columns.vision))
    if inputs is None and sees is not None:
        inputs = ("text", "image") if sees else ("text",)
    elif inputs is not None and sees and "image" not in inputs:
        inputs = (*inputs, "image")
    return CatalogItem(
        model_id=model_id,
        name=_text(first(row, columns.name)),
        context_window=_count(first(row, columns.context_window)),
        max_output=_count(first(row, columns.max_output)),
        inputs=inputs,
        outputs=_words(row, columns.outputs),
        price_input=_price(first(row, columns.price_input), columns.price_per),
        price_output=_price(first(row, columns.price_output), columns.price_per),
        tools=_told(row, columns.tools, "tools"),
        reasoning=_told(row, columns.reasoning, "reasoning"),
        retires_at=_day(first(row, columns.retires_at)),
        aliases=tuple(
            name for name in _strings(first(row, columns.aliases)) if name and name != model_id
        ),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())[:MAX_ID]


def _count(value: Any) -> int | None:
    """A number of tokens; 0 and less say nothing."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,13}", value.strip()):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MAX_TOKENS:
        return int(value)
    return None


def _strings(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _words(row: Any, path: str) -> tuple[str, ...] | None:
    """Modalities in lower case, each once; None = none given."""
    words = [word.strip().lower()[:20] for word in _strings(first(row, path))]
    return tuple(dict.fromkeys(word for word in words if word.isalnum())) or None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _told(row: Any, path: str, word: str) -> bool | None:
    """A boolean, or a list that names the ability."""
    value = first(row, path)
    if isinstance(value, list):
        return word in _strings(value)
    return _flag(value)


def _price(value: Any, per: int) -> Decimal | None:
    """USD per million tokens; negative numbers stand for "it depends" and say nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        price = Decimal(str(value).strip()[:40]) * (1_000_000 // per)
    except InvalidOperation:
        return None
    if not price.is_finite() or not 0 <= price <= _MAX_PRICE:
        return None
    return price.normalize() if price else Decimal(0)


def _day(value: Any) -> date | None:
    """A date from ISO text or seconds since 1970."""
    try:
        if isinstance(value, str):
            return date.fromisoformat(value[:10])
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _unique(items: Iterable[CatalogItem]) -> list[CatalogItem]:
    found: dict[str, CatalogItem] = {}
    for item in items:
        found.setdefault(item.model_id, item)
    return list(found.values())


def _without_aliases(items: list[CatalogItem]) -> list[CatalogItem]:
    """One row a model where a list shows it under each of its names; "-latest" is kept, else the
    first. The others stay as `aliases` of it."""
    listed = {item.model_id: item for item in items}
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
    return replace(item, **gaps, filled=item.filled | set(gaps))


def _with_id_facts(item: CatalogItem, facts: Sequence[IdFact]) -> CatalogItem:
    for fact in facts:
        if re.search(fact.pattern, item.model_id, re.I):
            told = {"inputs": fact.inputs, "outputs": fact.outputs}
            gaps: dict[str, Any] = {
                name: value
                for name, value in told.items()
                if value is not None and getattr(item, name) is None
            }
            return replace(item, **gaps, filled=item.filled | set(gaps))
    return item
