"""The overview: the next step, what needs attention, the routes, the state of the processes."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from facio_site.audit import record
from providers import broker
from providers.catalog.fetch import Catalog, CatalogItem
from providers.catalog.store import replace_catalog
from providers.kinds import KINDS
from providers.models import Job, Provider
from routing.models import Route
from tests import desk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "workers", lambda: {"worker-1", "worker-2"})


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
    replace_catalog(row, Catalog(items=(CatalogItem(model_id="llama-9"),)))
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


def test_a_provider_that_fails_stands_once_with_the_routes_that_it_serves(site: Client) -> None:
    saved("deepseek", "timeout")
    saved("groq", "bad_key")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    Route.objects.create(slot="vision", model="llama-9", provider="groq")
    part = attention(site)
    assert part.index("/providers/groq/") < part.index("/providers/deepseek")
    assert part.count("<li ") == 2
    assert "serves Main, Vision" in part


def test_a_route_whose_own_test_failed_is_named_first(site: Client) -> None:
    saved("deepseek", "timeout")
    groq = saved("groq", "ok")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    tried(groq, "llama-9", "model_not_found")
    part = attention(site)
    assert part.index("#route-main") < part.index("/providers/deepseek")
    assert "Model not found" in part


def test_the_tile_counts_what_the_list_below_it_shows(site: Client) -> None:
    for kind in ("deepseek", "groq", "mistral", "openai"):
        saved(kind, "bad_key")
    html = site.get("/").content.decode()
    tile = re.search(r'<a class="tile" href="#attention".*?</a>', html, re.DOTALL)
    assert tile
    assert '<span class="tile-value">4</span>' in tile[0]
    assert "and 1 more" in tile[0]
    assert attention(site).count("<li ") == 4


def test_every_tested_route_tells_when(site: Client) -> None:
    groq = saved("groq", "ok")
    for slot, model in (("main", "llama-9"), ("vision", "llama-8")):
        Route.objects.create(slot=slot, model=model, provider="groq")
    tried(groq, "llama-9", "ok")
    html = site.get("/").content.decode()
    assert html[html.index('id="routes"') : html.index('id="attention"')].count("<time") == 2


def test_a_route_that_nobody_serves_is_named(site: Client) -> None:
    Route.objects.create(slot="vision", model="claude-x", provider="anthropic")
    html = site.get("/").content.decode()
    assert 'href="/routing/#route-vision"' in html[html.index('id="attention"') :]


def expiring(row: Provider, days: int) -> str:
    """The day on which its key ends, as the page writes it."""
    on = timezone.now().date() + timedelta(days)
    Provider.objects.filter(pk=row.pk).update(key_expires_on=on)
    return date_format(on, "DATE_FORMAT")


@pytest.mark.parametrize(("days", "words"), [(30, "expires on"), (-1, "expired on")])
def test_a_key_that_ends_is_named_although_no_route_uses_it(
    site: Client, days: int, words: str
) -> None:
    day = expiring(saved("groq", "ok"), days)
    part = attention(site)
    assert part.count("<li ") == part.count('data-about="provider:groq"') == 1
    assert f"Its key {words} {day}." in part
    assert 'href="/providers/groq/"' in part
    assert "pill" not in part


def test_a_key_that_ends_later_is_not_named(site: Client) -> None:
    expiring(saved("groq", "ok"), 31)
    assert "data-about" not in attention(site)


def test_a_key_that_ends_stands_once_with_its_failed_test_and_the_routes(site: Client) -> None:
    groq = saved("groq", "bad_key")
    day = expiring(groq, -5)
    for slot in ("main", "vision"):
        Route.objects.create(slot=slot, model="llama-9", provider="groq")
    part = attention(site)
    assert part.count("<li ") == 1
    assert f"Its key expired on {day}. · serves Main, Vision" in part
    assert "Key rejected" in part


def test_a_route_with_a_matter_of_its_own_stands_beside_the_key_that_ends(site: Client) -> None:
    groq = saved("groq", "ok")
    expiring(groq, 5)
    for slot, model in (("main", "llama-9"), ("vision", "llama-8")):
        Route.objects.create(slot=slot, model=model, provider="groq")
    tried(groq, "llama-8", "model_not_found")
    part = attention(site)
    assert re.findall('data-about="([^"]+)"', part) == ["provider:groq", "route:vision"]
    assert "serves Main, Vision" in part


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
