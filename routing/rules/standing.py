"""Where a route stands: one word for what is proven of it. Pure."""

from __future__ import annotations

from enum import StrEnum

from providers.spec.outcomes import KeyState, Outcome
from routing.rules.explain import AGENT_TELLS, Decision, Rule
from routing.rules.order import FACTS


class Standing(StrEnum):
    """What pages print as data-state of a route."""

    WORKS = "works"  # this model answered, at this provider, with the values that are stored
    KEY_OK = "key_ok"  # the provider's key works; this model was not asked since
    ATTENTION = "attention"  # a finding, its own last call failed, or nothing is proven yet
    AS_MAIN = "as_main"  # an override that is not set
    UNSET = "unset"  # no main model
    NOBODY = "nobody"  # nothing would serve it


def is_served(decision: Decision, *, is_there: bool) -> bool:
    """By an entry of config.json, by the agent's sign-in, by a media service, or as it decides.

    `is_there`: config.json has an entry of the provider that it resolves to, or it is set up here.
    """
    if decision.rule in AGENT_TELLS:
        return True
    name = decision.provider
    if not name:
        return False
    is_sign_in = name in FACTS and FACTS[name].is_oauth
    return is_there or is_sign_in or decision.rule is Rule.OUTSIDE


def standing(*, is_served: bool, has_findings: bool, own: str, outcome: str, key: str) -> Standing:
    """Of a route that is set.

    `own` is the outcome of the last call with its own model and the stored values, "" = none;
    `outcome` and `key` are those of its provider's last test, likewise.
    """
    if not is_served:
        return Standing.NOBODY
    if has_findings or own not in ("", Outcome.OK):
        return Standing.ATTENTION
    if own:
        return Standing.WORKS
    is_accepted = outcome == Outcome.OK and key != KeyState.INVALID
    return Standing.KEY_OK if is_accepted else Standing.ATTENTION
