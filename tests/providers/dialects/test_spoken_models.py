"""Words about a model: nobody serves it, it was withdrawn, or it takes less than is sent."""

from typing import Any

import pytest

from providers.dialects.judge import judge
from providers.dialects.ladder import run_check
from tests.providers.replies import LIST, Script, local, reply


def outcome(status: int, body: Any, call: Any = "model") -> str:
    return judge(reply(status, body), call).outcome.value


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
    ("status", "text", "detail"),
    [
        (400, "Unable to access non-serverless model m. Please create and start a new dedicated "
         "endpoint for the model.", "dedicated"),
        (404, "m is not available on serverless", "dedicated"),
        (404, "No models loaded. Please load a model or use the 'lms load' command.", "not_loaded"),
        (400, "model is not loaded", "not_loaded"),
        (400, "model 'm' is not loaded", "not_loaded"),
        (500, "the model could not be loaded", "load_failed"),
    ],
)  # fmt: skip
def test_a_model_that_waits_for_somebody_is_told_as_that(
    status: int, text: str, detail: str
) -> None:
    assert judge(reply(status, {"error": {"message": text}}), "model").detail == detail


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
        ("`top_p` is deprecated for this model", "bad_request"),
        ("model m: `top_p` is deprecated for this model", "bad_request"),
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
