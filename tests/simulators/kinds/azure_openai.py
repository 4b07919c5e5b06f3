"""Azure OpenAI: api-key or Bearer, the v1 API and the dated one, deployments beside models.

Source: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
"""

import re

from tests.simulators.answers import Answer, as_json, chat_done, listing, response_done
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, gate
from tests.simulators.shelf import Row

# deployment -> base model
DEPLOYMENTS = {
    "my-deployment": "gpt-5.4-mini",
    "gpt-prod": "gpt-4.1",
    "gpt-5.5-prod": "gpt-5.5",
    "facio-main": "gpt-4o",
    "reasoner": "o4-mini",
}
_IDS = """
gpt-5.5-2026-04-24 gpt-5.4-2026-03-05 gpt-5.4-mini-2026-03-17 gpt-5.4-nano-2026-03-17
gpt-5.2-2025-12-11 gpt-5.1-2025-11-13 gpt-5-2025-08-07 gpt-5-mini-2025-08-07 gpt-4.1-2025-04-14
gpt-4.1-mini-2025-04-14 gpt-4o-2024-11-20 gpt-4o-mini-2024-07-18 o4-mini-2025-04-16 o3-2025-04-16
gpt-image-1-2025-04-15 sora-2-2025-10-06 text-embedding-3-large text-embedding-3-small
whisper-001 tts-001
"""
_DATED = {"2024-06-01", "2024-10-21", "2025-01-01-preview", "2025-04-01-preview"}
_DEPLOYMENT_PATH = re.compile(r"/openai/deployments/([^/]+)/chat/completions")


def row(model_id: str) -> Row:
    chat = model_id.startswith(("gpt-4", "gpt-5", "o3", "o4"))
    return {
        "id": model_id,
        "object": "model",
        "created_at": 1_770_000_000,
        "updated_at": 1_770_000_000,
        "status": "succeeded",
        "lifecycle_status": "generally-available",
        "capabilities": {
            "fine_tune": False,
            "inference": True,
            "completion": False,
            "chat_completion": chat,
            "embeddings": "embedding" in model_id,
        },
        "deprecation": {"inference": 1_830_000_000},
    }


ROWS: list[Row] = [row(model_id) for model_id in _IDS.split()]


def problem(status: int, code: str, message: str, **headers: str) -> Answer:
    document = {"error": {"code": code, "message": message}}
    return as_json(status, document, apim_request_id="00000000-demo", **headers)


_DENIED = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a "
    "valid key for an active subscription and use a correct regional API endpoint for your "
    "resource."
)
NOT_FOUND = problem(404, "404", "Resource not found")
_NO_DEPLOYMENT = problem(
    404,
    "DeploymentNotFound",
    "The API deployment for this resource does not exist. If you created the deployment within "
    "the last 5 minutes, please wait a moment and try again.",
)
MANNERS = Manners(
    missing=problem(401, "401", _DENIED),
    bad=problem(401, "401", _DENIED),
    limited=problem(
        429,
        "429",
        "Requests have exceeded the call rate limit of your current pricing tier. Please retry "
        "after 12 seconds.",
        retry_after="12",
        retry_after_ms="12000",
    ),
    forbidden=problem(403, "403", "Access denied due to Virtual Network/Firewall rules."),
    error=problem(500, "InternalServerError", "Backend returned unexpected response."),
    special={"wrongregion": problem(401, "Unauthorized", _DENIED)},
)


def _chat(ask: Ask, deployment: str) -> Answer:
    base = DEPLOYMENTS.get(deployment)
    if base is None:
        return _NO_DEPLOYMENT
    if not ask.has_messages:
        return problem(400, "BadRequest", "Missing required parameter: 'messages'.")
    if base.startswith(("gpt-5", "o4")) and "max_tokens" in ask.document:
        return problem(
            400,
            "unsupported_parameter",
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead.",
        )
    return chat_done(base).with_headers(apim_request_id="00000000-demo")


def _respond(ask: Ask) -> Answer:
    base = DEPLOYMENTS.get(ask.model)
    if base is None:
        return _NO_DEPLOYMENT
    if not ask.document.get("input"):
        return problem(400, "BadRequest", "Missing required parameter: 'input'.")
    return response_done(base).with_headers(apim_request_id="00000000-demo")


def _v1(ask: Ask) -> Answer:
    version = ask.asked("api-version", "v1")
    if version not in {"v1", "preview"}:
        return problem(400, "BadRequest", f"API version not supported: {version}")
    refused = gate(ask, MANNERS, ask.header("api-key") or ask.bearer)
    if refused is not None:
        return refused
    match ask.method, ask.path:
        case "GET", "/openai/v1/models":
            return listing(ask.rows(ROWS, row))
        case "POST", "/openai/v1/chat/completions":
            return _chat(ask, ask.model)
        case "POST", "/openai/v1/responses":
            return _respond(ask)
    return NOT_FOUND


def _dated(ask: Ask) -> Answer:
    """The older data plane: api-key only (a Bearer there is an Entra token), version required."""
    refused = gate(ask, MANNERS, ask.header("api-key"))
    if refused is not None:
        return refused
    version = ask.asked("api-version")
    if ask.method == "GET" and ask.path == "/openai/deployments":
        rows = [
            {"id": name, "object": "deployment", "model": base, "status": "succeeded"}
            for name, base in DEPLOYMENTS.items()
        ]
        return listing(rows) if version == "2023-03-15-preview" else NOT_FOUND
    if version not in _DATED:
        return NOT_FOUND
    if ask.method == "GET" and ask.path == "/openai/models":
        return listing(ask.rows(ROWS, row))
    found = _DEPLOYMENT_PATH.fullmatch(ask.path)
    return _chat(ask, found[1]) if found and ask.method == "POST" else NOT_FOUND


def answer(ask: Ask) -> Answer:
    if ask.path.startswith("/api/projects/"):
        refused = gate(ask, MANNERS, ask.header("api-key") or ask.bearer)
        return refused or problem(400, "BadRequest", "API version not supported")
    return _v1(ask) if ask.path.startswith("/openai/v1/") else _dated(ask)


KIND = Kind(
    "azure_openai",
    answer,
    hosts=(
        "demo.openai.azure.com",
        "contoso.openai.azure.com",
        "demo.cognitiveservices.azure.com",
        "demo.services.ai.azure.com",
        "demo.openai.azure.us",
        "demo.openai.azure.cn",
    ),
)
