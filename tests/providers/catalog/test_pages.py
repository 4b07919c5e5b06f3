"""Lists in pages, as compatible servers send them: read to their end, or said to go on."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from providers.catalog.fetch import MAX_PAGES, fetch_catalog
from providers.dialects.rows import count_in
from providers.http import Request
from providers.spec.outcomes import Failed, Outcome
from tests.providers.catalog.lists import ids
from tests.providers.replies import Answer, Script, local, make, reply

MANY = [{"id": f"m-{n:02}"} for n in range(33)]
ALL = [row["id"] for row in MANY]
BASE = "http://box.lan:8000/v1/models"


def asked(request: Request) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.url).query))


def part(start: int, size: int = 12) -> tuple[list[dict[str, str]], bool]:
    return MANY[start : start + size], start + size < len(MANY)


def after_id(name: str) -> Any:
    def answer(request: Request) -> Answer:
        last = asked(request).get(name)
        start = 0 if last is None else ALL.index(last) + 1
        rows, more = part(start)
        return reply(200, {"data": rows, "has_more": more, "last_id": rows[-1]["id"]})

    return answer


def no_last_id(request: Request) -> Answer:
    rows, more = part(ALL.index(asked(request)["after"]) + 1 if "?" in request.url else 0)
    return reply(200, {"object": "list", "data": rows, "has_more": more})


def token(name: str, param: str, box: str = "") -> Any:
    def answer(request: Request) -> Answer:
        start = int(asked(request).get(param, "0"))
        rows, more = part(start)
        onward = {name: str(start + 12) if more else ""}
        return reply(200, {"models": rows, **({box: onward} if box else onward)})

    return answer


def numbered(name: str, total: dict[str, int], *, param: str = "", box: str = "", first: int = 1):
    def answer(request: Request) -> Answer:
        number = int(asked(request).get(param or name, first))
        rows, _ = part((number - first) * 12)
        facts = {name: number, "page_size": 12, **total}
        return reply(200, {"data": rows, **({box: facts} if box else facts)})

    return answer


def by_offset(request: Request) -> Answer:
    start = int(asked(request).get("offset", 0))
    return reply(200, {"items": part(start)[0], "total": 33, "offset": start, "limit": 12})


def total_alone(request: Request) -> Answer:
    number = int(asked(request).get("page", 1))
    return reply(200, {"data": part((number - 1) * 12)[0], "total": 33})


def link(shape: Any, head: str = BASE) -> Any:
    def answer(request: Request) -> Answer:
        start = int(asked(request).get("from", 0))
        rows, more = part(start)
        return reply(200, {"data": rows, **(shape(f"{head}?from={start + 12}") if more else {})})

    return answer


def link_header(request: Request) -> Answer:
    start = int(asked(request).get("cursor", 0))
    rows, more = part(start)
    line = f'<{BASE}?cursor=0>; rel="first", <{BASE}?cursor={start + 12}>; rel="next"'
    return reply(200, rows, link=line if more else "")


def on_other_paths(request: Request) -> Answer:
    start = int(urlsplit(request.url).path.rpartition("/")[2].replace("models", "0"))
    rows, more = part(start)
    return reply(200, {"data": rows, "next": f"/v1/models/{start + 12}" if more else None})


@pytest.mark.parametrize(
    "answer",
    [
        *(after_id("after"), after_id("after_id"), no_last_id),
        *(token("nextPageToken", "pageToken"), token("next_page_token", "page_token")),
        *(token("next_cursor", "cursor", "meta"), token("next_page", "page")),
        *(numbered("page", {"total": 33}), numbered("page_no", {"total": 33}, box="output")),
        numbered("page", {"total_count": 33}, box="result_info"),
        numbered("current_page", {"last_page": 3}, param="page"),
        numbered("page", {"total_pages": 3}, box="pagination"),
        numbered("pageNumber", {"totalCount": 33}, first=0),
        *(by_offset, total_alone, link_header, on_other_paths),
        *(link(lambda to: {"next": to}), link(lambda to: {"links": {"next": to}})),
        link(lambda to: {"next": {"href": to}}),
        link(lambda to: {"next_page_url": to}, "/v1/models"),
        link(lambda to: {"pagination": {"next": to}}, ""),
        link(lambda to: {"next": to}, "https://inner.example/v1/models"),
    ],
)
def test_a_compatible_list_is_read_to_its_end(answer: Any) -> None:
    for adapter in (local(), make("openai")):
        script = Script(by=answer)
        catalog = fetch_catalog(adapter, script)
        assert ids(catalog) == ALL
        assert (catalog.dropped, catalog.notes) == (0, ())
        assert len(script.requests) == 3


def test_s5_no_link_takes_the_key_to_another_origin() -> None:
    for to in ("https://evil.example/v1/models?from=12", "//evil.example/v1/models?from=12"):
        script = Script(by=link(lambda _, to=to: {"next": to}))
        fetch_catalog(local(), script)
        assert {urlsplit(url).netloc for url in script.urls} == {"box.lan:8000"}


@pytest.mark.parametrize(
    "onward",
    [
        *(
            {"has_more": True, "last_id": "m-11"},
            {"next": f"{BASE}?page=2"},
            {"total": 33, "page": 1},
        ),
        *({"nextPageToken": "same"}, {"next": "https://evil.example/other"}, {"total": 33}),
        *({"next": {"href": "http://[bad"}}, {"next": "http://box.lan:8000/{key}?a=b"}),
    ],
)
def test_a_list_that_does_not_go_on_as_it_says_is_told_to_go_on(onward: dict[str, Any]) -> None:
    script = Script(by=lambda request: reply(200, {"data": MANY[:12], **onward}))
    catalog = fetch_catalog(local(), script)
    assert ids(catalog) == ALL[:12]
    assert (catalog.dropped, catalog.notes) == (0, ("goes_on",))
    assert len(script.requests) <= 2


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_page_that_was_guessed_and_is_refused_leaves_what_came(status: int) -> None:
    first = reply(200, {"data": MANY[:12], "has_more": True})
    script = Script(first, reply(status, {"error": {"message": "unknown parameter"}}))
    catalog = fetch_catalog(make("openai"), script)
    assert (ids(catalog), catalog.notes) == (ALL[:12], ("goes_on",))


@pytest.mark.parametrize("status", [401, 429, 503])
def test_a_fault_in_the_middle_fails_the_fetch(status: int) -> None:
    """The list that is stored is better than a part."""
    first = reply(200, {"data": MANY[:12], "has_more": True})
    with pytest.raises(Failed):
        fetch_catalog(local(), Script(first, reply(status, {"error": {"message": "no"}})))


def test_s7_pages_without_end_are_bounded_in_number_and_bytes() -> None:
    def endless(request: Request) -> Answer:
        number = len(script.requests)
        return reply(200, {"data": [{"id": f"m{number}"}], "next_cursor": str(number)})

    script = Script(by=endless)
    catalog = fetch_catalog(local(), script)
    assert (len(catalog.items), catalog.notes) == (MAX_PAGES, ("goes_on",))
    full = Failed(Outcome.UNEXPECTED_RESPONSE, "too_large")
    script = Script(reply(200, {"data": MANY[:12], "has_more": True}), full)
    assert fetch_catalog(local(), script).notes == ("goes_on",)


def test_dashscope_is_read_to_its_total_whatever_a_page_holds() -> None:
    def answer(request: Request) -> Answer:
        number = int(asked(request)["page_no"])
        rows = [{"model": row["id"]} for row in part((number - 1) * 12)[0]]
        return reply(200, {"output": {"total": 33, "page_size": 12, "models": rows}})

    script = Script(by=answer)
    assert ids(fetch_catalog(make("dashscope"), script)) == ALL
    assert len(script.requests) == 3


@pytest.mark.parametrize(
    "rest",
    [
        *({"has_more": False, "last_id": "m-32"}, {"next": None}, {"next": ""}, {"total": 33}),
        *({"total": 33, "page": 1, "page_size": 50}, {"nextPageToken": ""}, {"next_page": None}),
        *({"total_pages": 1, "page": 1}, {"links": {"next": None}}, {"total": "many"}),
    ],
)
def test_a_whole_list_is_asked_for_once(rest: dict[str, Any]) -> None:
    script = Script(reply(200, {"data": MANY, **rest}))
    catalog = fetch_catalog(local(), script)
    assert (ids(catalog), catalog.notes) == (ALL, ())


def test_a_pattern_is_no_model_and_is_counted() -> None:
    rows = [{"id": name} for name in ("openai/*", "*", "a*", "openai/gpt-5", "b/*/c")]
    catalog = fetch_catalog(local(), Script(reply(200, {"data": rows})))
    assert ids(catalog) == ["a*", "openai/gpt-5", "b/*/c"]
    assert (catalog.dropped, catalog.notes) == (2, ("other 2",))
    call = local().spec.list_call
    assert call is not None
    assert count_in({"data": rows}, call) == 3


def test_every_row_that_is_not_kept_is_counted() -> None:
    rows = [None, {"id": "a"}, {"id": "a"}, {"id": {}}, "b", {"id": "x" * 301}, 7]
    catalog = fetch_catalog(local("vllm"), Script(reply(200, {"data": rows})))
    assert ids(catalog) == ["a", "b"]
    assert (catalog.dropped, catalog.notes) == (5, ("unnamed 4", "other 1"))
