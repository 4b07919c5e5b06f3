"""By which API a model is asked, and that it is asked for a stream."""

from dataclasses import replace
from typing import Any

import pytest

from providers.dialects.ladder import run_check
from providers.http import Reply, Request
from providers.spec.outcomes import KeyState
from tests.providers.dialects.climb import HI, check, told
from tests.providers.replies import GONE, LIST, REFUSED, Script, make, reply

NO_STREAM = [
    {"error": {"message": "Streaming is not supported by this model."}},
    {"error": {"message": "Unsupported parameter: 'stream_options'"}},
    {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]},
    {"message": "This deployment does not support streaming"},
]


@pytest.mark.parametrize("body", NO_STREAM)
@pytest.mark.parametrize("kind", ["openai", "zhipu", "custom", "anthropic", "gemini"])
def test_a_stream_that_is_refused_is_not_green(kind: str, body: Any) -> None:
    adapter = make(kind, api_base="https://proxy.example/v1")
    script = Script(by=lambda request: reply(400, body) if request.json else LIST)
    result = run_check(adapter, script, models=("m",))
    assert told(result)[::2] == ("bad_request", "no_stream")
    assert len([request for request in script.requests if "model" in (request.json or {})]) == 1


def test_a_model_that_streams_only_is_asked_so_at_once() -> None:
    wants = reply(400, {"error": {"message": "This model only support stream mode"}})
    script = Script(by=lambda request: HI if request.json and request.json["stream"] else wants)
    result = run_check(make("dashscope"), script, models=("qwq-plus",))
    assert told(result)[0] == "ok"


def test_an_answer_at_once_where_a_stream_was_asked_for_is_told() -> None:
    at_once = replace(HI, is_stream=False)
    result = check(make("openai"), LIST, at_once, models=("m",))
    assert told(result) == ("ok", "valid", "not_streamed")
    assert told(check(make("openai"), REFUSED, at_once, models=("m",)))[2] == "list_refused"


def test_a_stream_without_an_end_is_told() -> None:
    cut = replace(HI, is_ended=False)
    assert told(check(make("openai"), LIST, cut, models=("m",))) == ("ok", "valid", "unfinished")


RESPONSE = replace(reply(200, {"object": "response", "output": []}), is_stream=True)


@pytest.mark.parametrize(
    ("kind", "model", "place"),
    [
        ("azure_openai", "d", "/openai/v1/responses"),
        ("deepseek", "deepseek-v4-pro", "/responses"),
        ("deepseek", "deepseek-chat", "/chat/completions"),
    ],
)
def test_a_model_is_asked_by_the_api_that_the_agent_speaks(
    kind: str, model: str, place: str
) -> None:
    script = Script(by=lambda request: RESPONSE if "input" in (request.json or {}) else HI)
    adapter = make(kind, api_base="https://proxy.example", deployments=("d",))
    result = run_check(adapter, script, models=(model,))
    assert [request.url for request in script.requests if request.json] == [
        f"https://proxy.example{place}"
    ]
    assert told(result)[::2] == ("ok", "")


def paths_asked(script: Script) -> list[str]:
    return [request.url.rpartition("/v1")[2] for request in script.requests if request.json]


@pytest.mark.parametrize(
    ("base", "model", "path"),
    [
        ("https://api.openai.com/v1", "gpt-5.4-mini", "/responses"),
        ("https://eu.api.openai.com/v1", "openai/o3", "/responses"),
        ("https://api.openai.com/v1", "ft:gpt-5-mini:me", "/responses"),
        ("https://api.openai.com/v1", "gpt-4.1", "/chat/completions"),
        ("https://proxy.example/v1", "gpt-5.4-mini", "/chat/completions"),
        ("https://proxy.example/api.openai.com/v1", "o4-mini", "/responses"),
        ("https://openrouter.ai/api.openai.com/v1", "o4-mini", "/chat/completions"),
    ],
)
def test_openai_s_own_address_is_asked_by_responses_for_models_that_think(
    base: str, model: str, path: str
) -> None:
    def by(request: Request) -> Reply:
        if not request.json:
            return LIST
        return RESPONSE if "input" in request.json else HI

    script = Script(by=by)
    result = run_check(make("openai", api_base=base), script, models=(model,))
    assert paths_asked(script) == [path]
    assert told(result)[::2] == ("ok", "")


@pytest.mark.parametrize(
    ("status", "error", "asks_on"),
    [
        (404, {"message": "Invalid URL (POST /v1/responses)"}, True),
        (400, {"message": "Unsupported parameter: 'include'"}, True),
        (400, {"message": "Not there", "code": "unsupported_value"}, True),
        (422, {"message": "Wrong", "param": "max_output_tokens"}, True),
        (404, {"message": "The model `x` does not exist"}, False),
        (400, {"message": "Invalid value"}, False),
        (401, {"message": "Missing scopes: api.responses.write"}, False),
        (403, {"message": "Responses are not for this key"}, False),
        (405, {"message": "No responses here"}, False),
        (429, {"message": "Too many responses"}, False),
        (500, {"message": "responses failed"}, False),
    ],
)
def test_chat_is_asked_next_where_the_agent_takes_the_refusal_for_a_missing_api(
    status: int, error: Any, asks_on: bool
) -> None:
    def by(request: Request) -> Reply:
        if not request.json:
            return LIST
        return HI if "messages" in request.json else reply(status, {"error": error})

    script = Script(by=by)
    result = run_check(make("openai"), script, models=("gpt-5.4",))
    asked = ["/responses", "/chat/completions"] if asks_on else ["/responses"]
    is_vague = (status, asks_on) == (400, False)  # then once more, without tools
    assert paths_asked(script) == asked * (2 if is_vague else 1)
    assert (told(result)[::2] == ("ok", "")) is asks_on


NOWHERE = reply(404, {"detail": "Not Found"})
UNVERIFIED = reply(404, {"error": {"message": "Not verified", "code": "model_not_found"}})


@pytest.mark.parametrize(
    ("chat", "outcome"),
    [(HI, "bad_endpoint"), (NOWHERE, "bad_endpoint"), (UNVERIFIED, "model_not_found")],
)
def test_where_the_agent_would_stop_chat_may_tell_why_and_makes_nothing_green(
    chat: Reply, outcome: str
) -> None:
    script = Script(LIST, NOWHERE, chat)
    result = run_check(make("openai"), script, models=("o3",))
    assert paths_asked(script) == ["/responses", "/chat/completions"]
    assert told(result)[0] == outcome


def test_a_refusal_in_plain_text_is_read_as_well() -> None:
    missing = reply(404, text="no Responses API here")
    assert told(check(make("openai"), LIST, missing, HI, models=("o3",))) == ("ok", "valid", "")


@pytest.mark.parametrize("base", ["https://api.openai.com/v1", "https://proxy.example/v1"])
def test_the_provider_s_own_search_wants_responses_anywhere(base: str) -> None:
    searching = {"tools": [{"type": "web_search_preview"}]}
    adapter = make("openai", api_base=base, extra_body=searching)
    script = Script(
        by=lambda request: LIST if not request.json else GONE if "input" in request.json else HI
    )
    assert told(run_check(adapter, script, models=("gpt-4.1",)))[::2] == ("ok", "other_api")
    assert paths_asked(script) == ["/responses", "/chat/completions"]


def test_fields_that_the_agent_cannot_send_are_named_and_no_call_is_made() -> None:
    body = {"reasoning_effort": "low", "max_tokens": 9, "reasoning": {"effort": "low"}}
    script = Script(LIST)
    result = run_check(make("openai", extra_body=body), script, models=("gpt-5.4",))
    assert told(result) == ("bad_request", "valid", "unsent_body")
    assert result.params["fields"] == ["max_tokens", "reasoning_effort"]
    chat = Script(LIST, HI)
    assert told(run_check(make("openai", extra_body=body), chat, models=("gpt-4.1",)))[0] == "ok"


@pytest.mark.parametrize("refusal", [GONE, REFUSED, HI])
def test_a_server_without_that_api_is_told(refusal: Any) -> None:
    script = Script(by=lambda request: refusal if "input" in request.json else HI)
    adapter = make("azure_openai", api_base="https://proxy.example", deployments=("d",))
    assert told(run_check(adapter, script, models=("d",)))[::2] == ("ok", "other_api")


def test_a_model_of_opencode_go_that_only_speaks_as_anthropic_s_is_told() -> None:
    usage = reply(200, {"usage": {"rolling": {"status": "ok"}}})
    result = check(make("opencode_go"), usage, HI, models=("minimax-m3",))
    assert told(result) == ("ok", "valid", "messages_only")


NOT_FOR_CHAT = [
    (404, "This model is only supported in v1/responses and not in v1/chat/completions."),
    (404, "This is not a chat model and thus not supported in the v1/chat/completions endpoint."),
    (400, "model m is not accessible via the /chat/completions endpoint"),
    (400, '"nomic-embed-text" does not support chat'),
    (400, "The model `whisper-large-v3` does not support chat completions"),
    (400, "The model does not support Chat Completions API"),
    (400, "The chatCompletion operation does not work with the specified model, ada."),
    (400, "m is an image generation model"),
    (400, "m is an embedding model and cannot be used here"),
    (422, "unsupported_api_for_model"),
    (405, "Please use the /v1/embeddings endpoint instead"),
]


@pytest.mark.parametrize(("status", "text"), NOT_FOR_CHAT)
@pytest.mark.parametrize("kind", ["openai", "groq", "vllm", "azure_openai", "gemini", "ollama"])
def test_a_model_of_another_api_is_told_as_that(kind: str, status: int, text: str) -> None:
    adapter = make(kind, api_base="https://proxy.example/v1/openai", deployments=("m",))
    refusal = reply(status, {"error": {"message": text, "code": None}})
    script = Script(by=lambda request: refusal if request.json else LIST)
    result = run_check(adapter, script, models=("m",))
    assert told(result)[::2] == ("bad_request", "not_chat")
    assert result.key_state is not KeyState.INVALID


GOOGLES = (
    "models/x is not found for API version v1main, or is not supported for generateContent. Call "
    "ListModels to see the list of available models and their supported methods."
)


@pytest.mark.parametrize("kind", ["gemini", "openai", "vllm"])
@pytest.mark.parametrize(
    "text",
    [
        GOOGLES,
        GOOGLES.replace("generateContent", "streamGenerateContent"),
        "litellm.NotFoundError: GeminiException - " + GOOGLES + " Received Model Group=x",
        "The model x does not exist or is not supported for chat completions",
    ],
)
def test_google_s_words_for_an_unknown_name_are_not_those_for_another_api(
    kind: str, text: str
) -> None:
    adapter = make(kind, api_base="https://proxy.example/v1/openai")
    refusal = reply(404, [{"error": {"message": text, "status": "NOT_FOUND", "code": 404}}])
    script = Script(by=lambda request: refusal if request.json else LIST)
    assert told(run_check(adapter, script, models=("x",)))[::2] == ("model_not_found", "")
    assert told(run_check(adapter, script, models=("m",)))[::2] == ("bad_request", "listed")
