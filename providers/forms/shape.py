"""What may be said of a key from its looks alone, while it is typed. Nothing is kept or sent."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from providers.spec.keyshapes import clean_key, problem_of, warnings_for
from providers.spec.kind import ProviderSpec
from providers.spec.masks import is_mask
from providers.wording import key_problem_sentence, key_warning

_ENOUGH = 8  # characters that a prefix can be told from


@dataclass(frozen=True, slots=True)
class Looks:
    tone: str  # error: it will be refused; warn: it is odd; ok
    text: str


def looks_of(spec: ProviderSpec, name: str, text: str) -> list[Looks]:
    """Of the text in the field `name`; [] = nothing to say."""
    key = clean_key(text)
    if not key or is_mask(key):
        return []
    problem, told = problem_of(key)
    if problem:
        return [Looks("error", key_problem_sentence(problem, told))]
    if name != "api_key":
        return []
    if found := warnings_for(spec, text):
        return [Looks("warn", key_warning(one)) for one in found]
    if key.startswith("${") or not spec.key_prefixes:
        return []
    if key.startswith(spec.key_prefixes):
        return [Looks("ok", _("Looks like a key of %s.") % spec.label)]
    if len(key) < _ENOUGH:
        return []
    usual = _("Keys of %(label)s usually begin with %(prefixes)s.")
    told = {"label": spec.label, "prefixes": ", ".join(_general(spec.key_prefixes))}
    return [Looks("warn", usual % told)]


def _general(prefixes: tuple[str, ...]) -> list[str]:
    """Without those that begin with another one."""
    return [
        one
        for one in prefixes
        if not any(one != other and one.startswith(other) for other in prefixes)
    ]
