"""Zhipu BigModel and Z.AI: business codes as strings, Chinese messages.

Source: https://docs.bigmodel.cn/cn/api/api-code
"""

from tests.simulators.answers import Answer, as_json, chat_done, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, gate
from tests.simulators.shelf import Row

_IDS = """
glm-5.3 glm-5.3-flash glm-5.2 glm-5.1 glm-5 glm-5v-turbo glm-4.7 glm-4.7-flash glm-4.7-flashx
glm-4.6 glm-4.6v glm-4.5 glm-4.5-air glm-4.5-flash glm-4.5v glm-image cogview-4 cogvideox-3
"""
_CHINA, _WORLD = "open.bigmodel.cn", "api.z.ai"
# code -> HTTP status and text
_CODES = {
    1000: (401, "身份验证失败"),
    1001: (401, "Header中未收到Authentication参数，无法进行身份验证"),
    1002: (401, "Authentication Token非法，请确认Authentication Token正确传递"),
    1003: (401, "Authentication Token已过期"),
    1004: (401, "通过提供的Authentication Token的验证失败"),
    1110: (429, "您的账户当前处于非活动状态。请检查账户信息"),
    1112: (429, "您的账户已被锁定，请联系客服解锁"),
    1113: (429, "您的账户已欠费，请充值后重试"),
    1121: (429, "账户存在违规行为，账号已被锁定"),
    1211: (400, "模型不存在，请检查模型代码。"),
    1220: (403, "您无权访问"),
    1222: (404, "API 不存在"),
    1302: (429, "您的账户已达到速率限制，请您控制请求频率"),
    1304: (429, "该API已达今日调用次数限额"),
    1308: (429, "已达到 5 小时的使用上限。您的限额将在 2026-11-22 16:31:00 重置"),
    1309: (429, "您的GLM Coding Plan套餐已到期"),
    1311: (429, "当前订阅套餐暂未开放该模型权限"),
    434: (434, "无权限"),
}


def row(model_id: str) -> Row:
    return {"id": model_id, "object": "model", "created": 1_770_000_000, "owned_by": "z-ai"}


ROWS: list[Row] = [row(model_id) for model_id in _IDS.split()]


def problem(status: int, code: int, message: str) -> Answer:
    return as_json(status, {"error": {"code": str(code), "message": message}})


def coded(code: int) -> Answer:
    status, text = _CODES.get(code, (400, "调用失败"))
    return problem(status, code, text)


_WRONG = problem(401, 401, "令牌已过期或验证不正确")
MANNERS = Manners(
    missing=coded(1001),
    bad=_WRONG,
    limited=coded(1302),
    forbidden=coded(1220),
    error=problem(500, 500, "内部错误"),
)


def _chat(ask: Ask) -> Answer:
    if ask.find(ROWS, row, ask.model) is None:
        return coded(1211)
    if ask.has("nocredit") and ask.model != "glm-4.7-flash":  # that one is free
        return coded(1113)
    return chat_done(ask.model) if ask.has_messages else problem(400, 1214, "messages 参数非法")


def _quota(ask: Ask) -> Answer:
    """This page of the console answers 200 whatever happens, with a code of its own."""
    key = ask.bearer
    if key is None or not ask.accepts(key):
        text = "令牌已过期或验证不正确"
        return as_json(200, {"code": 401, "msg": text, "success": False})
    limits = [{"type": "TOKENS_LIMIT", "percentage": 4, "nextResetTime": 1_795_350_000_000}]
    data = {"limits": limits, "level": "pro"}
    return as_json(200, {"code": 200, "msg": "操作成功", "success": True, "data": data})


def answer(ask: Ask) -> Answer:
    if ask.path == "/api/monitor/usage/quota/limit":
        return _quota(ask)
    path = ask.path.removeprefix("/api/coding/paas/v4").removeprefix("/api/paas/v4")
    if path == ask.path:
        return as_json(404, {"status": 404, "error": "Not Found", "path": ask.path})
    return gate(ask, MANNERS, ask.bearer) or _served(ask, path)


def _served(ask: Ask, path: str) -> Answer:
    if ask.of_other_country(_CHINA):
        return _WRONG
    code = ask.number("code", 1113)
    if code is not None:
        return coded(code)
    match ask.method, path:
        case "GET", "/models":
            return listing(ask.rows(ROWS, row))
        case "POST", "/chat/completions":
            return _chat(ask)
    return as_json(404, {"status": 404, "error": "Not Found", "path": ask.path})


KIND = Kind("zhipu", answer, hosts=(_CHINA, _WORLD))
