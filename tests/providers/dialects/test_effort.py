"""An effort of reasoning: where it is put, and what its refusal is told as."""

from typing import Any

import pytest

from providers.dialects.ladder import run_check
from providers.dialects.turn import Asked
from tests.providers.dialects.climb import HI, check, told
from tests.providers.replies import LIST, Script, make, reply

HARD = Asked(effort="high")
# As vendors say it
REFUSALS = [
    "Unrecognized request argument supplied: reasoning_effort",
    "Unsupported value: 'reasoning_effort' does not support 'high' with this model. Supported"
    " values are: 'medium'.",
    "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
    "`reasoning_effort` must be one of `none` or `default`",
    "Argument not supported on this model: reasoningEffort",
    "Thinking level MINIMAL is not supported for this model. Please retry with other level.",
    '"qwen2.5:7b" does not support thinking',
    'invalid think value: "xhigh" (must be "high", "medium", "low", true, or false)',
]


def refused(words: str) -> Any:
    return reply(400, {"error": {"message": words, "type": "invalid_request_error"}})


@pytest.mark.parametrize("words", REFUSALS)
def test_its_refusal_is_told_as_that_where_it_was_sent(words: str) -> None:
    asked = make("groq", asked=HARD)
    assert told(check(asked, LIST, refused(words), models=("m",))) == (
        *("bad_request", "valid", "effort"),
    )


@pytest.mark.parametrize("words", REFUSALS)
def test_where_none_was_sent_it_is_of_something_else(words: str) -> None:
    once_more = (refused(words), refused(words))  # with sixteen tokens, without tools
    found = check(make("groq"), LIST, refused(words), *once_more, models=("m",))
    assert told(found) == ("bad_request", "valid", "plain_form")


def test_a_model_that_reasons_by_another_api_only_is_told_as_that() -> None:
    words = (
        "Function tools with reasoning_effort are not supported for gpt-5.4 in "
        "/v1/chat/completions. Please use /v1/responses instead."
    )
    for asked in (Asked(), HARD):
        found = check(make("groq", asked=asked), LIST, refused(words), models=("m",))
        assert told(found)[::2] == ("bad_request", "not_chat")


@pytest.mark.parametrize("kind", ["anthropic", "bedrock"])
def test_these_are_not_asked_for_it(kind: str) -> None:
    where = {"region": "us-east-1"} if kind == "bedrock" else {}
    plain, asked = (make(kind, values=where, asked=asked) for asked in (Asked(), HARD))
    call = plain.model_call("m")
    assert asked.request(call, "m").json == plain.request(call, "m").json


def test_the_extra_body_goes_before_it() -> None:
    adapter = make("groq", asked=HARD, extra_body={"reasoning_effort": "low"})
    assert adapter.request(adapter.model_call("m"), "m").json["reasoning_effort"] == "low"
    assert told(check(adapter, LIST, HI, models=("m",))) == ("ok", "valid", "")


@pytest.mark.parametrize("kind", ["zhipu", "dashscope", "byteplus"])
def test_a_test_that_put_thinking_out_by_itself_asks_once_more_without(kind: str) -> None:
    words = "The model does not support enable_thinking: thinking is not supported"
    found = run_check(make(kind), Script(by=lambda call: _answer(call, words)), models=("m",))
    assert found.rungs[-1].outcome == "ok"


def _answer(request: Any, words: str) -> Any:
    body = request.json or {}
    is_out = "thinking" in body or "enable_thinking" in body
    return LIST if not body else refused(words) if is_out else HI
