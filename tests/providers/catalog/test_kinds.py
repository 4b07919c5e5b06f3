"""Model lists of each kind: its own facts, and gaps that are filled and marked."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from providers.catalog.fetch import fetch_catalog
from providers.pages.entries import media_words
from providers.spec.aside import Aside, aside
from tests.providers.catalog.lists import fetch, ids, one
from tests.providers.replies import Script, local, make, reply

# The kinds -------------------------------------------------------------------------------------


def test_openrouters_words_for_what_holds_no_conversation_are_known() -> None:
    """https://openrouter.ai/docs/api_reference/models"""
    made = {
        "voyageai/voyage-4-lite": (["text"], "embeddings", Aside.EMBEDDING),
        "fish-audio/s1": (["text"], "speech", Aside.SPEECH),
        "x-ai/grok-hears": (["audio", "text"], "transcription", Aside.SPEECH),
        "cohere/v4-pro": (["text"], "rerank", Aside.EMBEDDING),
        "openai/gpt-audio": (["text", "audio"], "text", None),
    }
    rows = [
        {"id": name, "architecture": {"input_modalities": takes, "output_modalities": [makes]}}
        for name, (takes, makes, _) in made.items()
    ]
    items = fetch(make("openrouter"), {"data": rows}).items
    told = {item.model_id: aside(item.model_id, item.inputs, item.outputs) for item in items}
    assert told == {name: what for name, (_, _, what) in made.items()}
    assert media_words(["text"], list(items[1].outputs or ())) == "text\u00a0→\u00a0audio"


def test_what_openrouters_batches_alone_serve_is_left_out_and_counted() -> None:
    rows = [{"id": "z-ai/glm"}, {"id": "z-ai/glm:batch"}, {"id": "z-ai/glm:free"}]
    catalog = fetch(make("openrouter"), {"data": rows})
    assert ids(catalog) == ["z-ai/glm", "z-ai/glm:free"]
    assert (catalog.dropped, catalog.notes) == (1, ("other 1",))


def test_a_list_that_tells_types_tells_what_is_none_of_chat() -> None:
    types = ("chat", "image", "embedding", "transcribe", {"odd": 1}, None)
    rows = [{"id": f"m{n}", "type": word} for n, word in enumerate(types)]
    made = [item.outputs for item in fetch(local(), rows).items]
    assert made == [None, ("image",), ("embedding",), ("transcription",), None, None]


def test_speech_and_pictures_are_not_called_free_for_want_of_tokens() -> None:
    whisper, chat = fetch(
        make("groq"), {"data": [{"id": "whisper-large-v3"}, {"id": "allam-2-7b"}]}
    ).items
    assert (whisper.price_input, whisper.price_output) == (None, None)
    assert (chat.price_input, chat.price_output) == (0, 0)  # free as long as it is tried out
    shape = {"input_modalities": ["text"], "output_modalities": ["image"]}
    rows = [
        {"id": f"p/{price}", "architecture": shape, "pricing": {"prompt": price, "completion": "0"}}
        for price in ("0", "0.000001")
    ]
    free, paid = fetch(make("openrouter"), {"data": rows}).items
    assert (free.price_input, free.price_output) == (None, None)
    assert (paid.price_input, paid.price_output) == (1, 0)


def test_a_system_of_models_is_not_called_free() -> None:
    (system,) = fetch(make("groq"), {"data": [{"id": "groq/compound"}]}).items
    assert (system.price_input, system.price_output) == (None, None)


def test_what_googles_models_of_other_names_make_and_take() -> None:
    names = ("lyria-3-pro-preview", "nano-banana-pro-preview", "gemma-3-1b-it", "gemma-3-4b-it")
    rows = [
        {"name": f"models/{name}", "supportedGenerationMethods": ["generateContent"]}
        for name in names
    ]
    music, pictures, small, larger = fetch(make("gemini"), {"models": rows}).items
    assert music.outputs == ("audio",)
    assert pictures.outputs == ("text", "image")
    assert "image" not in (small.inputs or ())
    assert "image" in (larger.inputs or ())


def test_archived_models_of_mistral_are_left_out() -> None:
    rows = [{"id": "ft:mine", "archived": False}, {"id": "ft:old", "archived": True}, {"id": "m"}]
    assert ids(fetch(make("mistral"), {"data": rows})) == ["ft:mine", "m"]


def test_models_of_openai_that_hold_no_conversation_are_left_out() -> None:
    rows = [{"id": name} for name in ("davinci-002", "gpt-3.5-turbo", "gpt-3.5-turbo-instruct")]
    assert ids(fetch(make("openai"), {"data": rows})) == ["gpt-3.5-turbo"]


def test_bedrocks_word_for_speech_is_that_of_the_others() -> None:
    row = {"modelId": "amazon.nova-sonic-v1:0", "inputModalities": ["SPEECH"],
           "outputModalities": ["SPEECH", "TEXT"]}  # fmt: skip
    adapter = make("bedrock", values={"region": "us-east-1"})
    found = fetch(adapter, {"modelSummaries": [row]}, {"inferenceProfileSummaries": []}).items[0]
    assert (found.inputs, found.outputs) == (("audio",), ("audio", "text"))
    assert aside(found.model_id, found.inputs, found.outputs) is Aside.SPEECH


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
    assert catalog.notes == ("profiles_forbidden", "other 2")
    assert catalog.dropped == 2


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


def test_a_mistral_model_that_ends_keeps_its_names_and_tells_what_follows() -> None:
    def row(model_id: str, other: str) -> dict[str, Any]:
        ends = {"deprecation": "2026-12-31T12:00:00Z", "deprecation_replacement_model": "next-1"}
        return {"id": model_id, "aliases": [other], **ends}

    rows = [row("pixtral-1", "pixtral-latest"), row("pixtral-latest", "pixtral-1")]
    catalog = fetch(make("mistral"), {"data": rows})
    assert ids(catalog) == ["pixtral-1", "pixtral-latest"]
    told = {(item.retires_at, item.replacement) for item in catalog.items}
    assert told == {(date(2026, 12, 31), "next-1")}


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
