"""Which header and which path each simulated kind accepts."""

import pytest

from tests.simulated.calls import ARK, AZURE, GO, GOOGLE, PROOF, SCOPE, auth
from tests.simulators import Simulators
from tests.simulators.client import fetch

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
