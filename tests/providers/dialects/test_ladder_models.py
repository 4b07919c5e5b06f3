"""A connection test of named models: when they are asked, and what decides."""

import re

import pytest

from providers.dialects.ladder import run_check
from providers.http import Reply, Request
from providers.spec.outcomes import Failed, KeyState, Outcome, Step
from providers.wording import sentence
from tests.providers.dialects.climb import HI, check, told
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

GONE_BARE = reply(404, {"ok": False})
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


def test_a_header_of_another_project_says_nothing_against_the_key() -> None:
    other = reply(
        401, {"error": {"code": "mismatched_project", "message": "OpenAI-Project header"}}
    )
    assert told(check(make("openai"), other)) == ("forbidden", "unknown", "wrong_project")


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
        REFUSED,
        reply(401, {"error": {"message": "Incorrect API key provided: sk-xxx"}}),
        reply(401, {"error": {"message": "You didn't provide an API key"}}),
    ],
)
@pytest.mark.parametrize("kind", ["custom", "openai", "openrouter", "dashscope"])
def test_a_key_that_was_proven_is_not_wrong_for_a_model_s_refusal(
    kind: str, refusal: Reply
) -> None:
    def by(request: Request) -> Answer:
        if request.json:
            return refusal
        return LIST if "Authorization" in request.headers else REFUSED

    result = run_check(make(kind, api_base="https://gw.example/v1"), Script(by=by), models=("m",))
    assert told(result) == ("forbidden", "valid", "model_refused")
    key = next(rung for rung in result.rungs if rung.step is Step.KEY)
    assert key.outcome is Outcome.OK


def test_a_key_that_nothing_proved_is_wrong_where_a_model_refuses_it() -> None:
    wrong = ("bad_key", "invalid", "")
    assert told(check(local("vllm"), LIST, LIST, REFUSED, models=("m",))) == wrong
    assert told(check(make("openai"), EMPTY, REFUSED, models=("m",))) == (
        *("bad_key", "invalid"),
        "",
    )


@pytest.mark.parametrize("key", ["", "sk-test-key-0123"])
def test_a_gateway_s_own_key_says_nothing_of_the_entered_one(key: str) -> None:
    text = "litellm.AuthenticationError: OpenAIException - Incorrect API key provided: sk-xxx"
    refusal = reply(401, {"error": {"message": text}})

    def by(request: Request) -> Answer:
        if request.json:
            return refusal if request.json.get("model") else GONE
        return LIST if not key or "Authorization" in request.headers else REFUSED

    result = run_check(local(key=key), Script(by=by), models=("m",))
    state = "valid" if key else "not_needed"
    assert told(result) == ("server_error", state, "upstream_key")


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        ("anthropic", reply(403, {"error": {"type": "forbidden", "message": "Not allowed"}})),
        ("groq", reply(403, {"error": {"message": "Access denied. Check your network settings."}})),
        ("openai", reply(403, {"error": {"message": "Forbidden"}})),
        ("mistral", reply(403, {"message": "Forbidden"})),
        ("deepseek", reply(403)),
    ],
)  # fmt: skip
def test_a_refusal_that_may_come_before_any_key_is_read_proves_none(
    kind: str, refusal: Reply
) -> None:
    for models in ((), ("m",)):
        result = run_check(make(kind), Script(by=lambda request: refusal), models=models)
        assert (result.outcome, result.key_state) == (Outcome.FORBIDDEN, KeyState.UNKNOWN)


def test_the_region_that_a_key_belongs_to_is_named_where_it_is_a_known_one() -> None:
    def answer(host: str) -> Reply:
        text = f"Attempted to access resource with incorrect regional hostname. Use {host}"
        return reply(401, {"error": {"message": text, "code": "incorrect_hostname"}})

    for models in ((), ("gpt-5",), ("gpt-4o",)):
        us = run_check(
            make("openai"), Script(by=lambda _: answer("us.api.openai.com")), models=models
        )
        assert told(us) == ("bad_endpoint", "unknown", "regional_host")
        assert us.params["base"] == "https://us.api.openai.com/v1"
        far = run_check(
            make("openai"), Script(by=lambda _: answer("x.api.openai.com")), models=models
        )
        assert told(far) == ("bad_endpoint", "unknown", "regional_host")
        assert "base" not in far.params
    base = "https://eu.api.openai.com/v1"
    home = run_check(make("openai", api_base=base), Script(by=lambda _: answer("api.openai.com")))
    assert home.params["base"] == "https://api.openai.com/v1"


def test_a_key_that_may_list_but_not_call_lacks_that_scope() -> None:
    refusal = reply(401, {"error": {"message": "Missing scopes: model.request."}})
    result = check(make("openai"), LIST, refusal, models=("m",))
    assert told(result) == ("forbidden", "valid", "no_model_scope")


OLLAMA_401 = reply(401, {"error": {"message": "unauthorized", "type": "api_error"}})


def test_a_model_of_ollama_s_cloud_asks_the_server_to_sign_in_and_no_key() -> None:
    for key in ("", "sk-test-key-0123"):
        script = Script(by=lambda request: OLLAMA_401 if request.json else LIST)
        result = run_check(local("ollama", key=key), script, models=("m",))
        assert told(result)[::2] == ("forbidden", "signed_out")
        assert result.key_state in (KeyState.NOT_NEEDED, KeyState.UNKNOWN)


def test_at_ollama_s_cloud_itself_it_is_the_key() -> None:
    at = {"api_base": "https://ollama.com/v1"}
    script = Script(by=lambda request: OLLAMA_401 if request.json else LIST)
    wrong = run_check(make("ollama", **at), script, models=("m",))
    assert told(wrong) == ("bad_key", "invalid", "")
    assert told(run_check(make("ollama", key="", **at), script, models=("m",)))[2] == "key_required"


def test_ollama_s_host_check_is_the_cause_of_what_a_model_is_refused_for() -> None:
    result = run_check(local("ollama", key=""), Script(by=lambda _: reply(403)), models=("m",))
    assert told(result)[::2] == ("forbidden", "host_not_allowed")


@pytest.mark.parametrize(
    "refusal",
    [
        reply(404, {"error": {"code": "model_not_found"}}),
        reply(400, {"error": {"message": "Invalid model: m"}}),
        reply(404, {"title": "Not Found", "detail": "Function 'a-1': Not found for account 'x'"}),
        reply(404, {"error": {"message": "The requested resource is not there"}}),
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
    assert told(run_check(adapter, Script(by=by), models=("x",)))[2] != "listed"


@pytest.mark.parametrize("refusal", [GONE_BARE, reply(404, text="404 page not found")])
def test_a_404_without_words_of_the_api_is_still_one_of_the_path(refusal: Reply) -> None:
    result = check(make("openai"), LIST, refusal, models=("m",))
    assert told(result)[::2] == ("bad_endpoint", "")


@pytest.mark.parametrize(
    ("kind", "model", "asked"),
    [
        ("azure_openai", "m", "/openai/v1/responses"),
        ("deepseek", "deepseek-v4-pro", "/responses"),
        ("openai", "m", "/chat/completions"),
        ("anthropic", "m", "/v1/messages"),
    ],
)
def test_a_refusal_without_a_known_reason_names_the_call_and_clears_nothing(
    kind: str, model: str, asked: str
) -> None:
    odd = reply(400, {"error": {"message": "odd"}})
    adapter = make(kind, api_base="https://proxy.example", deployments=("m",))
    script = Script(by=lambda request: odd if request.json else LIST)
    result = run_check(adapter, script, models=(model,))
    assert told(result)[::2] == ("bad_request", "plain_form")
    said = sentence(result.outcome, result.detail, result.params, adapter.spec)
    assert asked in said
    assert not re.search("chat completion with|another API|(?<!not )fine", said)


def test_a_refused_body_is_sent_once_more_in_its_plain_form() -> None:
    refused = reply(400, {"error": {"message": "unknown field thinking"}})
    script = Script(LIST, refused, CHAT)
    result = run_check(make("zhipu"), script, models=("glm-5",))
    assert result.outcome is Outcome.OK
    first, second = script.requests[1].json, script.requests[2].json
    assert first["thinking"] == {"type": "disabled"}
    assert "thinking" not in second
    assert second["max_tokens"] == 16


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
