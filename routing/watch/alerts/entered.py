"""What was entered for a channel: its secrets, where it leads, and how much of that is shown."""

from __future__ import annotations

from collections.abc import Mapping

from providers.http import BadURL, origin_of
from providers.spec.secret import Secret
from routing.models import Channel
from routing.watch.alerts.channels import CHANNELS
from routing.watch.alerts.spec import ChannelSpec


def spec_of(channel: Channel) -> ChannelSpec | None:
    """None for a kind that this version does not know."""
    return CHANNELS.get(channel.kind)


def origin(spec: ChannelSpec, values: Mapping[str, str], secrets: Mapping[str, str]) -> str:
    """Where it leads by these texts: what its secrets are bound to. "" = the mail server, or the
    address is missing or wrong."""
    address = spec.address
    if address is None:
        return ""
    try:
        return origin_of((secrets if address.is_secret else values).get(address.name, ""))
    except BadURL:
        return ""


def stored_origin(channel: Channel, spec: ChannelSpec) -> str:
    """The same of what is stored, without opening anything."""
    address = spec.address
    if address is not None and address.is_secret:
        return str(channel.sealed.get(address.name, {}).get("bound", ""))
    return origin(spec, values_of(channel, spec), {})


def values_of(channel: Channel, spec: ChannelSpec) -> dict[str, str]:
    """What is no secret, by field."""
    kept = channel.values if isinstance(channel.values, dict) else {}
    plain = (field for field in spec.fields if not field.is_secret)
    return {field.name: str(kept.get(field.name, "")) for field in plain}


def secrets_of(channel: Channel, spec: ChannelSpec) -> dict[str, Secret]:
    """Those that are there and bound to where the channel leads now. Raises sealing.KeyMissing,
    sealing.Unreadable."""
    bound = stored_origin(channel, spec)
    return {
        field.name: Secret(channel.unseal(field.name))
        for field in spec.secrets
        if field.name in channel.sealed and channel.sealed[field.name]["bound"] == bound
    }


def lacks(spec: ChannelSpec, values: Mapping[str, str], secrets: Mapping[str, Secret]) -> bool:
    """Whether something is missing without which nothing can be sent."""
    return any(
        field.required and not (secrets if field.is_secret else values).get(field.name)
        for field in spec.fields
    )


def masked(origin: str) -> str:
    """All that is shown of an address whose rest is a secret."""
    return f"{origin}/…" if origin else ""


def where(channel: Channel) -> str:
    """Where its messages go, as far as anybody may see it."""
    spec = spec_of(channel)
    if spec is None:
        return ""
    values = values_of(channel, spec)
    shown = [
        ", ".join(values[field.name].splitlines())
        for field in spec.fields
        if not field.is_secret and not field.is_address
    ]
    return " · ".join(filter(None, [masked(stored_origin(channel, spec)), *shown]))
