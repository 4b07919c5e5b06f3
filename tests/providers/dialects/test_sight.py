"""A model that is there for pictures is sent one; which it refuses, and which the agent keeps."""

from dataclasses import replace
from typing import Any

import pytest

from providers.dialects.adapters import Adapter
from providers.dialects.turn import Asked
from providers.kinds import KINDS
from tests.providers.dialects.climb import HI, check, told
from tests.providers.replies import LIST, REFUSED, make, reply

ASKED = [kind for kind, spec in KINDS.items() if spec.model_call and kind != "deepseek"]
SEES = Asked(pictures=("llava",))
NO = reply(400, {"error": {"message": "This model does not support image input."}})
AWAY = reply(404, {"error": {"message": "No endpoints found that support image input"}})
BROKEN = reply(500, {"error": {"code": 500, "message": "image input is not supported"}})
FULL = reply(429, {"error": {"message": "Rate limit reached for requests per minute"}})


def last(adapter: Adapter, model: str) -> Any:
    """What the person says in the call that tries a model."""
    body = adapter.request(adapter.model_call(model), model).json
    return body.get("messages", body.get("input"))[-1]["content"]


@pytest.mark.parametrize("kind", ASKED)
def test_a_picture_stands_before_the_word_in_the_api_s_own_form(kind: str) -> None:
    where = {"region": "us-east-1"} if kind == "bedrock" else {}
    asked = Asked(pictures=("m",))
    adapter = make(kind, api_base="https://x.example/v1", values=where, asked=asked)
    picture, word = last(adapter, "m")
    assert "hi" in word.values()
    text = str(picture)
    assert "iVBORw0KGgo" in text
    assert any(name in text for name in ("'image_url'", "'image'"))
    other = last(adapter, "other")
    assert "iVBORw0KGgo" not in str(other)
    assert other == last(make(kind, api_base="https://x.example/v1", values=where), "m")


@pytest.mark.parametrize("refusal", [AWAY, BROKEN])
def test_a_model_that_answers_the_bare_word_alone_is_told_as_blind(refusal: Any) -> None:
    adapter = make("groq", asked=SEES)
    assert told(check(adapter, LIST, refusal, HI, models=("llava",))) == (
        *("ok", "valid", "no_pictures"),
    )


def test_one_that_refuses_the_form_is_asked_in_all_smaller_ones_first() -> None:
    adapter = make("groq", asked=SEES)
    answers = (NO, NO, NO)  # with one token, with sixteen, without tools
    assert told(check(adapter, LIST, *answers, HI, models=("llava",)))[2] == "no_pictures"


@pytest.mark.parametrize(
    ("answers", "models", "ending"),
    [
        ((HI,), ("llava",), ("ok", "valid", "")),
        ((HI,), ("other",), ("ok", "valid", "")),
        ((REFUSED,), ("llava",), ("forbidden", "valid", "model_refused")),
        ((FULL,), ("llava",), ("rate_limited", "valid", "")),
        ((BROKEN, BROKEN), ("llava",), ("server_error", "valid", "")),
    ],
)
def test_no_other_ending_is_laid_to_the_picture(
    answers: Any, models: Any, ending: tuple[str, str, str]
) -> None:
    assert told(check(make("groq", asked=SEES), LIST, *answers, models=models)) == ending


@pytest.mark.parametrize(
    ("model", "detail"),
    [("deepseek-v4-pro", "pictures_left_out"), ("deepseek-v4-flash-vision-exp", "")],
)
def test_the_agent_sends_deepseek_s_models_no_picture_but_one(model: str, detail: str) -> None:
    adapter = make("deepseek", asked=Asked(pictures=(model,)))
    assert ("iVBORw0KGgo" in str(last(adapter, model))) is not bool(detail)
    credit = {"is_available": True, "balance_infos": []}
    answer = replace(HI, data={"output": [], "status": "completed"})
    found = check(adapter, reply(200, credit), answer, models=(model,))
    assert told(found)[::2] == ("ok", detail)
