"""Who did what, when, from where, with which result, and what became of which field.

Of a secret only that it is set or was changed: its value never comes here.

Models are imported inside the functions: Django imports this package before they can be loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest

    from facio_site.audit.models import AuditEntry

# A field, and what it was before and after in words fit for every reader: "" = nothing, SET and
# CHANGED for a secret.
Change = tuple[str, str, str]
SET, CHANGED = "set", "changed"


def record(
    action: str,
    *,
    actor: AbstractBaseUser | AnonymousUser | None,
    target: str = "",
    result: str = "",
    fields: Sequence[str] = (),
    changes: Sequence[Change] = (),
    version: int | None = None,
    request: HttpRequest | None = None,
    job: str = "",
) -> AuditEntry:
    """Write one row in the caller's transaction, so that action and row stand or fall together.

    `actor` None (or nobody signed in) means the terminal, a timer or a stranger. `target` and
    `result` are names and codes, never values. `version` is the one of config.json that was
    written, or kept from before. Without `request` no address is noted.
    Raises ValueError when `action` or `fields` have not the form of names.
    """
    from facio_site.audit.models import LONGEST, MOST_CHANGES, AuditEntry, check_names

    check_names(action, fields)
    person = actor if actor is not None and actor.is_authenticated else None
    return AuditEntry.objects.create(
        action=action,
        actor_id=person.pk if person else None,
        actor_name=person.get_username() if person else "",
        target=target[:200],
        result=result[:64],
        fields=list(fields),
        changes=[[text[:LONGEST] for text in change] for change in changes[:MOST_CHANGES]],
        version=version,
        ip=address_of(request) if request is not None else None,
        job=job,
    )


def address_of(request: HttpRequest) -> str | None:
    """The client's address; forwarded headers count only behind the stated number of proxies."""
    from allauth.account.adapter import get_adapter
    from django.core.exceptions import PermissionDenied

    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return None
