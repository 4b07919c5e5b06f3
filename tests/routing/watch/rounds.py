"""What tests of a round begin with: rows that are due, rules, and what was asked."""

from datetime import UTC, datetime, timedelta
from typing import Any

from providers.models import Job, Provider
from routing.models import Route, Watch, WatchSettings
from tests.desk import saved

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
QUARTER = 15


def watch(about: str, every: int = QUARTER, *, late: float = 1.0) -> Watch:
    """Due for so many seconds."""
    row: Watch = Watch.objects.create(
        about=about, every=every, due_at=NOW - timedelta(seconds=late)
    )
    return row


def rules(**values: Any) -> None:
    WatchSettings(pk=WatchSettings.ONLY, **values).save()


def routed(slot: str, provider: str = "groq", model: str = "llama-9") -> Watch:
    """A route that is watched; its provider is there."""
    if not Provider.objects.filter(name=provider).exists():
        saved(provider)
    Route.objects.create(slot=slot, model=model, provider=provider)
    return watch(f"route:{slot}")


def azure(*deployments: str) -> Provider:
    row = Provider(kind="azure_openai", api_base="https://a.openai.azure.com")
    row.values["deployments"] = [*deployments]
    row.put_secret("api_key", "0" * 32)
    row.store()
    return row


def asked() -> set[tuple[str, str]]:
    return set(Job.objects.values_list("provider__name", "task"))


def over(about: str) -> str:
    return str(Watch.objects.get(about=about).passed_over)


def end_all() -> None:
    for job in Job.objects.pending():
        job.finish(outcome="ok", key_state="valid")
