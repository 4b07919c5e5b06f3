"""What is entered for a provider, to tell what changed: in the audit, and beside a secret."""

from __future__ import annotations

from typing import Any

from facio_site import sealing
from facio_site.audit import CHANGED, SET
from providers.models import BODY, HEADERS, Entry, Provider

EXPIRES = "key_expires"  # a field of the form


def facts_of(entry: Entry) -> dict[str, Any]:
    """What is entered, by name, to tell what changed: secrets as digests with where they may go."""
    secrets = {name: (_digest(entry, name), item["bound"]) for name, item in entry.sealed.items()}
    plain = {k: v for k, v in entry.values.items() if k not in (HEADERS, BODY)}
    return {"api_base": entry.api_base, EXPIRES: entry.key_expires_on, **plain, **secrets}


def told_change(before: Any, after: Any) -> tuple[str, str]:
    """Both of `facts_of` in words. Of a secret only whether it is there."""
    words = _told(before), _told(after)
    return (SET, CHANGED) if words == (SET, SET) else words


def _told(fact: Any) -> str:
    if isinstance(fact, tuple):  # a secret's
        return SET
    if isinstance(fact, list):
        return ", ".join(map(str, fact))
    return str(fact or "")


def is_typed_in(shown: Entry, provider: Provider, name: str) -> bool:
    """Whether the secret that is shown is not the one that is saved."""
    if shown is provider or name not in shown.sealed:
        return False
    return name not in provider.sealed or _digest(shown, name) != _digest(provider, name)


def _digest(entry: Entry, name: str) -> str:
    try:
        return sealing.digest("changed", entry.unseal(name))
    except (sealing.KeyMissing, sealing.Unreadable):
        return str(entry.sealed[name]["box"])
