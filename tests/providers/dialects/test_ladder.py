"""A connection test: which calls are made, and what they come to."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from providers.dialects.adapters import Adapter
from providers.dialects.ladder import CheckResult, makes_completion, run_check
from providers.http import Reply, Request
from providers.spec.outcomes import Failed, KeyState, Outcome, Step
from tests.providers.replies import (
    CHAT,
    EMPTY,
    GONE,
    LIST,
    PAGE,
    REFUSED,
    Answer,
    Script,
    local,
    make,
    reply,
)


def check(adapter: Adapter, *answers: Answer, models: tuple[str, ...] = ()) -> CheckResult:
    """Runs with exactly these answers: one call too many, or too few, fails."""
    script = Script(*answers)
    result = run_check(adapter, script, models=models)
    assert len(script.requests) == len(answers)
    return result


def told(result: CheckResult) -> tuple[str, str, str]:
    return result.outcome.value, result.key_state.value, result.detail


# Before any call -------------------------------------------------------------------------------


def test_missing_fields_are_named_and_nothing_is_sent() -> None:
    result = check(make("azure_openai", key=""))
    assert told(result) == ("missing_config", "unknown", "")
    assert result.params == {"fields": ["api_base", "deployments", "api_key"]}
    assert {rung.outcome for rung in result.rungs} == {"skipped"}


def test_a_reference_is_not_sent() -> None:
    assert told(check(make("openai", key="${KEY}"))) == ("reference", "unknown", "")
    values = {"region": "us-east-1", "profile": "sso"}
    result = check(make("bedrock", key="", values=values))
    assert told(result) == ("reference", "unknown", "aws_profile")


@pytest.mark.parametrize(
    ("key", "params"),
    [
        ("sk-a\nb", {"problem": "control"}),
        ("sk–dash", {"problem": "non_ascii", "at": 3, "sign": "U+2013 en dash"}),
        ("sk-\u00adx", {"problem": "invisible", "at": 4, "sign": "U+00AD soft hyphen"}),
        ("two words", {"problem": "blank"}),
        ("sk-****wxyz", {"problem": "masked"}),
    ],
)
def test_a_key_that_no_header_can_carry_is_told_without_a_call(
    key: str, params: dict[str, Any]
) -> None:
    result = check(make("openai", key=key))
    assert told(result) == ("bad_key", "invalid", "unsendable")
    assert result.params == params


def test_a_bad_address_or_region_is_told_without_a_call() -> None:
    result = check(make("custom", api_base="http://x:99999"))
    assert told(result) == ("bad_endpoint", "unknown", "bad_url")
    assert result.params == {"code": "port"}
    bad = check(make("bedrock", values={"region": "nowhere"}))
    assert told(bad) == ("bad_endpoint", "unknown", "bad_region")


def test_kinds_that_sign_in_cannot_be_checked() -> None:
    with pytest.raises(ValueError, match="openai_codex"):
        run_check(make("openai_codex"), Script())


@pytest.mark.parametrize(
    ("adapter", "models", "expected"),
    [
        (make("openai"), (), False),
        (make("openai"), ("m",), True),
        (make("gemini"), ("m",), True),
        (make("byteplus_coding_plan"), (), True),
        (make("azure_openai", deployments=("d",)), (), True),
    ],
)
def test_a_completion_is_known_beforehand(
    adapter: Adapter, models: tuple[str, ...], expected: bool
) -> None:
    assert makes_completion(adapter, models) is expected


# The key ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "answer", "expected"),
    [
        ("openai", LIST, ("ok", "valid", "")),
        ("openai", EMPTY, ("reachable_unverified", "unknown", "empty_list")),
        ("openai", REFUSED, ("bad_key", "invalid", "")),
        ("openai", PAGE, ("unexpected_response", "unknown", "html")),
        ("openai", reply(200, {"data": [{"x": 1}]}), ("unexpected_response", "unknown",
                                                      "wrong_shape")),
        ("openai", reply(403, text="<html>"), ("forbidden", "unknown", "html")),
        ("openrouter", reply(200, {"data": {"limit_remaining": None}}), ("ok", "valid", "")),
        ("openrouter", reply(200, {"data": {"limit_remaining": 0}}),
         ("no_credit", "valid", "key_limit")),
        ("openrouter", reply(200, {"data": {"is_management_key": True}}),
         ("forbidden", "valid", "management_key")),
        ("huggingface", reply(200, {"name": "someone", "type": "user"}),
         ("ok", "valid", "permission_unproven")),
        ("huggingface", reply(429, {"error": "slow"}), ("rate_limited", "unknown",
                                                        "proof_limited")),
        ("opencode_go", reply(200, {"usage": {"rolling": {"status": "ok"}}}), ("ok", "valid", "")),
        ("opencode_go", reply(200, {"usage": {"weekly": {"status": "rate-limited"}}}),
         ("no_credit", "valid", "plan_window")),
        ("deepseek", reply(200, {"is_available": True, "balance_infos": []}), ("ok", "valid", "")),
        ("deepseek", reply(200, {"is_available": False, "balance_infos": []}),
         ("no_credit", "valid", "")),
        ("byteplus_coding_plan", CHAT, ("ok", "valid", "")),
        ("byteplus_coding_plan", reply(429, {"error": {"code": "QuotaExceeded"}}),
         ("no_credit", "valid", "plan_window")),
    ],
)  # fmt: skip
def test_one_call_proves_the_key(kind: str, answer: Reply, expected: tuple[str, str, str]) -> None:
    assert told(check(make(kind), answer)) == expected


def test_moonshots_balance_proves_key_and_credit_in_one_call() -> None:
    spent = reply(200, {"code": 0, "data": {"available_balance": 0}})
    assert told(check(make("moonshot"), spent)) == ("no_credit", "valid", "")
    full = reply(200, {"code": 0, "data": {"available_balance": 5.5}})
    assert told(check(make("moonshot"), full)) == ("ok", "valid", "")
    assert told(check(make("moonshot"), GONE, LIST)) == ("ok", "valid", "")


def test_a_base_without_the_key_call_is_asked_for_its_list() -> None:
    proxy = make("deepseek", api_base="https://proxy.example")
    script = Script(GONE, LIST)
    result = run_check(proxy, script)
    assert told(result) == ("ok", "valid", "")
    assert script.urls == ["https://proxy.example/user/balance", "https://proxy.example/models"]


def test_a_public_list_is_never_asked_instead() -> None:
    assert told(check(make("openrouter"), GONE)) == ("bad_endpoint", "unknown", "")


def test_away_from_the_hub_a_token_stays_unproven() -> None:
    proxy = make("huggingface", api_base="https://proxy.example/v1")
    script = Script(LIST)
    result = run_check(proxy, script)
    assert told(result) == ("reachable_unverified", "unknown", "proof_elsewhere")
    assert script.urls == ["https://proxy.example/v1/models"]


def test_an_endpoint_of_bedrocks_runtime_alone_proves_nothing_without_a_model() -> None:
    adapter = make("bedrock", values={"region": "us-east-1"}, api_base="https://vpc.example")
    assert told(check(adapter, GONE)) == ("reachable_unverified", "unknown", "proof_elsewhere")
    converse = replace(CHAT, data={"output": {}})
    assert told(check(adapter, GONE, converse, models=("m",))) == ("ok", "valid", "")


# Models ----------------------------------------------------------------------------------------

# Every kind's good answer at once
HI = replace(CHAT, data={"choices": [{"message": {"content": "hi"}}], "content": []})
NO_SCOPE = reply(403, {"error": {"message": "Missing scopes: api.model.read"}})


def test_a_key_that_may_not_list_is_forbidden_until_a_model_answers() -> None:
    assert told(check(make("openai"), NO_SCOPE)) == ("forbidden", "valid", "no_scope")
    result = check(make("openai"), NO_SCOPE, CHAT, models=("m",))
    assert told(result) == ("ok", "valid", "no_list_scope")
    key = next(rung for rung in result.rungs if rung.step is Step.KEY)
    assert (key.outcome, key.detail) == (Outcome.OK, "no_list_scope")


MODEL_GONE = reply(404, {"error": {"message": "no such model"}})
MODEL_SPENT = reply(402, {"error": {"message": "nothing left"}})


@pytest.mark.parametrize("kind", ["openai", "anthropic", "moonshot", "deepseek", "openrouter"])
@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (REFUSED, "list_refused"),
        (reply(403, {"error": {"message": "not for this key"}}), "list_refused"),
        (reply(429, {"error": {"message": "slow down"}}), "list_refused"),
        (GONE, "no_list"),
        (reply(500, {"error": {"message": "broken"}}), "list_unread"),
        (PAGE, "list_unread"),
        (reply(200, {"hello": 1}), "list_unread"),
        (Failed(Outcome.UNEXPECTED_RESPONSE, "too_large"), "list_unread"),
    ],
)
def test_a_named_model_is_asked_whatever_was_said_before(
    kind: str, answer: Answer, detail: str
) -> None:
    def by(request: Request) -> Answer:
        return HI if request.json else answer

    result = run_check(make(kind), Script(by=by), models=("m",))
    assert told(result) == ("ok", "valid", detail)
    key = next(rung for rung in result.rungs if rung.step is Step.KEY)
    assert (key.outcome, key.detail) == (Outcome.OK, detail)


@pytest.mark.parametrize(
    "failed",
    [
        Failed(Outcome.DNS_ERROR, "not_found"),
        Failed(Outcome.TLS_ERROR, "expired"),
        Failed(Outcome.UNREACHABLE, "refused"),
        Failed(Outcome.BLOCKED_ADDRESS, "private"),
        Failed(Outcome.TIMEOUT, "read"),
        Failed(Outcome.BAD_KEY, "unsendable"),
    ],
)
def test_a_model_is_not_asked_where_no_answer_came(failed: Failed) -> None:
    result = check(make("openai"), failed, models=("m",))
    assert result.outcome is failed.verdict.outcome
    assert result.rungs[-1].outcome == "skipped"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (REFUSED, ("bad_key", "invalid", "")),
        (MODEL_GONE, ("bad_key", "invalid", "")),
        (MODEL_SPENT, ("no_credit", "valid", "")),
    ],
)
def test_a_refused_key_stays_the_cause_unless_the_model_knows_it(
    model: Reply, expected: tuple[str, str, str]
) -> None:
    assert told(check(make("openai"), REFUSED, model, models=("m",))) == expected


def test_spent_credit_is_the_cause_unless_a_model_answers() -> None:
    spent = reply(200, {"is_available": False, "balance_infos": []})
    refused = check(make("deepseek"), spent, MODEL_GONE, models=("m",))
    assert told(refused) == ("no_credit", "valid", "")
    answered = check(make("deepseek"), spent, HI, models=("m",))
    assert told(answered) == ("ok", "valid", "credit_told")


def test_a_model_that_answers_beside_one_that_does_not_settles_the_key() -> None:
    def by(request: Request) -> Answer:
        if not request.json:
            return REFUSED
        return HI if request.json["model"] == "good" else MODEL_GONE

    result = run_check(make("openai"), Script(by=by), models=("good", "lost"))
    assert told(result) == ("model_not_found", "valid", "")
    key = next(rung for rung in result.rungs if rung.step is Step.KEY)
    assert (key.outcome, key.detail) == (Outcome.OK, "list_refused")


def test_a_local_model_that_answers_says_nothing_of_a_key_that_the_list_refused() -> None:
    assert told(check(local(), REFUSED, HI, models=("m",))) == ("ok", "unknown", "list_refused")


def test_a_model_proves_a_key_that_nothing_else_proved() -> None:
    result = check(make("openai"), EMPTY, CHAT, models=("m",))
    assert told(result) == ("ok", "valid", "")
    key = next(rung for rung in result.rungs if rung.step is Step.KEY)
    assert (key.outcome, key.detail) == (Outcome.OK, "model_proves")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (reply(404, {"error": {"code": "model_not_found"}}), "model_not_found"),
        (reply(403, {"error": {"message": "not yours"}}), "forbidden"),
        (reply(429, {"error": {"code": "insufficient_quota"}}), "no_credit"),
        (Failed(Outcome.TIMEOUT), "timeout"),
    ],
)
def test_the_model_decides_when_the_key_is_good(answer: Answer, outcome: str) -> None:
    result = check(make("openai"), LIST, answer, models=("other",))
    assert result.outcome.value == outcome
    assert result.key_state is KeyState.VALID
    assert result.params["model"] == "other"


@pytest.mark.parametrize(
    "refusal",
    [
        reply(404, {"error": {"code": "model_not_found"}}),
        reply(400, {"error": {"message": "Invalid model: m"}}),
        reply(503, {"error": {"message": "No available channel for model m"}}),
    ],
)
@pytest.mark.parametrize("kind", ["openai", "mistral", "groq", "custom"])
def test_a_model_of_the_providers_own_list_is_never_unknown_to_it(
    kind: str, refusal: Reply
) -> None:
    adapter = make(kind, api_base="https://proxy.example/v1")

    def by(request: Request) -> Answer:
        if not request.json:
            return LIST if "Authorization" in request.headers else REFUSED
        return refusal

    result = run_check(adapter, Script(by=by), models=("m",))
    assert told(result) == ("bad_request", "valid", "listed")
    assert run_check(adapter, Script(by=by), models=("x",)).outcome is Outcome.MODEL_NOT_FOUND


def test_a_refused_body_is_sent_once_more_in_its_plain_form() -> None:
    refused = reply(400, {"error": {"message": "unknown field thinking"}})
    script = Script(LIST, refused, CHAT)
    result = run_check(make("zhipu"), script, models=("glm-5",))
    assert result.outcome is Outcome.OK
    first, second = script.requests[1].json, script.requests[2].json
    assert first["thinking"] == {"type": "disabled"}
    assert "thinking" not in second
    assert second["max_tokens"] == 16


NO_STREAM = [
    {"error": {"message": "Streaming is not supported by this model."}},
    {"error": {"message": "Unsupported parameter: 'stream_options'"}},
    {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]},
    {"message": "This deployment does not support streaming"},
]


@pytest.mark.parametrize("body", NO_STREAM)
@pytest.mark.parametrize("kind", ["openai", "zhipu", "custom", "anthropic", "gemini"])
def test_a_stream_that_is_refused_is_not_green(kind: str, body: Any) -> None:
    adapter = make(kind, api_base="https://proxy.example/v1")
    script = Script(by=lambda request: reply(400, body) if request.json else LIST)
    result = run_check(adapter, script, models=("m",))
    assert told(result)[::2] == ("bad_request", "no_stream")
    assert len([request for request in script.requests if request.json]) == 1


def test_a_model_that_streams_only_is_asked_so_at_once() -> None:
    wants = reply(400, {"error": {"message": "This model only support stream mode"}})
    script = Script(by=lambda request: HI if request.json and request.json["stream"] else wants)
    result = run_check(make("dashscope"), script, models=("qwq-plus",))
    assert told(result)[0] == "ok"


def test_an_answer_at_once_where_a_stream_was_asked_for_is_told() -> None:
    at_once = replace(HI, is_stream=False)
    result = check(make("openai"), LIST, at_once, models=("m",))
    assert told(result) == ("ok", "valid", "not_streamed")
    assert told(check(make("openai"), REFUSED, at_once, models=("m",)))[2] == "list_refused"


def test_a_stream_without_an_end_is_told() -> None:
    cut = replace(HI, is_ended=False)
    assert told(check(make("openai"), LIST, cut, models=("m",))) == ("ok", "valid", "unfinished")


RESPONSE = replace(reply(200, {"object": "response", "output": []}), is_stream=True)


@pytest.mark.parametrize(
    ("kind", "model", "place"),
    [
        ("azure_openai", "d", "/openai/v1/responses"),
        ("deepseek", "deepseek-v4-pro", "/responses"),
        ("deepseek", "deepseek-chat", "/chat/completions"),
    ],
)
def test_a_model_is_asked_by_the_api_that_the_agent_speaks(
    kind: str, model: str, place: str
) -> None:
    script = Script(by=lambda request: RESPONSE if "input" in (request.json or {}) else HI)
    adapter = make(kind, api_base="https://proxy.example", deployments=("d",))
    result = run_check(adapter, script, models=(model,))
    assert [request.url for request in script.requests if request.json] == [
        f"https://proxy.example{place}"
    ]
    assert told(result)[::2] == ("ok", "")


@pytest.mark.parametrize("refusal", [GONE, REFUSED, HI])
def test_a_server_without_that_api_is_told(refusal: Any) -> None:
    script = Script(by=lambda request: refusal if "input" in request.json else HI)
    adapter = make("azure_openai", api_base="https://proxy.example", deployments=("d",))
    assert told(run_check(adapter, script, models=("d",)))[::2] == ("ok", "other_api")


def test_a_model_of_opencode_go_that_only_speaks_as_anthropic_s_is_told() -> None:
    usage = reply(200, {"usage": {"rolling": {"status": "ok"}}})
    result = check(make("opencode_go"), usage, HI, models=("minimax-m3",))
    assert told(result) == ("ok", "valid", "messages_only")


NOT_FOR_CHAT = [
    (404, "This model is only supported in v1/responses and not in v1/chat/completions."),
    (404, "This is not a chat model and thus not supported in the v1/chat/completions endpoint."),
    (400, "model m is not accessible via the /chat/completions endpoint"),
    (400, '"nomic-embed-text" does not support chat'),
    (400, "The model `whisper-large-v3` does not support chat completions"),
    (400, "The model does not support Chat Completions API"),
    (400, "The chatCompletion operation does not work with the specified model, ada."),
    (400, "m is an image generation model"),
    (400, "m is an embedding model and cannot be used here"),
    (422, "unsupported_api_for_model"),
    (405, "Please use the /v1/embeddings endpoint instead"),
    (404, "models/m is not found for API version v1beta, or is not supported for generateContent"),
]


@pytest.mark.parametrize(("status", "text"), NOT_FOR_CHAT)
@pytest.mark.parametrize("kind", ["openai", "groq", "vllm", "azure_openai", "gemini", "ollama"])
def test_a_model_of_another_api_is_told_as_that(kind: str, status: int, text: str) -> None:
    adapter = make(kind, api_base="https://proxy.example/v1/openai", deployments=("m",))
    refusal = reply(status, {"error": {"message": text, "code": None}})
    script = Script(by=lambda request: refusal if request.json else LIST)
    result = run_check(adapter, script, models=("m",))
    assert told(result)[::2] == ("bad_request", "not_chat")
    assert result.key_state is not KeyState.INVALID


def test_openai_is_not_asked_twice() -> None:
    refused = reply(400, {"error": {"message": "odd"}})
    assert told(check(make("openai"), LIST, refused, models=("m",)))[0] == "bad_request"


def test_the_asked_model_stands_for_the_completion_that_would_prove_the_key() -> None:
    plan = make("byteplus_coding_plan")
    script = Script(CHAT)
    result = run_check(plan, script, models=("byteplus_coding_plan/kimi-k2.5",))
    assert told(result) == ("ok", "valid", "")
    assert [request.json["model"] for request in script.requests] == ["kimi-k2.5"]
    unknown = reply(404, {"error": {"code": "UnsupportedModel"}})
    result = check(plan, unknown, models=("x",))
    assert told(result) == ("model_not_found", "valid", "not_in_plan")
    key = next(rung for rung in result.rungs if rung.step is Step.KEY)
    assert key.outcome is Outcome.OK
    assert told(check(plan, REFUSED, models=("x",))) == ("bad_key", "invalid", "key_or_path")


# Azure -----------------------------------------------------------------------------------------


def azure(*deployments: str) -> Adapter:
    return make(
        "azure_openai", api_base="https://x.openai.azure.com", deployments=tuple(deployments)
    )


def by_deployment(answers: dict[str, Answer]) -> Script:
    def answer(request: Request) -> Answer:
        return answers[request.json["model"]] if request.json else LIST

    return Script(by=answer)


def test_the_worst_of_several_deployments_decides() -> None:
    unknown = reply(404, {"error": {"code": "DeploymentNotFound"}})
    limited = reply(429, {"error": {"code": "429"}})
    script = by_deployment({"a": CHAT, "b": unknown, "c": limited})
    result = run_check(azure("a", "b", "c"), script)
    assert told(result) == ("model_not_found", "valid", "deployment")
    assert result.params["model"] == "b"
    rungs = {rung.label: rung.outcome for rung in result.rungs if rung.step is Step.MODEL}
    assert rungs == {
        "a": Outcome.OK,
        "b": Outcome.MODEL_NOT_FOUND,
        "c": Outcome.RATE_LIMITED,
    }


def test_deployments_are_tried_side_by_side() -> None:
    barrier = threading.Barrier(3, timeout=5)

    def answer(request: Request) -> Answer:
        if request.json:
            barrier.wait()  # passes only when all three are under way at once
            return CHAT
        return LIST

    assert run_check(azure("a", "b", "c"), Script(by=answer)).outcome is Outcome.OK


def test_a_name_that_does_not_resolve_is_most_likely_the_resource() -> None:
    result = check(azure("a"), Failed(Outcome.DNS_ERROR, "not_found"))
    assert told(result) == ("dns_error", "unknown", "azure_resource")


# Local servers ---------------------------------------------------------------------------------


def test_a_server_without_a_key_is_fine_without_one() -> None:
    assert told(check(local(key=""), LIST)) == ("ok", "not_needed", "")
    assert told(check(local(key=""), EMPTY)) == ("ok", "not_needed", "no_models")


def test_the_control_without_the_key_shows_what_it_is_worth() -> None:
    script = Script(LIST, REFUSED)
    assert told(run_check(local(), script)) == ("ok", "valid", "")
    with_key, without = script.requests
    assert "Authorization" in with_key.headers
    assert "Authorization" not in without.headers
    same = check(local(), LIST, LIST)
    assert told(same) == ("reachable_unverified", "unknown", "key_not_checked")
    unclear = check(local(), LIST, Failed(Outcome.TIMEOUT))
    assert told(unclear) == ("reachable_unverified", "unknown", "control_failed")


def test_a_refusal_without_a_key_says_that_one_is_needed() -> None:
    assert told(check(local("vllm", key=""), REFUSED)) == ("bad_key", "invalid", "key_required")
    assert told(check(local("vllm"), REFUSED)) == ("bad_key", "invalid", "")


def test_a_model_that_answers_proves_no_key_of_a_local_server() -> None:
    result = check(local(), LIST, LIST, CHAT, models=("m",))
    assert told(result) == ("ok", "unknown", "")


def test_no_list_is_in_order_where_a_model_answers() -> None:
    base = local(api_base="http://box.lan:8000/v1", key="")
    gone = Script(by=lambda request: CHAT if request.json else GONE)
    assert told(run_check(base, gone)) == ("bad_endpoint", "unknown", "no_list")
    assert told(run_check(base, gone, models=("m",))) == ("ok", "not_needed", "no_list")
    for status in (405, 501):
        answer = reply(status, {"error": "no"})
        refused = Script(by=lambda request, answer=answer: CHAT if request.json else answer)
        assert told(run_check(base, refused, models=("m",)))[0] == "ok"


def test_ovms_is_asked_by_a_completion_that_it_must_refuse() -> None:
    knock = reply(400, {"error": "JSON body must contain a model"})
    refused = reply(500, {"error": "Unauthorized request due to invalid or missing api-key"})
    script = Script(LIST, knock, refused)
    assert told(run_check(local("ovms"), script)) == ("ok", "valid", "")
    assert [request.json for request in script.requests] == [None, {}, {}]
    assert told(check(local("ovms"), LIST, refused)) == ("bad_key", "invalid", "")
    assert told(check(local("ovms", key=""), LIST, refused))[2] == "key_required"
    assert told(check(local("ovms", key=""), LIST, knock)) == ("ok", "not_needed", "")
    assert told(check(local("ovms"), LIST, knock, knock))[2] == "key_not_checked"
    at = "http://box.lan:8000/v3/models"
    pages = Script(by=lambda request: LIST if request.url == at else PAGE)
    result = run_check(local("ovms", api_base="http://box.lan:8000/v3"), pages)
    assert told(result)[0] == "unexpected_response"
