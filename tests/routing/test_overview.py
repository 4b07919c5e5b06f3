"""The overview: the next step, what needs attention, the routes, the state of the processes."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from facio_site.audit import record
from providers import broker
from providers.catalog.fetch import Catalog, CatalogItem
from providers.models import Provider
from providers.registry import KINDS
from routing.models import Route

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "workers", lambda: {"worker-1", "worker-2"})


def saved(kind: str, outcome: str = "", *models: str) -> Provider:
    row = Provider(kind=kind)
    row.put_secret("api_key", "sk-0123456789abcdef")
    row.store()
    if models:
        row.replace_catalog(Catalog(items=tuple(CatalogItem(model_id=name) for name in models)))
    checked = {"check_outcome": outcome, "checked_at": timezone.now()} if outcome else {}
    Provider.objects.filter(pk=row.pk).update(kind=kind, **checked)
    return Provider.objects.get(pk=row.pk)


def next_step(client: Client) -> tuple[str, str]:
    """Title and link of the step that the guide points at; empty without a guide."""
    html = client.get("/").content.decode()
    found = re.search(
        r'aria-current="step".*?<strong>([^<]+)</strong>.*?class="btn btn-primary push" '
        r'href="([^"]+)"',
        html,
        re.DOTALL,
    )
    return (found[1], found[2]) if found else ("", "")


def test_the_guide_leads_from_nothing_to_an_exported_file(site: Client, owner: Any) -> None:
    assert next_step(site) == ("Set up a provider", "/providers/")
    row = saved("groq")
    assert next_step(site) == ("Test the connection", "/providers/groq/")
    Provider.objects.update(check_outcome="ok")
    assert next_step(site) == ("Fetch its models", "/providers/groq/")
    row.replace_catalog(Catalog(items=(CatalogItem(model_id="llama-9"),)))
    assert next_step(site) == ("Choose the main model", "/catalog/")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    assert next_step(site) == ("Hand config.json to the agent", "/config/")
    record("config.downloaded", actor=owner)
    assert next_step(site) == ("", "")
    assert "From key to config.json" not in site.get("/").content.decode()


def test_a_main_model_that_nobody_serves_is_not_chosen(site: Client) -> None:
    saved("groq", "ok", "llama-9")
    Route.objects.create(slot="main", model="claude-x", provider="anthropic")
    assert next_step(site)[0] == "Choose the main model"


def test_what_fails_is_named_with_its_cause_and_a_way_there(site: Client) -> None:
    saved("groq", "bad_key")
    saved("mistral", "ok")
    html = site.get("/").content.decode()
    part = html[html.index('id="attention"') : html.index('id="system"')]
    assert 'href="/providers/groq/"' in part
    assert "Key rejected" in part
    assert "Mistral" not in part


def test_a_route_whose_provider_fails_is_named_before_the_provider(site: Client) -> None:
    saved("deepseek", "timeout")
    saved("groq", "bad_key")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    html = site.get("/").content.decode()
    part = html[html.index('id="attention"') : html.index('id="system"')]
    order = [
        part.index(text) for text in ("#route-main", "/providers/groq/", "/providers/deepseek")
    ]
    assert order == sorted(order)
    assert "Groq serves it and its last test failed." in part


@pytest.mark.parametrize("outcome", ["reachable_unverified", "rate_limited", "blocked_address"])
def test_a_provider_that_may_well_work_fails_no_route(site: Client, outcome: str) -> None:
    saved("groq", outcome)
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    html = site.get("/").content.decode()
    part = html[html.index('id="attention"') : html.index('id="system"')]
    assert "#route-main" not in part
    assert "/providers/groq/" in part  # it did not pass, either


def test_a_route_that_nobody_serves_is_named(site: Client) -> None:
    Route.objects.create(slot="vision", model="claude-x", provider="anthropic")
    html = site.get("/").content.decode()
    assert 'href="/routing/#route-vision"' in html[html.index('id="attention"') :]


def test_nothing_to_do_says_so(site: Client) -> None:
    saved("groq", "ok")
    assert "every provider passed its last test" in site.get("/").content.decode()
    saved("mistral")
    assert "1 provider has not been tested" in site.get("/").content.decode()


def test_the_routes_say_who_serves_them(site: Client) -> None:
    saved("groq", "ok")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    html = site.get("/").content.decode()
    part = html[html.index('id="routes"') : html.index('id="attention"')]
    assert part.count('<th scope="row">') == 5
    assert "llama-9" in part
    assert "Groq" in part
    assert "As main." in part


def test_worker_and_broker_are_told(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    html = site.get("/").content.decode()
    assert "2 running" in html
    assert "make run" not in html
    monkeypatch.setattr(broker, "workers", set)
    assert "No worker is running" in site.get("/").content.decode()

    def silent() -> set[str]:
        raise ConnectionError

    monkeypatch.setattr(broker, "workers", silent)
    assert "The task broker does not answer" in site.get("/").content.decode()


def test_its_queries_do_not_grow_with_providers(site: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            site.get("/")
        return len(captured)

    saved("groq", "ok")
    for slot in ("main", "subagent", "vision"):
        Route.objects.create(slot=slot, model="llama-9", provider="groq")
    queries()
    few = queries()
    for kind, spec in KINDS.items():
        if kind != "groq" and not spec.is_oauth:
            saved(kind, "bad_key", "a", "b")
    assert queries() == few
