"""What answers mean: statuses, bodies under 200, the providers' own tables, and what is kept."""

import base64
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.judge import judge
from providers.dialects.particulars import holds_secret, quoted, retry_after_s
from providers.dialects.paths import values_at
from providers.http import Reply
from providers.kinds import KINDS
from providers.spec.kind import CallName, ErrorRule
from providers.spec.outcomes import Outcome
from providers.spec.secret import Secret
from tests.providers.replies import reply

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
KEY = Secret("sk-proj-4fJk9sLmQ2xT7vWz")


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


# Each provider's own table -------------------------------------------------------------------

BEDROCK_DENIED = "User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:{}"
FAILURES: list[tuple[str, int, Any, CallName, str, str]] = [
    # kind, status, body, call, outcome, detail
    ("anthropic", 401, {"error": {"type": "authentication_error", "message": "invalid x-api-key"}},
     "list", "bad_key", ""),
    ("anthropic", 401, {"error": {"message": "CORS requests are not allowed here"}}, "list",
     "bad_request", "origin_header"),
    ("anthropic", 400, {"error": {"message": "Your credit balance is too low"}}, "model",
     "no_credit", ""),
    ("anthropic", 400, {"error": {"details": {"error_code": "organization_on_hold"}}}, "list",
     "forbidden", "on_hold"),
    ("anthropic", 429, {"error": {"details": {"error_code": "enforced_spend_limit_reached"}}},
     "model", "no_credit", "key_limit"),
    ("anthropic", 429, {"error": {"details": {"error_code": "ramp_limit_exceeded"}}}, "model",
     "rate_limited", ""),
    ("anthropic", 404, {"error": {"type": "not_found_error"}}, "model", "model_not_found", ""),
    ("anthropic", 404, {"error": {"type": "not_found_error"}}, "list", "bad_endpoint", ""),
    ("openai", 401, {"error": {"message": "You have insufficient permissions. Missing scopes: "
     "api.model.read", "code": None}}, "list", "forbidden", "no_scope"),
    ("openai", 401, {"error": {"code": "invalid_api_key"}}, "list", "bad_key", ""),
    ("openai", 429, {"error": {"code": "credit_balance_exhausted"}}, "model", "no_credit", ""),
    ("openai", 429, {"error": {"code": "rate_limit_exceeded"}}, "model", "rate_limited", ""),
    ("openai", 400, {"error": {"message": "max_tokens or model output limit was reached"}},
     "model", "ok", ""),
    ("openrouter", 200, {"error": {"code": 401, "message": "User not found."}}, "model",
     "bad_key", ""),
    ("openrouter", 400, {"error": {"message": "x is not a valid model ID"}}, "model",
     "model_not_found", ""),
    ("openrouter", 404, {"error": {"message": "No endpoints found matching your data policy"}},
     "model", "model_not_found", "no_endpoints"),
    ("azure_openai", 401, {"error": {"code": "401"}}, "list", "bad_key", "key_or_endpoint"),
    ("azure_openai", 404, {"error": {"code": "DeploymentNotFound"}}, "model", "model_not_found",
     "deployment"),
    ("azure_openai", 404, {"error": {"code": "404", "message": "Resource not found"}}, "list",
     "bad_endpoint", "wrong_path"),
    ("bedrock", 403, {"Message": "Authentication failed: Please make sure your API Key is valid."},
     "list", "bad_key", "key_or_region"),
    ("bedrock", 403, {"__type": "UnrecognizedClientException"}, "list", "bad_key",
     "key_or_region"),
    ("bedrock", 403, {"message": BEDROCK_DENIED.format("ListFoundationModels")}, "list",
     "forbidden", "no_list_scope"),
    ("bedrock", 403, {"message": BEDROCK_DENIED.format("InvokeModel")}, "model", "forbidden",
     "iam"),
    ("bedrock", 403, {"message": BEDROCK_DENIED.format("InvokeModel") + " with an explicit deny"},
     "model", "forbidden", "iam"),
    ("bedrock", 403, {"message": "You don't have access to the model with this id."}, "model",
     "forbidden", "model_access"),
    ("bedrock", 404, {"message": "This Model is marked by provider as Legacy"}, "model",
     "model_not_found", "retired"),
    ("bedrock", 400, {"message": "This model version has reached the end of its life."}, "model",
     "model_not_found", "retired"),
    ("bedrock", 404, {"message": "Model use case details have not been submitted."}, "model",
     "forbidden", "use_case_form"),
    ("bedrock", 403, {"Message": "Access denied: aws-marketplace:Subscribe is missing"}, "model",
     "forbidden", "marketplace"),
    ("bedrock", 403, {"message": "Model access is denied due to INVALID_PAYMENT_INSTRUMENT: add a "
     "valid payment instrument."}, "model", "forbidden", "payment"),
    ("bedrock", 400, {"message": "Operation not allowed"}, "model", "forbidden", "account_closed"),
    ("bedrock", 429, {"message": "Too many tokens per day, please wait."}, "model", "no_credit",
     "day_quota"),
    ("bedrock", 429, {"message": "Too many requests, please wait."}, "model", "rate_limited", ""),
    ("bedrock", 400, {"message": "Invocation with on-demand throughput isn't supported"}, "model",
     "model_not_found", "profile_needed"),
    ("bedrock", 400, {"message": "The provided model identifier is invalid."}, "model",
     "model_not_found", ""),
    ("huggingface", 403, {"error": "This method does not have sufficient permissions to call "
     "Inference Providers"}, "model", "forbidden", "no_inference_permission"),
    ("huggingface", 400, {"error": "The requested model 'x' does not exist"}, "model",
     "model_not_found", ""),
    ("huggingface", 429, {"error": "slow down"}, "key", "rate_limited", "proof_limited"),
    ("byteplus", 403, {"error": {"code": "AccountOverdueError"}}, "model", "no_credit", "arrears"),
    ("byteplus", 403, {"error": {"code": "AccessDenied"}}, "model", "forbidden", ""),
    ("byteplus", 404, {"error": {"code": "ModelNotOpen"}}, "model", "model_not_found",
     "not_activated"),
    ("byteplus", 404, {"error": {"code": "InvalidEndpointOrModel.NotFound"}}, "model",
     "model_not_found", ""),
    ("byteplus", 429, {"error": {"code": "SetLimitExceeded"}}, "model", "no_credit", "key_limit"),
    ("byteplus_coding_plan", 404, {"error": {"code": "UnsupportedModel"}}, "model",
     "model_not_found", "not_in_plan"),
    ("opencode_go", 401, {"error": {"type": "AuthError"}}, "key", "bad_key", ""),
    ("opencode_go", 401, {"error": {"type": "CreditsError"}}, "key", "no_credit", ""),
    ("opencode_go", 401, {"error": {"type": "ModelError"}}, "model", "model_not_found", ""),
    ("opencode_go", 403, {"error": {"type": "EntitlementError"}}, "key", "forbidden",
     "no_subscription"),
    ("opencode_go", 429, {"error": {"type": "GoUsageLimitError"}}, "model", "no_credit",
     "plan_window"),
    ("opencode_go", 429, {"error": {"type": "RateLimitError"}}, "model", "rate_limited", ""),
    ("deepseek", 401, {"error": {"type": "authentication_error", "code": "invalid_request_error"}},
     "key", "bad_key", ""),
    ("deepseek", 400, {"error": {"message": "supported API model names are a, b"}}, "model",
     "model_not_found", ""),
    ("gemini", 400, {"error": {"status": "INVALID_ARGUMENT", "details": [
        {"reason": "API_KEY_INVALID"}]}}, "list", "bad_key", ""),
    ("gemini", 400, {"error": {"message": "API key expired. Renew it."}}, "list", "bad_key",
     "expired"),
    ("gemini", 403, {"error": {"status": "PERMISSION_DENIED"}}, "list", "forbidden",
     "key_restricted"),
    ("gemini", 400, {"error": {"status": "FAILED_PRECONDITION"}}, "list", "forbidden",
     "region_blocked"),
    ("gemini", 429, {"error": {"status": "RESOURCE_EXHAUSTED"}}, "model", "rate_limited", ""),
    ("gemini", 429, {"error": {"status": "RESOURCE_EXHAUSTED", "message": "You exceeded your "
     "current quota, please check your plan and billing details. limit: 20"}}, "model",
     "rate_limited", ""),
    ("gemini", 429, {"error": {"status": "RESOURCE_EXHAUSTED", "message": "Quota exceeded for "
     "metric: free_tier_requests, limit: 0"}}, "model", "no_credit", "key_limit"),
    ("gemini", 429, {"error": {"status": "RESOURCE_EXHAUSTED", "message": "check your billing",
     "details": [{"violations": [{"quotaId": "GenerateRequestsPerDayPerProject"}]}]}}, "model",
     "no_credit", "key_limit"),
    ("gemini", 429, {"error": {"status": "RESOURCE_EXHAUSTED", "message": "check your billing",
     "details": [{"violations": [{"quotaId": "GenerateRequestsPerMinutePerProject"}]}]}}, "model",
     "rate_limited", ""),
    ("zhipu", 429, {"error": {"code": "1113"}}, "model", "no_credit", "arrears"),
    ("zhipu", 400, {"error": {"code": "1211"}}, "model", "model_not_found", ""),
    ("zhipu", 434, {"error": {"code": "x"}}, "model", "forbidden", ""),
    ("zhipu", 429, {"error": {"code": 1302}}, "model", "rate_limited", ""),
    ("dashscope", 400, {"code": "Arrearage"}, "list", "no_credit", "arrears"),
    ("dashscope", 200, {"success": False, "code": "InvalidApiKey"}, "list", "bad_key",
     "region_or_plan"),
    ("dashscope", 429, {"error": {"code": "Throttling.AllocationQuota"}}, "model", "no_credit",
     "key_limit"),
    ("dashscope", 429, {"code": "Throttling.RateQuota"}, "model", "rate_limited", ""),
    ("moonshot", 429, {"error": {"type": "exceeded_current_quota_error"}}, "model", "no_credit",
     ""),
    ("moonshot", 429, {"error": {"type": "engine_overloaded_error"}}, "model", "rate_limited", ""),
    ("minimax", 200, {"base_resp": {"status_code": 1004}}, "list", "bad_key", "region_or_plan"),
    ("minimax", 200, {"base_resp": {"status_code": 2049}}, "list", "bad_key", "region_or_plan"),
    ("minimax", 500, {"error": {"message": "insufficient balance (1008)"}}, "model", "no_credit",
     ""),
    ("minimax", 403, {"error": {"message": "no permission (1000)"}}, "list", "forbidden", ""),
    ("mistral", 401, {"detail": "Unauthorized"}, "list", "bad_key", ""),
    ("mistral", 400, {"message": "Invalid model: x"}, "model", "model_not_found", ""),
    ("groq", 400, {"error": {"code": "model_decommissioned"}}, "model", "model_not_found",
     "retired"),
    ("groq", 498, {"error": {"message": "capacity"}}, "model", "rate_limited", ""),
    ("vllm", 401, {"error": "Unauthorized"}, "list", "bad_key", ""),
    ("vllm", 404, {"error": {"type": "NotFoundError"}}, "model", "model_not_found", ""),
    ("lm_studio", 200, {"error": "Unexpected endpoint or method. (GET /x)"}, "list",
     "bad_endpoint", "wrong_path"),
    ("ovms", 500, {"error": "Unauthorized request due to invalid or missing api-key"}, "key",
     "bad_key", ""),
    ("ovms", 404, {"error": "Mediapipe graph definition with requested name is not found"},
     "model", "model_not_found", ""),
    ("ollama", 403, {"error": "?"}, "list", "forbidden", "host_not_allowed"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "body", "call", "outcome", "detail"), FAILURES)
def test_each_provider_is_read_by_its_own_table(
    kind: str, status: int, body: Any, call: CallName, outcome: str, detail: str
) -> None:
    verdict = judge(reply(status, body), call, rules=KINDS[kind].error_rules)
    assert (verdict.outcome.value, verdict.detail) == (outcome, detail)


def test_an_empty_403_of_ollama_is_its_host_check() -> None:
    verdict = judge(reply(403), "list", rules=KINDS["ollama"].error_rules)
    assert verdict.detail == "host_not_allowed"


def test_a_type_in_amazons_header_counts_without_its_tail() -> None:
    answer = reply(403, {"message": "no"}, x_amzn_errortype="ExpiredTokenException:http://x")
    verdict = judge(answer, "list", rules=KINDS["bedrock"].error_rules)
    assert verdict.outcome is Outcome.BAD_KEY
    assert verdict.params["provider_code"] == "ExpiredTokenException"


# Waiting ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (reply(429, {}, retry_after="12"), 12),
        (reply(429, {}, retry_after_ms="1500", retry_after="60"), 2),
        (reply(429, {}, retry_after="Sun, 22 Nov 2026 12:01:30 GMT"), 90),
        (reply(429, {}, retry_after="Sun, 22 Nov 2026 11:00:00 GMT"), 0),
        (reply(429, {}, ratelimit='"api";r=0;t=55'), 55),
        (reply(429, {"error": {"details": [{"retryDelay": "37s"}]}}), 37),
        (reply(429, {}, retry_after="999999999"), 30 * 86400),
        (reply(429, {"error": {"message": "Please retry in 36.2s."}}), 37),
        (reply(429, {"message": "Try again after 20 s"}), 20),
        (reply(429, {}, retry_after="soon"), None),
        (reply(429, {}, retry_after="-5"), None),
        (reply(429, {}), None),
    ],
)
def test_the_wait_is_read_in_every_form(answer: Reply, seconds: int | None) -> None:
    assert retry_after_s(answer, NOW) == seconds


def test_the_wait_goes_along_with_the_verdict() -> None:
    verdict = judge(reply(429, {"error": "x"}, retry_after="9"), "list", now=NOW)
    assert verdict.params["retry_after_s"] == 9


# What is kept ----------------------------------------------------------------------------------


def test_codes_and_request_ids_are_kept_when_they_are_plain_words() -> None:
    body = {"error": {"code": "model_not_found", "message": "x"}}
    verdict = judge(reply(400, body, x_request_id="req-1"), "list")
    assert verdict.params["provider_code"] == "model_not_found"
    assert verdict.params["request_id"] == "req-1"


@pytest.mark.parametrize("code", ["has blanks in it", "<b>", "x" * 65, KEY.reveal()])
def test_a_code_that_is_no_plain_word_or_echoes_the_key_is_dropped(code: str) -> None:
    body = {"error": {"code": code}}
    answer = reply(400, body, x_request_id=KEY.reveal())
    params = judge(answer, "list", secrets=[KEY]).params
    assert "provider_code" not in params
    assert "request_id" not in params


@pytest.mark.parametrize(
    "echo",
    [
        KEY.reveal(),
        KEY.reveal()[5:13],
        KEY.reveal().upper(),
        "4 f J k 9 s L m Q 2 x",
        base64.b64encode(KEY.reveal().encode()).decode(),
        base64.b64encode(b"user:" + KEY.reveal().encode()).decode(),
        base64.b64encode(b"ab" + KEY.reveal().encode()).decode(),
        quote(KEY.reveal(), safe=""),
    ],
)
def test_a_message_that_holds_a_piece_of_the_key_is_dropped_whole(echo: str) -> None:
    answer = reply(401, {"error": {"message": f"Bad key {echo}, see the docs"}})
    assert quoted(answer, [KEY]) == ""
    assert "quote" not in judge(answer, "list", secrets=[KEY]).params


def test_a_url_encoded_key_is_seen() -> None:
    key = Secret("a+b/c=d&e f?g#h")
    answer = reply(401, {"error": {"message": "got a%2Bb%2Fc%3Dd"}})
    assert quoted(answer, [key]) == ""


@given(
    key=st.text("abcdefghijkABCDEFGHIJK0123456789-_+/=", min_size=8, max_size=40),
    before=st.text(max_size=10),
    after=st.text(max_size=10),
    data=st.data(),
)
def test_no_eight_characters_of_a_key_pass(
    key: str, before: str, after: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(key) - 8))
    assert holds_secret(f"{before}{key[start : start + 8]}{after}", [Secret(key)])


@given(raw=st.binary(max_size=7), key=st.text("abcdefXYZ0189", min_size=12, max_size=30))
def test_base64_of_a_header_with_the_key_in_it_is_seen(raw: bytes, key: str) -> None:
    text = base64.b64encode(raw + key.encode() + raw).decode()
    assert holds_secret(text, [Secret(key)])


def test_other_text_is_quoted_short_and_printable() -> None:
    answer = reply(400, {"error": {"message": "line\none\x1b[31m  two " + "long " * 100}})
    text = quoted(answer, [KEY])
    assert text.startswith("line one [31m two long")
    assert len(text) == 300
    assert text.isprintable()


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Incorrect API key: sk-ab****wxyz.", "Incorrect API key: …"),
        ("User mail@example.com may not", "User … may not"),
        ("arn:aws:iam::123:user/bob is not authorized", "… is not authorized"),
        ("token 0123456789abcdef0123456789abcdef01 refused", "token … refused"),
        ("The model gpt-5.5 is unknown", "The model gpt-5.5 is unknown"),
    ],
)
def test_masked_keys_accounts_and_tokens_are_blotted_out(message: str, shown: str) -> None:
    assert quoted(reply(400, {"error": {"message": message}}), [KEY]) == shown


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "office closed"}},
        {"error": {"error": {"message": "office closed"}}},
        {"error": "office closed"},
        {"message": "office closed"},
        {"msg": "office closed", "code": 7},
        {"detail": "office closed"},
        {"detail": [{"loc": ["body"], "msg": "office closed"}]},
        {"detail": {"message": "office closed"}},
        {"errors": [{"code": 1, "message": "office closed"}]},
        {"errors": ["office closed"]},
        {"error_description": "office closed"},
        {"error": {"msg": "office closed"}},
        {"fault": {"faultstring": "office closed"}},
        [{"error": {"message": "office closed"}}],
        {"choices": [{"error": {"message": "office closed", "code": 403}}]},
    ],
)
def test_the_providers_words_are_found_wherever_they_stand(body: Any) -> None:
    status = 200 if isinstance(body, dict) and "choices" in body else 403
    assert judge(reply(status, body), "model").params["quote"] == "office closed"


def test_a_good_answer_keeps_nothing_of_it() -> None:
    assert judge(reply(200, {"data": [], "code": "ok"}), "list").params == {}
