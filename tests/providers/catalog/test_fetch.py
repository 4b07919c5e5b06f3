"""Model lists: pages, what stands in where there is no list, an equal list known again."""

import copy
from datetime import date
from typing import Any

import pytest

from providers.catalog import fetch as fetching
from providers.catalog.fetch import Catalog, _nodes, fetch_catalog
from providers.http import Request
from providers.spec.outcomes import Failed
from tests.providers.catalog.lists import failure, fetch, ids
from tests.providers.replies import GONE, Answer, Script, make, reply

# Pages -----------------------------------------------------------------------------------------


def test_a_cursor_is_followed_while_there_is_more() -> None:
    pages = [
        {"data": [{"id": "a"}], "has_more": True, "last_id": "a"},
        {"data": [{"id": "b"}], "has_more": False, "last_id": "b"},
    ]
    script = Script(*(reply(200, page) for page in pages))
    assert ids(fetch_catalog(make("anthropic"), script)) == ["a", "b"]
    assert script.urls == [
        "https://api.anthropic.com/v1/models?limit=1000",
        "https://api.anthropic.com/v1/models?limit=1000&after_id=a",
    ]


def test_a_token_is_followed_until_it_is_gone() -> None:
    pages = [
        {"models": [{"name": "models/a"}], "nextPageToken": "t/2="},
        {"models": [{"name": "models/b"}]},
    ]
    script = Script(*(reply(200, page) for page in pages))
    assert ids(fetch_catalog(make("gemini"), script)) == ["a", "b"]
    assert script.urls[1].endswith("/v1beta/models?pageSize=1000&pageToken=t%2F2%3D")


def test_numbered_pages_end_at_the_total() -> None:
    def page(number: int, count: int) -> dict[str, Any]:
        rows = [{"model": f"m{number}-{n}"} for n in range(count)]
        return {"success": True, "output": {"total": 150, "page_no": number, "models": rows}}

    script = Script(reply(200, page(1, 100)), reply(200, page(2, 50)))
    assert len(fetch_catalog(make("dashscope"), script).items) == 150
    assert script.urls[1].endswith("page_size=100&page_no=2")


def test_a_link_gives_the_query_and_never_the_host() -> None:
    pages = [
        {"data": [{"id": "a"}], "links": {"next": "https://evil.example/steal?offset=1&limit=1"}},
        {"data": [{"id": "b"}], "links": {"next": None}},
    ]
    script = Script(*(reply(200, page) for page in pages))
    assert ids(fetch_catalog(make("openrouter"), script)) == ["a", "b"]
    assert script.urls[1] == (
        "https://openrouter.ai/api/v1/models?output_modalities=all&offset=1&limit=1"
    )


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        ("anthropic", {"data": [{"id": "a"}], "has_more": True, "last_id": "a"}),
        ("gemini", {"models": [{"name": "models/a"}], "nextPageToken": "same"}),
        ("openrouter", {"data": [{"id": "a"}], "links": {"next": "?offset=1"}}),
        ("dashscope", {"output": {"total": 10**9, "models": [{"model": "a"}]}}),
    ],
)
def test_a_list_that_repeats_itself_ends(kind: str, page: Any) -> None:
    script = Script(by=lambda request: reply(200, page))
    assert ids(fetch_catalog(make(kind), script)) == ["a"]
    assert len(script.requests) == 2


def test_a_list_without_end_is_cut_at_fifty_pages() -> None:
    def answer(request: Request) -> Answer:
        number = len(script.requests)
        data = [{"id": f"m{number}"}]
        return reply(200, {"data": data, "has_more": True, "last_id": f"m{number}"})

    script = Script(by=answer)
    assert len(fetch_catalog(make("anthropic"), script).items) == 50
    assert len(script.requests) == 50


def test_a_page_that_fails_fails_the_fetch() -> None:
    first = reply(200, {"data": [{"id": "a"}], "has_more": True, "last_id": "a"})
    broken = reply(500, {"error": {"type": "api_error"}})
    assert failure(make("anthropic"), first, broken) == ("server_error", "")


def test_models_over_the_cap_are_counted_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MAX_ITEMS", 10)
    rows = [{"id": f"m{n}"} for n in range(25)]
    catalog = fetch(make("openai"), {"data": rows})
    assert (len(catalog.items), catalog.dropped) == (10, 15)


def test_rows_that_would_fill_the_memory_are_counted_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fetching, "_MAX_NODES", 500)
    junk = [[0] * 10] * 20
    first, second = [{"id": "a0", "junk": junk}], [{"id": f"b{n}", "junk": junk} for n in range(9)]
    pages = (
        {"data": first, "has_more": True, "last_id": "a0"},
        {"data": second, "has_more": False, "last_id": "b8"},
    )
    catalog = fetch(make("anthropic"), *pages)
    assert len(catalog.items) + catalog.dropped == 10
    assert len(catalog.items) < 5


def test_a_row_weighs_its_long_texts_too() -> None:
    assert _nodes([{"id": "a", "text": "x" * 10_000}]) == 103
    assert _nodes([{"id": "a", "tags": ["b", "c"]}, "d"]) == 6


# Where there is no list ------------------------------------------------------------------------


def test_static_names_need_no_call_and_no_key() -> None:
    catalog = fetch(make("byteplus_coding_plan", key=""))
    assert catalog.source == "static"
    assert "ark-code-latest" in ids(catalog)
    assert ids(fetch(make("openai_codex", key="")))[0] == "openai-codex/gpt-5.6-sol"


def test_a_missing_optional_list_gives_way_to_the_static_one() -> None:
    catalog = fetch_catalog(make("zhipu"), Script(GONE))
    assert catalog.source == "static"
    assert "glm-5.2" in ids(catalog)


def test_an_empty_hosted_list_is_no_list() -> None:
    answer = reply(200, {"data": []})
    assert failure(make("openai"), answer) == ("reachable_unverified", "empty_list")
    assert ids(fetch(make("ollama", key=""), {"models": []})) == []


def test_a_public_list_comes_without_a_key() -> None:
    assert ids(fetch(make("openrouter", key=""), {"data": [{"id": "a"}]})) == ["a"]
    assert failure(make("openai", key="")) == ("missing_config", "")
    assert failure(make("openai", key="${KEY}")) == ("reference", "")
    script = Script(reply(200, {"data": [{"id": "a"}]}))
    assert ids(fetch_catalog(make("openrouter", key="${KEY}"), script)) == ["a"]
    assert script.requests[0].headers == {}  # a reference is never sent as if it were the key


def test_the_next_alternative_is_tried_only_where_a_list_is_absent() -> None:
    compatible = reply(200, {"data": [{"id": "qwen-max"}]})
    script = Script(GONE, compatible)
    assert ids(fetch_catalog(make("dashscope"), script)) == ["qwen-max"]
    assert script.urls[1] == "https://dashscope.aliyuncs.com/compatible-mode/v1/models"
    refused = reply(401, {"code": "InvalidApiKey"})
    assert failure(make("dashscope"), refused) == ("bad_key", "region_or_plan")
    page = reply(200, text="<html>")
    assert failure(make("dashscope"), page) == ("unexpected_response", "html")


@pytest.mark.parametrize("kind", ["custom", "ollama", "openai"])
@pytest.mark.parametrize("rest", [GONE, reply(200, text="<html>"), reply(200, {"error": "no"})])
def test_a_list_at_another_base_is_suggested_and_not_taken(kind: str, rest: Answer) -> None:
    listed = reply(200, {"data": [{"id": "a"}]})
    base = "http://box.lan:8000"
    script = Script(by=lambda request: listed if request.url == f"{base}/v1/models" else rest)
    with pytest.raises(Failed) as caught:
        fetch_catalog(make(kind, api_base=f"{base}/v1/chat/completions"), script)
    told = caught.value.verdict
    assert (told.outcome.value, told.detail) == ("bad_endpoint", "suggest_base")
    assert told.params["base"] == f"{base}/v1"


def test_a_hop_to_the_same_path_with_a_slash_is_followed() -> None:
    base = "https://llm.example.com/v1"
    answers = {
        f"{base}/models": reply(307, location="/v1/models/"),
        f"{base}/models/": reply(200, {"data": [{"id": "a"}]}),
    }
    script = Script(by=lambda request: answers[request.url])
    assert ids(fetch_catalog(make("custom", api_base=base), script)) == ["a"]


def test_azure_says_that_it_lists_base_models() -> None:
    adapter = make("azure_openai", api_base="https://x.openai.azure.com", deployments=("d",))
    assert fetch(adapter, {"data": [{"id": "gpt-5.4"}]}).notes == ("base_models",)


# Again without a change -------------------------------------------------------------------------


def again(data: Any, *, kind: str = "openai", known: str = "") -> Catalog:
    return fetch_catalog(make(kind), Script(reply(200, data)), known=known)


def test_an_equal_list_is_known_and_not_read_again() -> None:
    listed = {"data": [{"id": "a", "n": 1.5}, {"id": "b", "tags": ["x", None]}]}
    first = again(listed)
    assert not first.is_known
    second = again(copy.deepcopy(listed), known=first.digest)
    assert second.is_known
    assert (second.items, second.digest) == ((), first.digest)


@pytest.mark.parametrize(
    "rows",
    [
        [{"id": "a"}],
        [{"id": "b"}, {"id": "a"}],
        [{"id": "a"}, {"id": "b", "name": "B"}],
        [{"id": "a"}, {"id": "b"}, {"id": "c"}],
    ],
)
def test_any_other_list_is_read(rows: list[dict[str, str]]) -> None:
    known = again({"data": [{"id": "a"}, {"id": "b"}]}).digest
    found = again({"data": rows}, known=known)
    assert not found.is_known
    assert [item.model_id for item in found.items] == [row["id"] for row in rows]


def test_what_reads_rows_otherwise_reads_them_again(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {"data": [{"id": "a"}]}
    known = again(listed).digest
    assert not again(listed, kind="groq", known=known).is_known
    monkeypatch.setattr(fetching, "SNAPSHOT_DATE", date(2027, 1, 1))
    assert not again(listed, known=known).is_known
    monkeypatch.undo()
    assert again(listed, known=known).is_known
    monkeypatch.setattr(fetching, "_READERS", b"an update of this site")
    assert not again(listed, known=known).is_known
