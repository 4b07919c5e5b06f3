"""Words that outweigh a status, in the spellings and places that gateways use."""

from typing import Any

import pytest

from providers.dialects.judge import judge
from providers.dialects.words import folded
from providers.spec.kind import CallName
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
        "Your newly created team doesn't have any credits or licenses yet.",
        "you have used up your daily free allocation of 10,000 neurons",
        "Key limit exceeded (total limit). Manage it in the settings",
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
        "Per-key limit exceeded: 10 requests per minute",
    ],
)
def test_a_rate_is_no_matter_of_money(text: str) -> None:
    assert outcome(429, {"error": {"message": text}}) == "rate_limited"


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
        ("您的 IP 不在令牌允许访问的列表中", "not_allowed_here"),
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
    ("status", "error", "ending"),
    [
        (403, "API key is currently blocked: xai-***", ("bad_key", "")),
        (401, "This API key has been deleted.", ("bad_key", "")),
        (403, {"code": 10000, "message": "Authentication error"}, ("bad_key", "")),
        (403, "Authentication failed: not on the allow list, IP 192.0.2.7", ("forbidden", None)),
        (401, "This API key was disabled because it was leaked", ("bad_key", "leaked")),
        (401, "The `models` permission is required to access this", ("forbidden", "no_permission")),
        (401, "Token lacks the scopes inference", ("forbidden", "no_permission")),
    ],
)
def test_a_key_that_is_closed_is_wrong_and_one_that_may_too_little_is_not(
    status: int, error: Any, ending: tuple[str, str | None]
) -> None:
    for call in ("list", "model"):
        verdict = judge(reply(status, {"error": error}), call)  # type: ignore[arg-type]
        outcome, detail = ending
        assert verdict.outcome.value == outcome
        assert detail is None or verdict.detail == detail


@pytest.mark.parametrize("call", ["list", "model"])
@pytest.mark.parametrize(
    "text",
    [
        "you've reached your hourly usage limit, please wait or upgrade to continue",
        "you (x) have reached your weekly usage limit, upgrade for higher limits",
        "Monthly usage limit reached. It will reset in 10 days 19 hours.",
    ],
)
def test_an_allowance_that_renews_by_itself_is_no_balance(text: str, call: Any) -> None:
    verdict = judge(reply(429, {"error": {"message": text}}), call)
    assert (verdict.outcome.value, verdict.detail) == ("no_credit", "plan_window")


def test_a_dependency_that_failed_is_no_fault_of_the_request() -> None:
    assert outcome(424, {"error": "Request failed during generation"}) == "server_error"


@pytest.mark.parametrize(
    "text",
    [
        "'top_k' is not supported with this model",
        "temperature is not allowed with this model",
        "max_tokens is invalid for this model: at most 4096",
        "messages: at least one message is required",
        "Unexpected token in JSON",
        "user: must be restricted to ascii",
        "Unknown field project for this organization",
        "temperature is restricted for the account",
        "the region eu is not one of those known",
    ],
)
def test_an_ordinary_bad_request_stays_one(text: str) -> None:
    assert outcome(400, {"error": {"message": text}}) == "bad_request"


OVERDUE = (
    "Account x is suspended, possibly due to reaching the monthly spending limit or failure to"
)
OF_ACCOUNTS = [
    ("on_hold", "This organization has been disabled."),
    ("on_hold", "Organization has been restricted. Please reach out to support."),
    ("on_hold", "organization_restricted"),
    ("on_hold", "The OpenAI account associated with this API key has been deactivated."),
    ("on_hold", "Your account org-1 is temporarily suspended for a violation of the terms"),
    ("on_hold", "UserBanned"),
    ("on_hold", "Consumer 'projects/1' has been suspended."),
    ("on_hold", "用户已被封禁"),
    ("region_blocked", "Access to Anthropic models is not allowed from unsupported countries, "
     "regions, or territories."),
    ("region_blocked", "unsupported_country_region_territory"),
    ("region_blocked", "Country, region, or territory not supported"),
    ("region_blocked", "This model is not available in your region."),
    ("region_blocked", "User location is not supported for the API use."),
    ("needs_billing", "The free tier is not offered in your country. Please enable billing."),
    ("needs_billing", "User location is not supported for the API use without a billing account "
     "linked"),
    ("no_subscription", "InvalidSubscription"),
    ("no_subscription", "Your account 2 does not have a valid CodingPlan subscription"),
    ("no_subscription", "Your GLM Coding Plan package has expired"),
    ("unverified", "Your organization must be verified to stream this model."),
    ("unverified", '{"message": "Your organization must be verified to stream this model. Go to '
     'https://x", "param": "stream", "code": "unsupported_value"}'),
    ("terms", "The model `m` requires terms acceptance. Please have the admin accept the terms"),
    ("terms", "model_terms_required"),
]  # fmt: skip


@pytest.mark.parametrize("status", [400, 401, 403, 412])
@pytest.mark.parametrize(("detail", "text"), OF_ACCOUNTS)
def test_what_stands_against_an_account_is_neither_its_key_nor_the_form(
    status: int, detail: str, text: str
) -> None:
    for form in FORMS:
        calls: tuple[CallName, ...] = ("model", "list")
        verdicts = [judge(reply(status, form(text)), call) for call in calls]
        assert {(v.outcome.value, v.detail) for v in verdicts} == {("forbidden", detail)}, form


@pytest.mark.parametrize("status", [400, 403, 412, 429])
@pytest.mark.parametrize(
    "text", [OVERDUE + " pay past invoices.", "There is an unpaid invoice", "账户已欠费"]
)
def test_a_bill_that_was_not_paid_is_told_as_one(status: int, text: str) -> None:
    verdict = judge(reply(status, {"error": {"message": text}}), "list")
    assert (verdict.outcome.value, verdict.detail) == ("no_credit", "arrears")


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (403, "The API key of this account is disabled", "bad_key"),
        (401, "Access denied due to invalid subscription key or wrong API endpoint.", "bad_key"),
        (403, "The API has not been used in project 1 before or it is disabled.", "forbidden"),
        (403, "Your account is restricted to embeddings", "forbidden"),
        (403, "For this account the model m is disabled", "forbidden"),
        (403, "This account and its model m are disabled", "forbidden"),
        (429, "Your account is temporarily blocked: too many requests", "rate_limited"),
        (500, "The account has been suspended", "server_error"),
    ],
)
def test_what_merely_belongs_to_an_account_does_not_close_it(
    status: int, text: str, expected: str
) -> None:
    verdict = judge(reply(status, {"error": {"message": text}}), "model")
    assert verdict.outcome.value == expected
    assert verdict.detail in ("", "no_permission")


@pytest.mark.parametrize("call", ["list", "model"])
def test_litellm_without_a_database_takes_its_master_key_alone(call: Any) -> None:
    error = {"message": "Authentication Error, No connected db.", "type": "no_db_connection"}
    verdict = judge(reply(400, {"error": {**error, "param": None, "code": "400"}}), call)
    assert (verdict.outcome.value, verdict.detail) == ("bad_key", "master_key")


def test_texts_are_folded_to_the_same_words() -> None:
    assert folded("InsufficientUserQuota") == folded("insufficient-user_quota")
    assert folded("ＱＵＯＴＡ") == "quota"
