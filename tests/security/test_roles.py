"""Who gets what at every address of the site, the admin's included, in one table.

The table is compared with a walk through the resolver: an address that is not in it fails.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver

from facio_site.accounts.models import Invitation, Role, User
from facio_site.audit import record
from providers import broker
from providers.models import CatalogEntry, Job, Provider, Task
from routing.models import Route
from tests.conftest import signed_in

pytestmark = [pytest.mark.alike, pytest.mark.battery, pytest.mark.django_db]
TABLE = Path(__file__).with_name("roles.txt")
ROLES = ("stranger", "viewer", "editor", "owner")
NOBODY = uuid.UUID(int=0)


def every_address() -> Iterator[str]:
    """Each route once, as the resolver spells it."""

    def walk(resolver: Any, before: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            spelled = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern, spelled)
            else:
                yield spelled

    yield from dict.fromkeys(walk(get_resolver(), "/"))


def table() -> dict[str, dict[str, list[int]]]:
    """Address -> method -> status for each of ROLES."""
    rows: dict[str, dict[str, list[int]]] = {}
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            address, method, *statuses = line.split()
            rows.setdefault(address, {})[method] = [int(status) for status in statuses]
    return rows


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
    row = Provider(kind="openrouter")
    row.put_secret("api_key", "sk-or-v1-0123456789abcdef")
    row.store()
    job = Job.objects.create(
        provider=row, task=Task.CHECK, deadline=row.updated_at, input_version=1, status="done"
    )
    entry = CatalogEntry.objects.create(provider=row, model_id="a/b", first_seen_at=row.updated_at)
    Route(slot="main", model="a/b").store()
    Invitation.objects.issue(Role.VIEWER, by=owner)
    audit = record("provider.saved", actor=owner, target="openrouter")
    invitation = Invitation.objects.get()
    return {
        "/admin/audit/auditentry/<path:object_id>": f"/admin/audit/auditentry/{audit.pk}",
        "/admin/accounts/user/<path:object_id>": f"/admin/accounts/user/{viewer.pk}",
        "/admin/providers/provider/<path:object_id>": f"/admin/providers/provider/{row.pk}",
        "/admin/providers/job/<path:object_id>": f"/admin/providers/job/{job.pk}",
        "/catalogentry/<path:object_id>": f"/catalogentry/{entry.pk}",
        "/admin/routing/route/<path:object_id>": "/admin/routing/route/main",
        "/admin/r/<path:content_type_id>/<path:object_id>/": "/admin/r/1/1/",
        "/admin/^(?P<app_label>audit|accounts|providers|routing)/$": "/admin/providers/",
        "/admin/(?P<url>.*)$": "/admin/no-such-page",
        "invitations/<int:pk>": f"invitations/{invitation.pk}",
        "users/<int:pk>": f"users/{viewer.pk}",
        "<int:pk>": "1",
        "<int:number>": "1",
        "<uuid:pk>": str(NOBODY),
        "<slug:kind>": "openrouter",
        "<slug:slot>": "main",
        "<slug:part>": "check",
    }


def concrete(address: str, places: dict[str, str]) -> str:
    for part, value in places.items():
        address = address.replace(part, value)
    assert "<" not in address, address
    return address


def ask(client: Client, method: str, path: str) -> int:
    """The status; whatever the request did is undone."""
    visitor = Client()
    visitor.cookies = client.cookies.copy()  # type: ignore[assignment]
    with transaction.atomic():
        answer = visitor.generic(method, path)
        transaction.set_rollback(True)
    return int(answer.status_code)


def test_the_table_names_every_address_of_the_site_and_no_other() -> None:
    assert sorted(table()) == sorted(every_address())


def test_s62_every_address_answers_each_role_as_the_table_says(
    people: dict[str, Client], places: dict[str, str]
) -> None:
    wrong = []
    for address, methods in table().items():
        path = concrete(address, places)
        for method, expected in methods.items():
            found = [ask(people[role], method, path) for role in ROLES]
            if found != expected:
                wrong.append(f"{address} {method} {found}, expected {expected}")
    assert wrong == []


def test_s54_every_post_without_a_token_is_refused(owner: User, places: dict[str, str]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in(owner).cookies
    let_in = []
    for address, methods in table().items():
        if methods["POST"][3] in (404, 405) or address.startswith("/admin/(?P"):
            continue
        with transaction.atomic():
            if client.post(concrete(address, places)).status_code != 403:
                let_in.append(address)
            transaction.set_rollback(True)
    assert let_in == READ_ONLY_THAT_SEE_A_POST


# They answer a POST with a redirect or an error of their own before anything is done.
READ_ONLY_THAT_SEE_A_POST: list[str] = []


def test_s54_no_get_changes_anything(people: dict[str, Client], places: dict[str, str]) -> None:
    """Signing in and looking around writes sessions and limits, and nothing else."""
    from django.apps import apps

    ours = [
        model
        for model in apps.get_models()
        if model._meta.app_label in ("providers", "routing", "accounts", "audit")
    ]

    def state() -> list[Any]:
        return [list(model._default_manager.order_by("pk").values()) for model in ours]

    before = state()
    for address in table():
        path = concrete(address, places)
        client = Client()
        client.cookies = people["owner"].cookies.copy()  # type: ignore[assignment]
        client.get(path)
        assert state() == before, path
