"""What each simulated kind says to right, wrong and special keys."""

import json
from typing import Any

import pytest

from tests.simulated.calls import CHAT, LIST, auth, chat, prove
from tests.simulators import Simulators
from tests.simulators.client import fetch
from tests.simulators.entries import HOSTED, LOCAL, MODELS, demo_key

pytestmark = pytest.mark.battery


@pytest.mark.parametrize("kind", HOSTED)
def test_a_good_key_is_proven(sims: Simulators, kind: str) -> None:
    reply = prove(sims, kind, "good")
    assert reply.status == 200
    assert "error" not in reply.data


# status and a piece of the body
BAD = {
    "anthropic": (401, '"authentication_error"'),
    "openai": (401, '"invalid_api_key"'),
    "openrouter": (401, "User not found."),
    "azure_openai": (401, "invalid subscription key or wrong API endpoint"),
    "bedrock": (403, '"Message":"Authentication failed: Please make sure your API Key is valid."'),
    "huggingface": (401, '{"error":"Invalid credentials in Authorization header"}'),
    "byteplus": (401, '"AuthenticationError"'),
    "byteplus_coding_plan": (401, '"AuthenticationError"'),
    "opencode_go": (401, '"type":"AuthError"'),
    "deepseek": (401, '"type":"authentication_error"'),
    "gemini": (400, '"reason":"API_KEY_INVALID"'),
    "zhipu": (401, '"code":"401"'),
    "dashscope": (401, '"code":"invalid_api_key"'),
    "moonshot": (401, '"incorrect_api_key_error"'),
    "minimax": (401, "(2049)"),
    "mistral": (401, '{"detail":"Unauthorized"}'),
    "groq": (401, "Invalid API Key"),
}


@pytest.mark.parametrize("kind", HOSTED)
def test_a_bad_key_is_refused_in_the_vendors_words(sims: Simulators, kind: str) -> None:
    status, piece = BAD[kind]
    reply = prove(sims, kind, "bad")
    assert reply.status == status
    assert piece in reply.text


MISSING = {
    "anthropic": (401, "x-api-key header is required"),
    "openai": (401, "You didn't provide an API key"),
    "openrouter": (401, "No auth credentials found"),
    "bedrock": (403, "Missing Authentication Token"),
    "gemini": (403, "unregistered callers"),
    "opencode_go": (401, "Missing API key."),
    "zhipu": (401, '"code":"1001"'),
    "minimax": (401, "(1004)"),
}


@pytest.mark.parametrize("kind", HOSTED)
def test_a_missing_key_is_refused_too(sims: Simulators, kind: str) -> None:
    status, piece = MISSING.get(kind, (401, ""))
    reply = prove(sims, kind, "")
    assert reply.status == status
    assert piece in reply.text


@pytest.mark.parametrize("kind", HOSTED)
def test_a_limited_key_gets_429(sims: Simulators, kind: str) -> None:
    assert prove(sims, kind, "limited").status == 429


@pytest.mark.parametrize("kind", HOSTED)
def test_a_server_error_is_5xx_in_json(sims: Simulators, kind: str) -> None:
    reply = prove(sims, kind, "error")
    assert reply.status >= 500
    assert reply.data


@pytest.mark.parametrize("kind", HOSTED)
def test_html_comes_with_200(sims: Simulators, kind: str) -> None:
    reply = prove(sims, kind, "html")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert reply.text.startswith("<!doctype html>")


@pytest.mark.parametrize("kind", HOSTED)
def test_malformed_json_comes_with_200(sims: Simulators, kind: str) -> None:
    reply = prove(sims, kind, "malformed")
    assert reply.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.text)


def rows_of(data: Any) -> list[Any]:
    for name in ("data", "models", "modelSummaries"):
        if isinstance(data, dict) and name in data:
            return list(data[name])
    assert isinstance(data, list)
    return data


@pytest.mark.parametrize("kind", [*HOSTED, *LOCAL])
def test_an_empty_list_keeps_its_shape(sims: Simulators, kind: str) -> None:
    scheme, _, rest = LIST[kind].partition("://")
    host, _, path = rest.partition("/")
    headers = auth(kind, demo_key(kind), path)
    reply = fetch(sims, f"{scheme}://{host}/~empty/{path}", headers)
    assert (reply.status, rows_of(reply.data)) == (200, [])


@pytest.mark.parametrize("kind", HOSTED)
def test_a_word_of_the_path_works_like_one_of_the_key(sims: Simulators, kind: str) -> None:
    assert prove(sims, kind, "good", "/~limited").status == 429


@pytest.mark.parametrize("kind", [kind for kind in CHAT if kind not in {"azure_openai"}])
def test_a_listed_model_completes_and_an_unknown_one_does_not(sims: Simulators, kind: str) -> None:
    assert chat(sims, kind, "good", MODELS[kind]).status == 200
    assert chat(sims, kind, "good", "no-such-model").status in {400, 401, 404}


@pytest.mark.parametrize("kind", ["openrouter", "huggingface", "opencode_go"])
@pytest.mark.parametrize("word", ["", "bad", "limited"])
def test_a_public_list_asks_for_no_key(sims: Simulators, kind: str, word: str) -> None:
    headers = auth(kind, demo_key(kind, word)) if word else {}
    reply = fetch(sims, LIST[kind], headers)
    assert reply.status == 200
    assert len(reply.data["data"]) > 10


# kind, word, status, a piece of the body: on the call that proves the key
SPECIAL = [
    ("openai", "noscope", 401, "Missing scopes: api.model.read"),
    ("openai", "ipblocked", 401, "not authorized"),
    ("anthropic", "overloaded", 529, "overloaded_error"),
    ("anthropic", "onhold", 400, '"error_code":"organization_on_hold"'),
    ("anthropic", "spendlimit", 429, "enforced_spend_limit_reached"),
    ("openrouter", "nocredit", 200, '"limit_remaining":0'),
    ("openrouter", "management", 200, '"is_management_key":true'),
    ("bedrock", "nolist", 403, "not authorized to perform: bedrock:ListFoundationModels"),
    ("huggingface", "whoami429", 429, "rate limit"),
    ("huggingface", "nopermission", 200, '"permissions":[]'),
    ("byteplus", "quota", 429, '"QuotaExceeded"'),
    ("byteplus_coding_plan", "nocredit", 403, '"AccountOverdueError"'),
    ("byteplus_coding_plan", "noplan", 404, '"UnsupportedModel"'),
    ("opencode_go", "nocredit", 401, '"CreditsError"'),
    ("opencode_go", "monthlylimit", 401, '"MonthlyLimitError"'),
    ("opencode_go", "userlimit", 401, '"UserLimitError"'),
    ("opencode_go", "nosub", 403, '"EntitlementError"'),
    ("opencode_go", "golimit", 429, '"limitName":"5 hour"'),
    ("opencode_go", "window", 200, '"status":"rate-limited"'),
    ("deepseek", "nocredit", 200, '"is_available":false'),
    ("gemini", "leaked", 403, "PERMISSION_DENIED"),
    ("gemini", "location", 400, "FAILED_PRECONDITION"),
    ("zhipu", "code1113", 429, '"code":"1113"'),
    ("zhipu", "code434", 434, '"code":"434"'),
    ("zhipu", "intl", 401, '"code":"401"'),
    ("dashscope", "arrearage", 400, '"code":"Arrearage"'),
    ("dashscope", "unpurchased", 403, '"AccessDenied.Unpurchased"'),
    ("moonshot", "cn", 401, "incorrect_api_key_error"),
    ("minimax", "code1004", 200, '"base_resp":{"status_code":1004'),
    ("minimax", "code1008", 200, '"base_resp":{"status_code":1008'),
    ("minimax", "old", 500, "(1008)"),
    ("mistral", "badmessage", 401, '{"message":"Unauthorized"'),
    ("groq", "capacity", 498, "capacity_exceeded"),
    ("azure_openai", "forbidden", 403, "Virtual Network"),
]


@pytest.mark.parametrize(("kind", "word", "status", "piece"), SPECIAL)
def test_a_special_word_shows_the_vendors_own_case(
    sims: Simulators, kind: str, word: str, status: int, piece: str
) -> None:
    reply = prove(sims, kind, word)
    assert reply.status == status
    assert piece in reply.text


# kind, word, model, status, a piece of the body: on a completion
ON_CHAT = [
    ("anthropic", "nocredit", "claude-opus-4-7", 400, "credit balance is too low"),
    ("openai", "nocredit", "gpt-4o", 429, '"insufficient_quota"'),
    ("openai", "noscope", "gpt-4o", 200, "chat.completion"),
    ("openai", "good", "nothing", 404, "model_not_found"),
    ("openrouter", "nocredit", "openai/gpt-5.5", 402, "openrouter_credits"),
    ("openrouter", "body200", "openai/gpt-5.5", 200, '"error":{"code":502'),
    ("openrouter", "good", "nothing", 400, "is not a valid model ID"),
    ("azure_openai", "good", "my-deployment", 200, "chat.completion"),
    ("azure_openai", "good", "gpt-prod", 200, "chat.completion"),
    ("azure_openai", "good", "nothing", 404, '"DeploymentNotFound"'),
    ("huggingface", "nopermission", "Qwen/Qwen3-32B", 403, "sufficient permissions"),
    ("huggingface", "nocredit", "Qwen/Qwen3-32B", 402, "monthly"),
    ("byteplus", "nocredit", "seed-2-0-lite-260428", 403, "AccountOverdueError"),
    ("byteplus", "notopen", "seed-2-0-lite-260428", 404, "ModelNotOpen"),
    ("byteplus_coding_plan", "good", "seed-2-0-lite-260428", 404, "UnsupportedModel"),
    ("opencode_go", "bad", "nothing", 401, '"ModelError"'),
    ("opencode_go", "bad", "glm-5.2", 401, '"AuthError"'),
    ("deepseek", "nocredit", "deepseek-v4-pro", 402, "Insufficient Balance"),
    ("deepseek", "good", "deepseek-chat", 200, "chat.completion"),
    ("gemini", "bad", "gemini-3.5-flash", 400, '[{"error":{"code":400'),
    ("zhipu", "nocredit", "glm-5.2", 429, '"1113"'),
    ("zhipu", "nocredit", "glm-4.7-flash", 200, "chat.completion"),
    ("dashscope", "nocredit", "qwen3.8-flash", 400, "Arrearage"),
    ("moonshot", "nocredit", "kimi-k2.6", 429, "exceeded_current_quota_error"),
    ("minimax", "nocredit", "MiniMax-M3", 402, "(1008)"),
    ("mistral", "good", "nothing", 400, "Invalid model"),
    ("groq", "good", "mixtral-8x7b-32768", 400, "model_decommissioned"),
]


@pytest.mark.parametrize(("kind", "word", "model", "status", "piece"), ON_CHAT)
def test_a_completion_shows_what_the_list_does_not(
    sims: Simulators, kind: str, word: str, model: str, status: int, piece: str
) -> None:
    reply = chat(sims, kind, word, model)
    assert reply.status == status
    assert piece in reply.text


def test_a_retry_after_is_given(sims: Simulators) -> None:
    for kind in ("anthropic", "openai", "azure_openai", "openrouter", "groq", "mistral"):
        assert int(prove(sims, kind, "limited").headers["retry-after"]) > 0
    assert prove(sims, "huggingface", "limited").headers["ratelimit"] == '"api";r=0;t=55'
