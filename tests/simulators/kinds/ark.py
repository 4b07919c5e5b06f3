"""BytePlus ModelArk: the pay-as-you-go base and the coding plan on one host.

Source: https://docs.byteplus.com/en/docs/ModelArk/1299023
"""

from tests.simulators.answers import Answer, as_json, chat_done, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, keyed
from tests.simulators.shelf import Row

_HOST = "ark.ap-southeast.bytepluses.com"
_OPEN, _PLAN = "/api/v3", "/api/coding/v3"
PLAN_MODELS = (
    "ark-code-latest", "dola-seed-2.0-pro", "dola-seed-2.0-lite", "dola-seed-2.0-code",
    "bytedance-seed-code", "glm-5.2", "glm-5.1", "kimi-k2.5", "gpt-oss-120b", "deepseek-v4-flash",
    "deepseek-v4-pro",
)  # fmt: skip

# id | domain | tasks | input | output | context | status
_MODELS = """
seed-2-0-pro-260428|VLM|TextGeneration,VisualQuestionAnswering|text,image,video|text|262144|
seed-2-0-lite-260428|VLM|TextGeneration,VisualQuestionAnswering|text,image,video,audio|text|262144|
seed-2-0-mini-260428|VLM|TextGeneration,VisualQuestionAnswering|text,image|text|262144|
seed-1-8-251228|VLM|TextGeneration,VisualQuestionAnswering|text,image,video|text|262144|
seed-1-6-250915|VLM|TextGeneration,VisualQuestionAnswering|text,image,video|text|262144|
seed-1-6-flash-250715|VLM|TextGeneration,VisualQuestionAnswering|text,image,video|text|262144|
seed-1-6-250615|VLM|TextGeneration|text,image|text|262144|Retiring
seed-1-5-250328|LLM|TextGeneration|text|text|131072|Shutdown
deepseek-v4-pro-260424|LLM|TextGeneration|text|text|1048576|
deepseek-v3-2-251201|LLM|TextGeneration|text|text|131072|
kimi-k2-5-260127|VLM|TextGeneration|text,image|text|262144|
kimi-k2-250905|LLM|TextGeneration|text|text|262144|Retiring
glm-5-1-260408|LLM|TextGeneration|text|text|204800|
gpt-oss-120b-250805|LLM|TextGeneration|text|text|131072|
skylark-pro-250415|LLM|TextGeneration|text|text|131072|Shutdown
seedream-5-0-260128|ImageGeneration|TextToImage,ImageToImage|text,image|image||
seedream-4-5-251128|ImageGeneration|TextToImage,ImageToImage|text,image|image||
seededit-3-0-i2i-250628|ImageGeneration|ImageToImage|text,image|image||Shutdown
seedance-2-0-260128|VideoGeneration|TextToVideo,ImageToVideo|text,image,video|video||
seedance-1-5-pro-251215|VideoGeneration|TextToVideo,ImageToVideo|text,image|video||
seedance-1-0-lite-t2v-250428|VideoGeneration|TextToVideo|text|video||Retiring
seed3d-1-0-250928|3DGeneration|ImageTo3D|image|file||
embedding-vision-250615|Embedding|Embedding|text,image|embedding|131072|
""".strip().splitlines()


def _model(line: str) -> Row:
    model_id, domain, tasks, takes, gives, context, status = line.split("|")
    found: Row = {
        "id": model_id,
        "name": model_id.rpartition("-")[0],
        "version": model_id.rpartition("-")[2],
        "object": "model",
        "created": 1_778_162_292,
        "domain": domain,
        "task_type": tasks.split(","),
        "modalities": {
            "input_modalities": takes.split(","),
            "output_modalities": gives.split(","),
        },
        "features": {
            "tools": {"function_calling": gives == "text"},
            "structured_outputs": {"json_schema": False},
        },
    }
    if context:
        found["token_limits"] = {
            "context_window": int(context),
            "max_input_token_length": int(context) - 32_768,
            "max_output_token_length": min(131_072, int(context) // 2),
            "max_reasoning_token_length": 32_768,
        }
    if status:
        found["status"] = status
    return found


def row(model_id: str) -> Row:
    return _model(f"{model_id}|LLM|TextGeneration|text|text|131072|")


ROWS: list[Row] = [_model(line) for line in _MODELS]


def problem(status: int, code: str, message: str, kind: str, **headers: str) -> Answer:
    error = {"code": code, "message": message, "param": "", "type": kind}
    return as_json(status, {"error": error}, **headers)


_UNKNOWN_KEY = problem(
    401,
    "AuthenticationError",
    "The API key in the request is missing or invalid. Request id: 0demo",
    "Unauthorized",
)
_OVERDUE = problem(
    403,
    "AccountOverdueError",
    "The request failed because your account has an overdue balance. Request id: 0demo",
    "Forbidden",
)
MANNERS = Manners(
    missing=_UNKNOWN_KEY,
    bad=_UNKNOWN_KEY,
    limited=problem(
        429,
        "RateLimitExceeded.EndpointRPMExceeded",
        "The Requests Per Minute (RPM) limit of the associated endpoint has been exceeded.",
        "TooManyRequests",
        retry_after="20",
    ),
    forbidden=problem(403, "AccessDenied", "The request failed: access denied.", "Forbidden"),
    error=problem(500, "InternalServiceError", "The service met an error.", "InternalServerError"),
    special={
        "quota": problem(429, "QuotaExceeded", "Your quota has been used up.", "TooManyRequests"),
    },
)
_NOT_OPEN = problem(
    404,
    "ModelNotOpen",
    "Your account has not activated the model. Please activate the model service in the console.",
    "NotFound",
)
_NOT_FOUND = "InvalidEndpointOrModel.NotFound"


def _no_messages() -> Answer:
    text = "The request failed because it is missing `messages` parameter"
    return problem(400, "MissingParameter", text, "BadRequest")


def _chat(ask: Ask) -> Answer:
    known = {
        one["id"] for one in ask.rows(ROWS, row, fresh=False) if one.get("status") != "Shutdown"
    }
    known.add("seedream-5-0-lite-260128")  # works, but is not listed
    if ask.has("notopen"):
        return _NOT_OPEN
    if ask.model not in known and not ask.model.startswith("ep-demo"):
        text = f"The model or endpoint {ask.model} does not exist or you do not have access to it."
        return problem(404, _NOT_FOUND, text, "NotFound")
    if ask.has("nocredit"):
        return _OVERDUE
    return chat_done(ask.model) if ask.has_messages else _no_messages()


def _plan_chat(ask: Ask) -> Answer:
    if ask.has("nocredit"):
        return _OVERDUE
    if ask.model not in PLAN_MODELS or ask.has("noplan"):
        text = f"The {ask.model} model is not supported by the coding plan."
        return problem(404, "UnsupportedModel", text, "NotFound")
    return chat_done(ask.model) if ask.has_messages else _no_messages()


def answer(ask: Ask) -> Answer:
    match ask.method, ask.path.removeprefix(_OPEN):
        case "GET", "/models":
            return listing(ask.rows(ROWS, row))
        case "POST", "/chat/completions":
            return _chat(ask)
    return _UNKNOWN_KEY  # a mistyped path is answered like a wrong key


def plan_answer(ask: Ask) -> Answer:
    match ask.method, ask.path.removeprefix(_PLAN):
        case "GET", "/models":  # the whole catalogue, retired models too, not the plan's own names
            return listing(ask.rows(ROWS, row))
        case "POST", "/chat/completions":
            return _plan_chat(ask)
    return _UNKNOWN_KEY


CODING_PLAN = Kind(
    "byteplus_coding_plan",
    keyed(MANNERS, plan_answer),
    hosts=(_HOST,),
    owns=lambda path: path.startswith("/api/coding"),
)
KIND = Kind("byteplus", keyed(MANNERS, answer), hosts=(_HOST,))
