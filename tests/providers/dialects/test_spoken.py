"""Words that outweigh a status, in the spellings and places that gateways use."""

from typing import Any

import pytest

from providers.dialects.judge import judge
from providers.dialects.spoken import folded
from tests.providers.replies import reply

# How a text may come: the outcome must not depend on it.
FORMS: list[Any] = [
    lambda text: {"error": {"message": text, "type": "new_error", "code": None}},
    lambda text: {"error": {"message": "See the code.", "code": text}},
    lambda text: {"error": {"message": "See the type.", "type": text}},
    lambda text: {"error": text},
    lambda text: {"code": 30001, "message": text, "data": None},
    lambda text: {"detail": text},
    lambda text: {"errors": [{"code": 7001, "message": text}]},
    lambda text: [{"error": {"message": text}}],
]


def outcome(status: int, body: Any, call: Any = "model") -> str:
    return judge(reply(status, body), call).outcome.value


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422, 429])
@pytest.mark.parametrize(
    "text",
    [
        "insufficient_user_quota",
        "InsufficientBalance",
        "the token's quota is not enough for this call",
        "Key budget has been exceeded: 12.1 of 10",
        "You have no credits left",
        "本令牌额度不足",
        "账户余额不足，请充值",
    ],
)
def test_words_for_money_outweigh_every_status(form: Any, status: int, text: str) -> None:
    assert outcome(status, form(text)) == "no_credit"
    assert outcome(status, form(text), "list") == "no_credit"


@pytest.mark.parametrize(
    "text",
    [
        "Your prepaid credits are depleted",
        "monthly spending limit reached",
        "Your project has exceeded its monthly spending cap",
        "You have reached your configured budget limit",
        "Trial allowance used up",
        "InferenceLimitExceeded",
        "pre_consume_token_quota_failed",
        "Payment Required",
        "The free tier of the model has been exhausted.",
        "Your account is not active, please check your billing details",
        "There is an unpaid invoice",
        "Account is in arrears",
        "ＩＮＳＵＦＦＩＣＩＥＮＴ ＱＵＯＴＡ",
        "帳戶餘額不足",
        "クレジットが不足しています",
        "크레딧이 부족합니다",
        "Недостаточно средств на балансе",
        "Das Guthaben ist aufgebraucht",
        "Crédits insuffisants",
        "Saldo insuficiente",
    ],
)
def test_money_is_known_in_the_usual_languages_and_spellings(text: str) -> None:
    assert outcome(403, {"message": text}) == "no_credit"


@pytest.mark.parametrize(
    "text",
    [
        "You exceeded your quota of 60 requests per minute",
        "Rate limit reached for requests",
        "Throttling.RateQuota",
        "Quota exceeded for requests per minute per project",
        "Too many concurrent requests",
    ],
)
def test_a_rate_is_no_matter_of_money(text: str) -> None:
    assert outcome(429, {"error": {"message": text}}) == "rate_limited"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, {"error": {"message": "No available channel for model m in group vip"}}),
        (503, {"error": {"code": "model_not_found", "message": "try later"}}),
        (500, {"message": "当前分组下对于模型 m 无可用渠道"}),
        (400, {"error": {"message": "Invalid model name passed in model=m"}}),
        (403, {"error": {"code": "model_not_found", "message": "not in this project"}}),
        (502, {"detail": "no provider found for m"}),
        (500, {"error": {"message": "The model m does not exist"}}),
    ],
)
def test_a_model_that_nobody_serves_is_not_found_under_any_status(status: int, body: Any) -> None:
    assert outcome(status, body) == "model_not_found"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"error": {"message": "no", "type": "key_model_access_denied"}}),
        (401, {"error": {"message": "team not allowed to access model. m"}}),
        (403, {"error": {"message": "Your plan does not have access to the model m"}}),
        (403, {"message": "该令牌无权使用模型 m"}),
        (401, {"error": {"message": "Access to model m is denied for this token"}}),
        (400, {"error": {"message": "m is not available in your current plan"}}),
        (404, {"detail": "m is not included in your subscription"}),
    ],
)
def test_a_model_that_this_key_may_not_use_leaves_the_key_valid(status: int, body: Any) -> None:
    verdict = judge(reply(status, body), "model")
    assert (verdict.outcome.value, verdict.detail) == ("forbidden", "model_access")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (429, {"error": {"message": "No deployments available for selected model"}},
         "rate_limited"),
        (503, {"error": {"message": "no healthy upstream"}}, "server_error"),
        (503, {"error": {"message": "No instances are free for this model"}}, "server_error"),
        (500, {"error": {"message": "write failed: disk quota exceeded"}}, "server_error"),
    ],
)  # fmt: skip
def test_a_shortage_of_the_moment_is_no_unknown_model(
    status: int, body: Any, expected: str
) -> None:
    assert outcome(status, body) == expected


def test_the_same_words_on_a_list_say_nothing_of_a_model() -> None:
    body = {"error": {"message": "no available channel for model m"}}
    assert outcome(503, body, "list") == "server_error"


@pytest.mark.parametrize(
    "text",
    [
        "'top_k' is not supported with this model",
        "temperature is not allowed with this model",
        "max_tokens is invalid for this model: at most 4096",
        "messages: at least one message is required",
        "Unexpected token in JSON",
    ],
)
def test_an_ordinary_bad_request_stays_one(text: str) -> None:
    assert outcome(400, {"error": {"message": text}}) == "bad_request"


def test_texts_are_folded_to_the_same_words() -> None:
    assert folded("InsufficientUserQuota") == folded("insufficient-user_quota")
    assert folded("ＱＵＯＴＡ") == "quota"
