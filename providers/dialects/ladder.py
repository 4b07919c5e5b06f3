"""A connection test: key, then models, as a ladder of rungs. Pure; calls go out through `send`."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from providers.dialects.adapters import Adapter
from providers.dialects.bases import with_better_base
from providers.dialects.judge import is_absent, is_unknown
from providers.dialects.money import Money
from providers.dialects.rungs import AHEAD, Finding, Ladder, Rung
from providers.http import BadURL, Send
from providers.spec.keyshapes import problem_of
from providers.spec.outcomes import Failed, KeyState, Outcome, Step, Verdict, key_state_of

SIDE_BY_SIDE = 8  # models tried at the same time
# What the key's rung says once a model has answered in spite of it, with its detail or without.
_IN_SPITE = {
    (Outcome.FORBIDDEN, "no_scope"): "no_list_scope",
    (Outcome.FORBIDDEN, "no_list_scope"): "no_list_scope",
    (Outcome.FORBIDDEN, ""): "list_refused",
    (Outcome.BAD_KEY, ""): "list_refused",
    (Outcome.RATE_LIMITED, ""): "list_refused",
    (Outcome.NO_CREDIT, ""): "credit_told",
    (Outcome.BAD_ENDPOINT, ""): "no_list",
}
# Answers of a model that show more of the key than a list that was refused.
_KNOWS_KEY = (Outcome.NO_CREDIT, Outcome.RATE_LIMITED)
# What a picture has no part in: the same call without it would end alike.
_NOT_OF_PICTURES = (Outcome.OK, Outcome.BAD_KEY, Outcome.NO_CREDIT, Outcome.RATE_LIMITED)
# The first of these that any model met is the outcome of all.
_WORST_FIRST = (
    Outcome.INTERNAL_ERROR,
    Outcome.BAD_KEY,
    Outcome.NO_CREDIT,
    Outcome.MODEL_NOT_FOUND,
    Outcome.FORBIDDEN,
    Outcome.BAD_ENDPOINT,
    Outcome.BAD_REQUEST,
    Outcome.UNEXPECTED_RESPONSE,
    Outcome.BLOCKED_ADDRESS,
    Outcome.DNS_ERROR,
    Outcome.TLS_ERROR,
    Outcome.UNREACHABLE,
    Outcome.TIMEOUT,
    Outcome.SERVER_ERROR,
    Outcome.RATE_LIMITED,
    Outcome.REACHABLE_UNVERIFIED,
    Outcome.OK,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    outcome: Outcome
    key_state: KeyState
    http_status: int | None
    ms: int  # the whole test, by the clock
    detail: str
    params: dict[str, Any]
    rungs: tuple[Rung, ...]
    money: Money | None = None  # that the provider told of
    listed: int = 0  # models of the list that proved the key; 0 = not known


def model_names(adapter: Adapter, models: Sequence[str]) -> tuple[str, ...]:
    """What is tried: the models asked for, else all deployments (those are never left out)."""
    return tuple(dict.fromkeys(models or adapter.entered.deployments))


def makes_completion(adapter: Adapter, models: Sequence[str] = ()) -> bool:
    """Whether a check would make a completion, which is slower and may cost: said beforehand."""
    if _proof_is_completion(adapter):
        return True
    return any(adapter.model_call(name).is_completion for name in model_names(adapter, models))


def run_check(
    adapter: Adapter, send: Send, ladder: Ladder | None = None, *, models: Sequence[str] = ()
) -> CheckResult:
    """Test one provider: its key, then each of `models`, with no more calls than needed.

    Whatever the other side does ends in a result; only faults of ours raise. ValueError for the
    kinds whose sign-in belongs to the agent.
    """
    if adapter.spec.is_oauth:
        raise ValueError(f"{adapter.spec.kind} cannot be checked from here")
    start = time.monotonic()
    ladder = ladder or Ladder()
    names = model_names(adapter, models)
    is_safe = any(origin.startswith("https:") for origin in adapter.origins())
    connection = [step for step in AHEAD if is_safe or step is not Step.TLS]
    steps = [(step, "") for step in (*connection, Step.KEY)]
    ladder.plan([*steps, *((Step.MODEL, name) for name in names)])
    refusal = preflight(adapter)
    if refusal:
        key, tried = Finding(refusal, key_state_of(refusal.outcome)), {}
    elif names and (_proof_is_completion(adapter) or adapter.entered.deployments):
        tried = _try_models(adapter, send, ladder, names)
        key = _key_shown_by(tried, names)
        if _proof_is_completion(adapter):
            key = with_better_base(adapter, send, key)
        if ladder.has_connection:
            ladder.done(Step.KEY, key)
    else:
        key = _attempt(lambda: adapter.check_key(send))
        if not (key.is_odd and names):  # then the models tell whether the base is right
            key = with_better_base(adapter, send, key)
        if ladder.has_connection:
            ladder.done(Step.KEY, key)
        tried = {}
        if _goes_on(key):
            tried = _try_models(adapter, send, ladder, names, key)
        if tried and _is_elsewhere(key, tried):
            key = with_better_base(adapter, send, key, names[0])
            ladder.done(Step.KEY, key)
    verdict, key_state = _sum_up(adapter, ladder, key, tried)
    return CheckResult(
        outcome=verdict.outcome,
        key_state=key_state,
        http_status=verdict.http_status,
        ms=int((time.monotonic() - start) * 1000),
        detail=_told(adapter, verdict),
        params=verdict.params,
        rungs=ladder.end(),
        money=key.money,
        listed=key.count,
    )


def _told(adapter: Adapter, verdict: Verdict) -> str:
    """The detail of the whole test. At some kinds an unknown name has one usual cause."""
    is_unknown = (verdict.outcome, verdict.detail) == (Outcome.DNS_ERROR, "not_found")
    return (is_unknown and adapter.spec.dns_hint) or verdict.detail


def preflight(adapter: Adapter) -> Verdict | None:
    """What can be told without a call: None = nothing stands in the way."""
    if missing := adapter.missing():
        return Verdict(Outcome.MISSING_CONFIG, params={"fields": missing})
    if references := adapter.references():
        detail = "aws_profile" if "profile" in references else ""
        return Verdict(Outcome.REFERENCE, detail, {"fields": references})
    try:
        adapter.places()
    except BadURL as error:
        return Verdict(Outcome.BAD_ENDPOINT, "bad_url", {**error.params, "code": error.code})
    except Failed as failed:
        return failed.verdict
    if barred := adapter.barred():
        return barred
    for secret in adapter.entered.secrets.values():
        problem, told = problem_of(secret.reveal())
        if problem:
            return Verdict(Outcome.BAD_KEY, "unsendable", {**told, "problem": problem})
    return None


def _is_elsewhere(key: Finding, tried: Mapping[str, Finding]) -> bool:
    """Whether the models' answers leave it open that their API is at another base."""
    verdicts = [one.verdict for one in tried.values()]
    if key.is_odd:
        return all(verdict.outcome is not Outcome.OK for verdict in verdicts)
    return all(map(is_absent, verdicts))


def _proof_is_completion(adapter: Adapter) -> bool:
    call = adapter.spec.key_call
    return call is not None and call.is_completion


def _attempt(question: Callable[[], Finding]) -> Finding:
    start = time.monotonic()
    try:
        return question()
    except Failed as failed:
        ms = int((time.monotonic() - start) * 1000)
        return Finding(failed.verdict, key_state_of(failed.verdict.outcome), ms)


def _goes_on(key: Finding) -> bool:
    """Whatever was answered, a model may still answer; where no answer came, it would not."""
    verdict = key.verdict
    return verdict.http_status is not None or verdict.outcome in (
        Outcome.OK,
        Outcome.REACHABLE_UNVERIFIED,
        Outcome.UNEXPECTED_RESPONSE,
    )


def _try_models(
    adapter: Adapter,
    send: Send,
    ladder: Ladder,
    names: Sequence[str],
    key: Finding | None = None,
) -> dict[str, Finding]:
    """Each model by a call of its own, side by side. A key that was proven is not wrong there."""

    def attempt(name: str) -> Finding:
        finding = _attempt(lambda: _check_model(adapter, send, name))
        if key:
            window = key.windows.get(adapter.sent_name(name))
            finding = finding.within(window, adapter.entered.asked.max_tokens)
        verdict = finding.verdict
        if key and adapter.sent_name(name) in key.listed:
            if verdict.detail == "not_served":
                verdict = replace(verdict, outcome=Outcome.SERVER_ERROR, detail="origin_away")
            elif is_unknown(verdict):
                verdict = replace(verdict, outcome=Outcome.BAD_REQUEST, detail="listed")
        is_vague = (verdict.outcome, verdict.detail) == (Outcome.BAD_REQUEST, "")
        if is_vague and not adapter.entered.extra_body:  # nothing of the person's own was in it
            verdict = replace(verdict, detail="plain_form")
        is_of_key = finding.key_state is KeyState.INVALID or verdict.detail == "key_unseen"
        if key and key.key_state is KeyState.VALID and is_of_key:
            verdict = replace(verdict, outcome=Outcome.FORBIDDEN, detail="model_refused")
            finding = replace(finding, key_state=KeyState.VALID)
        verdict = replace(verdict, params={**verdict.params, "model": name})
        finding = replace(finding, verdict=verdict)
        if ladder.has_connection:
            ladder.done(Step.MODEL, finding, name)
        return finding

    if len(names) < 2:
        return {name: attempt(name) for name in names}
    with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(names))) as pool:
        return dict(zip(names, pool.map(attempt, names), strict=True))


def _check_model(adapter: Adapter, send: Send, model: str) -> Finding:
    """Try one model, with a picture where the agent sends it some. Raises Failed without an answer.

    Where that ends in an error, the agent asks once more without the picture and tells nobody: such
    a model answers, and sees nothing. Source: nanobot-ai 0.3.5, providers/base.py: _run_with_retry.
    """
    found = adapter.check_model(send, model)
    if not adapter.is_for_pictures(model):
        return found
    if adapter.loses_pictures(model):
        return _blind(found, "pictures_left_out")
    if found.verdict.outcome in _NOT_OF_PICTURES:
        return found
    asked = replace(adapter.entered.asked, pictures=())
    plain = type(adapter)(adapter.spec, replace(adapter.entered, asked=asked))
    bare = plain.check_model(send, model)
    return replace(_blind(bare, "no_pictures"), ms=found.ms + bare.ms)


def _blind(finding: Finding, detail: str) -> Finding:
    """One that answers and sees nothing; any other ending as it is."""
    verdict = finding.verdict
    is_good = (verdict.outcome, verdict.detail) == (Outcome.OK, "")
    return replace(finding, verdict=replace(verdict, detail=detail)) if is_good else finding


def _key_shown_by(tried: Mapping[str, Finding], names: Sequence[str]) -> Finding:
    """The key's rung where a completion proves the key: the asked models' calls stand for it."""
    found = [tried[name] for name in names]
    best = next((one for one in found if one.key_state is KeyState.VALID), found[0])
    if best.key_state is KeyState.VALID:
        return replace(best, verdict=Verdict(Outcome.OK))
    return best


def _sum_up(
    adapter: Adapter, ladder: Ladder, key: Finding, tried: Mapping[str, Finding]
) -> tuple[Verdict, KeyState]:
    if not tried:
        return key.verdict, key.key_state
    worst = min(tried.values(), key=lambda one: _WORST_FIRST.index(one.verdict.outcome))
    has_answer = any(one.verdict.outcome is Outcome.OK for one in tried.values())
    if not has_answer:
        if _is_cause(key, worst):
            return key.verdict, key.key_state
        return worst.verdict, _key_state(adapter, key, worst)
    state = _key_state(adapter, key, worst)
    key = replace(key, verdict=_settled(key.verdict, state), key_state=state)
    ladder.done(Step.KEY, key)
    if worst.verdict.outcome is not Outcome.OK:
        return worst.verdict, state
    is_told = key.verdict.detail in _IN_SPITE.values() or key.verdict.detail == "list_unread"
    said = key.verdict if is_told else worst.verdict
    return replace(worst.verdict, detail=said.detail, params={}), state


def _is_cause(key: Finding, model: Finding) -> bool:
    """Whether what the key's rung said explains why no model answered."""
    outcome, detail = key.verdict.outcome, key.verdict.detail
    if outcome is Outcome.BAD_KEY:
        return model.verdict.outcome not in _KNOWS_KEY
    if detail in ("suggest_base", "call_pasted", "host_not_allowed"):
        return model.verdict.outcome not in _KNOWS_KEY
    return outcome is Outcome.NO_CREDIT


def _settled(verdict: Verdict, state: KeyState) -> Verdict:
    """What the key's rung says once a model has answered."""
    outcome = verdict.outcome
    if outcome is Outcome.REACHABLE_UNVERIFIED:
        if state is KeyState.VALID:
            return replace(verdict, outcome=Outcome.OK, detail="model_proves", params={})
    elif outcome is not Outcome.OK:
        general = _IN_SPITE.get((outcome, ""), "list_unread")
        if verdict.detail.startswith("redirect"):
            general = "list_unread"
        detail = _IN_SPITE.get((outcome, verdict.detail), general)
        return replace(verdict, outcome=Outcome.OK, detail=detail, params={})
    is_settled = verdict.detail in ("permission_unproven", "no_models")
    return replace(verdict, detail="") if is_settled else verdict


def _key_state(adapter: Adapter, key: Finding, model: Finding) -> KeyState:
    """A local model may answer anybody, so there its answer proves no key."""
    if model.key_state is KeyState.INVALID and key.key_state is not KeyState.VALID:
        return KeyState.INVALID
    is_told = key.verdict.outcome in (Outcome.OK, Outcome.REACHABLE_UNVERIFIED)
    is_known = key.key_state not in (KeyState.UNKNOWN, KeyState.INVALID)
    if is_known and (is_told or key.verdict.outcome is Outcome.FORBIDDEN):
        return key.key_state
    if adapter.spec.is_local:
        is_open = not adapter.key and model.verdict.outcome is Outcome.OK
        return KeyState.NOT_NEEDED if is_open else KeyState.UNKNOWN
    return model.key_state
