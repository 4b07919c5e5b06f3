"""A visitor of each role, and rows that stand for the variable parts of an address."""

import uuid

import pytest
from django.test import Client

from facio_site.accounts.models import Invitation, Role, User
from facio_site.audit import record
from providers import broker
from providers.models import CatalogEntry, Job, Task
from routing.models import Alert, Channel, Route, Watch, WatchSettings
from tests.conftest import signed_in
from tests.desk import saved


@pytest.fixture
def people(owner: User, editor: User, viewer: User) -> dict[str, Client]:
    return {
        "stranger": Client(),
        "viewer": signed_in(viewer),
        "editor": signed_in(editor),
        "owner": signed_in(owner),
    }


@pytest.fixture
def places(owner: User, viewer: User, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What stands for the variable parts of an address: rows that exist."""
    monkeypatch.setattr(broker, "workers", set)
    row = saved()
    job = Job.objects.create(
        provider=row, task=Task.CHECK, deadline=row.updated_at, input_version=1, status="done"
    )
    entry = CatalogEntry.objects.create(provider=row, model_id="a/b", first_seen_at=row.updated_at)
    Route(slot="main", model="a/b").store()
    Invitation.objects.issue(Role.VIEWER, by=owner)
    audit = record("provider.saved", actor=owner, target="openrouter")
    invitation = Invitation.objects.get()
    Watch.objects.create(about="provider:openrouter", every=60)
    WatchSettings.objects.create(pk=WatchSettings.ONLY)
    alert = Alert.objects.create(kind="fails", about="provider:openrouter", mark="one")
    channel = Channel.objects.create(name="Ops", kind="json")
    return {
        "channels/<uuid:pk>": f"channels/{channel.pk}",
        "<slug:kind>": "json",
        "/admin/audit/auditentry/<path:object_id>": f"/admin/audit/auditentry/{audit.pk}",
        "/admin/accounts/user/<path:object_id>": f"/admin/accounts/user/{viewer.pk}",
        "/admin/providers/provider/<path:object_id>": f"/admin/providers/provider/{row.pk}",
        "/admin/providers/job/<path:object_id>": f"/admin/providers/job/{job.pk}",
        "/catalogentry/<path:object_id>": f"/catalogentry/{entry.pk}",
        "/admin/routing/route/<path:object_id>": "/admin/routing/route/main",
        "/routing/watch/<path:object_id>": "/routing/watch/provider_3Aopenrouter",
        "/routing/watchsettings/<path:object_id>": f"/routing/watchsettings/{WatchSettings.ONLY}",
        "/routing/alert/<path:object_id>": f"/routing/alert/{alert.pk}",
        "/routing/channel/<path:object_id>": f"/routing/channel/{channel.pk}",
        "/admin/r/<path:content_type_id>/<path:object_id>/": "/admin/r/1/1/",
        "/admin/^(?P<app_label>audit|accounts|providers|routing)/$": "/admin/providers/",
        "/admin/(?P<url>.*)$": "/admin/no-such-page",
        "invitations/<int:pk>": f"invitations/{invitation.pk}",
        "users/<int:pk>": f"users/{viewer.pk}",
        "<int:pk>": "1",
        "<int:number>": "1",
        "<uuid:pk>": str(uuid.UUID(int=0)),
        "<name:name>": "openrouter",
        "<slug:slot>": "main",
        "<slug:sort>": "provider",
        "<slug:part>": "check",
    }
