"""What the agent sends beside a word goes with each test of a model; its refusal is told."""

from dataclasses import replace
from typing import Any

import pytest

from providers.dialects import spoken, turn
from providers.dialects.adapters import Adapter
from providers.dialects.words import folded
from providers.kinds import KINDS
from providers.spec.outcomes import Outcome
from tests.providers.dialects.climb import HI, check, told
from tests.providers.replies import LIST, make, reply

ODD = reply(400, {"error": {"message": "odd"}})
ASKED = [kind for kind, spec in KINDS.items() if spec.model_call]


def sent(adapter: Adapter, model: str = "m") -> dict[str, Any]:
    body: dict[str, Any] = adapter.request(adapter.model_call(model), model).json
    return body


@pytest.mark.parametrize("kind", ASKED)
def test_every_model_is_asked_with_instructions_and_a_tool(kind: str) -> None:
    where = {"region": "us-east-1"} if kind == "bedrock" else {}
    body = sent(make(kind, api_base="https://x.example/v1", values=where))
    said = body.get("system") or body.get("instructions") or body["messages"][0]["role"] == "system"
    assert said
    assert len((body.get("toolConfig") or body)["tools"]) == 1


def test_tools_of_the_extra_body_stand_beside_the_agent_s_own() -> None:
    search = {"type": "web_search"}
    assert sent(make("groq", extra_body={"tools": [search]}))["tools"] == [
        *turn.CHAT["tools"],
        search,
    ]
    new = sent(make("deepseek"), "deepseek-v4-flash")  # its own search is the agent's doing
    assert new["tools"] == [*turn.RESPONSES["tools"], search]


@pytest.mark.parametrize(
    ("kind", "model", "temperature"),
    [
        ("groq", "m", 0.1),
        ("azure_openai", "my-deployment", 0.1),
        ("azure_openai", "GPT-5-main", None),
        ("openai", "gpt-4.1", 0.1),
        ("openai", "o3-mini", None),
        ("openrouter", "openai/gpt-5.4", None),
        ("custom", "kimi-k3", None),
        ("custom", "kimi-k2.6", 0.1),
        ("moonshot", "kimi-k2.6", None),
        ("moonshot", "kimi-k2.7-code", 1.0),
        ("bedrock", "us.anthropic.claude-opus-4-6", 0.1),
        ("bedrock", "us.anthropic.claude-opus-4-7", None),
        ("anthropic", "claude-opus-4-1", None),
    ],
)
def test_the_temperature_is_the_one_that_the_agent_sends(
    kind: str, model: str, temperature: float | None
) -> None:
    where = {"region": "us-east-1"} if kind == "bedrock" else {}
    body = sent(make(kind, api_base="https://x.example/v1", values=where), model)
    assert (body.get("inferenceConfig") or body).get("temperature") == temperature
    assert "temperature" in str(body) or temperature is None


def test_it_is_that_of_config_json_and_the_extra_body_goes_before() -> None:
    for temperature in (1.0, 0.0, None):
        warm = make("groq", asked=turn.Asked(temperature))
        assert sent(warm).get("temperature") == temperature
        other = make("groq", asked=turn.Asked(temperature), extra_body={"temperature": 0.7})
        assert sent(other)["temperature"] == 0.7


def test_every_call_of_a_test_has_it() -> None:
    azure = make("azure_openai", api_base="https://x.openai.azure.com", asked=turn.Asked(0.3))
    call = azure.model_call("m")
    assert call.instead
    for one in (call, call.instead, turn.without_tools(call)):
        assert azure.request(one, "m").json["temperature"] == 0.3


def test_a_refused_temperature_is_told_with_the_one_that_was_sent() -> None:
    text = "Unsupported value: 'temperature' does not support 0.1 with this model. Only 1 is."
    refusal = reply(400, {"error": {"message": text, "code": "unsupported_value"}})
    result = check(make("groq"), LIST, refusal, models=("m",))
    assert told(result) == ("bad_request", "valid", "temperature")
    assert result.params["temperature"] == 0.1
    for odd in ("sk-secret-0123456789", [1], {"a": 1}):
        typed = make("groq", extra_body={"temperature": odd})
        result = check(typed, LIST, refusal, models=("m",))
        assert told(result)[2] == "temperature"
        assert "temperature" not in result.params
    unsent = make("groq", asked=turn.Asked(None))
    assert told(check(unsent, LIST, refusal, refusal, ODD, models=("m",)))[2] != "temperature"


@pytest.mark.parametrize(
    ("told_limit", "asked", "detail"),
    [
        ("6000", 8192, "few_tokens"),
        ("8192", 8192, ""),
        ("18000", 8192, ""),
        ("6000", 4096, ""),
        ("0", 8192, ""),
        ("unlimited", 8192, ""),
        ("9" * 30, 8192, ""),
        ("", 8192, ""),
    ],
)
def test_fewer_tokens_a_minute_than_the_agent_asks_for_are_told(
    told_limit: str, asked: int, detail: str
) -> None:
    adapter = make("groq", asked=turn.Asked(max_tokens=asked))
    for name in ("x-ratelimit-limit-tokens", "x-ratelimit-limit-tokens-minute"):
        answer = replace(HI, headers={**HI.headers, name: told_limit})
        result = check(adapter, LIST, answer, models=("m",))
        assert told(result) == ("ok", "valid", detail)
        params = result.rungs[-1].params
        assert params == {"model": "m", **({"limit": 6000, "asked": asked} if detail else {})}


REFUSED = {
    "temperature": [
        "Unsupported value: 'temperature' does not support 0.1 with this model. Only the default "
        "(1) value is supported.",
        "Unsupported parameter: 'temperature' is not supported with this model.",
        "invalid temperature: only 1 is allowed for this model",
        "`temperature` is deprecated for this model.",
        "litellm.UnsupportedParamsError: gpt-5 models (including gpt-5-codex) don't support "
        "temperature=0.1. Only temperature=1 is supported.",
        "openai does not support parameters: ['temperature'], for model=o1.",
        "Model o3-mini does not support the temperature parameter",
        "Temperature should be in the range (0.0, 1.0)",
    ],
    "no_tools": [
        "registry.ollama.ai/library/gemma3:4b does not support tools",
        '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
        "No endpoints found that support tool use. To learn more about provider routing, visit",
        "tools param requires --jinja flag",
        "`tool calling` is not supported with this model",
        "This model doesn't support tool use in streaming mode.",
        "Function calling is not enabled for models/gemma-3-27b-it",
        "deepseek-reasoner does not support Function Calling",
        "Unsupported parameter: 'tools' is not supported with this model.",
        "Function call is not supported for this model.",
        "tool_choice is not supported",
    ],
    "no_system": [
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "This model doesn't support system messages. Try again without system messages.",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "System role not supported",
    ],
}


@pytest.mark.parametrize("status", [400, 404, 422, 500])
@pytest.mark.parametrize(
    ("text", "detail"), [(text, detail) for detail, texts in REFUSED.items() for text in texts]
)
def test_words_that_refuse_them_are_known(text: str, detail: str, status: int) -> None:
    words = folded(text)
    assert spoken.meaning(words, status, "model") == (Outcome.BAD_REQUEST, detail)


@pytest.mark.parametrize(
    "text",
    [
        'messages with role "tool" must be a response to a preceding message',
        "The model `toolace-8b` does not exist",
        "Sensor temperature-7b: no such model",
        "`temperature` and `top_p` cannot both be specified for this model. Use only one.",
    ],
)
def test_other_words_are_not_taken_for_that(text: str) -> None:
    found = spoken.meaning(folded(text), 400, "model")
    assert found is None or found[1] == ""


def test_a_refusal_without_a_reason_is_tried_without_tools() -> None:
    again = (ODD, ODD)  # the second with sixteen tokens
    assert told(check(make("groq"), LIST, *again, HI, models=("m",))) == (
        *("bad_request", "valid", "no_tools"),
    )
    assert told(check(make("groq"), LIST, *again, ODD, models=("m",)))[2] == "plain_form"
    assert told(check(make("openai"), LIST, ODD, ODD, models=("m",)))[0] == "bad_request"


def test_without_tools_nothing_else_changes() -> None:
    for whole in (turn.CHAT, turn.RESPONSES, turn.MESSAGES, turn.CONVERSE):
        assert turn.without_tools(make("groq").model_call("m")).retry_body is None
        kept = set(turn._bare(whole))
        assert kept == set(whole) - {"tools", "tool_choice", "toolConfig"}
        assert kept & {"messages", "input"}
