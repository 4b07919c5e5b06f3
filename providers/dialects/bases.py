"""An API base that is almost right, and the one that was probably meant. Pure; asks by `send`.

Everything asked stays on the origin that was entered, so no key goes anywhere else.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from providers.dialects.adapters import Adapter
from providers.dialects.judge import is_absent, unwrapped
from providers.dialects.rows import is_as_declared
from providers.dialects.rungs import Finding
from providers.http import BadURL, Send, origin_of
from providers.spec.kind import ListCall
from providers.spec.outcomes import Failed, KeyState, Outcome, Verdict

_MOST = 6  # bases that are tried
# The path of a single call, pasted as the base
_CALL = re.compile(
    r"/(?:chat/completions|completions|responses|messages|embeddings|models|api/(?:tags|chat|generate)"
    r"|images/generations|audio/(?:speech|transcriptions)|rerank)$"
)
_TWICE = re.compile(r"((?:/[^/]+)+)\1$")
_VERSION = re.compile(r"/v[0-9]+[a-z0-9]*$")
# Refusals that only the API itself gives: the address is right
_IS_THERE = (Outcome.BAD_KEY, Outcome.FORBIDDEN, Outcome.NO_CREDIT, Outcome.RATE_LIMITED)


def pasted(path: str) -> str:
    """A path without that of a single call at its end and without a part that stands twice."""
    before = None
    while path != before:
        before = path
        path = _TWICE.sub(r"\1", _CALL.sub("", path))
    return path


def guesses(base: str, default: str) -> tuple[str, ...]:
    """Bases on the same origin that may have been meant, the likeliest first. `default` is that of
    the kind, "" = none."""
    origin = origin_of(base)
    path = base.removeprefix(origin)
    usual = default.removeprefix(origin_of(default)).rstrip("/") if default else ""
    paths = [one for one in _paths(path, usual) if one != path]
    return tuple(origin + one for one in islice(dict.fromkeys(paths), _MOST))


def _paths(path: str, usual: str) -> Iterator[str]:
    cut = pasted(path)
    yield cut
    head = re.sub(r"/api(?:/v[01])?$", "", cut)  # a native API that stands beside the other
    steps = usual.split("/")[1:]
    for count in range(len(steps), 0, -1):  # where the path ends as the usual one begins
        begun = "/" + "/".join(steps[:count])
        if cut.endswith(begun) and count < len(steps):
            yield cut + "/" + "/".join(steps[count:])
    if usual:
        yield usual
    if not _VERSION.search(cut):
        yield cut + (usual or "/v1")
        yield cut + "/v1"
    if head != cut:
        yield head + "/v1"
    yield cut.lower()
    yield cut.rpartition("/")[0]
    yield "/v1"


# Where servers of one's own have this API; under /api they have another one (LM Studio's docs).
_COMPATIBLE = re.compile(r"(?<!/api)/v1/?$")


def with_better_base(adapter: Adapter, send: Send, key: Finding, model: str = "") -> Finding:
    """The same finding; where there is no such API at this base, with the one that would be right,
    if there is one. With a `model`, that is asked where no list is there."""
    verdict = key.verdict
    if moved := verdict.params.get("moved"):
        return _moved(adapter, send, key, moved)
    if "base" in verdict.params or not _looks_elsewhere(adapter, key):
        return key
    base = better_base(adapter, send, model, is_strict=key.is_odd)
    detail = "suggest_base" if base else ""
    if not base and key.is_odd:
        if adapter.base_list() is adapter.spec.list_call:
            return key  # a server whose list has a form of its own
        told = Verdict(Outcome.UNEXPECTED_RESPONSE, "wrong_shape", {}, verdict.http_status)
        return Finding(told, KeyState.UNKNOWN, key.ms)  # of the kind's native API
    if not base:
        base = _uncalled(adapter)
        detail = "call_pasted" if base else ""
    if not base:
        if (verdict.outcome, verdict.detail) == (Outcome.BAD_ENDPOINT, ""):
            return replace(key, verdict=replace(verdict, detail="no_list"))
        return key
    params = {**verdict.params, "base": base}
    told = Verdict(Outcome.BAD_ENDPOINT, detail, params, verdict.http_status)
    return Finding(told, KeyState.UNKNOWN, key.ms)


def _moved(adapter: Adapter, send: Send, key: Finding, base: str) -> Finding:
    """A redirect to the same call below another base on the same origin: a base if it answers."""
    call = adapter.base_list()
    params = {name: value for name, value in key.verdict.params.items() if name != "moved"}
    try:
        if call and _has_list(adapter.at(base), send, call, is_strict=False):
            params["base"] = base
    except (Failed, BadURL):
        pass
    return replace(key, verdict=replace(key.verdict, params=params))


def _looks_elsewhere(adapter: Adapter, key: Finding) -> bool:
    verdict = key.verdict
    if key.is_odd and not _is_of_the_vendor(adapter):
        return not (adapter.spec.is_local and _COMPATIBLE.search(adapter.base()))
    if verdict.http_status is None or verdict.outcome is Outcome.OK or _is_of_the_vendor(adapter):
        return False
    is_page = (verdict.outcome, verdict.detail) == (Outcome.UNEXPECTED_RESPONSE, "html")
    return is_page or is_absent(verdict) or adapter.doubts_base()


def _is_of_the_vendor(adapter: Adapter) -> bool:
    return adapter.is_default_base and not adapter.spec.is_local


def better_base(adapter: Adapter, send: Send, model: str = "", *, is_strict: bool = False) -> str:
    """The base at which the list answers, or the model where one is given; "" = nowhere. Where
    `is_strict`, only a list in the very form of this API counts."""
    call = adapter.base_list()
    found = guesses(adapter.base(), adapter.spec.api_base) if call else ()
    try:
        for base in found:
            there = adapter.at(base)
            if model:
                is_right = there.check_model(send, model).verdict.outcome is Outcome.OK
            else:
                is_right = call is not None and _has_list(there, send, call, is_strict)
            if is_right:
                return there.base()
    except (Failed, BadURL):
        return ""
    return ""


def _has_list(there: Adapter, send: Send, call: ListCall, is_strict: bool) -> bool:
    reply, verdict = there.ask(send, call, "list")
    is_good = verdict.outcome is Outcome.OK
    if is_strict:
        return is_good and is_as_declared(unwrapped(reply), call.columns.items)
    return is_good or (reply.is_json and verdict.outcome in _IS_THERE)


def _uncalled(adapter: Adapter) -> str:
    """The base without the call that was pasted along; "" = none was."""
    base = adapter.base()
    origin = origin_of(base)
    path = base.removeprefix(origin)
    cut = pasted(path)
    return adapter.at(origin + cut).base() if cut != path else ""
