"""What the words of an answer mean of the key, and of who is let in. Pure."""

from providers.dialects.words import Meaning, any_of
from providers.spec.outcomes import Outcome

# Keys -------------------------------------------------------------------------------------------

_KEY = (
    r"(?:api ?keys?|access (?:tokens?|keys?)|auth\w* (?:tokens?|keys?|headers?|credentials?)"
    r"|bearer tokens?|credentials?|subscription keys?)"
)
_SPOILT = (
    "invalid|incorrect|expired|wrong|bad|unknown|revoked|disabled|deactivated|unrecognized"
    "|malformed|illegal"
)
_BAD_KEY = any_of(
    rf"(?:{_SPOILT}) (?:\w+ ){{0,2}}{_KEY}\b",
    rf"{_KEY}\b.{{0,30}}\b(?:not valid|not found(?! in)|{_SPOILT})",
    r"无效的?(?:令牌|密钥|api ?key)|(?:令牌|密钥|api ?key).{0,6}(?:无效|错误|不正确|过期|失效)",
)
_BAD_TOKEN = any_of(
    rf"(?:{_SPOILT}) token\b|\btoken\b.{{0,20}}\b(?:not valid|{_SPOILT})",
)
_LOCKED = any_of(
    rf"{_KEY} (?:is|was|has been) (?:\w+ )?(?:blocked|deleted|inactive|suspended)\b",
)
_LEAKED = any_of(
    rf"{_KEY}\b.{{0,60}}\b(?:leaked|compromised|publicly exposed)\b",
    rf"\b(?:leaked|compromised|publicly exposed) (?:\w+ ){{0,2}}{_KEY}\b",
)
_NO_ENTRY = any_of(r"\bauthentication (?:error|fail\w*)\b")
# GitHub says so under 401
_LACKING = any_of(
    r"\b(?:permissions?|scopes?) (?:is |are )?(?:required|missing|insufficient)\b",
    r"\b(?:missing|insufficient|lacks?) (?:\w+ ){0,3}(?:permissions?|scopes?)\b",
)
_MASTER_KEY = any_of(r"\bno connected db\b|\bno db connection\b")  # LiteLLM takes that one alone
_UNSEEN = any_of(
    rf"(?:\b(?:missing|no|without|lacks?|absent|empty|must provide)|n.t provide|not provide)"
    rf" (?:\w+ ){{0,3}}(?:{_KEY}|authorization|authentication)\b",
    rf"{_KEY} (?:\w+ ){{0,2}}(?:missing|required|absent|empty|needed|not (?:provided|supplied"
    r"|present|sent|given|set|specified|found in))",
    r"not authenticated|unauthenticated|not logged in|login required|unregistered callers",
    r"(?:authorization|authentication)(?: header)? (?:is )?(?:missing|required|needed)",
    r"未提供.{0,4}(?:令牌|密钥|api)|缺少.{0,4}(?:令牌|密钥|api)|未登录",
)

# Refusals ---------------------------------------------------------------------------------------

_PLACE = r"(?:country|countries|regions?|territor(?:y|ies))"
_ABROAD = any_of(
    rf"\b{_PLACE}\b.{{0,40}}\bnot (?:\w+ )?(?:supported|available|allowed|offered|served)",
    r"\b(?:not (?:\w+ )?(?:supported|available|allowed|offered)|unsupported|blocked|restricted)"
    rf" (?:(?:in|from|for) )?(?:\w+ ){{0,3}}{_PLACE}\b",
)
_ADDRESS = r"\bip(?: address(?:es)?)?\b"
_LET_IN = r"\b(?:allow|block|permit|restrict|whitelist|authori[sz])"
_NETWORK = any_of(
    rf"{_ADDRESS}.{{0,40}}{_LET_IN}", rf"{_LET_IN}.{{0,40}}{_ADDRESS}", r"\bip\b.{0,20}不在"
)
_PERMISSION = any_of(
    r"\bpermissions?\b|\bscopes?\b|\broles?\b|\bentitle|无权|無權|没有权限|沒有權限",
    r"\b(?:not|n.t) (?:allowed|permitted|authorized|enabled) (?:to|for|on)\b",
    r"\byour (?:\w+ )?(?:tier|plan|account|team|project|organi[sz]ation|workspace|key|role)\b",
)


def of_key(words: str, status: int) -> Meaning | None:
    """What the words say of the key: it is wrong, may too little, or was not seen at all."""
    if status not in (400, 401, 403, 422):
        return None
    if _MASTER_KEY.search(words):
        return Outcome.BAD_KEY, "master_key"
    if _LEAKED.search(words):
        return Outcome.BAD_KEY, "leaked"
    if _BAD_KEY.search(words) or _LOCKED.search(words):
        return Outcome.BAD_KEY, ""
    if status == 401 and _LACKING.search(words):
        return Outcome.FORBIDDEN, "no_permission"
    is_refused = status == 403 and _NO_ENTRY.search(words) and not of_refusal(words)
    if is_refused or (status in (401, 403) and _BAD_TOKEN.search(words)):
        return Outcome.BAD_KEY, ""
    return (Outcome.BAD_KEY, "key_unseen") if _UNSEEN.search(words) else None


def of_refusal(words: str) -> str:
    """Why a call is forbidden, as a detail; "" = it is not said, so the key may be unread."""
    if _ABROAD.search(words):
        return "region_blocked"
    if _NETWORK.search(words):
        return "not_allowed_here"
    return "no_permission" if _PERMISSION.search(words) else ""
