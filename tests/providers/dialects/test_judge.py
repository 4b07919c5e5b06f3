"""What answers mean, whoever sends them: statuses, bodies under 200, rules in general."""

from typing import Any

import pytest

from providers.dialects.judge import judge
from providers.dialects.paths import values_at
from providers.dialects.rows import expectation
from providers.http import Reply
from providers.kinds import KINDS
from providers.spec.kind import CallName, ErrorRule
from providers.spec.outcomes import Outcome
from tests.providers.replies import reply


def outcome_of(answer: Reply, call: CallName = "list", **more: Any) -> str:
    return judge(answer, call, **more).outcome.value


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (301, "bad_endpoint"),
        (307, "bad_endpoint"),
        (400, "bad_request"),
        (401, "bad_key"),
        (402, "no_credit"),
        (403, "forbidden"),
        (404, "bad_endpoint"),
        (405, "bad_endpoint"),
        (408, "timeout"),
        (413, "bad_request"),
        (418, "bad_request"),
        (422, "bad_request"),
        (429, "rate_limited"),
        (451, "forbidden"),
        (500, "server_error"),
        (501, "bad_endpoint"),
        (502, "server_error"),
        (504, "timeout"),
        (529, "server_error"),
    ],
)
def test_a_status_alone_has_its_ordinary_meaning(status: int, outcome: str) -> None:
    assert outcome_of(reply(status, {"error": {"message": "no"}})) == outcome
    assert outcome_of(reply(status, text="no")) == outcome


def test_a_redirect_is_told_as_one() -> None:
    assert judge(reply(302), "list").detail == "redirect"


@pytest.mark.parametrize("status", [400, 403, 422, 429])
@pytest.mark.parametrize(
    "words",
    ["insufficient_quota", "Your CREDIT BALANCE IS TOO LOW", "Arrearage", "余额不足", "欠费"],
)
def test_credit_words_outweigh_the_status(status: int, words: str) -> None:
    for body in ({"error": {"code": words}}, {"error": words}, {"message": words}):
        assert outcome_of(reply(status, body)) == "no_credit"


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        ("Invalid API key provided", "bad_key"),
        ("The api_key you gave is not valid", "bad_key"),
        ("The model `x` does not exist", "model_not_found"),
        ("unknown model x", "model_not_found"),
        ("'max_tokens' is not supported with this model", "bad_request"),
        ("temperature must be 1", "bad_request"),
        (
            "litellm.BadRequestError: OpenAIException - Could not finish the message because "
            "max_tokens or model output limit was reached.",
            "ok",
        ),
        ("max_tokens must be at least 16", "bad_request"),
        ("max_tokens limit of this key was reached", "bad_request"),
    ],
)
def test_a_bad_request_is_told_by_its_text(message: str, outcome: str) -> None:
    assert outcome_of(reply(400, {"error": {"message": message}}), "model") == outcome


def test_404_is_a_missing_model_only_on_a_model_call_that_names_one() -> None:
    body = {"error": {"message": "model x not found"}}
    assert outcome_of(reply(404, body), "model") == "model_not_found"
    assert outcome_of(reply(404, body), "list") == "bad_endpoint"
    assert outcome_of(reply(404, {"error": "nothing here"}), "model") == "bad_endpoint"


def test_a_page_under_200_is_no_api() -> None:
    verdict = judge(reply(200, text="<!doctype html><p>Sign in"), "list")
    assert (verdict.outcome, verdict.detail) == (Outcome.UNEXPECTED_RESPONSE, "html")
    assert judge(reply(200, text=""), "list").detail == "not_json"


def test_a_page_under_403_says_nothing_about_the_key() -> None:
    verdict = judge(reply(403, text="<html>blocked by a proxy"), "key")
    assert (verdict.outcome, verdict.detail) == (Outcome.FORBIDDEN, "html")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"error": {"message": "no", "code": 402}}, "no_credit"),
        ({"error": {"message": "no", "code": 502}}, "server_error"),
        ({"error": "Unexpected endpoint"}, "unexpected_response"),
        ({"success": False, "code": "X"}, "unexpected_response"),
        ({"success": False, "message": "Arrearage"}, "no_credit"),
        ({"code": 401, "msg": "expired"}, "bad_key"),
        ({"base_resp": {"status_code": 9, "status_msg": "?"}}, "unexpected_response"),
    ],
)
def test_an_error_inside_200_is_an_error(body: Any, outcome: str) -> None:
    answer = judge(reply(200, body), "list", is_expected=lambda data: "data" in data)
    assert answer.outcome.value == outcome


@pytest.mark.parametrize(
    "body",
    [
        {"data": [], "error": None},
        {"data": [], "code": 0},
        {"data": [], "code": 20000},
        {"data": [], "success": True, "base_resp": {"status_code": 0}},
    ],
)
def test_a_code_beside_the_promised_answer_is_none(body: Any) -> None:
    assert outcome_of(reply(200, body), is_expected=lambda data: "data" in data) == "ok"


def is_chat(data: Any) -> bool:
    return any(values_at(data, "choices[]"))


@pytest.mark.parametrize(
    ("body", "outcome", "detail"),
    [
        ({"choices": [{"error": {"code": 502, "message": "upstream"}}]}, "server_error", ""),
        ({"choices": [{"error": {"code": 429, "message": "busy"}}]}, "rate_limited", ""),
        ({"choices": [{"error": {"code": "401"}}]}, "bad_key", ""),
        ({"choices": [{"error": "Insufficient credits"}]}, "no_credit", ""),
        ({"choices": [{"message": {"error": {"code": 403}}}]}, "forbidden", ""),
        ({"choices": [{"delta": {"error": {"type": "overloaded_error"}}}]}, "server_error", ""),
        ({"choices": [{"index": 0}, {"error": {"code": 504}}]}, "timeout", ""),
        ({"choices": [{"finish_reason": "error", "message": {"content": ""}}]},
         "server_error", ""),
        ({"choices": []}, "unexpected_response", "no_choice"),
        ({"choices": None, "usage": None}, "unexpected_response", "no_choice"),
        ({"choices": [None]}, "unexpected_response", "no_choice"),
        ({"choices": [{"message": {"content": ""}, "finish_reason": "length"}]}, "ok", ""),
        ({"choices": [{"message": {"content": None}, "error": None}]}, "ok", ""),
        ({"type": "error", "error": {"type": "rate_limit_error"}}, "rate_limited", ""),
        ({"error": {"message": "no", "type": "authentication_error"}}, "bad_key", ""),
    ],
)  # fmt: skip
def test_an_error_inside_a_choice_is_one_of_the_whole_answer(
    body: Any, outcome: str, detail: str
) -> None:
    verdict = judge(reply(200, body), "model", is_expected=is_chat)
    assert (verdict.outcome.value, verdict.detail) == (outcome, detail)


def test_another_shape_under_200_is_unexpected() -> None:
    verdict = judge(reply(200, {"hello": 1}), "list", is_expected=lambda data: "data" in data)
    assert (verdict.outcome, verdict.detail) == (Outcome.UNEXPECTED_RESPONSE, "wrong_shape")


def test_an_error_inside_an_array_of_one_is_taken_out() -> None:
    rule = ErrorRule(outcome=Outcome.BAD_KEY, path="error.details[].reason", pattern="^KEY$")
    body = [{"error": {"code": 400, "details": [{"x": 1}, {"reason": "KEY"}]}}]
    assert outcome_of(reply(400, body), rules=[rule]) == "bad_key"
    assert outcome_of(reply(200, [{"id": "a"}])) == "ok"  # a bare list of one model


def test_rules_are_tried_in_order_and_by_call() -> None:
    rules = [
        ErrorRule(outcome=Outcome.MODEL_NOT_FOUND, status=(404,), on=("model",)),
        ErrorRule(outcome=Outcome.FORBIDDEN, header="X-Kind", pattern="^geo", detail="d"),
        ErrorRule(outcome=Outcome.TIMEOUT, status=(404,)),
    ]
    body = {"error": "x"}
    assert outcome_of(reply(404, body), "model", rules=rules) == "model_not_found"
    assert outcome_of(reply(404, body), "list", rules=rules) == "timeout"
    verdict = judge(reply(500, body, x_kind="geo-fence"), "list", rules=rules)
    assert (verdict.outcome, verdict.detail) == (Outcome.FORBIDDEN, "d")


def test_paths_read_alternatives_and_lists() -> None:
    data = {"a": {"b": [{"c": 1}, {"c": 2}, 3]}, "d": None}
    assert values_at(data, "a.b[].c") == [1, 2]
    assert values_at(data, "x|d|a.b[].c") == [None, 1, 2]
    assert values_at([], "a") == []


def test_a_good_answer_keeps_nothing_of_it() -> None:
    assert judge(reply(200, {"data": [], "code": "ok"}), "list").params == {}


@pytest.mark.parametrize("end", ["error", "insufficient_system_resource", "network_error"])
def test_an_answer_that_ended_by_a_fault_is_none(end: str) -> None:
    call = KINDS["deepseek"].model_call
    assert call
    answer = reply(200, {"choices": [{"delta": {}, "finish_reason": end}]})
    verdict = judge(answer, "model", is_expected=expectation(call))
    assert verdict.outcome is Outcome.SERVER_ERROR
