"""What is kept of an answer beside its meaning: codes, a short quotation, how long to wait. Pure.

Text of the other side is data: it is cut short, blotted, and dropped where it echoes a secret.
"""

import base64
import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from providers.dialects.paths import texts_at, unwrapped
from providers.http.records import Reply
from providers.spec.secret import Secret

_QUOTED = 300
_PIECE = 8
_LONGEST_WAIT = 30 * 86_400
# In an object, in a list of them, in a plain field; the first that holds a text is quoted
_MESSAGE_AT = (
    "error.message|error.error.message|message|Message|error|detail|base_resp.status_msg"
    "|errors[].message|errors[].detail|error[].message|detail[].msg|detail.message|detail.error"
    "|error.msg|error.detail|error.error|msg|error_description|error_message|errorMessage"
    "|error_msg|errors.message|errors[]|title|reason|fault.faultstring|response.message"
)
_CODES_AT = (
    "error.details.error_code|error.status|error.code|error.type|base_resp.status_code"
    "|code|__type|type"
)
_REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id", "x-amzn-requestid")
_TOKEN = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def particulars(reply: Reply, data: Any, secrets: Sequence[Secret]) -> dict[str, Any]:
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
    if text := _quoted_from(data, secrets):
        found["quote"] = text
    return found


def quoted(reply: Reply, secrets: Sequence[Secret]) -> str:
    """The provider's own message, fit to be shown: at most 300 printable characters.

    "" when there is none, or when it holds a piece of a secret. Runs that look like tokens, masked
    keys, accounts and addresses are blotted out.
    """
    return _quoted_from(unwrapped(reply), secrets)


def _quoted_from(data: Any, secrets: Sequence[Secret]) -> str:
    texts = texts_at(data, _MESSAGE_AT)
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
    headers, data = reply.headers, unwrapped(reply)
    for text in (
        *_millis(headers.get("retry-after-ms", "")),
        headers.get("retry-after", ""),
        *texts_at(data, "error.details[].retryDelay"),
        *re.findall(r";\s*t=([0-9]{1,9})\b", headers.get("ratelimit", "")),
        *_until(texts_at(data, "error.metadata.headers.X-RateLimit-Reset"), now),
        *_told(texts_at(data, "error.message|message|error|detail|error.metadata.raw")),
    ):
        seconds = _seconds(text.strip(), now)
        if seconds is not None:
            return math.ceil(min(max(seconds, 0), _LONGEST_WAIT))
    return None


def _until(moments: Iterable[str], now: datetime) -> list[str]:
    """The wait until a moment in milliseconds since 1970, as OpenRouter tells it."""
    ends = [int(text) / 1000 for text in moments if re.fullmatch(r"[0-9]{13}", text)]
    return [f"{max(end - now.timestamp(), 0):.3f}" for end in ends]


_PART = (
    r"([0-9]{1,6}(?:\.[0-9]{1,9})?) ?"
    r"(ms|milliseconds?|s|sec(?:ond)?s?|m|min(?:ute)?s?|h|hrs?|hours?|d|days?)(?![a-z])"
)
_WAIT = re.compile(
    rf"\b(?:retry|try again|wait|resets?)(?: (?:in|after|for))? ((?:{_PART}(?:,? (?:and )?)?)+)",
    re.I,
)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _told(sentences: Iterable[str]) -> list[str]:
    """Waits that stand in a sentence, such as "Please retry in 37.5s." or "in 1h2m3.5s"."""
    found = (_WAIT.search(sentence) for sentence in sentences)
    return [f"{_length(match[1]):.3f}" for match in found if match]


def _length(text: str) -> float:
    parts = re.findall(_PART, text.lower())
    return sum(
        float(number) * (0.001 if unit.startswith(("ms", "mil")) else _SECONDS[unit[0]])
        for number, unit in parts
    )


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
