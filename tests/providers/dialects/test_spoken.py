"""Words that outweigh a status, in the spellings and places that gateways use."""

from typing import Any

import pytest

from providers.dialects.judge import judge
from providers.dialects.ladder import run_check
from providers.dialects.spoken import folded
from providers.spec.kind import CallName
from tests.providers.replies import LIST, Script, local, reply

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


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, {"error": {"message": "No available channel for model m in group vip"}}),
        (503, {"error": {"code": "model_not_found", "message": "try later"}}),
        (500, {"message": "当前分组下对于模型 m 无可用渠道"}),
        (400, {"error": {"message": "Invalid model name passed in model=m"}}),
        (404, {"title": "Not Found", "detail": "Function 'a-1': Not found for account 'x'"}),
        (403, {"error": {"code": "model_not_found", "message": "not in this project"}}),
        (502, {"detail": "no provider found for m"}),
        (500, {"error": {"message": "The model m does not exist"}}),
        (403, {"code": 30003, "message": "Model disabled.", "data": None}),
        (
            400,
            {
                "error": {
                    "message": "litellm.BadRequestError: You passed in model=m. There are no "
                    "healthy deployments for this model. Received Model Group=m",
                    "code": "400",
                }
            },
        ),
        (400, {"error": "could not find suitable inference handler for m"}),
        (400, {"error": {"message": "The requested model is not supported.", "code": "x"}}),
        (400, {"error": {"message": "Bad Request", "code": "model_not_supported"}}),
        (422, {"error": {"message": "The 'm' model is not supported with this account."}}),
    ],
)
def test_a_model_that_nobody_serves_is_not_found_under_any_status(status: int, body: Any) -> None:
    assert outcome(status, body) == "model_not_found"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (503, {"message": "No available channel for model m", "code": "model_not_found"}),
        (503, {"message": "分组 default 下模型 m 无可用渠道（distributor）"}),
        (
            400,
            {"message": "You passed in model=m. There are no healthy deployments for this model"},
        ),
    ],
)
def test_a_gateway_that_lists_what_nobody_behind_it_serves_is_told(status: int, error: Any) -> None:
    refusal = reply(status, {"error": error})
    script = Script(by=lambda request: LIST if request.method == "GET" else refusal)
    result = run_check(local(key=""), script, models=("m",))
    assert (result.outcome.value, result.detail) == ("server_error", "origin_away")
    result = run_check(local(key=""), script, models=("x",))  # not of its list
    assert (result.outcome.value, result.detail) == ("model_not_found", "not_served")


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
        (403, {"error": {"message": "The model `m` is blocked at the project level."}}),
        (403, {"error": {"message": "This model is disabled for your account."}}),
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


@pytest.mark.parametrize(
    "text",
    [
        'Failed to load model "m". Error: Model loading was stopped due to insufficient system '
        "resources. Continuing to load the model would likely overload your system.",
        "Model is unloaded.",
        "Model unloaded by user or crashed",
        "The model has crashed without additional information. (Exit code: 6)",
    ],
)
def test_a_load_that_failed_is_known_under_400_of_a_model_too(text: str) -> None:
    for status in (400, 404):
        verdict = judge(reply(status, {"error": {"message": text}}), "model")
        assert (verdict.outcome.value, verdict.detail) == ("server_error", "load_failed")
    assert outcome(400, {"error": {"message": text}}, "list") == "bad_request"


@pytest.mark.parametrize("status", [400, 402, 403])
@pytest.mark.parametrize(
    "text",
    [
        "Sorry, this model is only available to paid users.",
        "This model requires a paid plan. Upgrade at https://x",
    ],
)
def test_a_model_for_those_who_pay_is_not_in_the_plan(status: int, text: str) -> None:
    verdict = judge(reply(status, {"code": 30011, "message": text}), "model")
    assert (verdict.outcome.value, verdict.detail) == ("model_not_found", "not_in_plan")


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


@pytest.mark.parametrize("status", [400, 404, 410])
@pytest.mark.parametrize(
    "text",
    [
        "The model grok-beta was deprecated on 2025-09-15 and is no longer accessible",
        "This model is deprecated. Please use another one",
        "The model 'x' has reached its end of life on 2026-01-01",
        "model 'command-r' was removed on September 15, 2025",
        "Model meta.llama-3.1-70b-instruct 1.0.0 is retired",
    ],
)
def test_a_model_that_was_withdrawn_is_told_as_one(status: int, text: str) -> None:
    verdict = judge(reply(status, {"error": {"message": text}}), "model")
    assert (verdict.outcome.value, verdict.detail) == ("model_not_found", "retired")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`temperature` is deprecated for this model", "bad_request"),
        ("model m: `temperature` is deprecated for this model", "bad_request"),
        ("The model m does not exist or has been removed", "model_not_found"),
        ("The model m does not exist or is no longer available", "model_not_found"),
    ],
)
def test_what_may_have_been_withdrawn_or_is_a_part_of_the_request_is_not(
    text: str, expected: str
) -> None:
    verdict = judge(reply(400, {"error": {"message": text}}), "model")
    assert (verdict.outcome.value, verdict.detail) == (expected, "")


@pytest.mark.parametrize("status", [400, 422, 500])
@pytest.mark.parametrize(
    "text",
    [
        'Error rendering prompt with jinja template: "Only user and assistant roles are supported"',
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "invalid params, chat content has invalid message role: system (2013)",
        "role 'system' is not supported",
    ],
)
def test_a_template_that_knows_no_system_message_is_told_as_that(status: int, text: str) -> None:
    verdict = judge(reply(status, {"error": text}), "model")
    assert (verdict.outcome.value, verdict.detail) == ("bad_request", "no_system")


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
