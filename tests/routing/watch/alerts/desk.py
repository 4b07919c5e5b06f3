"""Channels and alerts for tests: one sample of each kind, and where it may lead."""

from datetime import UTC, datetime, timedelta
from typing import Any

from routing.models import Alert, Channel
from routing.watch.alerts import raise_alert
from routing.watch.alerts.channels import CHANNELS
from routing.watch.alerts.forms import ChannelForm
from tests.security.sweep import CANARY

NOW = datetime(2026, 11, 29, 14, 5, tzinfo=UTC)
TOKEN = f"123456789:{CANARY}"
OUTSIDE = "https://receiver.example"


def sample(kind: str, origin: str = OUTSIDE) -> dict[str, str]:
    """What a person types for it, to be reached at `origin`."""
    return {
        "json": {"url": f"{origin}/hook?key={CANARY}", "signing": f"signing-{CANARY}"},
        "slack": {"url": f"{origin}/services/T0/B0/{CANARY}"},
        "discord": {"url": f"{origin}/api/webhooks/1/{CANARY}"},
        "mattermost": {"url": f"{origin}/hooks/{CANARY}"},
        "ntfy": {"server": origin, "topic": f"topic-{CANARY}", "token": f"tk_{CANARY}"},
        "telegram": {"base": origin, "token": TOKEN, "chat": "-1001234"},
        "placet": {"base": origin, "key": f"hp_{CANARY}", "channel": "agent-1"},
        "email": {"to": "ops@example.org, second@example.org"},
    }[kind]


def filled(kind: str, origin: str = OUTSIDE, **more: str) -> dict[str, str]:
    return {"name": kind, "language": "en", "is_on": "on", **sample(kind, origin), **more}


def form_of(kind: str, data: Any, channel: Channel | None = None) -> ChannelForm:
    return ChannelForm(CHANNELS[kind], channel or Channel(kind=kind), data)


def made(kind: str = "json", origin: str = OUTSIDE, **more: str) -> Channel:
    """A stored channel, by way of its form."""
    form = form_of(kind, filled(kind, origin, **more))
    assert form.is_valid(), form.errors
    form.apply()
    form.channel.save()
    return form.channel


def alert(number: int = 0, kind: Alert.Kind = Alert.Kind.FAILS, **params: Any) -> Alert:
    """Raised a second after the one before it."""
    at = NOW + timedelta(seconds=number)
    told = params or {"outcome": "bad_key", "since": NOW.isoformat(), "hits": ["main"]}
    found = raise_alert(kind, "provider:groq", f"{kind}:{number}", told, at)
    assert found is not None
    return found
