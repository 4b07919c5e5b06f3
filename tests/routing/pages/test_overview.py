"""The overview: the next step, the routes, what was changed last, the state of the processes."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from facio_site.audit import record
from facio_site.audit.models import AuditEntry
from facio_site.web.middleware import CompressPages
from providers import broker
from providers.catalog.fetch import Catalog, CatalogItem
from providers.catalog.store import replace_catalog
from providers.kinds import KINDS
from providers.models import Job, Provider
from routing.models import Route
from tests.conftest import signed_in
from tests.markup import flat
from tests.routing.pages.overview import attention, saved, tried

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_workers")]
LIGHT, MOST_QUERIES = 8_500, 60  # bytes as sent, without headers; statements


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


def test_the_routes_say_who_serves_them(site: Client) -> None:
    saved("groq", "ok")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    html = site.get("/").content.decode()
    part = html[html.index('id="routes"') : html.index('id="attention"')]
    assert part.count('<th scope="row">') == 5
    assert "llama-9" in part
    assert "Groq" in part
    assert "As main." in part


def test_a_step_that_was_taken_stays_done_whatever_fails_later(site: Client, owner: Any) -> None:
    row = saved("groq", "ok")
    tried(row, "", "ok")
    Provider.objects.update(check_outcome="bad_key")
    assert next_step(site) == ("Fetch its models", "/providers/groq/")
    stocked = saved("groq", "bad_key", "llama-9")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    record("config.written", actor=owner)
    tried(stocked, "llama-9", "model_not_found")
    Job.objects.all().delete()  # pruned
    assert next_step(site) == ("", "")
    assert "From key to config.json" not in site.get("/").content.decode()


def test_the_guide_ends_without_a_list_where_names_are_known(site: Client) -> None:
    row = saved("azure_openai", "ok")
    assert next_step(site)[0] == "Fetch its models"
    Provider.objects.filter(pk=row.pk).update(values={"deployments": ["gpt-prod"]})
    assert next_step(site)[0] == "Choose the main model"


def test_a_test_of_a_reference_counts_since_nothing_more_can_be_told_here(site: Client) -> None:
    tried(saved("groq", "reference"), "", "reference")
    assert next_step(site)[0] == "Fetch its models"


def test_the_overview_tells_what_was_changed_last_and_by_whom(site: Client, owner: Any) -> None:
    def changes() -> list[str]:
        html = site.get("/").content.decode()
        if 'id="changes"' not in html:
            return []
        part = html[html.index('id="changes"') : html.index('id="system"')]
        assert 'href="/activity/"' in part
        words = [
            re.sub(r"<[^>]+>|\s+", " ", one) for one in re.findall(r"<li>.*?</li>", part, re.S)
        ]
        return [" ".join(one.split()) for one in words]

    for action in (
        *("provider.tested", "catalog.cancelled", "sign-in", "session.expired"),
        "config.downloaded",
    ):
        record(action, actor=owner, target="groq")
    assert changes() == []
    record("routes.saved", actor=None)
    record("provider.saved", actor=owner, target="groq")
    assert changes() == [
        f"Saved a provider groq {owner.username} · just now",
        "Saved routes terminal · just now",
    ]
    for place in range(9):
        record("provider.saved", actor=owner, target=f"n{place}")
    assert len(changes()) == 5
    assert "n8" in changes()[0]


def test_the_tile_of_the_file_says_how_it_was_handed_over_last(site: Client, owner: Any) -> None:
    def tile() -> str:
        html = flat(site.get("/"))
        part = html[html.index('<span class="tile-label">config.json') :].partition("</a>")[0]
        return " ".join(re.sub(r"<[^>]+>", " ", part).split())

    assert tile() == "config.json – not exported yet"
    record("config.exported", actor=None, target="config.json")
    assert tile() == "config.json Exported just now"
    record("config.downloaded", actor=owner)
    assert tile() == "config.json Exported by download · just now"


def test_the_day_is_drawn_with_a_name_and_the_same_as_text(site: Client) -> None:
    assert 'id="day"' not in site.get("/").content.decode()
    row = saved("groq", "ok")
    assert "No test in this time." in site.get("/").content.decode()
    tried(row, "", "ok")
    html = " ".join(site.get("/").content.decode().split())
    part = html[html.index('id="day"') : html.index('id="attention"')]
    assert re.search(r'<svg[^>]* role="img" aria-label="Tests of Groq by hour"', part)
    assert re.search(r'<path data-tone="ok" d="M\d', part)
    assert "1 of 1 worked" in part
    assert "this hour: 1/1" in part


def test_the_box_is_large_at_first_and_no_viewer_has_it(site: Client, viewer: Any) -> None:
    html = site.get("/").content.decode()
    assert "paste-first" in html
    assert "Paste a key, a curl line, a .env or a config.json" in html
    saved("groq")
    html = site.get("/").content.decode()
    assert 'id="paste"' in html
    assert "paste-first" not in html
    for path in ("/", "/providers/", "/palette/"):
        assert "curl line" not in signed_in(viewer).get(path).content.decode()


def tried_ago(row: Provider, hours: int, place: int) -> Job:
    return Job(
        provider=row,
        task="check",
        status="done",
        outcome=("ok", "ok", "timeout")[(hours + place) % 3],
        ms=(hours * 977 + place * 131) % 4000,
        input_version=row.version,
        deadline=timezone.now(),
    )


@pytest.mark.usefixtures("one_minute")
def test_a_full_overview_is_light(
    site: Client, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every provider was tested in every hour, and every route stands against something."""
    for place, (kind, spec) in enumerate(KINDS.items()):
        if spec.is_oauth:
            continue
        row = saved(kind, ("ok", "bad_key", "timeout")[place % 3])
        jobs = [tried_ago(row, hours, place) for hours in range(24)]
        Job.objects.bulk_create(jobs)
        for hours, job in enumerate(jobs):
            at = timezone.now() - timedelta(hours=hours, minutes=30)
            Job.objects.filter(pk=job.pk).update(created_at=at)
    for slot in ("main", "subagent", "vision", "image", "video"):
        Route.objects.create(slot=slot, model="claude-x", provider="anthropic")
    for place in range(9):
        record("provider.saved", actor=owner, target=f"provider-{place}")
    monkeypatch.setattr(CompressPages, "max_random_bytes", 1)  # no padding
    with CaptureQueriesContext(connection) as captured:
        answer = site.get("/", headers={"Accept-Encoding": "gzip"})
    assert len(answer.content) < LIGHT
    assert len(captured) < MOST_QUERIES


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


@pytest.mark.usefixtures("one_minute")
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


def test_who_has_set_up_nothing_is_not_asked_to_write_an_empty_file(
    site: Client, settings: Any, tmp_path: Any
) -> None:
    settings.FACIO_CONFIG_PATH = str(tmp_path / "config.json")
    assert 'data-drift="missing"' not in site.get("/").content.decode()
    saved("groq", "ok")
    assert 'data-drift="missing"' in site.get("/").content.decode()


def test_a_version_among_the_last_changes_is_named_in_the_readers_language(site: Client) -> None:
    AuditEntry.objects.create(action="config.written", target="version 7")
    site.cookies["language"] = "de"
    part = flat(site.get("/"))
    assert "Version 7" in part
    assert "version 7" not in part
