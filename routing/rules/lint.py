"""What is doubtful about the routes as they are set, each with its fix. Pure: facts in, codes out.

Nothing is asked of a provider here. Facts that nobody knows (no catalog, no modalities) raise no
lint. Not here: sentences and doing the fix (findings.py).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from providers.spec.expiry import expiry
from providers.spec.masks import variable_in
from providers.spec.outcomes import NOT_BAD
from routing.rules.asking import USUAL, Asking
from routing.rules.codes import Code, Fix, Lint
from routing.rules.explain import Configured, Decision, Rule
from routing.rules.order import FACTS, IMAGE_KINDS, MEDIA_KINDS
from routing.rules.refusals import refusals
from routing.rules.slots import MAIN, MEDIA, VISION

DOCKER_HOST = "host.docker.internal"
NEAREST = 3
RETIRES_DAYS = 60  # before a model retires it is told


# What is seen to fail. A day on which something was to end proves nothing.
_FAILS = {Code.UNRESOLVED, Code.UNKNOWN_PROVIDER, Code.OAUTH_NEEDS_CHOICE}
_FAILS |= {Code.NOT_CONFIGURED, Code.KNOWN_BAD, Code.EMPTY_MODEL}
_FAILS |= {Code.NO_KEY, Code.NO_BASE, Code.PROXY_UNSUPPORTED, Code.TRANSCRIPTION_ONLY}
_OF_REFUSAL = {
    Code.NO_KEY: Fix.CONFIGURE,
    Code.NO_BASE: Fix.CONFIGURE,
    Code.TRANSCRIPTION_ONLY: Fix.CHOOSE_PROVIDER,
}
# Where no test asks for a reasoning effort (providers/dialects/effort.py)
_EFFORT_UNSENT = ("anthropic", "bedrock")
# What a fix changes at a route itself: nothing, while a preset goes before.
_OF_ROUTE = {Fix.PIN, Fix.CHOOSE_PROVIDER, Fix.USE_MODEL, Fix.CHOOSE_MODEL, Fix.USE_AUTO}


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Of one catalog entry; None = nobody says."""

    inputs: Collection[str] | None = None
    outputs: Collection[str] | None = None
    context_window: int | None = None  # tokens
    max_output: int | None = None  # likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts:
    """One provider of config.json. `catalog` None = no list was fetched, or it lacks some."""

    name: str
    is_set_here: bool = True
    entry: Configured | None = None  # as the agent reads it; None = nobody looks
    odd: Sequence[str] = ()  # what the agent counts and no call can work with: codes
    twins: Sequence[str] = ()  # other spellings of its name, which no name reaches
    outcome: str = ""  # of the last test of the values as they are; "" = none
    api_base: str = ""  # as the agent sees it
    catalog: Mapping[str, ModelFacts] | None = field(default=None, repr=False)
    gone: Collection[str] = ()  # models that a refresh no longer had
    deployments: Sequence[str] | None = None  # None = its models are none
    key_expires: date | None = None  # None = nobody has noted it


@dataclass(frozen=True, slots=True)
class Retirement:
    """What a provider tells of the end of a model, as it names it."""

    on: date
    replacement: str = ""  # "" = none is named


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFacts:
    """One slot. `decision` None = an override that is not set; `sent` is the model's name as the
    agent sends it to the provider that it resolves to, "" = as it is."""

    slot: str
    model: str = ""
    decision: Decision | None = None
    sent: str = ""
    retirement: Retirement | None = None  # of its model; None = nobody tells of one
    able: ModelFacts = ModelFacts()  # what its provider's list tells of its model


def lints(
    routes: Iterable[RouteFacts],
    providers: Iterable[ProviderFacts],
    *,
    today: date,
    preset: str = "",
    has_preset: bool = True,
    asking: Asking = USUAL,
) -> tuple[Lint, ...]:
    """All lints, in the order of the routes. `preset` is agents.defaults.modelPreset of the
    imported document, which goes before main's model (inherited); `has_preset`: it is there, and
    main's model and provider are its own. `asking`: what the agent asks of every model."""
    states = {facts.name: facts for facts in providers}
    found: list[Lint] = []
    main_fails = False
    listed = list(routes)
    for route in listed:
        if route.decision is None:
            continue
        own = [*_resolution(route, route.decision, states, today), *_model(route, states, today)]
        own += _asked_for(route, asking)
        is_main = route.slot == MAIN
        if is_main:
            main_fails = any(lint.code in _FAILS for lint in own)
            own += _eyes(route, listed)
            if asking.of_each_call.reasons and route.decision.provider in _EFFORT_UNSENT:
                own.append(Lint(Code.EFFORT_UNTESTED, route.slot, {"effort": asking.effort}))
            if preset and preset != "default":
                own = [replace(one, fix=None) if one.fix in _OF_ROUTE else one for one in own]
                code = Code.PRESET_WINS if has_preset else Code.PRESET_MISSING
                own.append(Lint(code, route.slot, {"preset": preset}))
        elif main_fails:
            own.append(Lint(Code.MAIN_FAILS, route.slot, fix=Fix.CLEAR_OVERRIDE))
        found += own
    return tuple(found)


def _eyes(main: RouteFacts, routes: Iterable[RouteFacts]) -> Iterator[Lint]:
    """Images that are sent to the agent go to the vision route, else to main's model."""
    is_unset = any(one.slot == VISION and one.decision is None for one in routes)
    if is_unset and main.model and lacks(VISION, main.able):
        yield Lint(Code.NO_EYES, main.slot, {"model": main.model}, Fix.CHOOSE_VISION)


def _asked_for(route: RouteFacts, asking: Asking) -> Iterator[Lint]:
    """Gateways choose among providers by what is asked for, so they are left out."""
    name = route.decision.provider or "" if route.decision else ""
    if route.slot in MEDIA or (name in FACTS and FACTS[name].is_gateway):
        return
    for code, params in asking.too_much(route.able.context_window, route.able.max_output):
        yield Lint(code, route.slot, {"provider": name, "model": route.model, **params})


def _resolution(
    route: RouteFacts, decision: Decision, states: Mapping[str, ProviderFacts], today: date
) -> Iterator[Lint]:
    slot, name = route.slot, decision.provider
    if decision.rule is Rule.UNKNOWN_PROVIDER:
        fix = Fix.CHOOSE_PROVIDER if decision.word else Fix.USE_AUTO
        yield Lint(Code.UNKNOWN_PROVIDER, slot, {"name": decision.word}, fix)
    elif decision.rule is Rule.OAUTH_NEEDS_CHOICE:
        yield Lint(Code.OAUTH_NEEDS_CHOICE, slot, {"word": decision.word}, Fix.CHOOSE_PROVIDER)
    elif decision.rule is Rule.MEDIA_UNKNOWN:
        yield Lint(Code.MEDIA_UNKNOWN, slot, {"name": decision.word}, Fix.CHOOSE_PROVIDER)
    elif decision.rule is Rule.EMPTY_MODEL:
        yield Lint(Code.EMPTY_MODEL, slot, fix=Fix.CHOOSE_MODEL)
    elif decision.rule is Rule.NONE:
        yield Lint(Code.UNRESOLVED, slot, fix=Fix.CHOOSE_PROVIDER)
    if name is None or decision.rule is Rule.OUTSIDE:
        return
    here = {"provider": name}
    if decision.rule is Rule.GATEWAY_FALLBACK:
        yield Lint(Code.GATEWAY_FALLBACK, slot, here, Fix.PIN, here)
    elif decision.rule is Rule.KEY_FALLBACK:
        yield Lint(Code.KEY_FALLBACK, slot, here, Fix.PIN, here)
    makers = IMAGE_KINDS if slot == "image" else MEDIA_KINDS
    if slot in MEDIA and name in FACTS.keys() - makers:
        yield Lint(Code.MEDIA_UNDOCUMENTED, slot, here, Fix.CHOOSE_PROVIDER)
    if name in states and slot not in MEDIA and (entry := states[name].entry):
        for code in map(Code, refusals(entry)):
            yield Lint(code, slot, here, _OF_REFUSAL.get(code), here)
    if name in FACTS and FACTS[name].is_oauth:
        yield Lint(Code.SIGN_IN, slot, here, Fix.SIGN_IN, here)
    elif name not in states:
        yield Lint(Code.NOT_CONFIGURED, slot, here, Fix.CONFIGURE, here)
    else:
        yield from _provider(slot, states[name], today)


def _provider(slot: str, facts: ProviderFacts, today: date) -> Iterator[Lint]:
    here = {"provider": facts.name}
    for odd in facts.odd:
        yield Lint(Code(odd), slot, here, Fix.CORRECT, here)
    for other in facts.twins:
        yield Lint(Code.TWIN, slot, {"name": facts.name, "other": other})
    is_compatible = facts.name not in FACTS or not FACTS[facts.name].has_no_proxy
    if facts.is_set_here and is_compatible and facts.entry and facts.entry.untested:
        yield Lint(Code.UNTESTED, slot, {**here, "names": ", ".join(facts.entry.untested)})
    if not facts.is_set_here and not facts.odd:
        yield Lint(Code.ONLY_IN_FILE, slot, here)
    if facts.outcome not in NOT_BAD:
        params = {**here, "outcome": str(facts.outcome)}
        yield Lint(Code.KNOWN_BAD, slot, params, Fix.TEST, here)
    if state := expiry(facts.key_expires, today):
        code = Code.KEY_EXPIRED if state == "expired" else Code.KEY_EXPIRES
        params = {**here, "date": str(facts.key_expires)}
        yield Lint(code, slot, params, Fix.REPLACE_KEY, here)
    if facts.is_set_here and (base := docker_base(facts.api_base)):
        params = {**here, "base": facts.api_base}
        yield Lint(Code.DOCKER_LOCALHOST, slot, params, Fix.USE_DOCKER_HOST, {**here, "base": base})


_LOCAL = re.compile(r"^(https?://)(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?=[:/]|$)", re.I)


def docker_base(base: str) -> str:
    """The same address as seen from inside a container; "" when it does not name this machine.

    Source: https://facio.bot/docs/providers/local
    """
    return _LOCAL.sub(rf"\g<1>{DOCKER_HOST}", base) if _LOCAL.match(base) else ""


def _model(route: RouteFacts, states: Mapping[str, ProviderFacts], today: date) -> Iterator[Lint]:
    decision = route.decision
    facts = states.get(decision.provider or "") if decision else None
    if facts is None or not route.model or variable_in(route.model):
        return
    params = {"provider": facts.name, "model": route.model}
    if facts.deployments is not None:
        if facts.deployments and route.model not in facts.deployments:
            yield Lint(Code.DEPLOYMENT_UNKNOWN, route.slot, params, Fix.ADD_DEPLOYMENT, params)
        return
    ending = _ending(route, facts.name, today)
    if ending:
        yield ending
    if not facts.catalog:
        return
    sent = route.sent or route.model
    entry = facts.catalog.get(sent) or facts.catalog.get(route.model)
    is_ended = ending is not None and ending.code is Code.MODEL_RETIRED
    if entry is None and not is_ended:
        is_gone = sent in facts.gone or route.model in facts.gone
        code = Code.MODEL_GONE if is_gone else Code.MODEL_MISSING
        names = {"models": nearest(sent, facts.catalog)}
        yield Lint(code, route.slot, params, Fix.USE_MODEL, names)
    if entry and (lacking := lacks(route.slot, entry)):
        yield Lint(lacking, route.slot, params, Fix.CHOOSE_MODEL)


def _ending(route: RouteFacts, provider: str, today: date) -> Lint | None:
    """That its model has retired, or will soon; None = nobody says so."""
    told = route.retirement
    if told is None or (told.on - today).days > RETIRES_DAYS:
        return None
    code = Code.MODEL_RETIRED if told.on <= today else Code.MODEL_RETIRES
    params = {"provider": provider, "model": route.model, "date": told.on.isoformat()}
    if not told.replacement or told.replacement in (route.sent, route.model):
        return Lint(code, route.slot, params, Fix.CHOOSE_MODEL)
    # Written as this one is, so that it goes to the same provider.
    is_longer = route.sent and route.model.endswith(route.sent)
    prefix = route.model.removesuffix(route.sent) if is_longer else ""
    params["replacement"] = told.replacement
    names = {"models": (prefix + told.replacement,)}
    return Lint(code, route.slot, params, Fix.USE_MODEL, names)


def lacks(slot: str, entry: ModelFacts) -> Code | None:
    """What a model must read or make to do a route's job and cannot; None = nothing known of."""
    needs: dict[str, tuple[Collection[str] | None, str, Code]] = {
        "main": (entry.outputs, "text", Code.NO_TEXT_OUTPUT),
        "subagent": (entry.outputs, "text", Code.NO_TEXT_OUTPUT),
        "vision": (entry.inputs, "image", Code.NO_IMAGE_INPUT),
        "image": (entry.outputs, "image", Code.NO_IMAGE_OUTPUT),
        "video": (entry.outputs, "video", Code.NO_VIDEO_OUTPUT),
    }
    if slot not in needs:
        return None
    told, word, code = needs[slot]
    return code if told and word not in told else None


def nearest(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names most like `name`, best first; cheap also for lists of many thousands."""
    wanted = _pieces(name)
    scored = ((len(wanted & _pieces(other)), other) for other in names)
    likely = sorted(((score, other) for score, other in scored if score), reverse=True)[:200]
    low = {other.lower(): other for _, other in likely}
    close = difflib.get_close_matches(name.lower(), low, n=NEAREST, cutoff=0.5)
    return tuple(low[other] for other in close)


def _pieces(name: str) -> set[str]:
    """The runs of three characters in a name."""
    low = f" {name.lower()} "
    return {low[place : place + 3] for place in range(len(low) - 2)}
