"""Amazon Bedrock: control plane and runtime of each region; Bearer key or Signature Version 4.

Source: botocore's service descriptions of bedrock and bedrock-runtime.
"""

import datetime as dt
import json
import re
import struct
import zlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from tests.simulators.answers import Answer, as_json
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, gate
from tests.simulators.shelf import Row
from tests.simulators.sigv4 import fault_of

REGIONS = (
    "us-east-1", "us-east-2", "us-west-2", "ca-central-1", "sa-east-1", "eu-central-1",
    "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "ap-northeast-1", "ap-northeast-2",
    "ap-south-1", "ap-southeast-1", "ap-southeast-2",
)  # fmt: skip
_HOST = re.compile(r"(bedrock|bedrock-runtime)\.([a-z0-9-]+)\.amazonaws\.com")
_SMALL_PAGE = 5

# id, name, vendor, input, output, bare id can be called
_MODELS = """
amazon.nova-premier-v1:0|Nova Premier|Amazon|TEXT,IMAGE,VIDEO|TEXT|no
amazon.nova-pro-v1:0|Nova Pro|Amazon|TEXT,IMAGE,VIDEO|TEXT|yes
amazon.nova-lite-v1:0|Nova Lite|Amazon|TEXT,IMAGE,VIDEO|TEXT|yes
amazon.nova-micro-v1:0|Nova Micro|Amazon|TEXT|TEXT|yes
amazon.nova-2-lite-v1:0|Nova 2 Lite|Amazon|TEXT,IMAGE,VIDEO|TEXT|no
amazon.nova-canvas-v1:0|Nova Canvas|Amazon|TEXT,IMAGE|IMAGE|yes
amazon.nova-reel-v1:1|Nova Reel|Amazon|TEXT,IMAGE|VIDEO|yes
amazon.titan-embed-text-v2:0|Titan Text Embeddings V2|Amazon|TEXT|EMBEDDING|yes
anthropic.claude-opus-4-7|Claude Opus 4.7|Anthropic|TEXT,IMAGE|TEXT|no
anthropic.claude-opus-4-6-v1|Claude Opus 4.6|Anthropic|TEXT,IMAGE|TEXT|no
anthropic.claude-sonnet-4-6|Claude Sonnet 4.6|Anthropic|TEXT,IMAGE|TEXT|no
anthropic.claude-sonnet-4-5-20250929-v1:0|Claude Sonnet 4.5|Anthropic|TEXT,IMAGE|TEXT|no
anthropic.claude-haiku-4-5-20251001-v1:0|Claude Haiku 4.5|Anthropic|TEXT,IMAGE|TEXT|no
anthropic.claude-3-haiku-20240307-v1:0|Claude 3 Haiku|Anthropic|TEXT,IMAGE|TEXT|yes
meta.llama4-maverick-17b-instruct-v1:0|Llama 4 Maverick 17B|Meta|TEXT,IMAGE|TEXT|no
meta.llama4-scout-17b-instruct-v1:0|Llama 4 Scout 17B|Meta|TEXT,IMAGE|TEXT|no
meta.llama3-3-70b-instruct-v1:0|Llama 3.3 70B Instruct|Meta|TEXT|TEXT|yes
mistral.mistral-large-3-675b-instruct|Mistral Large 3|Mistral AI|TEXT,IMAGE|TEXT|yes
mistral.ministral-3-8b-instruct|Ministral 3 8B|Mistral AI|TEXT,IMAGE|TEXT|yes
mistral.voxtral-mini-3b-2507|Voxtral Mini 3B|Mistral AI|SPEECH,TEXT|TEXT|yes
openai.gpt-oss-120b-1:0|gpt-oss-120b|OpenAI|TEXT|TEXT|yes
openai.gpt-oss-20b-1:0|gpt-oss-20b|OpenAI|TEXT|TEXT|yes
qwen.qwen3-coder-480b-a35b-v1:0|Qwen3 Coder 480B A35B|Qwen|TEXT|TEXT|yes
qwen.qwen3-vl-235b-a22b|Qwen3 VL 235B A22B|Qwen|TEXT,IMAGE|TEXT|yes
deepseek.r1-v1:0|DeepSeek-R1|DeepSeek|TEXT|TEXT|no
deepseek.v3.2|DeepSeek V3.2|DeepSeek|TEXT|TEXT|yes
moonshotai.kimi-k2.5|Kimi K2.5|Moonshot AI|TEXT,IMAGE|TEXT|yes
minimax.minimax-m2.5|MiniMax M2.5|MiniMax|TEXT|TEXT|yes
zai.glm-4.7|GLM 4.7|Z.AI|TEXT|TEXT|yes
cohere.embed-v4:0|Embed v4|Cohere|TEXT,IMAGE|EMBEDDING|yes
stability.sd3-5-large-v1:0|SD3.5 Large|Stability AI|TEXT,IMAGE|IMAGE|yes
""".strip().splitlines()
_LEGACY = {"anthropic.claude-3-haiku-20240307-v1:0"}


def _model(line: str) -> Row:
    model_id, name, vendor, takes, gives, bare = line.split("|")
    legacy = model_id in _LEGACY
    return {
        "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{model_id}",
        "modelId": model_id,
        "modelName": name,
        "providerName": vendor,
        "inputModalities": takes.split(","),
        "outputModalities": gives.split(","),
        "responseStreamingSupported": gives == "TEXT",
        "customizationsSupported": [],
        "inferenceTypesSupported": ["ON_DEMAND"] if bare == "yes" else ["INFERENCE_PROFILE"],
        "modelLifecycle": {"status": "LEGACY" if legacy else "ACTIVE"},
    }


def row(model_id: str) -> Row:
    return _model(f"{model_id}|{model_id}|Demo|TEXT|TEXT|yes")


ROWS: list[Row] = [_model(line) for line in _MODELS]


def _profiles(region: str, rows: Sequence[Row]) -> list[Row]:
    """System profiles for the models that need one, and two of the account's own."""
    area = {"us": "us", "ca": "us", "sa": "us", "eu": "eu", "ap": "apac"}[region[:2]]
    found = []
    for one in rows:
        if "ON_DEMAND" in one["inferenceTypesSupported"]:
            continue
        areas = [area, "global"] if one["providerName"] in {"Anthropic", "Amazon"} else [area]
        found += [
            {
                "inferenceProfileId": f"{where}.{one['modelId']}",
                "inferenceProfileName": f"{where.upper()} {one['modelName']}",
                "inferenceProfileArn": f"arn:aws:bedrock:{region}:123456789012:inference-profile/"
                f"{where}.{one['modelId']}",
                "status": "ACTIVE",
                "type": "SYSTEM_DEFINED",
                "models": [{"modelArn": one["modelArn"]}],
            }
            for where in areas
        ]
    for number, name in enumerate(("team-chat", "team-batch"), 1):
        profile = (
            f"arn:aws:bedrock:{region}:123456789012:application-inference-profile/demo{number}"
        )
        found.append(
            {
                "inferenceProfileId": f"demo{number}",
                "inferenceProfileName": name,
                "inferenceProfileArn": profile,
                "status": "ACTIVE",
                "type": "APPLICATION",
                "models": [{"modelArn": ROWS[1]["modelArn"]}],
            }
        )
    return found


def problem(status: int, name: str, message: str, *, key: str = "message") -> Answer:
    headers = {"x_amzn_RequestId": "00000000-demo-0000-0000-000000000000"}
    if name:
        headers["x_amzn_ErrorType"] = f"{name}:http://internal.amazon.com/coral/com.amazon.bedrock/"
    return as_json(status, {key: message}, **headers)


def _denied(action: str) -> Answer:
    return problem(
        403,
        "AccessDeniedException",
        f"User: arn:aws:iam::123456789012:user/demo is not authorized to perform: {action} "
        "because no identity-based policy allows the action",
    )


_WRONG_KEY = problem(
    403, "", "Authentication failed: Please make sure your API Key is valid.", key="Message"
)
MANNERS = Manners(
    missing=problem(403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
    bad=_WRONG_KEY,
    limited=problem(429, "ThrottlingException", "Too many requests, please wait and try again."),
    forbidden=_denied("bedrock:ListFoundationModels"),
    error=problem(500, "InternalServerException", "The system encountered an unexpected error."),
    special={
        "quota": problem(400, "ServiceQuotaExceededException", "Your request exceeds the quota."),
        "expired": problem(
            403, "ExpiredTokenException", "The security token included in the request is expired"
        ),
    },
)
NO_ACCESS = problem(
    403, "AccessDeniedException", "You don't have access to the model with the specified ID"
)
CONVERSED = as_json(
    200,
    {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
        "stopReason": "max_tokens",
        "usage": {"inputTokens": 2, "outputTokens": 1, "totalTokens": 3},
    },
)
_UNKNOWN_CLIENT = problem(
    403, "UnrecognizedClientException", "The security token included in the request is invalid."
)


def _refusal(ask: Ask, region: str) -> Answer | None:
    authorization = ask.header("authorization") or ""
    if not authorization.startswith("AWS4-"):
        elsewhere = any(f"-{one}" in (ask.bearer or "") for one in REGIONS if one != region)
        return _WRONG_KEY if elsewhere else gate(ask, MANNERS, ask.bearer)
    key_id = ask.carriers[0][1]
    if not re.fullmatch(r"A[KS]IADEMO[A-Z]+0*", key_id) or ask.has("bad"):
        return _UNKNOWN_CLIENT
    wrong = fault_of(
        method=ask.method,
        raw_path=ask.prefix + ask.path,
        raw_query=ask.raw_query,
        headers=ask.headers,
        body=ask.raw_body,
        region=region,
        now=dt.datetime.now(dt.UTC),
    )
    return problem(403, *wrong) if wrong else gate(ask, MANNERS, "good")


def _foundation_models(ask: Ask) -> Answer:
    if ask.has("nolist"):
        return _denied("bedrock:ListFoundationModels")
    rows = list(ask.rows(ROWS, row))
    for parameter, column, allowed in (
        ("byOutputModality", "outputModalities", {"TEXT", "IMAGE", "EMBEDDING"}),
        ("byInferenceType", "inferenceTypesSupported", {"ON_DEMAND", "PROVISIONED"}),
        ("byCustomizationType", "customizationsSupported", {"FINE_TUNING", "DISTILLATION"}),
    ):
        wanted = ask.asked(parameter)
        if wanted and wanted not in allowed:
            return problem(400, "ValidationException", f"{parameter}: invalid value")
        if wanted:
            rows = [one for one in rows if wanted in one[column]]
    vendor = ask.asked("byProvider").lower()
    if vendor:
        rows = [one for one in rows if one["providerName"].lower() == vendor]
    return as_json(200, {"modelSummaries": rows})


def _inference_profiles(ask: Ask, region: str) -> Answer:
    if ask.has("nolist"):
        return _denied("bedrock:ListInferenceProfiles")
    wanted, token = ask.asked("type"), ask.asked("nextToken")
    size = ask.asked("maxResults", "100")
    if wanted not in {"", "SYSTEM_DEFINED", "APPLICATION"}:
        return problem(400, "ValidationException", "type: invalid value")
    if not size.isdigit() or not 1 <= int(size) <= 1000:
        return problem(400, "ValidationException", "maxResults: must be between 1 and 1000")
    if token and not re.fullmatch(r"from-\d+", token):
        return problem(400, "ValidationException", "nextToken: invalid")
    rows = _profiles(region, ask.rows(ROWS, row, fresh=False)) if not ask.has("empty") else []
    rows = [one for one in rows if wanted in {"", one["type"]}]
    start = int(token.removeprefix("from-")) if token else 0
    end = start + (_SMALL_PAGE if ask.has("pages") else int(size))
    document: dict[str, Any] = {"inferenceProfileSummaries": rows[start:end]}
    if ask.has("loop"):
        document = {"inferenceProfileSummaries": rows[:_SMALL_PAGE], "nextToken": "from-0"}
    elif end < len(rows):
        document["nextToken"] = f"from-{end}"
    return as_json(200, document)


def _converse(ask: Ask, region: str, model_id: str, *, counts_only: bool) -> Answer:
    if ask.has("noaccess"):
        return NO_ACCESS
    rows = ask.rows(ROWS, row, fresh=False)
    found = next((one for one in rows if one["modelId"] == model_id), None)
    if found is not None and "ON_DEMAND" not in found["inferenceTypesSupported"]:
        text = (
            f"Invocation of model ID {model_id} with on-demand throughput isn’t supported. Retry "
            "your request with the ID or ARN of an inference profile that contains this model."
        )
        return problem(400, "ValidationException", text)
    profiles = {one["inferenceProfileId"] for one in _profiles(region, rows)}
    if found is None and model_id not in profiles:
        return problem(400, "ValidationException", "The provided model identifier is invalid.")
    if counts_only:
        return as_json(200, {"inputTokens": 2})
    if not ask.has_messages:
        return problem(400, "ValidationException", "messages: is required")
    return CONVERSED


def in_frames() -> Answer:
    """The same answer as events, each a binary message of its own."""
    events = (
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hi"}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "max_tokens"}),
        ("metadata", {"usage": {"inputTokens": 2, "outputTokens": 1, "totalTokens": 3}}),
    )
    body = b"".join(
        frame({":message-type": "event", ":event-type": name}, document)
        for name, document in events
    )
    return Answer(200, body, (("content-type", "application/vnd.amazon.eventstream"),))


def frame(headers: dict[str, str], document: Any) -> bytes:
    """One message with these headers."""
    head = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(text)) + text.encode()
        for name, text in {**headers, ":content-type": "application/json"}.items()
    )
    return message(head, json.dumps(document).encode())


def message(head: bytes, payload: bytes = b"") -> bytes:
    """Lengths and their checksum, headers, payload, checksum of it all."""
    lengths = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    begun = lengths + struct.pack(">I", zlib.crc32(lengths)) + head + payload
    return begun + struct.pack(">I", zlib.crc32(begun))


def _availability(ask: Ask, model_id: str) -> Answer:
    if ask.find(ROWS, row, model_id, column="modelId") is None:
        return problem(404, "ResourceNotFoundException", "The model was not found.")
    return as_json(
        200,
        {
            "modelId": model_id,
            "agreementAvailability": {"status": "AVAILABLE"},
            "authorizationStatus": "AUTHORIZED",
            "entitlementAvailability": "AVAILABLE",
            "regionAvailability": "AVAILABLE",
        },
    )


def answer(ask: Ask) -> Answer:
    found = _HOST.fullmatch(ask.host)
    plane, region = (found[1], found[2]) if found else ("bedrock", REGIONS[0])
    refused = _refusal(ask, region)
    if refused is not None:
        return refused
    match plane, ask.method, ask.path.strip("/").split("/"):
        case "bedrock-runtime", "POST", ["model", model, "converse" | "count-tokens" as verb]:
            counts_only = verb == "count-tokens"
            return _converse(ask, region, unquote(model), counts_only=counts_only)
        case "bedrock-runtime", "POST", ["model", model, "converse-stream"]:
            if ask.has("nostream"):
                text = "This model does not support streaming."
                return problem(400, "ValidationException", text)
            whole = _converse(ask, region, unquote(model), counts_only=False)
            return in_frames() if whole.status == 200 else whole
        case "bedrock", "GET", ["foundation-models"]:
            return _foundation_models(ask)
        case "bedrock", "GET", ["inference-profiles"]:
            return _inference_profiles(ask, region)
        case "bedrock", "GET", ["foundation-model-availability", model]:
            return _availability(ask, unquote(model))
    return problem(404, "UnknownOperationException", "Unknown operation")


KIND = Kind(
    "bedrock",
    answer,
    hosts=tuple(
        f"{plane}.{region}.amazonaws.com"
        for region in REGIONS
        for plane in ("bedrock", "bedrock-runtime")
    ),
)
