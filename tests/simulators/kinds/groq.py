"""Groq: OpenAI's forms, with context window and a flag for retired rows in the list.

Source: https://console.groq.com/docs/errors
"""

from tests.simulators.answers import Answer, as_json, chat_done, fault, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, gate
from tests.simulators.shelf import Row

_BASE = "/openai/v1"
# id | vendor | context | max output | active
_MODELS = """
openai/gpt-oss-120b|OpenAI|131072|65536|yes
openai/gpt-oss-20b|OpenAI|131072|65536|yes
openai/gpt-oss-safeguard-20b|OpenAI|131072|65536|yes
qwen/qwen3.8-27b|Alibaba Cloud|262144|65536|yes
qwen/qwen3-32b|Alibaba Cloud|131072|40960|yes
moonshotai/kimi-k2-instruct-0905|Moonshot AI|262144|16384|yes
meta-llama/llama-4-scout-17b-16e-instruct|Meta|131072|8192|yes
meta-llama/llama-guard-4-12b|Meta|131072|1024|yes
llama-3.3-70b-versatile|Meta|131072|32768|yes
llama-3.1-8b-instant|Meta|131072|131072|yes
groq/compound|Groq|131072|8192|yes
groq/compound-mini|Groq|131072|8192|yes
canopylabs/orpheus-v1-english|Canopy Labs|4000|50000|yes
whisper-large-v3|OpenAI|448|448|yes
whisper-large-v3-turbo|OpenAI|448|448|yes
mixtral-8x7b-32768|Mistral AI|32768|32768|no
gemma2-9b-it|Google|8192|8192|no
""".strip().splitlines()


def _model(line: str) -> Row:
    model_id, vendor, context, output, active = line.split("|")
    return {
        "id": model_id,
        "object": "model",
        "created": 1_754_408_224,
        "owned_by": vendor,
        "active": active == "yes",
        "context_window": int(context),
        "public_apps": None,
        "max_completion_tokens": int(output),
    }


def row(model_id: str) -> Row:
    return _model(f"{model_id}|Demo|131072|8192|yes")


ROWS: list[Row] = [_model(line) for line in _MODELS]


def _decommissioned(model: str) -> Answer:
    text = f"The model `{model}` has been decommissioned and is no longer supported."
    return fault(400, text, code="model_decommissioned")


_WRONG = fault(401, "Invalid API Key", code="invalid_api_key")
MANNERS = Manners(
    missing=_WRONG,
    bad=_WRONG,
    limited=fault(
        429,
        "Rate limit reached for model in organization `org_demo` on requests per minute (RPM)",
        "requests",
        "rate_limit_exceeded",
        retry_after="7",
        x_ratelimit_limit_requests="30",
        x_ratelimit_remaining_requests="0",
        x_ratelimit_reset_requests="7s",
    ),
    forbidden=fault(403, "Access denied. Please check your network settings.", "forbidden"),
    error=fault(503, "Service unavailable", "internal_server_error"),
    special={"capacity": fault(498, "Flex tier capacity exceeded", "capacity_exceeded")},
)


def _chat(ask: Ask) -> Answer:
    found = ask.find(ROWS, row, ask.model)
    if found is None:
        text = f"The model `{ask.model}` does not exist or you do not have access to it."
        return fault(404, text, code="model_not_found")
    if not found["active"] or ask.has("decommissioned"):
        return _decommissioned(ask.model)
    if ask.has("nocredit"):
        return fault(402, "Insufficient credits", "payment_required", "payment_required")
    if not ask.has_messages:
        return fault(400, "'messages' is missing")
    return _in_a_minute(ask) if ask.has("narrow") else chat_done(ask.model)


def _in_a_minute(ask: Ask) -> Answer:
    """The longest answer that is asked for counts at once, with the question."""
    asked = ask.document.get("max_completion_tokens") or ask.document.get("max_tokens") or 0
    if asked > 6000:
        text = f"Request too large for model `{ask.model}` in organization `org_demo` on tokens per"
        text += f" minute (TPM): Limit 6000, Requested {asked + 100}"
        return fault(413, text, "tokens", "rate_limit_exceeded")
    return chat_done(ask.model).with_headers(x_ratelimit_limit_tokens="6000")


def _served(ask: Ask) -> Answer:
    match ask.method, ask.path.removeprefix(_BASE):
        case "GET", "/models":
            return listing(ask.rows(ROWS, row)).with_headers(
                x_request_id="req_demo", x_groq_region="dls"
            )
        case "POST", "/chat/completions":
            return _chat(ask)
    text = f"Unknown request URL: {ask.method} {ask.path}. Please check the URL for typos."
    return fault(404, text, code="unknown_url")


def answer(ask: Ask) -> Answer:
    if not ask.path.startswith(_BASE):
        return as_json(404, {"error": {"message": f"Unknown request URL: {ask.path}"}})
    return gate(ask, MANNERS, ask.bearer) or _served(ask)


KIND = Kind("groq", answer, hosts=("api.groq.com",))
