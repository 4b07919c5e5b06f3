"""The overview's page, and what stands on it: a provider as it was tested, a route's own test."""

from django.test import Client
from django.utils import timezone

from providers.models import Job, Provider
from tests import desk


def saved(kind: str, outcome: str = "", *models: str) -> Provider:
    row = desk.stocked(kind, *models) if models else desk.saved(kind)
    checked = {"check_outcome": outcome, "checked_at": timezone.now()} if outcome else {}
    Provider.objects.filter(pk=row.pk).update(kind=kind, **checked)
    return Provider.objects.get(pk=row.pk)


def tried(row: Provider, model: str, outcome: str) -> None:
    """The end of a route's own test."""
    Job.objects.create(
        provider=row,
        task="check",
        model_names=[model],
        status="done",
        outcome=outcome,
        input_version=row.version,
        deadline=timezone.now(),
        finished_at=timezone.now(),
    )


def attention(client: Client) -> str:
    html = client.get("/").content.decode()
    return html[html.index('id="attention"') : html.index('id="system"')]
