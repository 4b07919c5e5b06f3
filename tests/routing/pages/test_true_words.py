"""Sentences that are shown in more than one state, and are so in each of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from facio_site.audit import record
from providers.models import Provider
from routing.models import PendingImport, Route, WatchSettings
from tests.conftest import signed_in
from tests.desk import confirm, saved, stocked
from tests.markup import flat
from tests.providers.pages.conftest import item
from tests.routing.config.desk import KEY, WHOLE, hand_in, import_all

pytestmark = pytest.mark.django_db
ASKS = "Asks for your password again"
ENTRY = {"providers": {"Corp-LLM": {"apiBase": "https://corp.example/v1"}}}


@pytest.mark.parametrize(("days", "words"), [(-1, "retired"), (0, "until"), (1, "until")])
def test_a_day_that_is_over_is_not_still_to_come(site: Client, days: int, words: str) -> None:
    stocked("openai", item("gpt-5", retires_at=timezone.now().date() + timedelta(days)))
    for path in ("/catalog/", "/providers/openai/"):
        assert f'data-tone="warn"> {words} ' in flat(site.get(path)), path
    picked = "retired" if words == "retired" else "retires"
    assert f"<span>{picked} " in flat(site.get("/routing/models/", {"q": "gpt"}))


@pytest.mark.parametrize("stock", [0, 1])
def test_a_list_stays_only_where_there_is_one(site: Client, stock: int) -> None:
    row = stocked("groq", *["llama-9"][:stock])
    Provider.objects.filter(pk=row.pk).update(catalog_at=timezone.now(), catalog_count=stock)
    row.refresh_from_db()
    now = timezone.now()
    row.jobs.create(
        task="fetch",
        status="done",
        outcome="bad_key",
        input_version=row.version,
        finished_at=now,
        deadline=now,
    )
    assert ("The last good list stays" in flat(site.get("/providers/groq/"))) == bool(stock)


def test_an_import_names_the_moment_when_it_is_forgotten(site: Client) -> None:
    page = flat(hand_in(site, WHOLE))
    row = PendingImport.objects.get()
    assert f'forgotten after <time datetime="{row.expires_at.isoformat(timespec="seconds")}' in page
    assert "press a button here" in page
    import_all(site, ENTRY)
    assert "press a button here" not in flat(hand_in(site, ENTRY))


def test_the_password_is_announced_only_where_it_is_asked_for(site: Client, path: Path) -> None:
    saved("openai", KEY)
    assert ASKS in flat(site.get("/config/?write=keys"))
    confirm(site)
    assert ASKS not in flat(site.get("/config/?write=keys"))


def test_a_missing_file_is_told_before_what_a_write_puts_there(site: Client, path: Path) -> None:
    saved("openai", KEY)
    page = flat(site.get("/config/"))
    assert page.index("No file is there yet") < page.index("providers.openai")
    assert "What a write changes in the file" not in page


def test_who_may_only_look_is_offered_no_choice(site: Client, viewer: Any, path: Path) -> None:
    saved("openai", KEY)
    guest = signed_in(viewer)
    for client, words in ((site, "Write to Facio"), (guest, "Open the live file")):
        assert f"{words} </a>" in flat(client.get("/"))
    path.write_text('{"providers": {"openai": {"apiKey": "sk-other-0123456789"}}}')
    for client, is_off in ((site, False), (guest, True)):
        assert "Open the live file </a>" in flat(client.get("/"))
        page = flat(client.get("/config/"))
        assert 'type="radio"' in page
        assert ('<fieldset class="field" disabled>' in page) == is_off
        assert ("choose below" in page) != is_off


@pytest.mark.parametrize("is_imported", [True, False])
def test_a_rename_names_key_and_entry_where_they_are(site: Client, is_imported: bool) -> None:
    if is_imported:
        import_all(site, ENTRY)
    else:
        row = Provider(kind="custom", name="Corp-LLM", api_base="https://corp.example/v1")
        row.put_secret("api_key", KEY)
        row.store()
    page = flat(site.get("/providers/Corp-LLM/rename/"))
    assert ("Its entry in the imported file" in page) == is_imported
    assert ("Its key and all else" in page) != is_imported


def test_a_recipe_asks_for_no_test_that_only_the_agent_can_make(site: Client) -> None:
    saved("anthropic", "${ANTHROPIC_API_KEY}")
    assert "has not passed" in flat(site.get("/routing/?recipe=anthropic"))
    Provider.objects.update(check_outcome="reference")
    assert "has not passed" not in flat(site.get("/routing/?recipe=anthropic"))


def test_values_of_the_activity_are_told_in_the_readers_language(site: Client, owner: Any) -> None:
    def log(action: str, target: str, *changes: tuple[str, str, str]) -> None:
        record(action, actor=owner, target=target, changes=list(changes))

    log("schedule.changed", "", ("provider.groq", "off", "1 h"), ("is_on", "–", "on"))
    log("user.role", "eve", ("role", "viewer", "editor"))
    log("config.written", "version 3")
    log("routes.saved", "", ("main.effort", "off", "high"))
    with translation.override("de"):
        settings_words = str(WatchSettings())
    assert settings_words == "Einstellungen des Zeitplans"
    site.cookies["language"] = "de"
    page = flat(site.get("/activity/"))
    for before, after in (
        ("aus", "1 h"),
        ("aus", "an"),
        ("Betrachter", "Bearbeiter"),
        ("off", "high"),
    ):
        assert f"<code>{before} →</code> <code>{after}</code>" in page
    assert "Version 3" in page
    assert "version 3" not in page


def test_a_wrong_old_password_is_told_as_that(site: Client) -> None:
    wrong = {
        "oldpassword": "wrong wrong",
        "password1": "new-Word-8812",
        "password2": "new-Word-8812",
    }
    page = flat(site.post("/accounts/password/change/", wrong))
    assert "This is not your current password." in page


@pytest.mark.parametrize("model", ["llama3.2", "an-endpoint-that-was-renamed/llama3.2"])
def test_a_local_server_takes_names_with_a_slash_as_well(site: Client, model: str) -> None:
    saved("ollama", "", api_base="http://localhost:11434/v1")
    Route.objects.create(slot="main", model=model)
    told = "Ollama: a local server takes a name that points to no provider."
    assert told in flat(site.get("/routing/"))


@pytest.mark.parametrize(
    ("detail", "words"),
    [("", "No worker was running"), ("no_broker", "The task broker did not answer")],
)
def test_a_fetch_that_was_not_sent_says_when_that_was_and_not_that_it_is_so_now(
    site: Client, detail: str, words: str
) -> None:
    row, then = saved("groq"), timezone.now() - timedelta(hours=1)
    row.jobs.create(
        task="fetch",
        status="done",
        outcome="no_worker",
        detail=detail,
        input_version=row.version,
        finished_at=then,
        deadline=then,
    )
    page = flat(site.get("/providers/groq/"))
    told = page[page.index(words) :]
    assert f'<time datetime="{then.isoformat(timespec="seconds")}' in told[: told.index("</p>")]


def test_uptime_of_a_route_is_of_the_models_that_it_had(site: Client) -> None:
    saved("groq")
    Route.objects.create(slot="main", model="llama-10", provider="groq")
    words = "Uptime counts only calls to the model that the route had then."
    assert words in flat(site.get("/health/route/main/"))
