"""Model lists: pages, rows of any shape, each kind's own facts, gaps filled and marked."""

import contextlib
import copy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers import catalogs
from providers.adapters import Adapter, Entered, adapter_for
from providers.catalogs import Catalog, _nodes, fetch_catalog
from providers.http import Request
from providers.items import CatalogItem, read_rows
from providers.outcomes import Failed
from providers.registry import KINDS
from providers.secret import Secret
from providers.specs import Columns
from tests.providers.replies import Answer, Script, reply

GONE = reply(404, {"error": "nothing here"})


def make(kind: str, *, key: str = "sk-test-key-0123", **entered: Any) -> Adapter:
    secrets = {"api_key": Secret(key)} if key else {}
    return adapter_for(KINDS[kind], Entered(**{"secrets": secrets, **entered}))


def fetch(adapter: Adapter, *data: Any) -> Catalog:
    """Fetches with exactly these pages as answers."""
    script = Script(*(reply(200, page) for page in data))
    catalog = fetch_catalog(adapter, script)
    assert len(script.requests) == len(data)
    return catalog


def ids(catalog: Catalog) -> list[str]:
    return [item.model_id for item in catalog.items]


def one(catalog: Catalog, model_id: str) -> CatalogItem:
    return next(item for item in catalog.items if item.model_id == model_id)


def failure(adapter: Adapter, *answers: Answer) -> tuple[str, str]:
    with pytest.raises(Failed) as caught:
        fetch_catalog(adapter, Script(*answers))
    return caught.value.verdict.outcome.value, caught.value.verdict.detail


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
    monkeypatch.setattr(catalogs, "MAX_ITEMS", 10)
    rows = [{"id": f"m{n}"} for n in range(25)]
    catalog = fetch(make("openai"), {"data": rows})
    assert (len(catalog.items), catalog.dropped) == (10, 15)


def test_rows_that_would_fill_the_memory_are_counted_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalogs, "_MAX_NODES", 500)
    rows = [{"id": f"m{n}", "junk": [[0] * 10] * 20} for n in range(9)]
    catalog = fetch(make("openai"), {"data": rows})
    assert len(catalog.items) + catalog.dropped == 9
    assert len(catalog.items) < 5


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


def test_azure_says_that_it_lists_base_models() -> None:
    adapter = make("azure_openai", api_base="https://x.openai.azure.com", deployments=("d",))
    assert fetch(adapter, {"data": [{"id": "gpt-5.4"}]}).notes == ("base_models",)


# Rows ------------------------------------------------------------------------------------------

COLUMNS = Columns(
    items=("data", "models", ""),
    model_id=("id", "name"),
    strip="models/",
    name="name",
    context_window=("a.window", "window"),
    max_output="out",
    inputs="in",
    outputs="made",
    vision="vision",
    tools="tools",
    reasoning="reasoning",
    price_input="price.in",
    price_output="price.out",
    price_per=1,
    retires_at="ends",
    aliases="aliases",
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda child: (
        st.lists(child, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "name", "a", "window", "in", "tools", "price", "ends"]),
            child,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(values, max_size=3))
def test_no_row_can_break_the_reading(rows: list[Any]) -> None:
    for item in read_rows(rows, COLUMNS):
        assert 0 < len(item.model_id) <= 300
        assert item.context_window is None or item.context_window > 0
        assert item.price_input is None or item.price_input >= 0
        assert item.inputs is None or all(isinstance(word, str) for word in item.inputs)
        assert hash(item)


@settings(max_examples=80, deadline=None)
@given(kind=st.sampled_from([k for k, s in KINDS.items() if s.list_call]), data=values)
def test_no_answer_can_break_a_fetch(kind: str, data: Any) -> None:
    adapter = make(
        kind,
        api_base="https://x.example/v1" if not KINDS[kind].api_base else "",
        values={"region": "us-east-1"},
        deployments=("d",),
    )
    wrapped = {"data": [data], "models": [data], "modelSummaries": [data],
               "inferenceProfileSummaries": [data], "output": {"models": [data]}}  # fmt: skip
    with contextlib.suppress(Failed):
        fetch_catalog(adapter, Script(by=lambda request: reply(200, wrapped)))


def test_wrong_types_leave_a_gap_and_nothing_else() -> None:
    row = {
        "id": "m",
        "name": ["no"],
        "window": "128000",
        "out": -1,
        "in": "text",
        "made": ["Text", "IMAGE", "text", 7],
        "tools": "yes",
        "price": {"in": "0.00000015", "out": "-1"},
        "ends": "soon",
    }
    assert read_rows([row], COLUMNS) == [
        CatalogItem(
            model_id="m",
            context_window=128_000,
            outputs=("text", "image"),
            price_input=Decimal("0.15"),
        )
    ]


@pytest.mark.parametrize(
    "row", [None, 7, [], {}, {"id": 5}, {"id": ""}, {"id": "x" * 301}, {"id": "a\nb"}]
)
def test_a_row_without_a_usable_id_is_passed_over(row: Any) -> None:
    assert read_rows([row, "plain"], COLUMNS) == [CatalogItem(model_id="plain")]


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2027-01-31", date(2027, 1, 31)),
        ("2027-01-31T10:00:00Z", date(2027, 1, 31)),
        (1_800_000_000, date(2027, 1, 15)),
        (10**19, None),
        (True, None),
        ("", None),
    ],
)
def test_a_day_is_read_from_text_or_seconds(value: Any, day: date | None) -> None:
    assert read_rows([{"id": "m", "ends": value}], COLUMNS)[0].retires_at == day


def test_vision_adds_images_to_what_goes_in() -> None:
    for row, inputs in (
        ({"id": "m", "vision": True}, ("text", "image")),
        ({"id": "m", "vision": False}, ("text",)),
        ({"id": "m", "vision": True, "in": ["audio"]}, ("audio", "image")),
        ({"id": "m"}, None),
    ):
        assert read_rows([row], COLUMNS)[0].inputs == inputs


def test_an_id_that_comes_twice_is_kept_once() -> None:
    assert ids(fetch(make("openai"), {"data": [{"id": "a"}, {"id": "a"}, {"id": "b"}]})) == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"data": [{"id": "a"}]},
        {"models": [{"name": "a"}]},
        [{"model": "a"}],
        ["a"],
        {"data": ["a"]},
        [{"key": "a", "max_model_len": 5}],
    ],
)
def test_a_custom_server_may_answer_in_any_known_shape(data: Any) -> None:
    assert ids(fetch(make("custom", api_base="https://x.example/v1"), data)) == ["a"]


# The kinds -------------------------------------------------------------------------------------


def test_openrouters_prices_become_dollars_per_million_tokens() -> None:
    row = {
        "id": "qwen/qwen3.8-flash",
        "name": "Qwen",
        "context_length": 1_000_000,
        "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        "pricing": {"prompt": "0.00000015", "completion": "0.00000047"},
        "top_provider": {"max_completion_tokens": 65_536},
        "supported_parameters": ["tools"],
        "expiration_date": "2027-02-01",
    }
    item = fetch(make("openrouter"), {"data": [row]}).items[0]
    assert (item.price_input, item.price_output) == (Decimal("0.15"), Decimal("0.47"))
    assert (item.tools, item.reasoning) == (True, False)
    assert item.inputs == ("text", "image")
    assert item.retires_at == date(2027, 2, 1)
    assert item.filled == frozenset()


def test_a_routed_model_has_the_widest_window_and_the_lowest_live_price() -> None:
    offers = [
        {"status": "live", "context_length": 100, "pricing": {"input": 2, "output": 9},
         "supports_tools": False},
        {"status": "live", "context_length": 300, "pricing": {"input": 3, "output": 4.5},
         "supports_tools": True},
        {"status": "error", "context_length": 900, "pricing": {"input": 0.1, "output": 0.1}},
        "junk",
    ]  # fmt: skip
    item = fetch(make("huggingface"), {"data": [{"id": "org/new", "providers": offers}]}).items[0]
    assert item.context_window == 300
    assert (item.price_input, item.price_output) == (Decimal(2), Decimal("4.5"))
    assert item.tools is True


DASHSCOPE = {
    "model": "qwen-new",
    "name": "Qwen New",
    "capabilities": ["TG", "Reasoning", "VU"],
    "features": ["function-calling"],
    "inference_metadata": {"request_modality": ["Text", "Image"], "response_modality": ["Text"]},
    "model_info": {"context_window": 1_000_000, "max_output_tokens": 65_536},
    "prices": [
        {"prices": [{"type": "input_token", "price": "0.30", "price_unit": "Per 1M tokens"}]},
        {"prices": [
            {"type": "input_token", "price": "0.15", "price_unit": "Per 1M tokens"},
            {"type": "output_token", "price": "0.47", "price_unit": "Per 1M tokens"},
            {"type": "image", "price": "9", "price_unit": "Per image"},
        ]},
    ],
}  # fmt: skip


def test_dashscopes_prices_count_only_where_they_are_in_dollars() -> None:
    page = {"output": {"total": 1, "models": [DASHSCOPE]}}
    chinese = fetch(make("dashscope"), page).items[0]
    assert (chinese.price_input, chinese.price_output) == (None, None)
    assert (chinese.inputs, chinese.outputs) == (("text", "image"), ("text",))
    assert chinese.reasoning is True
    intl = make("dashscope", api_base="https://dashscope-intl.aliyuncs.com/compatible-mode/v1")
    assert fetch(intl, page).items[0].price_input == Decimal("0.15")
    lookalike = make("dashscope", api_base="https://dashscope-intl.aliyuncs.com.x.example/v1")
    assert fetch(lookalike, page).items[0].price_input is None


def test_dashscopes_codes_stand_in_for_modalities() -> None:
    rows = [{"model": "wan", "capabilities": ["VG"]}, {"model": "odd", "capabilities": "VG"}]
    catalog = fetch(make("dashscope"), {"output": {"total": 2, "models": rows}})
    assert one(catalog, "wan").outputs == ("video",)
    assert one(catalog, "odd").outputs is None


def test_geminis_methods_tell_what_a_model_makes() -> None:
    def row(name: str, *methods: str) -> dict[str, Any]:
        return {"name": f"models/{name}", "supportedGenerationMethods": list(methods)}

    catalog = fetch(
        make("gemini"),
        {
            "models": [
                row("gemini-9-pro", "generateContent"),
                row("gemini-9-flash-image", "generateContent"),
                row("gemini-9-tts", "generateContent"),
                row("veo-9", "predictLongRunning"),
                row("imagen-9", "predict"),
                row("embedding-9", "embedContent"),
                row("odd-9"),
            ]
        },
    )
    assert {item.model_id: item.outputs for item in catalog.items} == {
        "gemini-9-pro": ("text",),
        "gemini-9-flash-image": ("text", "image"),
        "gemini-9-tts": ("audio",),
        "veo-9": ("video",),
        "imagen-9": ("image",),
        "embedding-9": ("embedding",),
        "odd-9": None,
    }
    pro = one(catalog, "gemini-9-pro")
    assert pro.inputs == ("text", "image")
    assert pro.filled == {"inputs"}


ARN = "arn:aws:bedrock:us-east-1::foundation-model/"
FOUNDATION = {
    "modelSummaries": [
        {"modelId": "amazon.nova", "modelName": "Nova", "inputModalities": ["TEXT", "IMAGE"],
         "outputModalities": ["TEXT"], "inferenceTypesSupported": ["ON_DEMAND"],
         "modelLifecycle": {"status": "LEGACY", "endOfLifeTime": "2027-03-01T00:00:00Z"}},
        {"modelId": "anthropic.big", "inputModalities": ["TEXT", "IMAGE"],
         "outputModalities": ["TEXT"], "inferenceTypesSupported": ["INFERENCE_PROFILE"]},
        {"modelId": "x.provisioned", "inferenceTypesSupported": ["PROVISIONED"]},
    ]
}  # fmt: skip
PROFILES = [
    {
        "inferenceProfileSummaries": [
            {"inferenceProfileId": "us.anthropic.big", "inferenceProfileName": "US Big",
             "status": "ACTIVE", "models": [{"modelArn": ARN + "anthropic.big"}]},
        ],
        "nextToken": "n2",
    },
    {
        "inferenceProfileSummaries": [
            {"inferenceProfileId": "us.old", "status": "INACTIVE", "models": []},
            {"inferenceProfileId": "us.unknown", "status": "ACTIVE",
             "models": [{"modelArn": ARN + "not.listed"}]},
        ]
    },
]  # fmt: skip


def test_bedrock_offers_what_can_be_called_by_its_id() -> None:
    adapter = make("bedrock", values={"region": "us-east-1"})
    script = Script(reply(200, FOUNDATION), *(reply(200, page) for page in PROFILES))
    catalog = fetch_catalog(adapter, script)
    assert ids(catalog) == ["amazon.nova", "us.anthropic.big", "us.unknown"]
    big = one(catalog, "us.anthropic.big")
    assert (big.name, big.inputs) == ("US Big", ("text", "image"))
    assert one(catalog, "amazon.nova").retires_at == date(2027, 3, 1)
    assert script.urls[2].endswith("/inference-profiles?maxResults=1000&nextToken=n2")


def test_bedrocks_profiles_may_be_forbidden() -> None:
    denied = reply(403, {"message": "not authorized to perform: bedrock:ListInferenceProfiles"})
    adapter = make("bedrock", values={"region": "us-east-1"})
    catalog = fetch_catalog(adapter, Script(reply(200, FOUNDATION), denied))
    assert ids(catalog) == ["amazon.nova"]
    assert catalog.notes == ("profiles_forbidden",)


def test_mistrals_aliases_are_folded_into_one_row() -> None:
    def row(model_id: str, *aliases: str) -> dict[str, Any]:
        return {"id": model_id, "name": "mistral-large-9", "aliases": list(aliases)}

    catalog = fetch(
        make("mistral"),
        {
            "data": [
                row("mistral-large-9", "mistral-large-latest"),
                row("mistral-large-latest", "mistral-large-9"),
                row("lonely", "unlisted"),
            ]
        },
    )
    assert ids(catalog) == ["mistral-large-latest", "lonely"]
    assert catalog.items[0].aliases == ("mistral-large-9",)


def test_retired_rows_are_left_out() -> None:
    rows = [{"id": "a", "active": True}, {"id": "b", "active": False}, {"id": "c"}]
    assert ids(fetch(make("groq"), {"data": rows})) == ["a", "c"]
    ark = [{"id": "a"}, {"id": "b", "status": "Shutdown"}, {"id": "c", "status": "Retiring"}]
    assert ids(fetch(make("byteplus"), {"data": ark})) == ["a", "c"]


def test_a_lora_adapter_has_the_window_below_it() -> None:
    rows = [{"id": "base", "max_model_len": 40_960}, {"id": "lora", "parent": "base"}]
    catalog = fetch(make("vllm", api_base="http://x:8000/v1", key=""), {"data": rows})
    assert one(catalog, "lora").context_window == 40_960


def test_ollamas_capabilities_in_words() -> None:
    rows = [
        {"model": "q:8b", "name": "q:8b", "details": {"context_length": 40_960},
         "capabilities": ["completion", "tools", "vision", "thinking"]},
        {"model": "paint", "capabilities": ["image"]},
        {"model": "old", "details": None},
    ]  # fmt: skip
    catalog = fetch(make("ollama", key=""), {"models": rows})
    able = one(catalog, "q:8b")
    assert (able.inputs, able.outputs) == (("text", "image"), ("text",))
    assert (able.tools, able.reasoning, able.context_window) == (True, True, 40_960)
    assert one(catalog, "paint").outputs == ("image",)
    assert one(catalog, "old").outputs is None


def test_a_loaded_model_of_lm_studio_shows_the_window_it_runs_with() -> None:
    rows = [
        {"type": "llm", "key": "gemma", "display_name": "Gemma", "max_context_length": 262_144,
         "loaded_instances": [{"config": {"context_length": 4096}}],
         "capabilities": {"vision": True, "trained_for_tool_use": True}},
        {"type": "embedding", "key": "embed", "max_context_length": 2048},
    ]  # fmt: skip
    catalog = fetch(make("lm_studio", key=""), {"models": rows})
    gemma = one(catalog, "gemma")
    assert (gemma.context_window, gemma.inputs, gemma.tools) == (4096, ("text", "image"), True)
    assert one(catalog, "embed").outputs == ("embedding",)


def test_the_older_list_of_lm_studio_is_read_too() -> None:
    other = {"error": "Unexpected endpoint or method. (GET /api/v1/models)"}
    rows = [{"id": "seer", "type": "vlm", "max_context_length": 32_768}]
    item = fetch(make("lm_studio", key=""), other, {"data": rows}).items[0]
    assert (item.model_id, item.inputs) == ("seer", ("text", "image"))


def test_moonshot_tells_images_and_films_apart() -> None:
    rows = [
        {"id": "k-new", "supports_image_in": True, "supports_video_in": True},
        {"id": "k-text", "supports_image_in": False},
    ]
    catalog = fetch(make("moonshot"), {"data": rows})
    assert one(catalog, "k-new").inputs == ("text", "image", "video")
    assert one(catalog, "k-text").inputs == ("text",)


# Gaps ------------------------------------------------------------------------------------------


def test_gaps_are_filled_and_marked_and_facts_stay() -> None:
    row = {"id": "claude-opus-4-5", "display_name": "Their name", "max_input_tokens": 123}
    item = fetch(make("anthropic"), {"data": [row]}).items[0]
    assert (item.name, item.context_window) == ("Their name", 123)
    assert item.price_input is not None
    assert "price_input" in item.filled
    assert not {"name", "context_window"} & item.filled


def test_a_profile_is_known_by_the_model_behind_it() -> None:
    page = {
        "inferenceProfileSummaries": [
            {"inferenceProfileId": "apac.anthropic.claude-sonnet-4-6", "status": "ACTIVE"}
        ]
    }
    adapter = make("bedrock", values={"region": "us-east-1"})
    item = fetch(adapter, {"modelSummaries": []}, page).items[0]
    assert item.context_window is not None
    assert "context_window" in item.filled


@pytest.mark.parametrize(
    ("kind", "model_id", "outputs"),
    [
        ("openai", "gpt-image-9", ("image",)),
        ("openai", "sora-9", ("video",)),
        ("openai", "whisper-9", ("text",)),
        ("openai", "text-embedding-9", ("embedding",)),
        ("zhipu", "cogview-9", ("image",)),
        ("zhipu", "cogvideox-9", ("video",)),
        ("minimax", "MiniMax-Hailuo-9", ("video",)),
        ("groq", "whisper-9", ("text",)),
        ("openai", "gpt-99", None),
    ],
)
def test_the_id_tells_where_nobody_else_does(
    kind: str, model_id: str, outputs: tuple[str, ...] | None
) -> None:
    item = fetch(make(kind), {"data": [{"id": model_id}]}).items[0]
    assert item.outputs == outputs
    assert ("outputs" in item.filled) is (outputs is not None)


def test_a_twin_of_another_region_has_its_own_catalog() -> None:
    assert make("moonshot").models_dev() == "moonshotai"
    assert make("moonshot", api_base="https://api.moonshot.cn/v1").models_dev() == "moonshotai-cn"
    assert make("minimax", api_base="https://api.minimaxi.com/v1").models_dev() == "minimax-cn"
    assert make("zhipu", api_base="https://api.z.ai/api/paas/v4").models_dev() == "zai"


def test_a_row_weighs_its_long_texts_too() -> None:
    assert _nodes([{"id": "a", "text": "x" * 10_000}]) == 103
    assert _nodes([{"id": "a", "tags": ["b", "c"]}, "d"]) == 6


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
    monkeypatch.setattr(catalogs, "SNAPSHOT_DATE", date(2027, 1, 1))
    assert not again(listed, known=known).is_known
    monkeypatch.undo()
    assert again(listed, known=known).is_known
    monkeypatch.setattr(catalogs, "_READERS", b"an update of this site")
    assert not again(listed, known=known).is_known
