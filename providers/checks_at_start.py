"""What must be right before anything is served: operator policy and master keys."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from facio_site import sealing
from providers.outbound import policy


@register()
def outbound_policy(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A token that can't be read stops the start; it never opens anything."""
    try:
        policy()
    except (ValueError, OSError) as error:
        return [Error(str(error), id="facio.E001")]
    return []


@register()
def master_keys(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    try:
        sealing.master_keys()
    except sealing.BadMasterKey as error:
        return [Error(f"MASTER_KEYS or MASTER_KEY_FILE: {error}", id="facio.E002")]
    return []
