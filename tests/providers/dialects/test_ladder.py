"""A connection test: which calls are made for a key, and what they come to."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from providers.dialects.adapters import Adapter
from providers.dialects.ladder import makes_completion, run_check
from providers.dialects.local import KNOCK
from providers.http import Reply, Request
from providers.spec.outcomes import Failed, Outcome, Step
from providers.spec.secret import Secret
from tests.providers.dialects.climb import check, told
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

PAIR = {"access_key_id": "AKIAEXAMPLE", "secret_access_key": "a/secret+0123456789"}


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


@pytest.mark.parametrize(
    ("base", "secrets", "detail"),
    [
        ("http://proxy.example", {"api_key": "ABSK-a-key-0123"}, "plain_key"),
        ("https://proxy.example", {"api_key": "ABSK-a-key-0123"}, ""),
        ("http://proxy.example", PAIR, ""),
        ("http://proxy.example", {"api_key": "ABSK-a-key-0123", **PAIR}, "plain_key"),
    ],
)
def test_amazon_s_client_sends_no_key_in_plain_so_neither_does_a_test(
    base: str, secrets: dict[str, str], detail: str
) -> None:
    kept = {name: Secret(value) for name, value in secrets.items()}
    adapter = make("bedrock", api_base=base, values={"region": "us-east-1"}, secrets=kept)
    good = replace(reply(200, {"modelSummaries": [], "output": {}}), is_stream=True)
    script = Script(by=lambda request: good)
    result = run_check(adapter, script, models=("m",))
    assert result.detail == detail
    assert bool(script.requests) is not bool(detail)
    if detail:
        assert result.params == {"base": "https://proxy.example"}


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


LACKING = reply(400, {"error": "'messages' is empty"})


def test_a_server_without_a_key_is_fine_without_one() -> None:
    assert told(check(local(key=""), LIST, LACKING)) == ("ok", "not_needed", "")
    assert told(check(local(key=""), EMPTY, LACKING)) == ("ok", "not_needed", "no_models")
    assert told(check(local("vllm", key=""), LIST)) == ("ok", "not_needed", "")


@pytest.mark.parametrize("knock", [GONE, LACKING, CHAT, Failed(Outcome.TIMEOUT), reply(403, {})])
def test_a_list_is_believed_where_a_completion_does_not_ask_for_a_key(knock: Any) -> None:
    assert told(check(local(key=""), LIST, knock)) == ("ok", "not_needed", "")


def test_a_list_may_be_open_to_anybody_where_completions_are_not() -> None:
    """As llama.cpp's is, started with --api-key."""
    assert told(check(local(key=""), LIST, REFUSED)) == ("bad_key", "invalid", "key_required")
    assert told(check(local(), LIST, LIST, REFUSED)) == ("bad_key", "invalid", "")
    assert told(check(local(), LIST, LIST, LACKING, REFUSED)) == ("ok", "valid", "")
    unknown = ("reachable_unverified", "unknown", "key_not_checked")
    assert told(check(local(), LIST, LIST, LACKING, LACKING)) == unknown
    assert told(check(local(), LIST, LIST, Failed(Outcome.TIMEOUT))) == unknown


def test_the_control_without_the_key_shows_what_it_is_worth() -> None:
    script = Script(LIST, REFUSED)
    assert told(run_check(local(), script)) == ("ok", "valid", "")
    with_key, without = script.requests
    assert "Authorization" in with_key.headers
    assert "Authorization" not in without.headers
    unclear = check(local(), LIST, Failed(Outcome.TIMEOUT))
    assert told(unclear) == ("reachable_unverified", "unknown", "control_failed")


def test_a_refusal_without_a_key_says_that_one_is_needed() -> None:
    assert told(check(local("vllm", key=""), REFUSED)) == ("bad_key", "invalid", "key_required")
    assert told(check(local("vllm"), REFUSED)) == ("bad_key", "invalid", "")


def test_a_model_that_answers_proves_no_key_of_a_local_server() -> None:
    for kind, answers in (("custom", (LIST, LIST, LACKING, LACKING)), ("vllm", (LIST, LIST))):
        result = check(local(kind), *answers, CHAT, models=("m",))
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
    assert [request.json for request in script.requests] == [None, KNOCK.body, KNOCK.body]
    assert told(check(local("ovms"), LIST, refused)) == ("bad_key", "invalid", "")
    assert told(check(local("ovms", key=""), LIST, refused))[2] == "key_required"
    assert told(check(local("ovms", key=""), LIST, knock)) == ("ok", "not_needed", "")
    assert told(check(local("ovms"), LIST, knock, knock))[2] == "key_not_checked"
    at = "http://box.lan:8000/v3/models"
    pages = Script(by=lambda request: LIST if request.url == at else PAGE)
    result = run_check(local("ovms", api_base="http://box.lan:8000/v3"), pages)
    assert told(result)[0] == "unexpected_response"


def test_models_are_counted_only_where_the_whole_list_was_asked_for() -> None:
    assert check(make("groq"), LIST).listed == 1
    first = reply(200, {"data": [{"id": "m", "type": "model"}], "has_more": True})
    proven = check(make("anthropic"), first)
    assert (proven.outcome, proven.listed) == (Outcome.OK, 0)
    some = reply(200, {"modelSummaries": [{"modelId": "m", "modelArn": "arn:m"}]})
    proven = check(make("bedrock", values={"region": "us-east-1"}), some)
    assert (proven.outcome, proven.listed) == (Outcome.OK, 0)
