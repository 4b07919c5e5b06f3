"""The refusals that every kind has, each in its own words, and the calls that ask for a key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.simulators.answers import Answer
from tests.simulators.asks import Ask

Served = Callable[[Ask], Answer]
Form = Answer | Served


@dataclass(frozen=True)
class Manners:
    """How one kind says the things that every kind has to say."""

    missing: Form
    bad: Form
    limited: Form
    forbidden: Form
    error: Form
    special: Mapping[str, Form] = field(default_factory=dict)  # word -> answer where a key counts


def say(form: Form, ask: Ask) -> Answer:
    return form if isinstance(form, Answer) else form(ask)


def gate(ask: Ask, manners: Manners, key: str | None) -> Answer | None:
    """The refusal of a call that needs a key, or None when it may go on."""
    if ask.has("error"):
        return say(manners.error, ask)
    if key is None:
        return say(manners.missing, ask)
    if not ask.accepts(key):
        return say(manners.bad, ask)
    for word, form in manners.special.items():
        if ask.has(word):
            return say(form, ask)
    if ask.has("limited"):
        return say(manners.limited, ask)
    return say(manners.forbidden, ask) if ask.has("forbidden") else None


def public_gate(ask: Ask, manners: Manners) -> Answer | None:
    """The refusal of a call that anybody may make: only the server's own state counts."""
    if ask.has("error"):
        return say(manners.error, ask)
    for word, form in (("limited", manners.limited), ("forbidden", manners.forbidden)):
        if word in ask.path_words:
            return say(form, ask)
    return None


def keyed(manners: Manners, served: Served) -> Served:
    """A server that asks for a key as Bearer, whatever is called."""
    return lambda ask: gate(ask, manners, ask.bearer) or served(ask)


def keyed_by(word: str, manners: Manners, served: Served) -> Served:
    """A server that asks for a key only when that word stands in its path."""

    def answer(ask: Ask) -> Answer:
        wants_key = word in ask.path_words
        refused = gate(ask, manners, ask.bearer) if wants_key else public_gate(ask, manners)
        return refused or served(ask)

    return answer
