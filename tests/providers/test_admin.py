"""The admin as a way in: plain fields by the page's rules, secrets nowhere."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.utils import timezone, translation
from django.utils.functional import Promise

from facio_site.accounts.models import User
from providers.models import CatalogEntry, Job, Provider
from providers.work import queue, tasks
from routing.models import Route
from tests import desk
from tests.desk import KEY

pytestmark = pytest.mark.django_db
WHENEVER = {"deadline": timezone.now() + timedelta(days=1), "input_version": 1}


def saved(kind: str, key: str = KEY, **values: Any) -> Provider:
    row = desk.saved(kind, key, **values)
    row.put_mapping("extra_headers", {"X-Team": "indigo"})
    row.store()
    return row


def url(row: Provider) -> str:
    return f"/admin/providers/provider/{row.pk}/change/"


def test_s31_no_admin_page_shows_a_secret(site: Client) -> None:
    row = saved("openrouter")
    html = site.get(url(row)).content.decode()
    assert 'name="api_base"' in html
    assert 'name="api_key"' not in html
    for secret in (KEY, "indigo", row.sealed["api_key"]["box"]):
        assert secret not in html


def test_plain_fields_are_saved_by_the_rules_of_the_page(site: Client) -> None:
    row = saved("openrouter")
    answer = site.post(url(row), {"api_base": "https://openrouter.ai/other/v1"})
    assert answer.status_code == 302
    after = Provider.objects.get()
    assert after.api_base == "https://openrouter.ai/other/v1"
    assert after.version == row.version + 1
    assert after.open_mapping("extra_headers") == {"X-Team": "indigo"}


@pytest.mark.parametrize("base", ["https://u:p@openrouter.ai", "https://evil.example/v1"])
def test_s20_a_bad_or_foreign_address_is_refused(site: Client, base: str) -> None:
    row = saved("openrouter")
    answer = site.post(url(row), {"api_base": base})
    assert answer.status_code == 200
    assert Provider.objects.get().api_base == ""


def test_azure_and_bedrock_are_edited_by_their_own_fields(site: Client) -> None:
    azure = saved(
        "azure_openai", api_base="https://d.openai.azure.com", values={"deployments": ["one"]}
    )
    site.post(url(azure), {"api_base": azure.api_base, "deployments": "one\ntwo"})
    assert Provider.objects.get(kind="azure_openai").values["deployments"] == ["one", "two"]
    bedrock = saved("bedrock", values={"region": "us-east-1"})
    assert 'name="region"' in site.get(url(bedrock)).content.decode()


def test_what_is_only_there_for_a_test_is_no_provider_of_the_admin(site: Client) -> None:
    saved("openrouter")
    tested = Provider(kind="custom", name="gpu")
    tested.save()
    html = site.get("/admin/providers/provider/").content.decode()
    assert "1 provider" in re.sub(r"<[^>]+>|\s+", " ", html)
    assert "gpu" not in html
    assert site.post(url(tested), {"api_base": "https://x.example"}).status_code == 302
    assert not Provider.objects.get(name="gpu").is_configured


def test_actions_queue_jobs(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue.broker, "workers", lambda: {"worker-1"})
    monkeypatch.setattr(tasks, "enqueue", lambda job: None)
    row = saved("openrouter")
    for action in ("test_connection", "fetch_models"):
        site.post("/admin/providers/provider/", {"action": action, "_selected_action": str(row.pk)})
    assert sorted(Job.objects.values_list("task", flat=True)) == ["check", "fetch"]


def test_an_action_is_one_round_and_says_where_nobody_takes_it(
    site: Client,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.TESTS_PER_MINUTE = 1
    monkeypatch.setattr(queue.broker, "workers", set)
    rows = [saved("openrouter"), saved("groq")]
    path = "/admin/providers/provider/"
    monkeypatch.setattr(transaction, "on_commit", lambda job: job())

    def told(*asked: Provider) -> str:
        data = {"action": "test_connection", "_selected_action": [row.pk for row in asked]}
        return str(site.post(path, data, follow=True).content.decode())

    html = told(*rows)
    assert "No worker was running, so nothing was sent." in html
    assert "queued." not in html
    assert Job.objects.count() == 2
    assert "Too many tests at once." in told(*rows)
    agents = Provider.for_name("openai_codex")
    agents.store()
    assert "The agent signs in there itself" in told(agents)


def test_routes_are_edited_in_the_admin(site: Client) -> None:
    Route.objects.create(slot="main", model="a")
    site.post("/admin/routing/route/main/change/", {"model": "b", "provider": "auto"})
    assert Route.objects.get().model == "b"


def test_who_saves_a_route_second_is_told_and_replaces_only_when_asked_again(site: Client) -> None:
    path = "/admin/routing/route/main/change/"
    assert Route(slot="main", model="a").store()
    seen = version_on(site.get(path))
    assert Route.objects.get().version == seen
    other = Route.objects.get()
    other.model = "b"
    assert other.store()
    mine = {"model": "c", "provider": "auto"}
    answer = site.post(path, {**mine, "version": seen})
    assert "Somebody else saved b" in answer.content.decode()
    assert Route.objects.get().model == "b"
    site.post(path, {**mine, "version": version_on(answer)})
    assert Route.objects.get().model == "c"


def version_on(answer: Any) -> int:
    """The version that the page was made from, as its form sends it back."""
    (found,) = re.findall(r'name="version" value="(\d+)"', answer.content.decode())
    return int(found)


def test_jobs_and_catalog_are_read_only(site: Client) -> None:
    row = saved("openrouter")
    job = Job.objects.create(
        provider=row, task="check", input_version=1, input_digest="x", deadline=row.updated_at
    )
    page = site.get(f"/admin/providers/job/{job.pk}/change/").content.decode()
    assert 'name="_save"' not in page
    assert site.get("/admin/providers/catalogentry/").status_code == 200


@pytest.mark.parametrize("model", [Provider, Job, CatalogEntry, Route])
def test_tables_and_their_columns_are_called_by_translated_words(
    model: Any, rf: Any, db: None
) -> None:
    row = model(kind="groq") if model is Provider else model()
    page, options = admin.site._registry[model], row._meta
    request = rf.get("/")
    request.user = User(is_superuser=True)
    shown = {*page.get_list_display(request), *page.get_fields(request, row)}
    words = {one.name: one.verbose_name for one in options.fields if one.name in shown}
    words |= {"one": options.verbose_name, "many": options.verbose_name_plural}
    assert [name for name, word in words.items() if not isinstance(word, Promise)] == []


def test_outcomes_are_told_in_words(site: Client) -> None:
    row = saved("openrouter")
    row.jobs.create(task="fetch", status="done", outcome="no_credit", **WHENEVER)
    row.jobs.create(task="check", status="running", **WHENEVER)
    Provider.objects.update(check_outcome="reachable_unverified")
    with translation.override("de"):
        site.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
        tests, rows, activity = (
            site.get(path).content.decode()
            for path in ("/admin/providers/job/", "/admin/providers/provider/", "/activity/tests/")
        )
    for html, code, words in (
        (tests, "no_credit", "Kein Guthaben"),
        (rows, "reachable_unverified", "Erreichbar, Schlüssel unbestätigt"),
    ):
        assert html.count(words) == 2  # in the row and in the filter
        assert f">{code}<" not in html
    assert "Läuft" in tests
    assert "Auftrag zum Ansehen auswählen" in tests
    assert "Abruf" in activity
