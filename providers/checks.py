"""What must be right before anything is served: operator policy and master keys."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from facio_site import keys, sealing
from providers.http import tls_context
from providers.outbound import policy


@register()
def outbound_policy(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A token or a file that can't be read stops the start; it never opens anything."""
    try:
        policy()
        if settings.OUTBOUND_CA_FILE:
            tls_context(settings.OUTBOUND_CA_FILE)
    except (ValueError, OSError) as error:
        return [Error(str(error), id="facio.E001")]
    return []


@register()
def master_keys(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    try:
        sealing.own_keys()
    except sealing.BadMasterKey as error:
        return [Error(f"MASTER_KEYS or MASTER_KEY_FILE: {error}", id="facio.E002")]
    return []


@register(Tags.database)
def fitting_key(
    app_configs: Sequence[Any] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """With a wrong key every secret would read as damaged: better not to start at all.

    Runs before migrations, which is at each start; tables may be missing then.
    """
    try:
        fits = not databases or keys.fits()
    except (DatabaseError, sealing.BadMasterKey):
        return []
    sentence = (
        "The master key is another one than the stored secrets are sealed with. Put the right one "
        "into MASTER_KEYS or MASTER_KEY_FILE; without any, the site starts locked. If it is lost, "
        "run rotate_master_key --forget-unreadable and type the provider keys again."
    )
    return [] if fits else [Error(sentence, id="facio.E003")]
