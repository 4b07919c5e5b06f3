"""What an answer means: a Reply in, a Verdict out. Pure; text of the other side stays outside.

Order: redirect, what stands in front of the API, errors under a 2xx, the provider's own rules (a
code in the body decides, the status is a hint), what the words say, then what a status means.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from providers.dialects import front, refused, spoken
from providers.dialects.particulars import particulars, retry_after_s
from providers.dialects.paths import SEARCHED, texts_at, unwrapped, values_at
from providers.dialects.words import Meaning, folded
from providers.http.events import FAILED_ENDS
from providers.http.records import Reply
from providers.spec.kind import CallName, ErrorRule
from providers.spec.outcomes import Outcome, Verdict
from providers.spec.secret import Secret

__all__ = ["is_absent", "judge", "unwrapped"]

_NAMES_MODEL = re.compile("model|deployment", re.I)
_WORDS_AT = (
    "error|message|Message|detail|code|type|__type|base_resp.status_msg|msg|title|reason",
    "error.code|error.type|error.message|error.status|error.details[].reason|error.details"
    ".error_code",
    "error.msg|error.detail|error.error|error.error.message|error.param|error[].message",
    "errors[]|errors[].message|errors[].code|errors[].detail|detail.message|detail.error"
    "|detail.code|detail.type|response.message|error.metadata.raw",
)
_LOOKS = {"<": "html", "{": "broken_json", "[": "broken_json"}  # first character of a body
_CHOICES = "choices[]"
_GOOD_CODES = (None, 0, "0", 200, "200", "", "success", "Success")
# Types of an error that comes without a status of its own, under a 200
_STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "api_error": 500,
    "server_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
    "validationException": 400,
    "accessDeniedException": 403,
    "throttlingException": 429,
    "internalServerException": 500,
    "modelStreamErrorException": 500,
    "serviceUnavailableException": 503,
}

_WAITING = (Outcome.RATE_LIMITED, Outcome.NO_CREDIT, Outcome.SERVER_ERROR)
# What no wait lifts that an answer tells of: Google's is that of the minute, whatever is used up
_STANDING = ("key_limit", "no_quota", "arrears")


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
    data = _choice_error(unwrapped(reply)) if 200 <= reply.status < 300 else unwrapped(reply)
    words = folded(words_of(data) if reply.is_json else _plain_text(reply))
    params: dict[str, Any] = {}
    told = front.meaning(reply, words)
    if told:
        outcome, detail, params = told
    else:
        outcome, detail = _meaning(reply, data, words, call, is_expected, rules)
    if (outcome, detail) == (Outcome.FORBIDDEN, ""):
        detail = refused.of_refusal(words)
    if (outcome, detail) == (Outcome.MODEL_NOT_FOUND, ""):
        detail = spoken.of_unknown(words)
    if outcome is not Outcome.OK:
        params |= particulars(reply, data, secrets)
        if outcome in _WAITING and detail not in _STANDING:
            wait = retry_after_s(reply, now or datetime.now(UTC))
            params |= {} if wait is None else {"retry_after_s": wait}
    return Verdict(outcome, detail, params, reply.status)


def _meaning(
    reply: Reply,
    data: Any,
    words: str,
    call: CallName,
    is_expected: Callable[[Any], bool],
    rules: Sequence[ErrorRule],
) -> Meaning:
    status = reply.status
    if 300 <= status < 400:
        return Outcome.BAD_ENDPOINT, "redirect"
    is_good = 200 <= status < 300
    if not reply.is_json:
        return _of_text(reply, words, call, rules)
    statuses = {status}
    if is_good:
        if not _is_error(data, is_expected):
            expected = is_expected(data)
            return (Outcome.OK, "") if expected else (Outcome.UNEXPECTED_RESPONSE, _lack(data))
        statuses |= _body_statuses(data)
    worst = max(statuses)
    found = _said(reply, data, call, rules, statuses, words)
    if found:
        return found
    if worst < 400:  # an error under 200 that names no status
        outcome, detail = _generic(400, words, call)
        if outcome is Outcome.BAD_REQUEST:
            return Outcome.UNEXPECTED_RESPONSE, "error_body"
        return outcome, detail
    return _generic(worst, words, call)


def _plain_text(reply: Reply) -> str:
    """What an answer that is no JSON says, without its tags."""
    return re.sub(r"<[^>]{0,200}>", " ", reply.text[:SEARCHED])


def _of_text(reply: Reply, words: str, call: CallName, rules: Sequence[ErrorRule]) -> Meaning:
    """An answer that is no JSON. What goes by the status alone is meant for the API's own."""
    status = reply.status
    page = _LOOKS.get(reply.text.lstrip("\ufeff \t\r\n")[:1], "not_json")
    if status in (404, 405, 501):
        return Outcome.BAD_ENDPOINT, "front" if page == "html" else ""
    if 200 <= status < 300:
        return Outcome.UNEXPECTED_RESPONSE, page
    if reply.text.strip():
        rules = [rule for rule in rules if rule.pattern or rule.header]
    words = "" if page == "html" else words
    found = _said(reply, None, call, rules, {status}, words)
    if found:
        return found
    outcome, _ = _generic(status, words, call)
    return outcome, front.of_page(reply, outcome)


def _said(
    reply: Reply,
    data: Any,
    call: CallName,
    rules: Sequence[ErrorRule],
    statuses: set[int],
    words: str,
) -> Meaning | None:
    """What the body tells: the provider's own codes, words that anybody may use; then the rules
    that go by the status alone."""
    status = max(statuses)
    own = [rule for rule in rules if rule.pattern or rule.header]
    if found := _ruled(reply, data, call, own, statuses):
        return found
    if status < 400:
        status = 400
    if found := spoken.meaning(words, status, call):
        return found
    if _is_unknown_path(reply):
        return Outcome.BAD_ENDPOINT, ""
    of_status = _ruled(reply, data, call, [rule for rule in rules if rule not in own], statuses)
    of_key = refused.of_key(words, status)
    is_vague = of_key == (Outcome.BAD_KEY, "")
    if of_status and (of_key is None or (is_vague and of_status[0] is Outcome.BAD_KEY)):
        return of_status
    return of_key


def _is_unknown_path(reply: Reply) -> bool:
    """Whether Amazon's API Gateway says that it has no such path, in the words of a lacking key.
    Source: https://repost.aws/knowledge-center/api-gateway-authentication-token-errors"""
    return reply.status == 403 and reply.data == {"message": "Missing Authentication Token"}


def words_of(data: Any) -> str:
    """All that a body says in words, a line for each text."""
    texts = [text for path in _WORDS_AT for text in texts_at(data, path)]
    for item in values_at(data, "detail[]"):  # a field at fault and what is wrong with it
        if isinstance(item, dict):
            texts.append(" ".join(texts_at({"x": item}, "x.loc[]|x.msg|x.message|x.type")))
    return "\n".join(dict.fromkeys(texts))[: 4 * SEARCHED]


def is_absent(verdict: Verdict) -> bool:
    """Whether an answer says that there is no such call here, so that another may be tried. A
    path that LM Studio does not know answers 200 with JSON of another shape."""
    if verdict.outcome is Outcome.BAD_ENDPOINT:
        is_told = verdict.detail in ("wants_https", "regional_host")
        return not verdict.detail.startswith("redirect") and not is_told
    is_other = verdict.detail in ("wrong_shape", "error_body")
    return verdict.outcome is Outcome.UNEXPECTED_RESPONSE and is_other


def is_unknown(verdict: Verdict) -> bool:
    """Whether an answer says that there is no such model, some like of a path but in words. One of
    the provider's own list is not unknown to it: then the call was of the wrong kind."""
    if (verdict.outcome, verdict.detail) == (Outcome.BAD_ENDPOINT, ""):
        return verdict.http_status == 404 and "quote" in verdict.params
    return (verdict.outcome, verdict.detail) == (Outcome.MODEL_NOT_FOUND, "")


def _choice_error(data: Any) -> Any:
    """The error that stands inside a choice of an answer, in the form of a whole answer's."""
    choices = values_at(data, _CHOICES)
    at = "choices[].error|choices[].message.error|choices[].delta.error"
    for error in values_at(data, at):
        if error:
            return {"error": error}
    for choice in choices:
        if isinstance(choice, dict) and choice.get("finish_reason") in FAILED_ENDS:
            return {"error": {"type": "server_error"}}
    return data


def _lack(data: Any) -> str:
    """What a good status without the promised answer lacks."""
    has_choice = any(choice is not None for choice in values_at(data, _CHOICES))
    is_hollow = isinstance(data, dict) and "choices" in data and not has_choice
    return "no_choice" if is_hollow else "wrong_shape"


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
    claimed = texts_at(data, "error.code|code|error.http_code|error.status|error.status_code")
    found = {int(text) for text in claimed if re.fullmatch(r"[45][0-9]{2}", text)}
    if found:
        return found
    types = texts_at(data, "error.type|error.code")
    return {_STATUS_OF_TYPE[text] for text in types if text in _STATUS_OF_TYPE}


def _ruled(
    reply: Reply, data: Any, call: CallName, rules: Iterable[ErrorRule], statuses: set[int]
) -> Meaning | None:
    for rule in rules:
        if rule.on and call not in rule.on:
            continue
        if rule.status and statuses.isdisjoint(rule.status):
            continue
        if rule.header:
            texts = [reply.headers.get(rule.header.lower(), "")[:SEARCHED]]
        else:
            texts = texts_at(data, rule.path) if rule.path else [""]
        if any(re.search(rule.pattern, text) for text in texts):
            return rule.outcome, rule.detail
    return None


def _generic(status: int, words: str, call: CallName) -> Meaning:
    """What a status means where nothing in the body outweighs it."""
    if call == "model" and status in (400, 401, 403, 404, 410, 413, 422):
        if status not in (401, 403) and spoken.names_no_model(words):
            return Outcome.MODEL_NOT_FOUND, ""
        if status in (404, 410) and _NAMES_MODEL.search(words):
            return Outcome.MODEL_NOT_FOUND, ""
    general = Outcome.SERVER_ERROR if status >= 500 else Outcome.BAD_REQUEST
    return _BY_STATUS.get(status, general), ""


_BY_STATUS = {
    401: Outcome.BAD_KEY,
    402: Outcome.NO_CREDIT,
    403: Outcome.FORBIDDEN,
    404: Outcome.BAD_ENDPOINT,
    405: Outcome.BAD_ENDPOINT,
    408: Outcome.TIMEOUT,
    410: Outcome.BAD_ENDPOINT,
    424: Outcome.SERVER_ERROR,
    429: Outcome.RATE_LIMITED,
    451: Outcome.FORBIDDEN,
    501: Outcome.BAD_ENDPOINT,
    504: Outcome.TIMEOUT,
}
