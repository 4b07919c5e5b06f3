"""How a model list goes on: as its kind declares it, else as compatible servers do it. Pure.

What came decides, not what was asked for: a server may give fewer rows a page than it was asked
for. Nothing here leaves the origin that the list came from.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin

from providers.catalog.items import count_of
from providers.dialects.rows import first
from providers.http import BadURL, origin_of, parse_target
from providers.spec.kind import ListCall

_BOXES = (
    *("data", "result", "results", "output", "meta", "metadata", "pagination", "paging"),
    *("page", "page_info", "pageInfo", "result_info", "links", "_links", "cursors"),
)
_LINKS = ("next", "next_url", "nextUrl", "next_link", "nextLink", "next_page_url", "nextPageUrl")
_TOKENS = {  # name in the answer -> parameter of the next call
    "nextPageToken": "pageToken",
    "next_page_token": "page_token",
    "nextToken": "nextToken",
    "next_token": "next_token",
    "nextCursor": "cursor",
    "next_cursor": "cursor",
}
_MORE = ("has_more", "hasMore", "has_next", "hasNext", "has_next_page", "hasNextPage")
_LAST = ("last_id", "lastId", "after", "after_id", "endCursor", "end_cursor")
_TOTALS = ("total", "total_count", "totalCount", "total_items", "totalItems", "totalSize")
_LAST_PAGES = ("total_pages", "totalPages", "last_page", "lastPage", "page_count", "pages")
_PAGES = (
    *("page", "page_no", "pageNo", "page_num", "pageNum", "page_number", "pageNumber"),
    *("current_page", "currentPage"),
)
_OFFSETS = ("offset", "skip", "start")
_LINK_HEADER = re.compile(r"""<([^<>]{1,2000})>\s*;[^<,]{0,200}?\brel\s*=\s*"?next\b""", re.I)
_QUERY_LENGTH = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page that came: the call and the address it was asked by, and what it held."""

    call: ListCall
    url: str
    data: Any
    headers: Mapping[str, str]
    rows: list[Any]
    last_id: str = ""  # of its rows, "" = none
    came: int = 0  # rows of this page and those before


@dataclass(frozen=True, slots=True)
class Onward:
    """`call` fetches the next page; None where the list goes on and nobody says how."""

    call: ListCall | None
    is_declared: bool = False


def next_page(first_call: ListCall, page: Page) -> Onward | None:
    """What comes after this page; None = it was the last."""
    if not page.rows:
        return None
    style = first_call.pages.style
    if style != "none":
        declared = _declared(first_call, page)
        if declared or style == "page":
            return Onward(declared, is_declared=True) if declared else None
    return _guessed(first_call, page)


def _declared(call: ListCall, page: Page) -> ListCall | None:
    pages, data = call.pages, page.data
    if pages.style == "page":
        total = count_of(first(data, pages.total_path))
        if total is not None and page.came >= total:
            return None
        return with_query(call, pages.param, str(int(dict(page.call.query)[pages.param]) + 1))
    if pages.more_path and first(data, pages.more_path) is not True:
        return None
    onward = first(data, pages.next_path)
    if not isinstance(onward, str) or not onward:
        return None
    if pages.style == "link":
        return _linked(call, page, onward)
    is_same = onward == dict(page.call.query).get(pages.param)
    return None if is_same else with_query(call, pages.param, onward)


def with_query(call: ListCall, *pairs: str) -> ListCall:
    """The call with these names and values, in turn, in its query."""
    names, values = pairs[::2], pairs[1::2]
    others = tuple(pair for pair in call.query if pair[0] not in names)
    return replace(call, query=(*others, *zip(names, values, strict=True)))


# As others do it --------------------------------------------------------------------------------


def _guessed(call: ListCall, page: Page) -> Onward | None:
    boxes = _boxes(page.data)
    match = _LINK_HEADER.search(page.headers.get("link", "")[:8_000])
    link = _link(_said(boxes, _LINKS)) or (match[1] if match else "")
    if link:
        return Onward(_linked(call, page, link))
    for name, param in _TOKENS.items():
        if token := _text(_said(boxes, (name,))):
            return Onward(_new(page, with_query(call, param, token)))
    number = _said(boxes, ("next_page", "nextPage"))
    if text := _text(number):
        return Onward(_new(page, with_query(call, "page", text)))
    if _said(boxes, _MORE) is True:
        return Onward(_numbered(call, page, boxes) or _after(call, page, boxes))
    return _by_total(call, page, boxes)


def _after(call: ListCall, page: Page, boxes: list[dict[str, Any]]) -> ListCall | None:
    """By the last row's id. Servers call it `after` or `after_id`, and ignore the other one."""
    last = _text(_said(boxes, _LAST)) or page.last_id
    return _new(page, with_query(call, "after", last, "after_id", last)) if last else None


def _by_total(call: ListCall, page: Page, boxes: list[dict[str, Any]]) -> Onward | None:
    total, pages = count_of(_said(boxes, _TOTALS)), count_of(_said(boxes, _LAST_PAGES))
    name, number = _number(boxes, _PAGES)
    is_more = total is not None and page.came < total
    if not is_more and (total is not None or pages is None or name == "" or number >= pages):
        return None
    return Onward(_numbered(call, page, boxes) or _new(page, _second(call, page)))


def _numbered(call: ListCall, page: Page, boxes: list[dict[str, Any]]) -> ListCall | None:
    """The page after the one whose number the answer tells, or from the offset on."""
    name, number = _number(boxes, _PAGES)
    if name:
        param = "page" if name.startswith("current") else name
        return _new(page, with_query(call, param, str(number + 1)))
    name, number = _number(boxes, _OFFSETS)
    return _new(page, with_query(call, name, str(page.came))) if name else None


def _second(call: ListCall, page: Page) -> ListCall:
    """Where only a total says that there is more, pages are probably numbered from 1."""
    asked = dict(page.call.query).get("page", "1")
    return with_query(call, "page", str(int(asked) + 1))


def _linked(call: ListCall, page: Page, link: str) -> ListCall | None:
    """The place that a link names, on the same origin; of one elsewhere only its query counts."""
    query = dict(parse_qsl(link.partition("#")[0].partition("?")[2], keep_blank_values=True))
    url = call.url
    try:
        target = urljoin(page.url, link)
        here, there = parse_target(page.url), parse_target(target.partition("#")[0])
        if origin_of(page.url) == there.origin and here.path != there.path:
            url = there.origin + there.path
    except (BadURL, ValueError):
        if not query:
            return None
    return _new(page, replace(call, url=url, query=tuple({**dict(call.query), **query}.items())))


def _new(page: Page, call: ListCall) -> ListCall | None:
    """Not the page that has just come again, nor one with a query of any length."""
    is_new = (call.url, call.query) != (page.call.url, page.call.query)
    return call if is_new and len(urlencode(call.query)) <= _QUERY_LENGTH else None


def _boxes(data: Any) -> list[dict[str, Any]]:
    """Objects of an answer that may say how it goes on."""
    if not isinstance(data, dict):
        return []
    return [data, *(data[name] for name in _BOXES if isinstance(data.get(name), dict))]


def _said(boxes: list[dict[str, Any]], names: Sequence[str]) -> Any:
    found = (box[name] for box in boxes for name in names if box.get(name) is not None)
    return next((value for value in found if value != ""), None)


def _number(boxes: list[dict[str, Any]], names: Sequence[str]) -> tuple[str, int]:
    """The first name that holds a whole number; ("", 0) = none does."""
    for box in boxes:
        for name in names:
            value = box.get(name)
            if type(value) is int and 0 <= value <= 1_000_000:
                return name, value
    return "", 0


def _link(value: Any) -> str:
    """An address, an absolute path or a query; also within an object."""
    if isinstance(value, dict):
        value = value.get("href") or value.get("url")
    is_link = isinstance(value, str) and value.startswith(("http://", "https://", "/", "?"))
    return str(value).strip() if is_link else ""


def _text(value: Any) -> str:
    """A token, or a number as one; "" = none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)
    return text if len(text) <= _QUERY_LENGTH else ""
