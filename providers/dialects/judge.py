"""What an answer means: a Reply in, a Verdict out. Pure; text of the other side stays outside.

Order: redirect, shape of the body, errors under a 2xx, the provider's own rules (the code in the
body decides, the status is a hint), then what a status means in general.
"""

import base64
import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from providers.http.records import Reply
from providers.spec.kind import CallName, ErrorRule
from providers.spec.outcomes import Outcome, Verdict
from providers.spec.secret import Secret

_SEARCHED = 4_000  # characters of one text that patterns are tried on
_QUOTED = 300
_PIECE = 8
_LONGEST_WAIT = 30 * 86_400

_CREDIT = re.compile(
    "insufficient_quota|insufficient_balance|insufficient balance|quota_exceeded|quota_exhausted"
    "|billing_hard_limit_reached|billing_not_active|credit_balance_too_low"
    "|credit balance is too low|credit_balance_exhausted|exceeded_current_quota|payment_required"
    "|arrearage|good standing|accountoverdue|spend_limit_reached|insufficient credits"
    "|余额不足|欠费",
    re.I,
)
_BAD_KEY = re.compile(
    r"(invalid|incorrect|expired)[ _-]?api[ _-]?key"
    r"|api[ _-]?key.{0,20}(not valid|invalid|incorrect|expired)",
    re.I,
)
_NO_MODEL = re.compile(
    r"(model|deployment).{0,200}(not[ _]?found|not exist|unknown|no such)"
    r"|(not[ _]?found|unknown|no such|invalid)[ _](model|deployment)",
    re.I | re.S,
)
_NAMES_MODEL = re.compile("model|deployment", re.I)
_WORDS_AT = (
    "error|message|Message|detail|detail[].msg|code|type|__type|base_resp.status_msg",
    "error.code|error.type|error.message|error.status|error.details[].reason|error.details"
    ".error_code",
)
_MESSAGE_AT = "error.message|message|Message|error|detail|base_resp.status_msg"
_CODES_AT = (
    "error.details.error_code|error.status|error.code|error.type|base_resp.status_code"
    "|code|__type|type"
)
_REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id", "x-amzn-requestid")
_TOKEN = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_GOOD_CODES = (None, 0, "0", 200, "200", "", "success", "Success")


def values_at(data: Any, path: str) -> list[Any]:
    """Everything at a dotted path: alternatives by |, `name[]` for each element of a list."""
    found: list[Any] = []
    for alternative in path.split("|"):
        level = [data]
        for step in alternative.split("."):
            name = step.removesuffix("[]")
            level = [item[name] for item in level if isinstance(item, dict) and name in item]
            if step.endswith("[]"):
                level = [child for item in level if isinstance(item, list) for child in item]
        found += level
    return found


def texts_at(data: Any, path: str) -> list[str]:
    """Strings and numbers at a path, as text; objects, lists, booleans and null are passed over."""
    return [
        str(value)[:_SEARCHED]
        for value in values_at(data, path)
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    ]


def unwrapped(reply: Reply) -> Any:
    """The parsed body; an error inside an array of one (Gemini's compatible API) is taken out."""
    data = reply.data
    if isinstance(data, list) and len(data) == 1 and isinstance(data[0], dict):
        return data[0] if reply.status >= 400 or data[0].get("error") else data
    return data


def judge(
    reply: Reply,
    call: CallName,
    *,
    is_expected: Callable[[Any], bool] = lambda data: True,
    rules: Sequence[ErrorRule] = (),
    secrets: Sequence[Secret] = (),
    now: datetime | None = None,
) -> Verdict:
    """What `reply` to a `call` means. `is_expected` tells the shape of a good answer; `secrets`
    are those of the provider, so that nothing that echoes them is kept; `now` is for tests."""
    data = unwrapped(reply)
    outcome, detail = _meaning(reply, data, call, is_expected, rules)
    params: dict[str, Any] = {}
    if outcome is not Outcome.OK:
        params = _particulars(reply, data, secrets)
        if outcome in (Outcome.RATE_LIMITED, Outcome.NO_CREDIT, Outcome.SERVER_ERROR):
            wait = retry_after_s(reply, now or datetime.now(UTC))
            params |= {} if wait is None else {"retry_after_s": wait}
    return Verdict(outcome, detail, params, reply.status)


_LOOKS = {"<": "html", "{": "broken_json", "[": "broken_json"}  # first character of a body


def _meaning(
    reply: Reply,
    data: Any,
    call: CallName,
    is_expected: Callable[[Any], bool],
    rules: Sequence[ErrorRule],
) -> tuple[Outcome, str]:
    status = reply.status
    if 300 <= status < 400:
        return Outcome.BAD_ENDPOINT, "redirect"
    is_good = 200 <= status < 300
    if not reply.is_json:
        page = _LOOKS.get(reply.text.lstrip("\ufeff \t\r\n")[:1], "not_json")
        if status in (404, 405):
            return Outcome.BAD_ENDPOINT, ""
        if is_good:
            return Outcome.UNEXPECTED_RESPONSE, page
        ruled = _ruled(reply, None, call, rules, {status})
        words = "" if page == "html" else reply.text[:_SEARCHED]
        outcome, detail = ruled or _generic(status, words, call)
        is_page = outcome is Outcome.FORBIDDEN and page == "html"
        return outcome, "html" if is_page else detail
    statuses = {status}
    if is_good:
        if not _is_error(data, is_expected):
            expected = is_expected(data)
            return (Outcome.OK, "") if expected else (Outcome.UNEXPECTED_RESPONSE, "wrong_shape")
        statuses |= _body_statuses(data)
    ruled = _ruled(reply, data, call, rules, statuses)
    if ruled:
        return ruled
    words = "\n".join(text for path in _WORDS_AT for text in texts_at(data, path))
    worst = max(statuses)
    if worst < 400:  # an error under 200 that names no status
        outcome, detail = _generic(400, words, call)
        if outcome is Outcome.BAD_REQUEST:
            return Outcome.UNEXPECTED_RESPONSE, "error_body"
        return outcome, detail
    return _generic(worst, words, call)


def is_absent(verdict: Verdict) -> bool:
    """Whether an answer says that there is no such call here, so that another may be tried. A
    path that LM Studio does not know answers 200 with JSON of another shape."""
    if verdict.outcome is Outcome.BAD_ENDPOINT:
        return verdict.detail != "redirect"
    is_other = verdict.detail in ("wrong_shape", "error_body")
    return verdict.outcome is Outcome.UNEXPECTED_RESPONSE and is_other


def _is_error(data: Any, is_expected: Callable[[Any], bool]) -> bool:
    """Whether a body under a 2xx says that the call failed."""
    if not isinstance(data, dict):
        return False
    if data.get("error") or data.get("success") is False:
        return True
    base_resp = data.get("base_resp")
    if isinstance(base_resp, dict) and base_resp.get("status_code") not in _GOOD_CODES:
        return True
    code = data.get("code")
    return isinstance(code, str | int) and code not in _GOOD_CODES and not is_expected(data)


def _body_statuses(data: Any) -> set[int]:
    """HTTP statuses that a body under 200 claims (OpenRouter's error.code, for one)."""
    claimed = texts_at(data, "error.code|code|error.http_code")
    return {int(text) for text in claimed if re.fullmatch(r"[45][0-9]{2}", text)}


def _ruled(
    reply: Reply, data: Any, call: CallName, rules: Iterable[ErrorRule], statuses: set[int]
) -> tuple[Outcome, str] | None:
    for rule in rules:
        if rule.on and call not in rule.on:
            continue
        if rule.status and statuses.isdisjoint(rule.status):
            continue
        if rule.header:
            texts = [reply.headers.get(rule.header.lower(), "")[:_SEARCHED]]
        else:
            texts = texts_at(data, rule.path) if rule.path else [""]
        if any(re.search(rule.pattern, text) for text in texts):
            return rule.outcome, rule.detail
    return None


def _generic(status: int, words: str, call: CallName) -> tuple[Outcome, str]:
    """What a status means where no rule of the provider applies."""
    if status in (400, 403, 413, 422, 429) and _CREDIT.search(words):
        return Outcome.NO_CREDIT, ""
    if status in (400, 413, 422):
        if _BAD_KEY.search(words):
            return Outcome.BAD_KEY, ""
        if call == "model" and _NO_MODEL.search(words):
            return Outcome.MODEL_NOT_FOUND, ""
    if status in (404, 410) and call == "model" and _NAMES_MODEL.search(words):
        return Outcome.MODEL_NOT_FOUND, ""
    if status >= 500:
        return (Outcome.TIMEOUT if status == 504 else Outcome.SERVER_ERROR), ""
    return _BY_STATUS.get(status, Outcome.BAD_REQUEST), ""


_BY_STATUS = {
    401: Outcome.BAD_KEY,
    402: Outcome.NO_CREDIT,
    403: Outcome.FORBIDDEN,
    404: Outcome.BAD_ENDPOINT,
    405: Outcome.BAD_ENDPOINT,
    408: Outcome.TIMEOUT,
    410: Outcome.BAD_ENDPOINT,
    429: Outcome.RATE_LIMITED,
    451: Outcome.FORBIDDEN,
}


# Particulars ----------------------------------------------------------------------------------


def _particulars(reply: Reply, data: Any, secrets: Sequence[Secret]) -> dict[str, Any]:
    """Code and request id where they are short plain words, and what may be quoted."""
    found: dict[str, Any] = {}
    amazon = reply.headers.get("x-amzn-errortype", "").partition(":")[0]
    for code in [amazon, *texts_at(data, _CODES_AT)]:
        is_telling = code not in ("", "error", str(reply.status))
        if is_telling and _TOKEN.fullmatch(code) and not holds_secret(code, secrets):
            found["provider_code"] = code
            break
    for name in _REQUEST_IDS:
        value = reply.headers.get(name, "")
        if _TOKEN.fullmatch(value) and not holds_secret(value, secrets):
            found["request_id"] = value
            break
    if text := quoted(reply, secrets):
        found["quote"] = text
    return found


def quoted(reply: Reply, secrets: Sequence[Secret]) -> str:
    """The provider's own message, fit to be shown: at most 300 printable characters.

    "" when there is none, or when it holds a piece of a secret. Runs that look like tokens, masked
    keys, accounts and addresses are blotted out.
    """
    texts = texts_at(unwrapped(reply), _MESSAGE_AT)
    if not texts:
        return ""
    printable = "".join(char if char.isprintable() else " " for char in texts[0])
    text = " ".join(printable.split())
    if holds_secret(texts[0], secrets) or holds_secret(text, secrets):
        return ""
    text = _BLOT.sub("…", text)
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"


_BLOT = re.compile(
    r"\S*\*{2,}\S*"  # a masked key
    r"|\S+@\S+"
    r"|arn:\S+"
    r"|(?=[A-Za-z0-9_+/=-]*[0-9])(?=[A-Za-z0-9_+/=-]*[A-Za-z])[A-Za-z0-9_+/=-]{24,}"
)


def holds_secret(text: str, secrets: Iterable[Secret]) -> bool:
    """Whether any eight characters of a secret stand in `text`: plain, base64 or URL-encoded."""
    folded = text.casefold()
    compact = "".join(folded.split())
    pieces = {
        whole[start : start + _PIECE]
        for whole in (folded, compact)
        for start in range(len(whole) - _PIECE + 1)
    }
    for form in (form.casefold() for secret in secrets for form in _forms(secret.reveal())):
        if len(form) < _PIECE and (form in folded or form in compact):
            return True
        if any(form[at : at + _PIECE] in pieces for at in range(len(form) - _PIECE + 1)):
            return True
    return False


def _forms(value: str) -> list[str]:
    """A secret as it may come back. Base64 has three forms: it depends on what stands before."""
    forms = [value, quote(value, safe="")]
    raw = value.encode()
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        # the first and last characters also hold bits of the neighbours
        inner = text[(0, 2, 3)[shift] : None if (shift + len(raw)) % 3 == 0 else -1]
        forms += [inner, inner.replace("+", "-").replace("/", "_")]
    return [form for form in forms if form]


def retry_after_s(reply: Reply, now: datetime) -> int | None:
    """Seconds to wait, as far as the provider says so; None = it does not."""
    headers = reply.headers
    for text in (
        *_millis(headers.get("retry-after-ms", "")),
        headers.get("retry-after", ""),
        *texts_at(unwrapped(reply), "error.details[].retryDelay"),
        *re.findall(r";\s*t=([0-9]{1,9})\b", headers.get("ratelimit", "")),
    ):
        seconds = _seconds(text.strip(), now)
        if seconds is not None:
            return math.ceil(min(max(seconds, 0), _LONGEST_WAIT))
    return None


def _millis(text: str) -> list[str]:
    return [f"{int(text) / 1000}"] if re.fullmatch(r"[0-9]{1,12}", text) else []


def _seconds(text: str, now: datetime) -> float | None:
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?s?", text):
        return float(text.removesuffix("s"))
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()
