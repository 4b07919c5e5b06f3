"""Which provider the agent would pick for a model, and why. Pure: strings in, a Decision out.

Source: https://facio.bot/docs/providers lists the rules; how ties inside one rule are broken is
inherited from the agent that Facio descends from (nanobot-ai on PyPI). Not here: the data that
they work on (order.py), Django, rows, words for pages, requests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from providers.spec.names import INHERITED_NAMES, known_name, same_name
from routing.rules.order import (
    ALL_DIFFERENCES,
    DOCUMENTED_WORDS,
    FACTS,
    GEMMA_PREFERS_LOCAL,
    LOCAL_FIRST_WORDS,
    OAUTH_NEEDS_CHOICE,
    REGISTRY_ORDER,
    UNKNOWN_NAMES,
    Grade,
)

AUTO = "auto"


class Rule(StrEnum):
    """What decided. The last five mean that nothing here serves the model."""

    FORCED = "forced"
    PREFIX = "prefix"
    KEYWORD = "keyword"
    LOCAL_FALLBACK = "local_fallback"
    GATEWAY_FALLBACK = "gateway_fallback"
    KEY_FALLBACK = "key_fallback"  # no gateway, but the first kind that has a key
    CUSTOM_FALLBACK = "custom_fallback"  # a provider of a name unknown here, with a base
    OUTSIDE = "outside"  # a media service that the agent knows and this site does not
    AGENT_DECIDES = "agent_decides"  # media route without a named provider
    NO_MODEL = "no_model"
    OAUTH_NEEDS_CHOICE = "oauth_needs_choice"
    UNKNOWN_PROVIDER = "unknown_provider"
    NONE = "none"


GRADES: Mapping[Rule, Grade] = {
    Rule.FORCED: "documented",
    Rule.PREFIX: "documented",
    Rule.KEYWORD: "documented",
    Rule.LOCAL_FALLBACK: "documented",
    Rule.GATEWAY_FALLBACK: "documented",
    Rule.KEY_FALLBACK: "inherited",
    Rule.CUSTOM_FALLBACK: "inherited",
    Rule.OUTSIDE: "documented",
    Rule.AGENT_DECIDES: "documented",
    Rule.NO_MODEL: "documented",
    Rule.OAUTH_NEEDS_CHOICE: "documented",
    Rule.UNKNOWN_PROVIDER: "inherited",
    Rule.NONE: "inherited",
}


class Why(StrEnum):
    """Why a provider did or did not get the model."""

    CHOSEN = "chosen"
    OVERRULED = "overruled"  # another provider is forced; params: forced
    NO_KEY = "no_key"  # params: rule, word of what pointed to it
    NO_BASE = "no_base"
    FOREIGN_PREFIX = "foreign_prefix"  # the name starts with another provider; params: prefix
    LOCAL_FIRST = "local_first"  # a local provider goes before it; params: word
    NEEDS_CHOICE = "oauth_needs_choice"
    OUTRANKED = "outranked"  # would have taken it; params: winner, rule, word
    NOT_NAMED = "not_named"  # nothing in the name points to it and no fallback reaches it


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """One provider as the agent would see it in config.json. A ${NAME} counts as a key.

    A kind that FACTS does not hold is a provider of the operator's own naming.
    """

    kind: str
    has_key: bool = False
    api_base: str = ""


@dataclass(frozen=True, slots=True)
class Considered:
    kind: str
    verdict: Why
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`word` is what matched: the forced name, the prefix, the keyword, the base marker, or ""."""

    provider: str | None
    rule: Rule
    word: str = ""
    considered: tuple[Considered, ...] = ()
    differences: tuple[str, ...] = ()  # codes of DIFFERENCES that had a say

    @property
    def grade(self) -> Grade:
        if self.rule is Rule.KEYWORD and self.word not in DOCUMENTED_WORDS:
            return "inherited"
        return GRADES[self.rule]


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
    services (Replicate, fal.ai) may be unknown here, and chat fallbacks do not reach them.
    Source: https://facio.bot/blog/facio-media-generation-tools-ai-image-video-creation
    """
    states = {state.kind: state for state in configured}
    if provider != AUTO:
        return _forced(provider, states, is_media=is_media)
    if not model:
        return Decision(provider=None, rule=Rule.NO_MODEL)
    rows = list(_candidates(model, states, is_media=is_media, differences=differences))
    winner = next((row for row in rows if row.is_ok), None)
    applied = _applied(rows, winner)
    considered = tuple(_considered(rows, winner, states))
    if winner:
        return Decision(
            provider=winner.kind,
            rule=winner.rule,
            word=winner.word,
            considered=considered,
            differences=applied,
        )
    rule = Rule.AGENT_DECIDES if is_media else Rule.NONE
    waiting = next((row for row in rows if row.why is Why.NEEDS_CHOICE), None)
    if waiting:
        rule = Rule.OAUTH_NEEDS_CHOICE
    return Decision(
        provider=None,
        rule=rule,
        word=waiting.word if waiting else "",
        considered=considered,
        differences=applied,
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """One provider at one rule: it would take the model, or the reason why it cannot."""

    kind: str
    rule: Rule
    word: str = ""
    why: Why = Why.CHOSEN
    prefix: str = ""

    @property
    def is_ok(self) -> bool:
        return self.why is Why.CHOSEN


def _forced(name: str, states: Mapping[str, Configured], *, is_media: bool) -> Decision:
    kind = known_name(name)
    own = kind if kind in FACTS else _own_name(name, states)
    others = tuple(
        Considered(other, Why.OVERRULED, {"forced": own or name})
        for other in _in_order(states)
        if other != own
    )
    if own:
        chosen = Considered(own, Why.CHOSEN)
        return Decision(provider=own, rule=Rule.FORCED, word=name, considered=(chosen, *others))
    if is_media and name:
        return Decision(provider=name, rule=Rule.OUTSIDE, word=name, considered=others)
    applied = (UNKNOWN_NAMES,) if kind in INHERITED_NAMES else ()
    return Decision(
        provider=None,
        rule=Rule.UNKNOWN_PROVIDER,
        word=name,
        considered=others,
        differences=applied,
    )


def _own_name(name: str, states: Mapping[str, Configured]) -> str:
    """The configured provider of the operator's own naming that `name` means, or ""."""
    return same_name(name, (kind for kind in states if kind not in FACTS))


def _in_order(kinds: Iterable[str]) -> list[str]:
    rank = {facts.kind: place for place, facts in enumerate(REGISTRY_ORDER)}
    return sorted(kinds, key=lambda kind: rank.get(kind, len(rank)))


def _candidates(
    model: str,
    states: Mapping[str, Configured],
    *,
    is_media: bool,
    differences: Collection[str],
) -> Iterator[_Row]:
    """Every provider at every rule that speaks of it, in the order in which the agent asks."""
    prefix = model.lower().partition("/")[0] if "/" in model else ""
    yield from _by_prefix(prefix, states)
    yield from _by_keyword(model, prefix, states, differences)
    if not is_media:
        yield from _local_fallback(prefix, states)
        yield from _fallback(states)


def _by_prefix(prefix: str, states: Mapping[str, Configured]) -> Iterator[_Row]:
    facts = FACTS.get(prefix.replace("-", "_"))
    if facts:
        free = facts.is_oauth or facts.is_local or facts.is_direct
        why = Why.CHOSEN if free or _has_key(facts.kind, states) else Why.NO_KEY
        yield _Row(facts.kind, Rule.PREFIX, prefix, why)
    elif prefix and (own := _own_name(prefix, states)):
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
        if not words:
            continue
        why = Why.CHOSEN
        local_first = LOCAL_FIRST_WORDS.get(facts.kind, frozenset())
        if facts.is_oauth:
            why = Why.NEEDS_CHOICE if OAUTH_NEEDS_CHOICE in differences else Why.CHOSEN
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
        if facts.is_oauth or facts.kind not in states:
            continue
        rule = Rule.GATEWAY_FALLBACK if facts.is_gateway else Rule.KEY_FALLBACK
        why = Why.CHOSEN if _has_key(facts.kind, states) else Why.NO_KEY
        yield _Row(facts.kind, rule, why=why)
    for kind, state in states.items():
        if kind not in FACTS:
            why = Why.CHOSEN if state.api_base else Why.NO_BASE
            yield _Row(kind, Rule.CUSTOM_FALLBACK, why=why)


def _name_in(prefix: str) -> str:
    """The known provider that a prefix names, or ""."""
    name = prefix.replace("-", "_")
    return name if name in FACTS or name in INHERITED_NAMES else ""


def _has_key(kind: str, states: Mapping[str, Configured]) -> bool:
    return kind in states and states[kind].has_key


def _base(kind: str, states: Mapping[str, Configured]) -> str:
    return states[kind].api_base if kind in states else ""


def _considered(
    rows: list[_Row], winner: _Row | None, states: Mapping[str, Configured]
) -> Iterator[Considered]:
    """One line a provider, the winner first: its first row tells why it lost."""
    first: dict[str, _Row] = {}
    for row in rows:
        first.setdefault(row.kind, row)
    if winner:
        yield Considered(winner.kind, Why.CHOSEN)
    for kind in _in_order({**states, **first}):
        if winner and kind == winner.kind:
            continue
        if kind not in first:
            yield Considered(kind, Why.NOT_NAMED)
            continue
        row = first[kind]
        if row.is_ok and winner:
            params = {"winner": winner.kind, "rule": row.rule.value, "word": row.word}
            yield Considered(kind, Why.OUTRANKED, params)
        elif row.why is Why.FOREIGN_PREFIX:
            yield Considered(kind, row.why, {"prefix": row.prefix})
        else:
            yield Considered(kind, row.why, {"rule": row.rule.value, "word": row.word})


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
