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


@pytest.mark.parametrize("call", ["list", "model"])
@pytest.mark.parametrize(
    "text",
    [
        "llama runner process has terminated: error loading model: unable to allocate CUDA0 buffer",
        "error loading model architecture: unknown model architecture: 'gemma3'",
        "model requires more system memory (19.3 GiB) than is available (7.7 GiB)",
        "could not load model: rpc error: code = Unknown desc = unexpected EOF",
        "error loading model: rpc error: code = Unavailable",
        "model runner has unexpectedly stopped, this may be due to resource limitations",
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "model failed to load, this may be due to resource limitations or an internal error",
    ],
)
def test_a_model_that_could_not_be_loaded_is_not_being_loaded(text: str, call: Any) -> None:
    verdict = judge(reply(500, {"error": {"message": text}}), call)
    assert (verdict.outcome.value, verdict.detail) == ("server_error", "load_failed")


def test_a_load_that_failed_is_known_under_400_of_a_model_too() -> None:
    text = (
        'Failed to load model "m". Error: Model loading was stopped due to insufficient system '
        "resources. Continuing to load the model would likely overload your system."
    )
    for status in (400, 404):
        verdict = judge(reply(status, {"error": {"message": text}}), "model")
        assert (verdict.outcome.value, verdict.detail) == ("server_error", "load_failed")
    assert outcome(400, {"error": {"message": text}}, "list") == "bad_request"


BEHIND = (
    "litellm.AuthenticationError: AuthenticationError: OpenAIException - {}. "
    "Received Model Group=gpt-4o\nAvailable Model Group Fallbacks=None"
)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (401, BEHIND.format("Incorrect API key provided: sk-xxx")),
        (401, BEHIND.format("You didn't provide an API key")),
        (400, BEHIND.format("API key not valid. Please pass a valid API key")),
        (500, BEHIND.format("The api_key client option must be set")),
        (401, "AnthropicException - invalid x-api-key"),
        (403, "VertexAIException - invalid credentials"),
    ],
)
def test_a_key_of_the_gateway_s_own_is_not_the_one_that_was_entered(status: int, text: str) -> None:
    verdict = judge(reply(status, {"error": {"message": text, "code": str(status)}}), "model")
    assert (verdict.outcome.value, verdict.detail) == ("server_error", "upstream_key")


@pytest.mark.parametrize(
    "text",
    [
        "Authentication Error, Invalid proxy server token passed. Received API Key = sk-...sdf, "
        "Key Hash (Token) =88dc. Unable to find token in cache or `LiteLLM_VerificationTable`",
        "Incorrect API key provided",
    ],
)
def test_a_gateway_s_word_about_the_entered_key_stays_one(text: str) -> None:
    assert outcome(401, {"error": {"message": text}}) == "bad_key"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("Your API key does not have permission to use this resource.", "no_permission"),
        ("permission_error", "no_permission"),
        ("You are not allowed to use this project.", "no_permission"),
        ("Forbidden: you must use a token with another role.", "no_permission"),
        ("您无权访问", "no_permission"),
        ("Calls like this are for another tier than your plan.", "no_permission"),
        ("Country, region, or territory not supported", "region_blocked"),
        ("This service is not available in your country", "region_blocked"),
        ("Your IP address is not on the allow list", "not_allowed_here"),
        ("Requests from IP 192.0.2.7 are blocked", "not_allowed_here"),
        ("Request not allowed", ""),
        ("Access denied", ""),
        ("Forbidden", ""),
    ],
)
def test_why_a_call_is_forbidden_is_told_as_far_as_it_is_said(text: str, detail: str) -> None:
    for call in ("list", "model"):
        verdict = judge(reply(403, {"error": {"message": text}}), call)  # type: ignore[arg-type]
        assert (verdict.outcome.value, verdict.detail) == ("forbidden", detail)


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
