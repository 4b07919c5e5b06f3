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
from facio_site.audit.models import AuditEntry
from providers import broker
from providers.catalog.fetch import Catalog, CatalogItem
from providers.catalog.store import replace_catalog
from providers.kinds import KINDS
from providers.models import Job, Provider
from routing.models import Route
from tests import desk
from tests.conftest import signed_in
from tests.markup import flat

pytestmark = pytest.mark.django_db
LIGHT, MOST_QUERIES = 8_500, 60  # bytes as sent, without headers; statements


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


def test_what_only_the_agent_can_test_is_not_said_to_have_passed(site: Client) -> None:
    def told() -> str:
        return " ".join(re.sub(r"<[^>]+>", " ", attention(site)).split())

    sign_in = next(kind for kind, spec in KINDS.items() if spec.is_oauth)
    Provider(kind=sign_in).store()
    assert "Nothing failed. 1 provider can only be tested by the agent." in told()
    groq = desk.saved("groq", "${GROQ_API_KEY}")
    Provider.objects.filter(pk=groq.pk).update(check_outcome="reference")
    assert "Nothing failed. 2 providers can only be tested by the agent." in told()
    saved("mistral", "ok")
    assert "Nothing failed. 2 providers can only be tested by the agent." in told()
    assert "passed" not in told()
    Provider.objects.exclude(name="mistral").delete()
    assert "every provider passed its last test" in told()


def test_the_routes_say_who_serves_them(site: Client) -> None:
    saved("groq", "ok")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    html = site.get("/").content.decode()
    part = html[html.index('id="routes"') : html.index('id="attention"')]
    assert part.count('<th scope="row">') == 5
    assert "llama-9" in part
    assert "Groq" in part
    assert "As main." in part


def about(client: Client) -> list[str]:
    return re.findall('data-about="([^"]+)"', attention(client))


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


def test_little_money_is_named_although_every_test_passes(site: Client) -> None:
    row = saved("deepseek", "ok")
    told = {"money_currency": "USD", "money_means": "balance", "money_at": timezone.now()}
    Provider.objects.filter(pk=row.pk).update(money_amount=900, **told)
    assert about(site) == []
    Provider.objects.filter(pk=row.pk).update(money_amount="0.2")
    assert about(site) == ["provider:deepseek"]
    assert "0.20" in attention(site)


def test_a_secret_that_cannot_be_used_any_more_is_named(site: Client, settings: Any) -> None:
    groq, other = saved("groq", "ok"), saved("mistral", "ok")
    Provider.objects.filter(pk=groq.pk).update(api_base="https://elsewhere.example/v1")
    assert about(site) == ["provider:groq"]
    assert "A stored secret is for another address" in attention(site)
    box = {**other.sealed["api_key"], "box": "v1.00000000.AAAA"}
    Provider.objects.filter(pk=other.pk).update(sealed={"api_key": box})
    assert about(site) == ["provider:groq", "provider:mistral"]
    assert "be opened: type it again." in attention(site)


def retiring(model: str, days: int) -> CatalogItem:
    return CatalogItem(model_id=model, retires_at=timezone.now().date() + timedelta(days))


def test_a_model_that_retires_is_named_by_its_route(site: Client) -> None:
    row = saved("groq", "ok")
    replace_catalog(row, Catalog(items=(retiring("llama-9", 20), CatalogItem(model_id="llama-8"))))
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    tried(row, "llama-9", "ok")
    assert about(site) == ["route:main"]
    assert "retires" in attention(site)


def test_findings_of_a_route_stand_beside_a_provider_that_fails(site: Client) -> None:
    row = saved("groq", "ok")
    replace_catalog(row, Catalog(items=(retiring("llama-9", -1), CatalogItem(model_id="llama-8"))))
    Provider.objects.update(check_outcome="timeout")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    Route.objects.create(slot="vision", model="llama-8", provider="groq")
    assert about(site) == ["provider:groq", "route:main"]


def test_a_route_that_fails_tells_its_findings_as_well(site: Client) -> None:
    row = saved("groq", "ok")
    replace_catalog(row, Catalog(items=(retiring("llama-9", -1),)))
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    tried(row, "llama-9", "model_not_found")
    assert about(site) == ["route:main"]
    assert "Model not found" in attention(site)
    assert "retired" in attention(site)


def test_parts_of_the_system_that_are_missing_need_attention(
    site: Client, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any
) -> None:
    assert about(site) == []
    monkeypatch.setattr(broker, "workers", set)
    assert about(site) == ["system"]
    assert "none running" in attention(site)
    settings.MASTER_KEYS, settings.MASTER_KEY_FILE = [], str(tmp_path / "none")
    assert about(site) == ["system", "system"]


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


@pytest.mark.usefixtures("one_minute")
def test_a_full_overview_is_light(site: Client, owner: Any) -> None:
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
    with CaptureQueriesContext(connection) as captured:
        answer = site.get("/", headers={"Accept-Encoding": "gzip"})
    assert len(answer.content) < LIGHT
    assert len(captured) < MOST_QUERIES


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
