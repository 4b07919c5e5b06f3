"""What each simulated kind answers, asked directly: right and wrong keys, its own errors, pages."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.simulators import Simulators
from tests.simulators.client import Reply, fetch
from tests.simulators.entries import HOSTED, LOCAL, MODELS, demo_key
from tests.simulators.kinds import anthropic, bedrock, dashscope, gemini, openrouter
from tests.simulators.sigv4 import SECRET, SESSION_TOKEN

HI = [{"role": "user", "content": "hi"}]
ARK = "https://ark.ap-southeast.bytepluses.com"
GO = "https://opencode.ai/zen/go/v1"
GOOGLE = "https://generativelanguage.googleapis.com/v1beta"
BEDROCK = "https://bedrock.us-east-1.amazonaws.com"
RUNTIME = "https://bedrock-runtime.us-east-1.amazonaws.com"
AZURE = "https://demo.openai.azure.com"
SCOPE = "https://dashscope.aliyuncs.com"
WHOAMI = "https://huggingface.co/api/whoami-v2"

# The call that proves the key, the list, and the model call of each hosted kind.
PROOF = {
    "anthropic": "https://api.anthropic.com/v1/models",
    "openai": "https://api.openai.com/v1/models",
    "openrouter": "https://openrouter.ai/api/v1/key",
    "azure_openai": f"{AZURE}/openai/v1/models",
    "bedrock": f"{BEDROCK}/foundation-models?byInferenceType=ON_DEMAND",
    "huggingface": WHOAMI,
    "byteplus": f"{ARK}/api/v3/models",
    "byteplus_coding_plan": f"{ARK}/api/coding/v3/chat/completions",
    "opencode_go": f"{GO}/usage",
    "deepseek": "https://api.deepseek.com/user/balance",
    "gemini": f"{GOOGLE}/models?pageSize=1000",
    "zhipu": "https://open.bigmodel.cn/api/paas/v4/models",
    "dashscope": f"{SCOPE}/compatible-mode/v1/models",
    "moonshot": "https://api.moonshot.ai/v1/models",
    "minimax": "https://api.minimax.io/v1/models",
    "mistral": "https://api.mistral.ai/v1/models",
    "groq": "https://api.groq.com/openai/v1/models",
}
LIST = {
    **PROOF,
    "openrouter": "https://openrouter.ai/api/v1/models",
    "huggingface": "https://router.huggingface.co/v1/models",
    "byteplus_coding_plan": f"{ARK}/api/coding/v3/models",
    "opencode_go": f"{GO}/models",
    "deepseek": "https://api.deepseek.com/models",
    "ollama": "http://localhost:11434/api/tags",
    "lm_studio": "http://localhost:1234/api/v1/models",
    "ovms": "http://localhost:8000/v3/models",
    "vllm": "http://vllm.example:8000/v1/models",
    "custom": "https://llm.example.com/v1/models",
}
CHAT = {
    "anthropic": "https://api.anthropic.com/v1/messages",
    "gemini": f"{GOOGLE}/openai/chat/completions",
    "azure_openai": f"{AZURE}/openai/v1/chat/completions",
    "openrouter": "https://openrouter.ai/api/v1/chat/completions",
    "huggingface": "https://router.huggingface.co/v1/chat/completions",
    "byteplus": f"{ARK}/api/v3/chat/completions",
    "byteplus_coding_plan": f"{ARK}/api/coding/v3/chat/completions",
    "opencode_go": f"{GO}/chat/completions",
    "deepseek": "https://api.deepseek.com/chat/completions",
    **{
        kind: LIST[kind].replace("/models", "/chat/completions")
        for kind in ("openai", "zhipu", "dashscope", "moonshot", "minimax", "mistral", "groq")
    },
}


@pytest.fixture(scope="module")
def sims(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with Simulators(tmp_path_factory.mktemp("simulators")) as running:
        yield running


def auth(kind: str, key: str, url: str = "") -> dict[str, str]:
    """The header in which that vendor wants its key."""
    if kind == "anthropic":
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if kind == "azure_openai":
        return {"api-key": key}
    if kind == "gemini" and "/openai/" not in url:
        return {"x-goog-api-key": key}
    return {"authorization": f"Bearer {key}"}


def prove(sims: Simulators, kind: str, word: str, prefix: str = "") -> Reply:
    url = PROOF[kind]
    headers = auth(kind, demo_key(kind, word), url) if word else {}
    if kind == "anthropic":
        headers["anthropic-version"] = "2023-06-01"
    body = {"model": "ark-code-latest", "messages": HI} if kind.endswith("coding_plan") else None
    if prefix:
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        url = f"{scheme}://{host}{prefix}/{path}"
    return fetch(sims, url, headers, body=body)


def chat(sims: Simulators, kind: str, word: str, model: str, **extra: Any) -> Reply:
    url = CHAT[kind]
    body = {"model": model, "messages": HI, "max_tokens": 1}
    if kind in {"openai", "azure_openai"}:
        body = {"model": model, "messages": HI, "max_completion_tokens": 16}
    return fetch(sims, url, auth(kind, demo_key(kind, word), url), body={**body, **extra})


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


# url, headers, status, a piece of the body
HEADERS: list[tuple[str, dict[str, str], int, str]] = [
    (PROOF["anthropic"], {"authorization": "Bearer sk-ant-api03-demo-good",
                          "anthropic-version": "2023-06-01"}, 401, "Invalid bearer token"),
    (PROOF["anthropic"], {"x-api-key": "sk-ant-api03-demo-good"}, 400, "anthropic-version"),
    (PROOF["anthropic"], {**auth("anthropic", "sk-ant-api03-demo-good"), "origin": "http://x"},
     401, "CORS requests are not allowed"),
    (PROOF["openai"], {"x-api-key": "sk-proj-demo-good"}, 401, "didn't provide"),
    (PROOF["openai"], {"authorization": "Bearer sk-ant-api03-demo-good"}, 401, "invalid_api_key"),
    (PROOF["azure_openai"], {"authorization": "Bearer demo-good-key"}, 200, "gpt-5.4"),
    (f"{AZURE}/openai/models?api-version=2024-10-21", {"authorization": "Bearer demo-good-key"},
     401, "Access denied"),
    (f"{AZURE}/openai/models?api-version=2024-10-21", {"api-key": "demo-good-key"}, 200,
     "chat_completion"),
    (f"{AZURE}/openai/deployments?api-version=2023-03-15-preview", {"api-key": "demo-good-key"},
     200, "my-deployment"),
    (f"{AZURE}/openai/deployments?api-version=2024-10-21", {"api-key": "demo-good-key"}, 404,
     "Resource not found"),
    (f"{AZURE}/openai/v1/models?api-version=2024-10-21", {"api-key": "demo-good-key"}, 400,
     "API version"),
    ("https://demo.services.ai.azure.com/api/projects/p1/openai/v1/models",
     {"api-key": "demo-good-key"}, 400, "API version"),
    (f"{GOOGLE}/models", {"authorization": "Bearer AIzaDemo-good"}, 401,
     "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
    (f"{GOOGLE}/models", {"x-goog-api-key": "AQ.demo-bad"}, 401, "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
    (f"{GOOGLE}/models?key=AIzaDemo-good", {}, 200, "gemini-3.5-flash"),
    (f"{GOOGLE}/openai/models", {"authorization": "Bearer AIzaDemo-good"}, 200, '"models/gemini'),
    (f"{ARK}/api/v9/models", {"authorization": "Bearer ark-demo-good"}, 401, "Authentication"),
    ("https://api.openai.com/v9/models", {"authorization": "Bearer sk-demo-good"}, 404,
     "Invalid URL"),
    (f"{SCOPE}/api/v1/models", {"authorization": "Bearer sk-demo-bad"}, 200, '"success":true'),
    (f"{SCOPE}/api/v1/models", {"authorization": "Bearer sk-demo-good-body200"}, 200,
     '"success":false'),
    ("https://open.bigmodel.cn/api/monitor/usage/quota/limit",
     {"authorization": "Bearer demo-bad"}, 200, '"code":401'),
    (f"{GO}/usage", {"authorization": "Bearer public"}, 401, "AuthError"),
    ("http://localhost:8000/v3/models", {"authorization": "Bearer bad"}, 200, "Qwen3-8B-int4-ov"),
    ("http://localhost:8000/~keyed/v3/models", {}, 200, "Qwen3-8B-int4-ov"),
    ("http://localhost:8000/v1/models", {}, 200, '"owned_by":"vllm"'),
    ("http://localhost:8001/~guarded/v1/models", {}, 401, '{"error":"Unauthorized"}'),
    ("http://localhost:8001/~guarded/v1/models", {"authorization": "Bearer demo-good"}, 200,
     "max_model_len"),
    ("http://localhost:8001/~guarded/health", {}, 200, ""),
    ("http://localhost:11434/", {}, 200, "Ollama is running"),
    ("http://localhost:11434/api/tags", {"authorization": "Bearer bad"}, 200, '"capabilities"'),
    ("http://localhost:11434/~hostcheck/api/tags", {}, 403, ""),
    ("http://ollama.lan:11434/api/tags", {}, 403, ""),
    ("https://ollama.com/api/tags", {}, 401, "unauthorized"),
    ("http://localhost:1234/nowhere", {}, 200, "Unexpected endpoint or method"),
    ("http://localhost:1234/~v0/api/v1/models", {}, 200, "Unexpected endpoint or method"),
    ("http://localhost:1234/~v0/api/v0/models", {}, 200, '"type":"vlm"'),
    ("http://localhost:1234/~compat/api/v0/models", {}, 200, "Unexpected endpoint or method"),
    ("http://localhost:1234/~auth/api/v1/models", {}, 401, "invalid_api_key"),
    ("https://llm.example.com/~nolist/v1/models", {}, 404, ""),
    ("https://llm.example.com/models", {}, 404, ""),
    ("https://llm.example.com/~arrays/v1/models", {}, 200, '["demo-chat-large"'),
    ("https://llm.example.com/~models/v1/models", {}, 200, '{"models":[{"name"'),
    ("https://llm.example.com/~guarded/v1/models", {"authorization": "Bearer bad"}, 401, "Incor"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "headers", "status", "piece"), HEADERS)
def test_header_and_path_decide_as_at_the_vendor(
    sims: Simulators, url: str, headers: dict[str, str], status: int, piece: str
) -> None:
    reply = fetch(sims, url, headers)
    assert reply.status == status
    assert piece in reply.text


@pytest.mark.parametrize(
    ("prefix", "headers", "status", "piece"),
    [
        ("", {}, 400, "model field is missing"),
        ("/~keyed", {}, 500, "invalid or missing api-key"),
        ("/~keyed", {"authorization": "Bearer demo-bad"}, 500, "invalid or missing api-key"),
        ("/~keyed", {"authorization": "Bearer demo-good"}, 400, "model field is missing"),
    ],
)
def test_ovms_looks_at_the_key_before_the_body(
    sims: Simulators, prefix: str, headers: dict[str, str], status: int, piece: str
) -> None:
    url = f"http://localhost:8000{prefix}/v3/chat/completions"
    reply = fetch(sims, url, headers, body=b"{}")
    assert reply.status == status
    assert piece in reply.text


def test_a_retry_after_is_given(sims: Simulators) -> None:
    for kind in ("anthropic", "openai", "azure_openai", "openrouter", "groq", "mistral"):
        assert int(prove(sims, kind, "limited").headers["retry-after"]) > 0
    assert prove(sims, "huggingface", "limited").headers["ratelimit"] == '"api";r=0;t=55'


# -- pages ----------------------------------------------------------------------------------


def test_anthropic_pages_follow_the_last_id(sims: Simulators) -> None:
    headers = auth("anthropic", demo_key("anthropic"))
    seen: list[str] = []
    after = ""
    for _ in range(10):
        page = fetch(sims, f"{PROOF['anthropic']}?limit=5{after}", headers).data
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        after = f"&after_id={page['last_id']}"
    assert seen == [row["id"] for row in anthropic.ROWS]
    assert fetch(sims, f"{PROOF['anthropic']}?limit=1001", headers).status == 400


def test_gemini_pages_follow_the_token(sims: Simulators) -> None:
    headers = auth("gemini", demo_key("gemini"))
    seen: list[str] = []
    token = ""
    for _ in range(10):
        page = fetch(sims, f"{GOOGLE}/models?pageSize=8{token}", headers).data
        seen += [row["name"] for row in page["models"]]
        if "nextPageToken" not in page:
            break
        token = f"&pageToken={page['nextPageToken']}"
    assert seen == [row["name"] for row in gemini.ROWS]


def test_dashscope_counts_its_pages(sims: Simulators) -> None:
    headers = auth("dashscope", demo_key("dashscope"))
    seen: list[str] = []
    for number in range(1, 7):
        url = f"{SCOPE}/api/v1/models?page_no={number}&page_size=100"
        output = fetch(sims, url, headers).data["output"]
        assert output["total"] == 505
        seen += [row["model"] for row in output["models"]]
    assert len(set(seen)) == 505 == len(dashscope.ROWS)


def test_bedrock_profiles_follow_the_token(sims: Simulators) -> None:
    headers = auth("bedrock", demo_key("bedrock"))
    seen: list[str] = []
    token = ""
    for _ in range(10):
        page = fetch(sims, f"{BEDROCK}/inference-profiles?maxResults=6{token}", headers).data
        seen += [row["inferenceProfileId"] for row in page["inferenceProfileSummaries"]]
        if "nextToken" not in page:
            break
        token = f"&nextToken={page['nextToken']}"
    assert len(seen) == len(set(seen)) > 12
    assert "us.anthropic.claude-opus-4-7" in seen


def test_openrouter_pages_follow_the_link_and_keep_the_filter(sims: Simulators) -> None:
    url = "https://openrouter.ai/~slow0/api/v1/models?output_modalities=all"
    seen: list[str] = []
    while url:
        page = fetch(sims, url).data
        seen += [row["id"] for row in page["data"]]
        following = page["links"]["next"]
        url = f"https://openrouter.ai{following}" if following else ""
    assert len(set(seen)) == len(openrouter.ROWS) == page["total_count"] > 500
    assert {"anthropic/claude-opus-4-7", "google/gemini-2.5-flash-image"} <= set(seen)


def test_openrouter_lists_only_text_models_by_itself(sims: Simulators) -> None:
    first = fetch(sims, "https://openrouter.ai/api/v1/models").data
    assert first["total_count"] < len(openrouter.ROWS)


@pytest.mark.parametrize("kind", ["anthropic", "gemini", "openrouter"])
def test_a_looping_cursor_never_moves(sims: Simulators, kind: str) -> None:
    url = LIST[kind].replace("/api/v1", "/~loop/api/v1")
    headers = auth(kind, demo_key(kind, "loop"))
    pages = [fetch(sims, url, headers).data for _ in range(2)]
    cursors = [page.get("last_id") or page.get("nextPageToken") or page["links"]["next"]
               for page in pages]  # fmt: skip
    assert cursors[0] == cursors[1]


# -- Bedrock signatures ---------------------------------------------------------------------


def signed(
    url: str,
    key_id: str = "AKIADEMOGOOD00000000",
    secret: str = SECRET,
    token: str | None = None,
    body: Any = None,
    service: str = "bedrock",
) -> tuple[dict[str, str], bytes | None]:
    """Headers of botocore's own signer."""
    raw = json.dumps(body).encode() if body is not None else None
    request = AWSRequest("POST" if raw else "GET", url, data=raw or b"")
    SigV4Auth(Credentials(key_id, secret, token), service, "us-east-1").add_auth(request)
    return dict(request.headers), raw


@pytest.mark.parametrize(
    "url",
    [
        f"{BEDROCK}/foundation-models",
        f"{BEDROCK}/foundation-models?byInferenceType=ON_DEMAND&byProvider=Mistral%20AI",
        f"{BEDROCK}/inference-profiles?type=SYSTEM_DEFINED&maxResults=1000",
        f"{BEDROCK}/~slow1/foundation-models",
        f"{BEDROCK}/foundation-model-availability/amazon.nova-lite-v1%3A0",
    ],
)
def test_botocores_signature_is_accepted(sims: Simulators, url: str) -> None:
    headers, _ = signed(url)
    assert fetch(sims, url, headers).status == 200


def test_botocores_signature_of_a_converse_call_is_accepted(sims: Simulators) -> None:
    url = f"{RUNTIME}/model/amazon.nova-lite-v1%3A0/converse"
    body = {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}
    headers, raw = signed(url, body=body)
    assert fetch(sims, url, headers, body=raw).data["stopReason"] == "max_tokens"


def test_temporary_credentials_need_their_token(sims: Simulators) -> None:
    url = f"{BEDROCK}/foundation-models"
    with_token, _ = signed(url, "ASIADEMOGOOD00000000", token=SESSION_TOKEN)
    without, _ = signed(url, "ASIADEMOGOOD00000000")
    assert fetch(sims, url, with_token).status == 200
    assert "UnrecognizedClientException" in fetch(sims, url, without).headers["x-amzn-errortype"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"secret": "wrong"}, "InvalidSignatureException"),
        ({"key_id": "AKIAUNKNOWN000000000"}, "UnrecognizedClientException"),
        ({"key_id": "AKIADEMOEXPIRED00000"}, "ExpiredTokenException"),
        ({"key_id": "AKIADEMONOLIST000000"}, "AccessDeniedException"),
        ({"service": "bedrock-runtime"}, "InvalidSignatureException"),
    ],
)
def test_a_wrong_signature_is_named(sims: Simulators, changes: dict[str, str], name: str) -> None:
    url = f"{BEDROCK}/foundation-models"
    headers, _ = signed(url, **changes)
    reply = fetch(sims, url, headers)
    assert reply.status == 403
    assert reply.headers["x-amzn-errortype"].startswith(f"{name}:")


def test_a_changed_body_or_query_breaks_the_signature(sims: Simulators) -> None:
    url = f"{BEDROCK}/foundation-models"
    headers, _ = signed(url)
    assert fetch(sims, f"{url}?byProvider=Amazon", headers).status == 403
    converse = f"{RUNTIME}/model/amazon.nova-lite-v1%3A0/converse"
    headers, _ = signed(converse, body={"messages": HI})
    assert fetch(sims, converse, headers, body={"messages": [*HI, *HI]}).status == 403


@pytest.mark.parametrize(
    ("word", "model", "status", "piece"),
    [
        ("nolist", "amazon.nova-lite-v1%3A0", 200, "stopReason"),
        ("good", "us.anthropic.claude-opus-4-7", 200, "stopReason"),
        ("good", "anthropic.claude-opus-4-7", 400, "on-demand throughput"),
        ("good", "nothing", 400, "model identifier is invalid"),
        ("noaccess", "amazon.nova-lite-v1%3A0", 403, "access to the model"),
        ("quota", "amazon.nova-lite-v1%3A0", 400, "quota"),
    ],
)
def test_converse_answers_by_model_and_access(
    sims: Simulators, word: str, model: str, status: int, piece: str
) -> None:
    body = {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}
    headers = auth("bedrock", demo_key("bedrock", word))
    reply = fetch(sims, f"{RUNTIME}/model/{model}/converse", headers, body=body)
    assert reply.status == status
    assert piece in reply.text


def test_a_bedrock_key_works_only_in_its_region(sims: Simulators) -> None:
    headers = {"authorization": "Bearer bedrock-api-key-demo-good-eu-west-1"}
    assert fetch(sims, f"{BEDROCK}/foundation-models", headers).status == 403
    europe = "https://bedrock.eu-west-1.amazonaws.com/foundation-models"
    assert fetch(sims, europe, headers).status == 200


def test_foundation_models_are_filtered(sims: Simulators) -> None:
    headers = auth("bedrock", demo_key("bedrock"))
    url = f"{BEDROCK}/foundation-models?byOutputModality=IMAGE"
    rows = fetch(sims, url, headers).data["modelSummaries"]
    assert 0 < len(rows) < len(bedrock.ROWS)
    assert all("IMAGE" in row["outputModalities"] for row in rows)
    wrong = f"{BEDROCK}/foundation-models?byInferenceType=SOMETIMES"
    assert fetch(sims, wrong, headers).status == 400
