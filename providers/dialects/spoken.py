"""What the words of an answer mean, whatever its status: money, accounts, models. Pure.

Gateways put their reason into a code, a type or a message and choose the status carelessly. A
text is matched only; nothing of it is kept.
"""

import re

from providers.dialects.refused import of_key
from providers.dialects.words import Meaning, any_of
from providers.spec.kind import CallName
from providers.spec.outcomes import Outcome

# Money ------------------------------------------------------------------------------------------

_FUNDS = r"(?:quota|balance|credits?|funds|budget|allowance|free (?:tier|trial|allocation))"
_CAP = (
    r"(?:spend|spending|budget|billing|credit|inference|hard|monthly|usage|cost|set)"
    r" (?:limit|cap)s?"
)
# A plan's allowance that renews by itself, in Ollama's words and those of others:
# https://github.com/continuedev/continue/issues/11444
_WINDOW = any_of(r"\b(?:session|hourly|daily|weekly|monthly|\d+ hours?) usage (?:limit|quota)\b")
_CREDIT = any_of(
    rf"insufficient (?:\w+ ){{0,3}}{_FUNDS}\b",
    rf"\b{_FUNDS}\b.{{0,40}}\b(?:insufficient|not (?:enough|sufficient)|too low|exhausted|depleted"
    r"|used up|expired|overdrawn|(?:ran|run) out)",
    rf"\b(?:not enough|out of|no|no more|zero|negative|exhausted|depleted|used up|used all)"
    rf" (?:\w+ ){{0,3}}{_FUNDS}\b",
    rf"(?:not|n.t) have (?:any|enough|sufficient) (?:\w+ ){{0,2}}{_FUNDS}\b",
    rf"\b{_CAP}\b.{{0,40}}\b(?:reached|exceeded|hit|exhausted)",
    r"(?<!per )\bkey limit (?:is |was |has been )?(?:reached|exceeded)",
    rf"\b(?:reached|exceeded|hit) (?:\w+ ){{0,4}}{_CAP}\b",
    r"billing (?:hard limit|not active)|payment required|good standing"
    r"|check your (?:plan and )?billing",
    r"\btop up\b|\brecharge\b|pre consume \w+ quota failed|token status exhausted",
    r"(?:余额|餘額|额度|額度|配额|配額|点数).{0,8}(?:不足|用尽|用盡|耗尽|耗盡|用完|超限|失败|失敗)",
    r"预扣费|預扣費|充值|残高.{0,4}不足|クレジット.{0,6}不足|잔액.{0,6}부족|크레딧.{0,6}부족",
    r"недостаточно (?:средств|кредит|квот)|(?:баланс|квот|лимит)\w*.{0,20}(?:исчерпан|недостат)",
    r"(?:guthaben|kontingent|budget).{0,20}(?:aufgebraucht|erschöpft|reicht nicht|überschritten)",
    r"(?:solde|crédits?|quota) (?:\w+ )?(?:insuffisants?|épuisés?|dépassé)",
    r"(?:saldo|créditos?|fundos|cuota) (?:insuficientes?|agotad\w+|esgotad\w+)",
)
_ARREARS = any_of(
    r"arrear|account ?overdue|unpaid|outstanding (?:balance|invoice)|past (?:due|invoice)"
    r"|fail\w* to pay|欠费|欠費",
)
# The same words are used for a rate: then they are about money only without one.
_QUOTA = any_of(
    r"exceed\w* (?:\w+ ){0,3}(?:quota|budget|allowance)\b",
    r"(?:quota|budget|allowance) (?:has been |was |is )?exceed",
)
_RATE = any_of(
    r"per (?:minute|second|min|sec|hour)\b|\b[rt]p[ms]\b|\brate\b|requests? (?:limit|quota)",
    r"throttl|concurren",
)

# Accounts ---------------------------------------------------------------------------------------

_WHOSE = r"(?:organi[sz]ation|account|workspace|team|tenant|user|project|consumer)"
_NOT_WHOSE = r"models?\b|deployment|feature|access\b|stream|endpoint"
# Who is closed, not what: in "the key of this account is disabled" it is the key.
_CLOSED = re.compile(
    rf"(\b(?:of|for|in|by|from|to|with) (?:\w+ )?)?\b{_WHOSE}\b"
    rf"(?:(?: (?!{_NOT_WHOSE})[^\s.,;]+){{0,7}}? (?:is|are|was|were|been)(?: \w+)?)?"
    r" (?:disabled|restricted|suspended|deactivated|banned|blocked|locked|frozen|terminated)\b"
    r"(?! (?:to|from)\b)"
)
_CLOSED_THERE = any_of(
    r"(?:用户|用戶|账户|賬戶|帐户|帳戶|账号|帳號).{0,6}(?:封禁|禁用|冻结|凍結|停用)",
)
_REGION = any_of(
    r"\bunsupported (?:countr(?:y|ies)\b|regions\b|territor)",
    r"not (?:available|supported|allowed|offered|permitted) in your (?:country|region|location)",
    r"\b(?:country|user location|territory) (?:is )?not (?:supported|allowed|available)",
)
_BILLING = any_of(
    r"\b(?:country|location|region)\b.{0,80}\b(?:enable billing|billing account)",
)
_UNVERIFIED = any_of(r"\borgani[sz]ation must be verified")
_NO_PLAN = any_of(
    r"\binvalid subscription\b(?! keys?\b)",
    r"\b(?:not have an?|no) (?:valid|active) (?:\w+ ){0,2}(?:subscription|plan)\b",
    r"\b(?:subscription|plan|package) (?:has |is |have )?expired",
)
_TERMS = any_of(
    r"\bterms (?:acceptance|required)\b|\baccept(?:ed)? the (?:\w+ ){0,2}terms\b",
)

# Models -----------------------------------------------------------------------------------------

_OTHER_API = any_of(
    r"not (?:a |an )?chat\b|no chat model|unsupported api for model|unsupported (?:\w+ )?for chat",
    r"requires? that either input content or output modality|not enabled for (?:this )?model",
    r"not supported for task|supported tasks?:",
    r"not (?:\w+ ){0,2}(?:support|compatible|accessible|available|usable|work)\w*\b"
    r".{0,60}(?:\bchat\b|chat ?completions?|generate ?content)",
    r"(?:does|do)(?: not|n.t) support (?:the )?(?:chat|converse|completions?|messages)\b",
    r"chat ?completions?\b.{0,60}\bnot (?:\w+ )?(?:support|available|allowed|work)",
    r"only (?:\w+ ){0,3}(?:in|via|with|through|on|for|by|at|using) (?:the )?.{0,20}"
    r"(?:responses|embeddings?|images?|audio|realtime|messages|speech|transcriptions?|rerank"
    r"|batch)\b",
    r"(?:use|try|call) (?:the )?[`'\"]?(?:/?v\d/)?(?:responses|embeddings?|images?|audio|realtime"
    r"|speech|transcriptions?|completions)\b[`'\"/a-z]{0,20}(?: (?:api|endpoint)| instead)",
    r"(?:is|are) (?:only )?(?:an? )?(?:image|video|speech|audio|embeddings?|text to speech|tts"
    r"|transcription|rerank\w*|moderation)(?: \w+)? models?\b",
    r"(?:chat ?completion|converse) operation|does(?: not|n.t) support the \w+ operation",
    r"not (?:a |an )?(?:language|text generation|text) model",
    r"unsupported model\b.{0,80}\bcompatib",
    r"only supports? (?:the )?(?:interactions|live|realtime|batch|responses)\b",
)
_NO_STREAM = any_of(
    r"stream(?:ing|ed)?(?: options?)?\b.{0,60}(?:not (?:\w+ ){0,2}(?:support|allow|available"
    r"|permitted|implemented|enabled)|unsupported|disabled|must be false|extra (?:inputs|fields)"
    r"|unknown|unrecognized|unexpected)",
    r"(?:not support|n.t support|unsupported|unknown|unrecognized|unexpected|not allow|disallow)\w*"
    r" (?:[\w:]+ ){0,3}[`'\"]?stream",
    r"does not stream|cannot stream|can.t stream",
    r"不支持流式|不支援串流",
)
# What the agent sends along with every word: tools, and instructions as the system's message.
# https://github.com/ollama/ollama/issues/6027, https://github.com/vllm-project/vllm/issues/9089
_NO_TOOLS = any_of(
    r"(?:\btools?\b|\bfunction call\w*)(?: \w+){0,4}[`'\" ]{0,3}(?:is |are |was )?"
    r"(?:not (?:\w+ ){0,2}(?:support|enabled|allow|available|implemented|permitted)\w*|unsupported"
    r"|disabled|requires?\b)",
    r"(?:not support|n.t support|unsupported|not enable|not allow)\w*"
    r" (?:[\w:]+ ){0,3}[`'\"]?(?:tools?\b|function call)",
    r"support (?:tool use|the provided [`'\"]?tool choice)",
)
_NO_SYSTEM = any_of(
    r"(?:developer|system) (?:instructions?|messages?|prompts?|role)\b.{0,20}(?:is |are )?"
    r"(?:not (?:support|enabled|allow)\w*|unsupported)",
    r"(?:not support|n.t support|unsupported)\w* (?:\w+ ){0,2}[`'\"]?system\b",
    r"\b(?:invalid|unknown|unsupported|unexpected) (?:message )?role:? [`'\"]?system\b",
    r"\brole:? [`'\"]?system[`'\"]? (?:is )?(?:not (?:support|allow|permit)|unsupported|invalid)",
    # What templates say of a first message that is not the user's
    r"only user and assistant roles|(?<!, )\bconversation roles must alternate",
)
_TEMPERATURE = any_of(
    r"\btemperature\b(?!.{0,40}top.p).{0,60}"
    r"(?:not \w|n.t \w|unsupported|deprecated|only|invalid|(?:must|should) be|restricted)",
    r"(?:not support|n.t support|unsupported|invalid|only \w+)\b.{0,60}\btemperature\b",
)
# As OpenAI, Groq, xAI, Google and Ollama say it
_EFFORT = any_of(
    r"\breasoning[ .]?effort\b|\bthinking level\b",
    r"\bthink(?:ing)?\b.{0,40}(?:not support|n.t support|unsupported|invalid|not allow)",
    r"(?:not support|n.t support|unsupported|invalid)\w* (?:\w+ ){0,3}[`'\"]?think(?:ing)?\b",
)
# OpenAI's newest models use tools by its newer API only, unless they are asked not to reason
_REASONS_ELSEWHERE = any_of(r"\bfunction tools with reasoning effort are not supported\b")
_ACCESS = any_of(
    r"(?:not allowed|not permitted|not authorized|unauthorized|not entitled|no permission|no access"
    r"|not have (?:\w+ )?(?:access|permission)|access denied|denied access)\b.{0,60}\bmodels?\b",
    r"\bmodels?\b.{0,60}(?:access denied|not allowed|not permitted|no permission|not authorized"
    r"|no access|not entitled|blocked at the)",
    r"access to (?:the |this )?models?\b.{0,60}\b(?:denied|not allowed|forbidden|restricted)",
    r"无权.{0,8}模型|模型.{0,12}无权|没有权限.{0,8}模型",
)
# Google's words for any name that it does not know: "not found ..., or is not supported for ..."
_UNKNOWN = any_of(
    r"\bnot found for api version\b",
    r"\bnot (?:found|exist)\b[^.\n]{0,80}\bor (?:\w+ )?not supported\b",
)
# https://ai.google.dev/gemini-api/docs/deprecations; not "does not exist or was removed"
_RETIRED = any_of(
    r"\bmodels?\b.{0,120}(?<! or )\b(?:is|was|has|has been) (?:\w+ ){0,3}(?:retired|deprecated"
    r"|decommissioned|discontinued|sunset|removed|end of life)\b(?! for)",
    r"\bmodels?\b.{0,120}(?<! or )\bis no longer (?:available|supported|accessible|offered)\b",
    r"\bfree period has ended\b",
)
_NOT_IN_PLAN = any_of(
    r"not (?:available|included|enabled|offered)\b.{0,40}\byour (?:current )?(?:plan|tier"
    r"|subscription|account|organi[sz]ation|workspace)",
    r"\bmodel (?:\w+ ){0,2}disabled for your\b",
)
_PLAN_LACKS = any_of(
    r"\bplan (?:does )?not (?:support|include|cover|offer)\w*\b.{0,20}\bmodels?\b",
    r"\bmodels?\b.{0,40}\bonly (?:available|open|offered) (?:to|for) (?:paid|paying|pro|premium)\b",
    r"\bmodels?\b.{0,60}\brequires? (?:an? )?(?:paid|pro|premium) (?:plan|tier|subscription)\b",
)
# A gateway lists more than what stands behind it serves
_UNSERVED = any_of(
    r"no (?:available |active |valid )?(?:channels?|providers?|endpoints?|distributors?)\b.{0,30}"
    r"\b(?:for|serv\w+|support\w*|found|host\w*)\b",
    r"\bno healthy deployments for this model\b",  # LiteLLM
    r"无可用渠道|无可用通道",
)
# What an account has to rent first. https://docs.together.ai/docs/inference-faqs
_DEDICATED = any_of(
    r"\bnon serverless model\b|\bnot (?:\w+ ){0,3}(?:for|as|on|via) serverless\b",
    r"\b(?:create|start|deploy|requires?|needs?) (?:\w+ ){0,4}dedicated (?:endpoint|deployment)\b",
)
# LM Studio's words, and those of llama.cpp where it does not load on demand
_NOT_LOADED = any_of(
    r"\bno models? (?:is |are )?(?:currently )?loaded\b",
    r"\bmodel (?:[`'\"]?[^\s`'\"]+[`'\"]? )?is not (?:currently )?loaded\b",
)
_NOBODY = any_of(
    r"\bcould not find (?:real model ?id|suitable inference handler)\b",  # llama-swap
    r"model not found|no such model|\bmodel\b.{0,60}\b(?:does not exist|not exist|not found)\b",
    r"\bfunction\b.{0,80}\bnot found for account\b",  # NVIDIA's word for a model
    r"\bmodel (?:is |has been )?(?:disabled|taken offline)(?! for)\b",
    r"模型.{0,40}(?:不存在|未找到)",
)
_NO_MODEL = any_of(
    r"\b(?:model|deployment)\b.{0,200}(?:not found|not exist|n.t exist|unknown|no such)",
    r"(?:not found|unknown|no such|invalid) (?:model|deployment)\b",
    r"invalid model name",
    r"\bmodel (?:[`'\"]?[^\s`'\"]+[`'\"]? )?(?:is )?not supported\b|\bunsupported model\b",
)
# It began to answer and met the bound of the test: key, model and money are there. A model that
# thinks spends it before its first word: https://github.com/BerriAI/litellm/issues/26987
_BOUND_MET = any_of(
    r"could not finish the message because",
    r"\bmax (?:output |completion )?tokens or model output limit was reached",
)
_LOAD_FAILED = any_of(
    r"\b(?:error|failed to|unable to|could not|cannot|can.t) (?:load|start)(?:ing)? (?:the )?model"
    r"\b",
    r"\bmodel\b.{0,80}\b(?:failed to (?:load|start)|could not be loaded|load(?:ing)? failed)",
    r"\bmodel load(?:ing)? (?:failed|error|was stopped)|(?:unknown|unsupported) model architecture",
    r"unable to allocate|\bout of memory\b|insufficient (?:system resources|\w*memory)\b",
    r"(?:requires|needs) more (?:\w+ )?memory|not enough (?:\w+ )?memory",
    r"\brunner (?:process )?(?:has )?(?:terminated|unexpectedly stopped)",
    r"\bmodel (?:is |was |has (?:been )?)?(?:unloaded|crashed)\b",
)
_LOADING = any_of(
    r"\bloading\b.{0,30}\bmodels?\b|\bmodels?\b.{0,80}\b(?:loading|warming up|starting)\b",
    r"still (?:loading|starting|warming)|not (?:yet )?ready|model is being loaded",
)

# LiteLLM passes on what a vendor said of the gateway's own key
_BEHIND = any_of(
    r"\blitellm\.|\breceived model group\b",
    r"\b(?:open ?ai|azure|anthropic|gemini|vertex ?ai|bedrock|groq|mistral|deep ?seek|openrouter"
    r"|xai|cohere|hugging ?face) ?exception\b",
)
_BEHIND_LACKS = any_of(r"api key client option must be set")


def meaning(words: str, status: int, call: CallName) -> Meaning | None:
    """What folded words say that outweighs the status; None = nothing that is known here."""
    if call == "model" and status == 400 and _BOUND_MET.search(words):
        return Outcome.OK, ""
    if status < 500 and _UNVERIFIED.search(words):
        return Outcome.FORBIDDEN, "unverified"
    if call == "model" and status not in (401, 402, 403, 429):
        if _UNKNOWN.search(words):
            return Outcome.MODEL_NOT_FOUND, ""
        if status < 500 and _RETIRED.search(words):
            return Outcome.MODEL_NOT_FOUND, "retired"
        if _REASONS_ELSEWHERE.search(words):
            return Outcome.BAD_REQUEST, "not_chat"
        if _NO_TOOLS.search(words):
            return Outcome.BAD_REQUEST, "no_tools"
        if _NO_SYSTEM.search(words):
            return Outcome.BAD_REQUEST, "no_system"
        if _NO_STREAM.search(words):
            return Outcome.BAD_REQUEST, "no_stream"
        if _TEMPERATURE.search(words):
            return Outcome.BAD_REQUEST, "temperature"
        if _EFFORT.search(words):
            return Outcome.BAD_REQUEST, "effort"
        if _OTHER_API.search(words):
            return Outcome.BAD_REQUEST, "not_chat"
    is_quota = status < 500 and _QUOTA.search(words) and not _RATE.search(words)
    if _ARREARS.search(words):
        return Outcome.NO_CREDIT, "arrears"
    if _WINDOW.search(words):
        return Outcome.NO_CREDIT, "plan_window"
    if is_quota or _CREDIT.search(words):
        return Outcome.NO_CREDIT, ""
    if status < 500 and (told := _of_account(words, status)):
        return Outcome.FORBIDDEN, told
    is_own_fault = status >= 500 or (call == "model" and status in (400, 404, 422))
    if is_own_fault and _LOAD_FAILED.search(words):
        return Outcome.SERVER_ERROR, "load_failed"
    if status >= 500 and _LOADING.search(words):
        return Outcome.SERVER_ERROR, "loading"
    return _of_model(words, status) if call == "model" else None


def _of_model(words: str, status: int) -> Meaning | None:
    """What is said of a model, or by a gateway of the vendor behind it."""
    if _PLAN_LACKS.search(words):
        return Outcome.MODEL_NOT_FOUND, "not_in_plan"
    if _DEDICATED.search(words):
        return Outcome.MODEL_NOT_FOUND, "dedicated"
    if _NOT_LOADED.search(words):
        return Outcome.MODEL_NOT_FOUND, "not_loaded"
    if _UNSERVED.search(words):
        return Outcome.MODEL_NOT_FOUND, "not_served"
    is_closed = status in (401, 403) and _ACCESS.search(words) and not _NOBODY.search(words)
    if is_closed or (status < 500 and status != 429 and _NOT_IN_PLAN.search(words)):
        return Outcome.FORBIDDEN, "model_access"
    if _NOBODY.search(words):
        return Outcome.MODEL_NOT_FOUND, ""
    is_of_key = status == 401 or of_key(words, status) or _BEHIND_LACKS.search(words)
    return (Outcome.SERVER_ERROR, "upstream_key") if is_of_key and _BEHIND.search(words) else None


def _of_account(words: str, status: int) -> str:
    """What stands against an account, whatever its key and the model; "" = nothing is said."""
    if _BILLING.search(words):
        return "needs_billing"
    if _REGION.search(words):
        return "region_blocked"
    is_closed = any(not found[1] for found in _CLOSED.finditer(words))
    if status != 429 and (is_closed or _CLOSED_THERE.search(words)):
        return "on_hold"
    if _NO_PLAN.search(words):
        return "no_subscription"
    return "terms" if _TERMS.search(words) else ""


def of_unknown(words: str) -> str:
    """Why there is no such model, as a detail; "" = it is not said."""
    return "retired" if _RETIRED.search(words) else ""


def names_no_model(words: str) -> bool:
    """Whether a refused request says that there is no such model."""
    return _NO_MODEL.search(words) is not None
