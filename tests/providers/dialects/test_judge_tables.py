"""What answers mean by each provider's own table."""

from typing import Any

import pytest

from providers.dialects.judge import judge
from providers.kinds import KINDS
from providers.spec.kind import CallName
from providers.spec.outcomes import Outcome
from tests.providers.replies import reply

BEDROCK_DENIED = "User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:{}"
FAILURES: list[tuple[str, int, Any, CallName, str, str]] = [
    # kind, status, body, call, outcome, detail
    ("anthropic", 401, {"error": {"type": "authentication_error", "message": "invalid x-api-key"}},
     "list", "bad_key", ""),
    ("anthropic", 401, {"error": {"message": "CORS requests are not allowed here"}}, "list",
     "bad_request", "origin_header"),
    ("anthropic", 403, {"error": {"type": "forbidden", "message": "Request not allowed"}}, "list",
     "forbidden", "region_blocked"),
    ("anthropic", 403, {"error": {"type": "permission_error", "message": "no"}}, "list",
     "forbidden", "no_permission"),
    ("anthropic", 400, {"error": {"message": "Your credit balance is too low"}}, "model",
     "no_credit", ""),
    ("anthropic", 400, {"error": {"details": {"error_code": "organization_on_hold"}}}, "list",
     "forbidden", "on_hold"),
    ("anthropic", 400, {"error": {"type": "invalid_request_error", "message": "This organization "
     "has been disabled."}}, "list", "forbidden", "on_hold"),
    ("anthropic", 429, {"error": {"details": {"error_code": "enforced_spend_limit_reached"}}},
     "model", "no_credit", "key_limit"),
    ("anthropic", 429, {"error": {"details": {"error_code": "ramp_limit_exceeded"}}}, "model",
     "rate_limited", ""),
    ("anthropic", 404, {"error": {"type": "not_found_error"}}, "model", "model_not_found", ""),
    ("anthropic", 404, {"error": {"type": "not_found_error"}}, "list", "bad_endpoint", ""),
    ("openai", 401, {"error": {"message": "You have insufficient permissions. Missing scopes: "
     "api.model.read", "code": None}}, "list", "forbidden", "no_scope"),
    ("openai", 401, {"error": {"message": "You have insufficient permissions for this operation. "
     "Missing scopes: model.request."}}, "model", "forbidden", "no_model_scope"),
    ("openai", 401, {"error": {"code": "incorrect_hostname", "message": "Attempted to access "
     "resource with incorrect regional hostname."}}, "list", "bad_endpoint", "regional_host"),
    ("openai", 401, {"error": {"code": "invalid_api_key"}}, "list", "bad_key", ""),
    ("openai", 429, {"error": {"code": "credit_balance_exhausted"}}, "model", "no_credit", ""),
    ("openai", 429, {"error": {"code": "rate_limit_exceeded"}}, "model", "rate_limited", ""),
    ("openai", 400, {"error": {"message": "max_tokens or model output limit was reached"}},
     "model", "ok", ""),
    ("openai", 401, {"error": {"code": "mismatched_project", "message": "OpenAI-Project header "
     "should match project for API key"}}, "list", "forbidden", "wrong_project"),
    ("openai", 401, {"error": {"code": "mismatched_organization"}}, "model", "forbidden",
     "wrong_project"),
    ("openai", 401, {"error": {"code": "invalid_organization"}}, "list", "forbidden",
     "wrong_project"),
    ("openai", 400, {"error": {"message": "Your organization must be verified to stream this "
     "model. Please go to: https://x", "param": "stream", "code": "unsupported_value"}}, "model",
     "forbidden", "unverified"),
    ("openai", 404, {"error": {"message": "Your organization must be verified to use the model "
     "`o3`.", "code": "model_not_found"}}, "model", "forbidden", "unverified"),
    ("openrouter", 400, {"error": {"message": "Provider returned error", "code": 400, "metadata": {
        "raw": '{"error": {"message": "Your organization must be verified to stream this model.", '
        '"param": "stream", "code": "unsupported_value"}}'}}}, "model", "forbidden", "unverified"),
    ("openrouter", 429, {"error": {"code": 429, "message": "Rate limit exceeded: "
     "free-models-per-day. Add 10 credits to unlock 1000 requests per day"}}, "model", "no_credit",
     "free_day"),
    ("openrouter", 429, {"error": {"code": 429, "message": "Rate limit exceeded: "
     "free-models-per-day-high-balance"}}, "model", "no_credit", "plan_window"),
    ("custom", 500, {"error": {"message": "your current token plan not support model, M-2 "
     "(2061)"}}, "model", "model_not_found", "not_in_plan"),
    ("openrouter", 429, {"error": {"code": 429, "message": "Rate limit exceeded: "
     "free-models-per-min."}}, "model", "rate_limited", ""),
    ("openrouter", 403, {"error": {"code": 403, "message": "Key limit exceeded (total limit)."}},
     "model", "no_credit", "key_limit"),
    ("openrouter", 200, {"error": {"code": 401, "message": "User not found."}}, "model",
     "bad_key", ""),
    ("openrouter", 400, {"error": {"message": "x is not a valid model ID"}}, "model",
     "model_not_found", ""),
    ("openrouter", 404, {"error": {"message": "No endpoints found matching your data policy"}},
     "model", "model_not_found", "no_endpoints"),
    ("openrouter", 404, {"error": {"message": "No endpoints available matching your guardrail "
     "restrictions and data policy. Configure: https://openrouter.ai/settings/privacy"}}, "model",
     "model_not_found", "no_endpoints"),
    ("openrouter", 404, {"error": {"message": "No allowed providers are available for the selected "
     "model."}}, "model", "model_not_found", "no_allowed_provider"),
    ("openrouter", 404, {"error": {"message": "No endpoints found for qwen/qwen2.5-vl:free."}},
     "model", "model_not_found", "not_served"),
    ("openrouter", 404, {"error": {"message": "No endpoints found that support the provided "
     "'tool_choice' value. To learn more about provider routing, visit: https://x"}}, "model",
     "bad_request", "no_tools"),
    ("openrouter", 404, {"error": {"message": "No endpoints found that can handle the requested "
     "parameters."}}, "model", "bad_request", ""),
    ("openrouter", 403, {"error": {"code": 403, "message": "OpenAI is requiring a key to access "
     "this model, which you can add in https://x"}}, "model", "forbidden", "model_access"),
    ("openrouter", 404, {"error": {"message": "This model is unavailable for free. The paid "
     "version is available now - use this slug instead: x/y"}}, "model", "model_not_found",
     "not_served"),
    ("openrouter", 404, {"error": {"message": "Grok 4 Fast's free period has ended."}}, "model",
     "model_not_found", "retired"),
    ("openrouter", 503, {"error": {"code": 503, "message": "There is no available model provider "
     "that meets your routing requirements"}}, "model", "model_not_found", "not_served"),
    ("openrouter", 503, {"error": {"code": 503, "message": "Try later"}}, "model", "server_error",
     ""),
    ("openrouter", 404, {"error": {"message": "No endpoints found that support the requested "
     "output modalities: image, text"}}, "model", "bad_request", "not_chat"),
    ("gemini", 400, [{"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "This model "
     "only supports Interactions API."}}], "model", "bad_request", "not_chat"),
    ("openrouter", 404, {"error": {"code": 404, "message": "This model is only available through "
     "the Batch API"}}, "model", "bad_request", "not_chat"),
    ("openai", 404, {"error": {"message": "The model `m` has been deprecated, learn more here: "
     "https://x", "code": "model_not_found"}}, "model", "model_not_found", "retired"),
    ("gemini", 404, [{"error": {"code": 404, "status": "NOT_FOUND", "message": "This model "
     "models/gemini-2.5-flash is no longer available to new users."}}], "model", "model_not_found",
     "retired"),
    ("dashscope", 404, {"error": {"code": "model_not_supported", "message": "Unsupported model "
     "`qwen-image` for OpenAI compatibility mode."}}, "model", "bad_request", "not_chat"),
    ("azure_openai", 401, {"error": {"code": "401"}}, "list", "bad_key", "key_or_endpoint"),
    ("azure_openai", 403, {"error": {"code": "AuthenticationTypeDisabled", "message": "Key based "
     "authentication is disabled for this resource."}}, "model", "forbidden", "keys_off"),
    ("azure_openai", 403, {"error": {"code": "403", "message": "Access denied due to Virtual "
     "Network/Firewall rules."}}, "model", "forbidden", "not_allowed_here"),
    ("azure_openai", 403, {"error": {"code": "403", "message": "Public access is disabled. Please "
     "configure private endpoint."}}, "model", "forbidden", "not_allowed_here"),
    ("azure_openai", 403, {"error": {"code": "403", "message": "Your resource has been temporarily "
     "blocked because we detected behavior that may violate our content policy."}}, "model",
     "forbidden", "on_hold"),
    ("azure_openai", 403, {"error": {"code": "PermissionDenied", "message": "Principal does not "
     "have access to API/Operation."}}, "model", "forbidden", "no_permission"),
    ("azure_openai", 403, {"error": {"code": "403", "message": "Forbidden"}}, "model",
     "forbidden", ""),
    ("azure_openai", 404, {"error": {"code": "DeploymentNotFound"}}, "model", "model_not_found",
     "deployment"),
    ("azure_openai", 404, {"error": {"code": "404", "message": "Resource not found"}}, "list",
     "bad_endpoint", "wrong_path"),
    ("bedrock", 403, {"Message": "Authentication failed: Please make sure your API Key is valid."},
     "list", "bad_key", "key_or_region"),
    ("bedrock", 403, {"__type": "UnrecognizedClientException"}, "list", "bad_key",
     "key_or_region"),
    ("bedrock", 403, {"__type": "com.amazon#ExpiredTokenException"}, "list", "bad_key",
     "session_over"),
    ("bedrock", 400, {"message": "The security token included in the request is expired"}, "model",
     "bad_key", "session_over"),
    ("bedrock", 403, {"message": "Signature expired: 20260101T000000Z is now earlier than "
     "20260101T000500Z", "__type": "InvalidSignatureException"}, "list", "bad_key", "clock"),
    ("bedrock", 403, {"message": "Signature not yet current: 20260101T010000Z is still later"},
     "list", "bad_key", "clock"),
    ("bedrock", 403, {"message": "The request signature we calculated does not match"}, "list",
     "bad_key", "key_or_region"),
    ("bedrock", 403, {"message": BEDROCK_DENIED.format("ListFoundationModels")}, "list",
     "forbidden", "no_list_scope"),
    ("bedrock", 403, {"message": BEDROCK_DENIED.format("InvokeModel")}, "model", "forbidden",
     "iam"),
    ("bedrock", 403, {"message": BEDROCK_DENIED.format("InvokeModel") + " with an explicit deny"},
     "model", "forbidden", "iam"),
    ("bedrock", 403, {"Message": BEDROCK_DENIED.format("CallWithBearerToken")}, "list",
     "forbidden", "bearer_denied"),
    ("bedrock", 403, {"Message": BEDROCK_DENIED.format("CallWithBearerToken")}, "model",
     "forbidden", "bearer_denied"),
    ("bedrock", 400, {"message": "Access to Anthropic models is not allowed from unsupported "
     "countries, regions, or territories."}, "model", "forbidden", "region_blocked"),
    ("bedrock", 403, {"message": "Access to Anthropic models is not allowed from unsupported "
     "countries, regions, or territories."}, "model", "forbidden", "region_blocked"),
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
    ("huggingface", 400, {"error": "Model not supported by provider together"}, "model",
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
    ("byteplus_coding_plan", 400, {"error": {"code": "InvalidSubscription", "message": "no plan"}},
     "key", "forbidden", "no_subscription"),
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
    ("gemini", 403, {"error": {"status": "PERMISSION_DENIED", "message": "Requests to this API "
     "generativelanguage.googleapis.com are blocked."}}, "list", "forbidden", "key_restricted"),
    ("gemini", 403, {"error": {"status": "PERMISSION_DENIED", "message": "Your API key was "
     "reported as leaked. Please use another API key."}}, "model", "bad_key", "leaked"),
    ("gemini", 400, {"error": {"status": "FAILED_PRECONDITION"}}, "list", "forbidden",
     "region_blocked"),
    ("gemini", 400, {"error": {"status": "FAILED_PRECONDITION", "message": "Gemini API free tier "
     "is not available in your country. Please enable billing on your project."}}, "list",
     "forbidden", "needs_billing"),
    ("gemini", 400, {"error": {"status": "FAILED_PRECONDITION", "message": "User location is not "
     "supported for the API use without a billing account linked."}}, "model", "forbidden",
     "needs_billing"),
    ("gemini", 429, {"error": {"status": "RESOURCE_EXHAUSTED"}}, "model", "rate_limited", ""),
    ("gemini", 429, {"error": {"status": "RESOURCE_EXHAUSTED", "message": "You exceeded your "
     "current quota, please check your plan and billing details. limit: 20"}}, "model",
     "rate_limited", ""),
    ("gemini", 429, {"error": {"status": "RESOURCE_EXHAUSTED", "message": "Quota exceeded for "
     "metric: free_tier_requests, limit: 0"}}, "model", "no_credit", "no_quota"),
    ("gemini", 429, {"error": {"status": "RESOURCE_EXHAUSTED", "message": "Your prepayment credits "
     "are depleted. Please go to AI Studio to manage your billing."}}, "model", "no_credit",
     "arrears"),
    ("gemini", 429, {"error": {"status": "RESOURCE_EXHAUSTED", "message": "Your project has "
     "exceeded its monthly spending cap."}}, "model", "no_credit", "key_limit"),
    ("gemini", 429, {"error": {"status": "RESOURCE_EXHAUSTED", "message": "check your billing",
     "details": [{"violations": [{"quotaId": "GenerateRequestsPerDayPerProject"}]}]}}, "model",
     "no_credit", "key_limit"),
    ("gemini", 429, {"error": {"status": "RESOURCE_EXHAUSTED", "message": "check your billing",
     "details": [{"violations": [{"quotaId": "GenerateRequestsPerMinutePerProject"}]}]}}, "model",
     "rate_limited", ""),
    ("zhipu", 429, {"error": {"code": "1113"}}, "model", "no_credit", "arrears"),
    ("zhipu", 429, {"error": {"code": "1308", "message": "Your limit will reset at 5"}}, "model",
     "no_credit", "plan_window"),
    ("zhipu", 429, {"error": {"code": "1309", "message": "Your package has expired"}}, "model",
     "no_credit", "plan_over"),
    ("zhipu", 429, {"error": {"code": "1313", "message": "does not comply with the Fair Usage "
     "Policy, and your request frequency has been limited."}}, "model", "forbidden", "on_hold"),
    ("zhipu", 400, {"error": {"code": "1211"}}, "model", "model_not_found", ""),
    ("zhipu", 434, {"error": {"code": "x"}}, "model", "forbidden", ""),
    ("zhipu", 429, {"error": {"code": 1302}}, "model", "rate_limited", ""),
    ("dashscope", 400, {"code": "Arrearage"}, "list", "no_credit", "arrears"),
    ("dashscope", 200, {"success": False, "code": "InvalidApiKey"}, "list", "bad_key",
     "region_or_plan"),
    ("dashscope", 429, {"error": {"code": "Throttling.AllocationQuota"}}, "model", "no_credit",
     "key_limit"),
    ("dashscope", 429, {"code": "Throttling.RateQuota"}, "model", "rate_limited", ""),
    ("dashscope", 403, {"error": {"code": "AllocationQuota.FreeTierOnly", "message": "The free "
     "tier of the model has been exhausted."}}, "model", "no_credit", "free_tier_only"),
    ("moonshot", 429, {"error": {"type": "exceeded_current_quota_error"}}, "model", "no_credit",
     ""),
    ("moonshot", 429, {"error": {"type": "engine_overloaded_error"}}, "model", "rate_limited", ""),
    ("minimax", 200, {"base_resp": {"status_code": 1004}}, "list", "bad_key", "region_or_plan"),
    ("minimax", 200, {"base_resp": {"status_code": 2049}}, "list", "bad_key", "region_or_plan"),
    ("minimax", 500, {"error": {"message": "insufficient balance (1008)"}}, "model", "no_credit",
     ""),
    ("minimax", 500, {"error": {"message": "your current token plan not support model, M-2 "
     "(2061)", "http_code": "500"}}, "model", "model_not_found", "not_in_plan"),
    ("minimax", 200, {"base_resp": {"status_code": 2061, "status_msg": "not supported"}}, "model",
     "model_not_found", "not_in_plan"),
    ("minimax", 403, {"error": {"message": "no permission (1000)"}}, "list", "forbidden",
     "no_permission"),
    ("mistral", 401, {"detail": "Unauthorized"}, "list", "bad_key", ""),
    ("mistral", 400, {"message": "Invalid model: x"}, "model", "model_not_found", ""),
    ("groq", 400, {"error": {"code": "model_decommissioned"}}, "model", "model_not_found",
     "retired"),
    ("groq", 400, {"error": {"code": "model_terms_required", "message": "The model requires terms "
     "acceptance."}}, "model", "forbidden", "terms"),
    ("groq", 400, {"error": {"code": "organization_restricted"}}, "list", "forbidden", "on_hold"),
    ("groq", 498, {"error": {"message": "capacity"}}, "model", "rate_limited", ""),
    ("groq", 403, {"error": {"message": "Access denied. Please check your network settings."}},
     "list", "forbidden", "region_blocked"),
    ("vllm", 401, {"error": "Unauthorized"}, "list", "bad_key", ""),
    ("vllm", 404, {"error": {"type": "NotFoundError"}}, "model", "model_not_found", ""),
    ("lm_studio", 200, {"error": "Unexpected endpoint or method. (GET /x)"}, "list",
     "bad_endpoint", "wrong_path"),
    ("ovms", 500, {"error": "Unauthorized request due to invalid or missing api-key"}, "key",
     "bad_key", ""),
    ("ovms", 404, {"error": "Mediapipe graph definition with requested name is not found"},
     "model", "model_not_found", ""),
    ("ollama", 403, {"error": "?"}, "list", "forbidden", "host_not_allowed"),
    ("ollama", 403, {"error": {"message": "this model requires a subscription, upgrade for access: "
     "https://ollama.com/upgrade", "type": "api_error"}}, "model", "forbidden", "no_subscription"),
    ("ollama", 403, {"error": {"message": "?"}}, "model", "forbidden", ""),
    ("ollama", 401, {"error": {"message": "unauthorized", "type": "api_error"}}, "model",
     "forbidden", "signed_out"),
    ("ollama", 401, {"error": "unauthorized", "signin_url": "https://ollama.com/connect"}, "model",
     "forbidden", "signed_out"),
    ("ollama", 401, {"error": "unauthorized"}, "list", "bad_key", ""),
    ("ollama", 410, {"error": {"message": "qwen3-vl:235b was retired"}}, "model",
     "model_not_found", "retired"),
    ("ollama", 429, {"error": "you (x) have reached your session usage limit, upgrade for higher "
     "limits: https://x"}, "model", "no_credit", "plan_window"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "body", "call", "outcome", "detail"), FAILURES)
def test_each_provider_is_read_by_its_own_table(
    kind: str, status: int, body: Any, call: CallName, outcome: str, detail: str
) -> None:
    verdict = judge(reply(status, body), call, rules=KINDS[kind].error_rules)
    assert (verdict.outcome.value, verdict.detail) == (outcome, detail)


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        ("Quota exceeded for metric: requests, limit: 0, model: m. Please retry in 56.4s.",
         "no_quota"),
        ("Quota exceeded for GenerateRequestsPerDayPerProject. Please retry in 56.4s.",
         "key_limit"),
        ("Your prepayment credits are depleted.", "arrears"),
    ],
)  # fmt: skip
def test_google_s_wait_is_none_where_more_than_a_minute_s_quota_is_used_up(
    message: str, detail: str
) -> None:
    error = {"status": "RESOURCE_EXHAUSTED", "message": message, "details": [{"retryDelay": "56s"}]}
    verdict = judge(reply(429, [{"error": error}]), "model", rules=KINDS["gemini"].error_rules)
    assert (verdict.outcome, verdict.detail) == (Outcome.NO_CREDIT, detail)
    assert "retry_after_s" not in verdict.params
    error["message"] = "Too many requests."
    verdict = judge(reply(429, [{"error": error}]), "model", rules=KINDS["gemini"].error_rules)
    assert verdict.params["retry_after_s"] == 56


@pytest.mark.parametrize(("kind", "outcome"), [("custom", "bad_endpoint"), ("bedrock", "bad_key")])
def test_a_gateway_of_amazons_says_of_an_unknown_path_that_a_token_lacks(
    kind: str, outcome: str
) -> None:
    body = {"message": "Missing Authentication Token"}
    answer = reply(403, body, x_amzn_errortype="MissingAuthenticationTokenException")
    assert judge(answer, "list", rules=KINDS[kind].error_rules).outcome.value == outcome


def test_an_empty_403_of_ollama_is_its_host_check() -> None:
    verdict = judge(reply(403), "list", rules=KINDS["ollama"].error_rules)
    assert verdict.detail == "host_not_allowed"


def test_a_type_in_amazons_header_counts_without_its_tail() -> None:
    answer = reply(403, {"message": "no"}, x_amzn_errortype="ExpiredTokenException:http://x")
    verdict = judge(answer, "list", rules=KINDS["bedrock"].error_rules)
    assert verdict.outcome is Outcome.BAD_KEY
    assert verdict.params["provider_code"] == "ExpiredTokenException"
