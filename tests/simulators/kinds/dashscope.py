"""Alibaba Model Studio: a rich native list in numbered pages, and the compatible base beside it.

Source: https://www.alibabacloud.com/help/en/model-studio/list-models
"""

import re
from typing import Any

from tests.simulators.answers import Answer, as_json, chat_done, fault, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, gate, public_gate
from tests.simulators.shelf import Row

_CHINA = "dashscope.aliyuncs.com"
_HOSTS = (
    _CHINA,
    "dashscope-intl.aliyuncs.com",
    "dashscope-us.aliyuncs.com",
    "cn-hongkong.dashscope.aliyuncs.com",
    "ws-demo.ap-southeast-1.maas.aliyuncs.com",
    "ws-demo.cn-beijing.maas.aliyuncs.com",
)
_COMPAT, _NATIVE = "/compatible-mode/v1", "/api/v1"
TOTAL = 505

# family | vendor | capabilities | input | output | context
_FAMILIES = """
qwen3.8-flash|qwen|TG,Reasoning,VU|Text,Image|Text|1000000
qwen3.8-plus|qwen|TG,Reasoning,VU|Text,Image|Text|1000000
qwen3.6-max|qwen|TG,Reasoning|Text|Text|262144
qwen3.6-plus|qwen|TG,Reasoning,VU|Text,Image|Text|1000000
qwen3.5-plus|qwen|TG,Reasoning,VU|Text,Image|Text|1000000
qwen3.5-flash|qwen|TG,Reasoning,VU|Text,Image|Text|1000000
qwen-plus|qwen|TG,Reasoning|Text|Text|1000000
qwen-flash|qwen|TG,Reasoning|Text|Text|1000000
qwen-max|qwen|TG|Text|Text|131072
qwen-turbo|qwen|TG,Reasoning|Text|Text|1000000
qwen3-max|qwen|TG|Text|Text|262144
qwen3-coder-plus|qwen|TG|Text|Text|1000000
qwen3-coder-flash|qwen|TG|Text|Text|1000000
qwen3-vl-plus|qwen|TG,VU,Reasoning|Text,Image,Video|Text|262144
qwen-vl-max|qwen|TG,VU|Text,Image,Video|Text|131072
qwen3-omni-flash|qwen|TG,VU,ASR,TTS|Text,Image,Audio|Text,Audio|65536
qwq-plus|qwen|TG,Reasoning|Text|Text|131072
qwen-long|qwen|TG|Text|Text|10000000
qwen-mt-plus|qwen|TG|Text|Text|16384
qwen-image|qwen|IG|Text|Image|
qwen-image-edit|qwen|IG|Text,Image|Image|
wan2.6-t2i|wan|IG|Text|Image|
wan2.6-t2v|wan|VG|Text|Video|
wan2.6-i2v|wan|VG|Text,Image|Video|
qwen3-asr-flash|qwen|ASR|Audio|Text|
qwen3-tts-flash|qwen|TTS|Text|Audio|
text-embedding-v4|qwen|TE|Text|Embedding|8192
deepseek-v4-pro|deepseek|TG,Reasoning|Text|Text|1048576
deepseek-v3.2|deepseek|TG,Reasoning|Text|Text|131072
kimi-k2.6|moonshot|TG,Reasoning,VU|Text,Image|Text|262144
glm-5.1|zhipu|TG,Reasoning|Text|Text|204800
MiniMax-M2.5|minimax|TG,Reasoning|Text|Text|204800
""".strip().splitlines()


def _model(model_id: str, line: str) -> Row:
    name, vendor, abilities, takes, gives, context = line.split("|")
    seed = sum(model_id.encode())
    found: Row = {
        "model": model_id,
        "name": model_id.replace("qwen", "Qwen"),
        "description": f"{name}, simulated",
        "provider": vendor,
        "inference_provider": "bailian",
        "capabilities": abilities.split(","),
        "features": ["function-calling", "structured-outputs"] if "TG" in abilities else [],
        "inference_metadata": {
            "request_modality": takes.split(","),
            "response_modality": gives.split(","),
        },
        "prices": [
            {
                "range_name": "Default",
                "prices": [
                    {
                        "type": kind,
                        "price": f"{(seed % 40 + 10) * factor / 100:.2f}",
                        "price_unit": "Per 1M tokens",
                        "time_band": "",
                    }
                    for kind, factor in (("input_token", 1), ("output_token", 3))
                ],
            }
        ],
        "published_time": "2026-04-01 10:00:00",
    }
    if context:
        found["model_info"] = {
            "context_window": int(context),
            "max_input_tokens": int(context) - 8_192,
            "max_output_tokens": min(65_536, int(context) // 2),
        }
    return found


def row(model_id: str) -> Row:
    return _model(model_id, f"{model_id}|qwen|TG|Text|Text|131072")


def _usual() -> list[Row]:
    """Every family and its dated snapshots, as many as the service was seen to list."""
    rows = [_model(line.partition("|")[0], line) for line in _FAMILIES]
    month = 0
    while len(rows) < TOTAL:
        line = _FAMILIES[len(rows) % len(_FAMILIES)]
        month += len(rows) % len(_FAMILIES) == 0
        stamp = f"{2024 + month // 12}-{month % 12 + 1:02d}-{len(rows) % 28 + 1:02d}"
        rows.append(_model(f"{line.partition('|')[0]}-{stamp}", line))
    return rows


ROWS: list[Row] = _usual()


def native(status: int, code: str, message: str) -> Answer:
    document = {"code": code, "message": message, "request_id": "demo-0001"}
    return as_json(status, document)


def problem(ask: Ask, status: int, code: str, message: str, compat: str = "") -> Answer:
    """Each base has its own form, and sometimes its own code, for one and the same fault."""
    if ask.path.startswith(_COMPAT):
        return fault(status, message, compat or code, compat or code)
    return native(status, code, message)


_POOR = "Access denied, please make sure your account is in good standing."
MANNERS = Manners(
    missing=lambda ask: problem(
        ask, 401, "InvalidApiKey", "You didn't provide an API key.", "invalid_api_key"
    ),
    bad=lambda ask: problem(
        ask, 401, "InvalidApiKey", "Incorrect API key provided.", "invalid_api_key"
    ),
    limited=lambda ask: problem(
        ask, 429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."
    ),
    forbidden=lambda ask: problem(ask, 403, "AccessDenied", "Access denied."),
    error=lambda ask: problem(ask, 500, "InternalError", "An internal error has occured."),
    special={
        "arrearage": lambda ask: problem(ask, 400, "Arrearage", _POOR),
        "unpurchased": lambda ask: problem(
            ask, 403, "AccessDenied.Unpurchased", "Access to model denied: not purchased."
        ),
        "quota": lambda ask: problem(
            ask, 429, "Throttling.AllocationQuota", "Allocated quota exceeded."
        ),
    },
)


def _whole(text: str) -> int:
    return int(text) if text.isdigit() and text != "0" else 0


def _native_list(ask: Ask) -> Answer:
    """Anybody with any key may read it: whether a wrong one is refused is not documented."""
    if ask.has("error"):
        return native(500, "InternalError", "An internal error has occured.")
    if not ask.bearer:
        return native(401, "InvalidApiKey", "No API-key provided.")
    if ask.has("body200"):
        document: dict[str, Any] = {"success": False, "code": "InvalidApiKey"}
        return as_json(200, {**document, "message": "Invalid API-key provided.", "output": None})
    number, size = _whole(ask.asked("page_no", "1")), _whole(ask.asked("page_size", "20"))
    if not number or not size or size > 100:
        return native(400, "InvalidParameter", "page_no or page_size is out of range.")
    rows = list(ask.rows(ROWS, row, fresh=number == 1))
    for parameter, column in (("providers", "provider"), ("model", "model"), ("name", "name")):
        wanted = ask.query.get(parameter)
        rows = [one for one in rows if not wanted or one[column] in wanted]
    wanted_abilities = set(ask.query.get("capabilities", []))
    rows = [one for one in rows if wanted_abilities <= set(one["capabilities"])]
    page = rows[(number - 1) * size : number * size]
    output = {"total": len(rows), "page_no": number, "page_size": size, "models": page}
    return as_json(
        200,
        {
            "success": True,
            "code": None,
            "message": None,
            "request_id": "demo-0001",
            "output": output,
        },
    )


def _compat_list(ask: Ask) -> Answer:
    """Ids only, and not all of them."""
    rows = ask.rows(ROWS, row)
    ids = [one["model"] for one in rows if not re.search(r"-\d{4}-\d\d-\d\d$", one["model"])]
    return listing(
        [
            {"id": model_id, "object": "model", "created": 1_770_000_000, "owned_by": "system"}
            for model_id in ids
        ]
    )


def _chat(ask: Ask) -> Answer:
    if ask.has("nocredit"):
        return problem(ask, 400, "Arrearage", _POOR)
    if ask.find(ROWS, row, ask.model, column="model") is None:
        text = f"The model `{ask.model}` does not exist or you do not have access to it."
        return problem(ask, 404, "ModelNotFound", text, "model_not_found")
    if not ask.has_messages:
        return fault(400, "messages is required", code="invalid_parameter_error")
    return chat_done(ask.model)


def answer(ask: Ask) -> Answer:
    if ask.method == "GET" and ask.path == f"{_NATIVE}/models":
        return public_gate(ask, MANNERS) or _native_list(ask)
    if not ask.path.startswith(f"{_COMPAT}/"):
        return Answer(404)
    return gate(ask, MANNERS, ask.bearer) or _compat(ask)


def _compat(ask: Ask) -> Answer:
    if ask.of_other_country(_CHINA):
        text = "Incorrect API key provided."
        return problem(ask, 401, "InvalidApiKey", text, "invalid_api_key")
    match ask.method, ask.path.removeprefix(_COMPAT):
        case "GET", "/models":
            return _compat_list(ask)
        case "POST", "/chat/completions":
            return _chat(ask)
    return Answer(404)


KIND = Kind("dashscope", answer, hosts=_HOSTS)
