"""Why the agent would make no provider of an entry, whichever rule chose it. Pure.

Source: what the factory of nanobot-ai 0.3 checks before it makes a provider (inherited), and the
kinds that https://facio.bot/docs/providers wants a base of.
"""

from __future__ import annotations

from collections.abc import Iterator

from routing.rules.explain import Configured
from routing.rules.order import FACTS

NO_KEY = "no_key"
NO_BASE = "no_base"
PROXY_UNSUPPORTED = "proxy_unsupported"
TRANSCRIPTION_ONLY = "transcription_only"


def refusals(entry: Configured) -> tuple[str, ...]:
    """Codes, the first that stops it first; () = it is made."""
    return tuple(_refusals(entry))


def _refusals(entry: Configured) -> Iterator[str]:
    facts = FACTS.get(entry.name)
    if facts is None:  # an endpoint of one's own: OpenAI-compatible, and a key is no must
        if not entry.api_base:
            yield NO_BASE
        return
    if facts.is_transcription:
        yield TRANSCRIPTION_ONLY
    if "proxy" in entry.untested and facts.has_no_proxy:
        yield PROXY_UNSUPPORTED
    if facts.needs_base and not entry.api_base:
        yield NO_BASE
    is_free = facts.is_oauth or facts.is_local or facts.is_direct
    if not is_free and not entry.has_key:
        yield NO_KEY
