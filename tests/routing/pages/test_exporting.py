"""/config/export/: what its preview shows, what leaves and for whom."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from facio_site.audit.models import AuditEntry
from routing.config.export import Mode
from tests.conftest import PASSWORD, signed_in
from tests.desk import confirm, saved
from tests.routing.config.desk import (
    KEY,
    WHOLE,
    import_all,
    page_of,
)

pytestmark = pytest.mark.django_db


def test_the_preview_of_an_export_only_names_what_is_not_ours(site: Client) -> None:
    import_all(site, WHOLE)
    for mode in Mode:
        html = page_of(site.get("/config/export/", {"secrets": mode.value}))
        assert KEY not in html
        assert "tele-gram-token" not in html
        assert "company-key-1" not in html


def test_s47_the_quickstart_file_asks_for_a_fresh_login_and_holds_its_names(site: Client) -> None:
    import_all(site, WHOLE)
    data = {"what": "quickstart", "secrets": "env"}
    answer = site.post("/config/download/", data)
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    confirm(site)
    answer = site.post("/config/download/", data)
    assert answer.content.decode() == f"OPENAI_API_KEY={KEY}\nFACIO_MODEL=gpt-5\n"
    assert 'filename="quickstart.env"' in answer["Content-Disposition"]
    assert AuditEntry.objects.filter(target="quickstart.env").count() == 1


def test_the_quickstart_file_says_what_it_lacks(site: Client) -> None:
    providers = {
        "openai": {"apiKey": KEY},
        "anthropic": {"apiKey": "sk-ant-api03-0123456789", "apiBase": "https://gw.test"},
        "groq": {"apiKey": "gsk_0123456789abcdefghij"},
    }
    route = {"model": "llama-3.3-70b", "provider": "groq"}
    import_all(site, {"agents": {"defaults": route}, "providers": providers})
    confirm(site)
    answer = site.post("/config/download/", {"what": "quickstart", "secrets": "env"})
    assert answer.content.decode().splitlines() == [
        "# ANTHROPIC_API_KEY is left out: its key is for another address.",
        "# FACIO_MODEL is left out: with these keys alone, OpenAI would serve it.",
        f"OPENAI_API_KEY={KEY}",
    ]


def test_an_editor_gets_no_file_with_keys(editor: Any) -> None:
    saved("openai", KEY)
    client = signed_in(editor)
    for data in ({"what": "quickstart"}, {"what": "dotenv"}, {"secrets": "keys"}):
        assert client.post("/config/download/", data).status_code == 403
    assert KEY.encode() not in client.post("/config/download/", {"secrets": "env"}).content


def test_the_preview_is_folded_and_copied_only_where_it_is_the_file(site: Client) -> None:
    saved("openai", KEY)
    html = page_of(site.get("/config/export/"))
    assert '<details class="disclosure card-body" id="look"> <summary>' in html
    assert 'data-copy="preview"' in html
    assert 'data-copy="preview"' not in page_of(site.get("/config/export/?secrets=keys"))
    import_all(site, WHOLE)
    assert 'data-copy="preview"' not in page_of(site.get("/config/export/"))


def test_what_the_agent_s_environment_must_hold_is_a_list_to_copy(site: Client) -> None:
    openai = {"openai": {"apiKey": KEY}}
    reference = {"telegram": {"token": "${TELEGRAM_TOKEN}"}}
    import_all(site, {"providers": openai, "channels": reference})
    html = page_of(site.get("/config/export/"))
    assert 'id="env-lines" hidden>OPENAI_API_KEY= TELEGRAM_TOKEN= </pre>' in html
    assert "<code>channels.telegram.token</code>" in html
    assert html.count("Its value isn't stored here.") == 1
    assert KEY not in html
    assert "env-lines" not in page_of(site.get("/config/export/?secrets=redacted"))


# --- what leaves, and for whom --------------------------------------------------------------


def test_the_page_says_what_its_preview_hides_and_why_the_file_is_guarded(site: Client) -> None:
    assert "hides a part that isn't set here" not in page_of(site.get("/config/export/"))
    import_all(site, WHOLE)
    html = page_of(site.get("/config/export/"))
    assert "hides a part that isn't set here" in html
    assert "parts that aren't set here may hold secrets" in html
    assert "the file holds keys" in page_of(site.get("/config/export/?secrets=keys"))


def test_s47_after_the_password_the_download_goes_on_by_itself(site: Client) -> None:
    saved("groq", KEY)
    asked = site.post("/config/download/", {"secrets": "keys", "what": "config"})
    later = site.post(asked["Location"], {"password": PASSWORD})
    assert later["Location"] == "/config/export/?secrets=keys"
    form = going_on(site, later["Location"])
    assert form == {"secrets": "keys", "what": "config"}
    assert KEY in site.post("/config/download/", form).content.decode()
    assert going_on(site, "/config/export/?secrets=keys") is None  # once


def test_what_was_not_confirmed_at_once_does_not_go_on(site: Client) -> None:
    saved("groq", KEY)
    site.post("/config/download/", {"secrets": "keys"})
    assert going_on(site, "/config/export/") is None
    confirm(site)
    assert going_on(site, "/config/export/") is None


def going_on(site: Client, path: str) -> dict[str, str] | None:
    """The fields of the form that the page sends by itself; None = it has no such form."""
    html = site.get(path).content.decode()
    found = re.search(r"<form[^>]* data-going-on .*?</form>", html, re.S)
    pairs = re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)">', found[0] if found else ""
    )
    pairs = [pair for pair in pairs if pair[0] != "csrfmiddlewaretoken"]
    return dict(pairs) if found else None


def test_who_may_not_download_gets_no_button_to_press(viewer: Any) -> None:
    saved("groq", KEY)
    html = page_of(signed_in(viewer).get("/config/export/?secrets=keys"))
    assert 'value="config" disabled' in html
    assert "Only an owner may download this" in html
    assert "Asks for your password again" not in html
    assert 'value="config" disabled' not in page_of(signed_in(viewer).get("/config/export/"))


def test_a_placeholder_of_the_credential_store_is_doubted(site: Client) -> None:
    providers = {"openai": {"apiKey": "${credentials.OPENAI}"}, "nvidia": {"apiKey": "${NVIDIA}"}}
    import_all(site, {"providers": providers})
    html = page_of(site.get("/config/export/"))
    assert "providers.openai.apiKey: The agent is not known to resolve ${credentials" in html
    assert "providers.nvidia.apiKey:" not in html


def test_secrets_that_stay_in_the_file_are_named_where_the_others_are_references(
    site: Client,
) -> None:
    import_all(site, {"providers": {"openai": {"apiKey": KEY}, "nvidia": {"apiKey": "nv-1-key"}}})
    html = page_of(site.get("/config/export/"))
    assert (
        "Other secrets stay in the file as they are: <code>providers.nvidia.apiKey</code>" in html
    )
    assert "in-clear" not in page_of(site.get("/config/export/?secrets=keys"))


def test_nothing_is_named_where_no_secret_stays(site: Client) -> None:
    saved("openai", KEY)
    assert "in-clear" not in page_of(site.get("/config/export/"))
