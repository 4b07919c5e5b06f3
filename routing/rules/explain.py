"""Which provider the agent would pick for a model, and why. Pure: strings in, a Decision out.

Source: https://facio.bot/docs/providers lists the rules; how ties inside one rule are broken is
inherited from the agent that Facio descends from (nanobot-ai on PyPI). Not here: the data that
they work on (order.py), Django, rows, words for pages, requests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from providers.spec.masks import variable_in
from providers.spec.names import folded, known_name
from routing.rules.order import (
    ALL_DIFFERENCES,
    DOCUMENTED_WORDS,
    FACTS,
    GEMMA_PREFERS_LOCAL,
    LOCAL_FIRST_WORDS,
    MEDIA_KINDS,
    OAUTH_NEEDS_CHOICE,
    REGISTRY_ORDER,
    Grade,
    is_media_service,
)

AUTO = "auto"


class Rule(StrEnum):
    """What decided. From `variable` on nobody is named; the last five: nobody serves it."""

    FORCED = "forced"
    PREFIX = "prefix"
    KEYWORD = "keyword"
    LOCAL_FALLBACK = "local_fallback"
    GATEWAY_FALLBACK = "gateway_fallback"
    KEY_FALLBACK = "key_fallback"  # no gateway, but the first kind that has a key
    CUSTOM_FALLBACK = "custom_fallback"  # a provider of a name unknown here, with a base
    OUTSIDE = "outside"  # a media service that the agent knows and this site does not
    VARIABLE = "variable"  # ${NAME} decides, which only the agent resolves
    AGENT_DECIDES = "agent_decides"  # media route without a named provider
    MEDIA_UNKNOWN = "media_unknown"  # media route with a name that no document tells of
    NO_MODEL = "no_model"
    EMPTY_MODEL = "empty_model"  # main's model is the empty text, which the agent takes as a name
    OAUTH_NEEDS_CHOICE = "oauth_needs_choice"
    UNKNOWN_PROVIDER = "unknown_provider"
    NONE = "none"


# Rules of the agent's ancestor of which no document tells; the others are documented.
INHERITED_RULES = {Rule.KEY_FALLBACK, Rule.CUSTOM_FALLBACK, Rule.VARIABLE, Rule.EMPTY_MODEL}
INHERITED_RULES |= {Rule.UNKNOWN_PROVIDER, Rule.NONE}
AGENT_TELLS = {Rule.VARIABLE, Rule.AGENT_DECIDES, Rule.MEDIA_UNKNOWN}  # and nobody else


class Why(StrEnum):
    """Why a provider did or did not get the model."""

    CHOSEN = "chosen"
    OVERRULED = "overruled"  # would take it on auto; params: forced, rule, word
    NO_KEY = "no_key"  # params: rule, word of what pointed to it
    NO_BASE = "no_base"
    FOREIGN_PREFIX = "foreign_prefix"  # the name starts with another provider; params: prefix
    LOCAL_FIRST = "local_first"  # a local provider goes before it; params: word
    NEEDS_CHOICE = "oauth_needs_choice"
    OUTRANKED = "outranked"  # would have taken it; params: winner, rule, word
    NOT_NAMED = "not_named"  # nothing in the name points to it and no fallback reaches it


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """One entry of config.json as the agent reads it. Every text that is not empty is a key.

    Built-in providers have the agent's name for them, whatever the spelling; a name that FACTS
    does not hold is one of the operator's own and stands here as the file spells it.
    """

    name: str
    has_key: bool = False
    api_base: str = ""
    untested: tuple[str, ...] = ()  # fields that change the agent's calls and none from here


@dataclass(frozen=True, slots=True)
class Considered:
    """`rank` is the place in the order in which the agent would take them, from 1; 0 = never."""

    name: str
    verdict: Why
    params: Mapping[str, str] = field(default_factory=dict)
    rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`word` is what matched: the forced name, the prefix, the keyword, the base marker, or "".

    `otherwise` is who would serve on auto while another is forced; None = nobody, or not forced.
    `otherwise_rule` is by which rule, None = not forced.
    """

    provider: str | None
    rule: Rule
    word: str = ""
    considered: tuple[Considered, ...] = ()  # by rank, then those that never take it
    otherwise: str | None = None
    otherwise_rule: Rule | None = None
    differences: tuple[str, ...] = ()  # codes of DIFFERENCES that had a say

    @property
    def grade(self) -> Grade:
        is_word = self.rule is Rule.KEYWORD and self.word not in DOCUMENTED_WORDS
        return "inherited" if is_word or self.rule in INHERITED_RULES else "documented"


def explain(
    model: str,
    configured: Iterable[Configured],
    provider: str = AUTO,
    *,
    is_media: bool = False,
    differences: Collection[str] = ALL_DIFFERENCES,
) -> Decision:
    """Resolve `model`. `provider` is taken literally: "" is an unknown name, as in config.json.

    `is_media` is for image and video routes: their names hold slashes that are no prefixes, their
    services (Replicate, fal.ai) may be unknown here, and of the rules of chat only words that mean
    a provider with documented media count. Source: https://facio.bot/blog/facio-media-generation-tools-ai-image-video-creation
    """
    states = {state.name: state for state in configured}
    rows = (
        list(_candidates(model, states, is_media=is_media, differences=differences))
        if model
        else []
    )
    winner = next((row for row in rows if row.is_ok), None)
    if variable := _variable(model, provider, winner, states):
        return Decision(provider=None, rule=Rule.VARIABLE, word=variable)
    if provider != AUTO:
        auto = explain(model, states.values(), is_media=is_media, differences=differences)
        return _forced(provider, rows, auto, states, is_media=is_media)
    if not model:
        return Decision(provider=None, rule=Rule.NO_MODEL)
    waiting = next((row for row in rows if row.why is Why.NEEDS_CHOICE), None)
    lost = Rule.AGENT_DECIDES if is_media else Rule.OAUTH_NEEDS_CHOICE if waiting else Rule.NONE
    told = winner or waiting
    return Decision(
        provider=winner.name if winner else None,
        rule=winner.rule if winner else lost,
        word=told.word if told else "",
        considered=tuple(_considered(rows, winner, states)),
        differences=_applied(rows, winner),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """One provider at one rule: it would take the model, or the reason why it cannot."""

    name: str
    rule: Rule
    word: str = ""
    why: Why = Why.CHOSEN
    prefix: str = ""

    @property
    def is_ok(self) -> bool:
        return self.why is Why.CHOSEN


def _forced(
    name: str,
    rows: list[_Row],
    auto: Decision,
    states: Mapping[str, Configured],
    *,
    is_media: bool,
) -> Decision:
    """`rows` are those of `auto`."""
    known = known_name(name)
    chosen = known if known in FACTS else _own_name(name, states)
    rule = Rule.FORCED if chosen is not None else Rule.UNKNOWN_PROVIDER
    if chosen is None and is_media and name:
        rule = Rule.OUTSIDE if is_media_service(name) else Rule.MEDIA_UNKNOWN
    first = () if chosen is None else (Considered(chosen, Why.CHOSEN, rank=1),)
    others: list[Considered] = []
    for one in _considered(rows, None, states):
        if one.name == chosen:
            continue
        if one.verdict is Why.OUTRANKED:
            one = replace(one, verdict=Why.OVERRULED, params={**one.params, "forced": name})
        others.append(replace(one, rank=one.rank and len(first) + _rank_of(others)))
    return Decision(
        provider=name if rule is Rule.OUTSIDE else chosen,
        rule=rule,
        word=name,
        considered=(*first, *others),
        otherwise=auto.provider,
        otherwise_rule=auto.rule,
    )


def _variable(
    model: str, provider: str, winner: _Row | None, states: Mapping[str, Configured]
) -> str:
    """The variable that decides who serves it, which only the agent resolves; "" = none does."""
    if provider != AUTO:
        return variable_in(provider)
    if winner and winner.rule is Rule.PREFIX:
        return ""  # whatever stands behind the slash
    name = variable_in(model)
    return _open_base(winner, states) if winner and not name else name


def _open_base(winner: _Row, states: Mapping[str, Configured]) -> str:
    """Likewise in a local base: it may hold the marker by which its server goes first."""
    for facts in REGISTRY_ORDER if winner.rule is Rule.LOCAL_FALLBACK else ():
        base = _base(facts.kind, states)
        if facts.kind != winner.name:
            is_open = facts.base_marker and facts.base_marker not in base
            if is_open and (name := variable_in(base)):
                return name
        elif winner.word:
            break  # marked itself: those behind it come too late
    return ""


def _rank_of(before: Iterable[Considered]) -> int:
    """The next one that is free."""
    return 1 + sum(1 for one in before if one.rank)


def _own_name(name: str, states: Mapping[str, Configured]) -> str | None:
    """The configured provider of the operator's own naming that `name` means; None = none."""
    wanted = folded(name)
    own = (one for one in states if one not in FACTS)
    return next((one for one in own if folded(one) == wanted), None)


def _in_order(names: Iterable[str]) -> list[str]:
    rank = {facts.kind: place for place, facts in enumerate(REGISTRY_ORDER)}
    return sorted(names, key=lambda name: rank.get(name, len(rank)))


def _candidates(
    model: str,
    states: Mapping[str, Configured],
    *,
    is_media: bool,
    differences: Collection[str],
) -> Iterator[_Row]:
    """Every provider at every rule that speaks of it, in the order in which the agent asks."""
    prefix = model.lower().partition("/")[0] if "/" in model else ""
    if is_media:
        rows = () if "/" in model else _by_keyword(model, "", states, ())
        yield from (row for row in rows if row.name in MEDIA_KINDS)
        return
    yield from _by_prefix(prefix, states)
    yield from _by_keyword(model, prefix, states, differences)
    yield from _local_fallback(prefix, states)
    yield from _fallback(states)


def _by_prefix(prefix: str, states: Mapping[str, Configured]) -> Iterator[_Row]:
    facts = FACTS.get(prefix.replace("-", "_"))
    if facts and not facts.is_transcription:
        free = facts.is_oauth or facts.is_local or facts.is_direct
        why = Why.CHOSEN if free or _has_key(facts.kind, states) else Why.NO_KEY
        yield _Row(facts.kind, Rule.PREFIX, prefix, why)
    own = _own_name(prefix, states) if prefix else None
    if own is not None:
        yield _Row(own, Rule.PREFIX, prefix)


def _by_keyword(
    model: str, prefix: str, states: Mapping[str, Configured], differences: Collection[str]
) -> Iterator[_Row]:
    named = _name_in(prefix)
    has_local = not named and any(
        facts.is_local and _base(facts.kind, states) for facts in REGISTRY_ORDER
    )
    for facts in REGISTRY_ORDER:
        words = [word for word in facts.keywords if _matches(word, model)]
        if not words or facts.is_transcription:
            continue
        why = Why.CHOSEN
        local_first = LOCAL_FIRST_WORDS.get(facts.kind, frozenset())
        if facts.is_oauth:
            is_told = OAUTH_NEEDS_CHOICE in differences and not facts.is_inherited
            why = Why.NEEDS_CHOICE if is_told else Why.CHOSEN
        elif facts.is_local:
            if named and named != facts.kind:
                why = Why.FOREIGN_PREFIX
            elif not _base(facts.kind, states):
                why = Why.NO_BASE
        elif not facts.is_direct and not _has_key(facts.kind, states):
            why = Why.NO_KEY
        elif has_local and local_first.issuperset(words) and GEMMA_PREFERS_LOCAL in differences:
            why = Why.LOCAL_FIRST
        yield _Row(facts.kind, Rule.KEYWORD, words[0], why, prefix)


def _matches(word: str, model: str) -> bool:
    low = model.lower()
    return word in low or word.replace("-", "_") in low.replace("-", "_")


def _local_fallback(prefix: str, states: Mapping[str, Configured]) -> Iterator[_Row]:
    local = [facts for facts in REGISTRY_ORDER if facts.is_local and facts.kind in states]
    marked = [f for f in local if f.base_marker and f.base_marker in _base(f.kind, states)]
    named = _name_in(prefix)
    for facts in [*marked, *(facts for facts in local if facts not in marked)]:
        why = Why.CHOSEN
        if not _base(facts.kind, states):
            why = Why.NO_BASE
        elif named:
            why = Why.FOREIGN_PREFIX
        word = facts.base_marker if facts in marked else ""
        yield _Row(facts.kind, Rule.LOCAL_FALLBACK, word, why, prefix)


def _fallback(states: Mapping[str, Configured]) -> Iterator[_Row]:
    for facts in REGISTRY_ORDER:
        if facts.is_oauth or facts.is_transcription or facts.kind not in states:
            continue
        rule = Rule.GATEWAY_FALLBACK if facts.is_gateway else Rule.KEY_FALLBACK
        why = Why.CHOSEN if _has_key(facts.kind, states) else Why.NO_KEY
        yield _Row(facts.kind, rule, why=why)
    for name, state in states.items():
        if name not in FACTS:
            why = Why.CHOSEN if state.api_base else Why.NO_BASE
            yield _Row(name, Rule.CUSTOM_FALLBACK, why=why)


def _name_in(prefix: str) -> str:
    """The known provider that a prefix names, or ""."""
    name = prefix.replace("-", "_")
    return name if name in FACTS else ""


def _has_key(kind: str, states: Mapping[str, Configured]) -> bool:
    return kind in states and states[kind].has_key


def _base(kind: str, states: Mapping[str, Configured]) -> str:
    return states[kind].api_base if kind in states else ""


def _considered(
    rows: list[_Row], winner: _Row | None, states: Mapping[str, Configured]
) -> Iterator[Considered]:
    """One line a provider: by the row at which each would take it, then those without such a row.

    The first row of each tells why it lost, so one may say why it comes no earlier. A winner of
    None leaves the first place open.
    """
    first: dict[str, _Row] = {}
    taking: dict[str, _Row] = {}
    for row in rows:
        first.setdefault(row.name, row)
        if row.is_ok:
            taking.setdefault(row.name, row)
    never = [name for name in _in_order({**states, **first}) if name not in taking]
    for rank, name in enumerate(taking, start=1):
        if winner and name == winner.name:
            yield Considered(name, Why.CHOSEN, _pointer(winner), rank)
        elif first[name].is_ok:
            params = {"winner": winner.name} if winner else {}
            yield Considered(name, Why.OUTRANKED, params | _pointer(first[name]), rank)
        else:
            yield Considered(name, first[name].why, _pointer(first[name]), rank)
    for name in never:
        if name not in first:
            yield Considered(name, Why.NOT_NAMED)
        else:
            yield Considered(name, first[name].why, _pointer(first[name]))


def _pointer(row: _Row) -> dict[str, str]:
    if row.why is Why.FOREIGN_PREFIX:
        return {"prefix": row.prefix}
    return {"rule": row.rule.value, "word": row.word}


def _applied(rows: list[_Row], winner: _Row | None) -> tuple[str, ...]:
    """The differences without which another provider could have won."""
    before = rows[: rows.index(winner)] if winner else rows
    reasons = {row.why for row in before}
    codes = []
    if Why.LOCAL_FIRST in reasons:
        codes.append(GEMMA_PREFERS_LOCAL)
    if Why.NEEDS_CHOICE in reasons:
        codes.append(OAUTH_NEEDS_CHOICE)
    return tuple(codes)
