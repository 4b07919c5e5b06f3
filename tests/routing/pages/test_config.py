"""The pages of Config, and import with its preview, without worker and network."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from facio_site.audit.models import AuditEntry
from facio_site.sealing import rows
from providers.models import Draft, Provider
from routing.config.export import Mode
from routing.models import BaseDocument, PendingImport, Route
from routing.state import export
from tests.conftest import signed_in
from tests.desk import HTMX, saved
from tests.routing.config.desk import (
    KEY,
    WHOLE,
    given_back,
    hand_in,
    import_all,
    page_of,
    press,
    token_of,
    warned,
)

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


# --- preview and import ---------------------------------------------------------------------


def test_the_preview_tells_what_changes_and_saves_nothing(site: Client) -> None:
    html = page_of(hand_in(site, WHOLE))

    assert "agents.defaults.model" in html
    assert "gpt-5" in html
    assert "providers.openai.api_key" in html
    assert "mcpServers" in html
    assert "a mask or an example" in html
    assert "companyProxy" in html
    for secret in (KEY, "tele-gram-token", "company-key-1"):
        assert secret not in html
    assert not Provider.objects.exists()
    assert not Route.objects.exists()
    assert not BaseDocument.objects.exists()


def test_import_with_all_consents_gives_the_file_back_unchanged(site: Client) -> None:
    import_all(site, WHOLE)
    assert json.dumps(given_back()) == json.dumps(WHOLE)
    rows = Provider.objects.values_list("name", "kind")
    assert set(rows) == {("openai", "openai"), ("companyProxy", "custom")}
    assert not PendingImport.objects.exists()
    entry = AuditEntry.objects.get(action="config.imported")
    assert (entry.target, entry.result) == ("upload config.json", "replace")
    assert entry.fields == ["openai", "companyProxy", "routes.main"]


def test_s41_a_part_without_consent_stays_as_it_is(site: Client) -> None:
    asked = hand_in(site, WHOLE)
    consents = re.findall(r'name="consent" value="([^"]+)"', page_of(asked))
    assert consents == [
        "channels.telegram.token",
        "channels.telegram.allowFrom",
        "tools.mcpServers.files",
    ]
    press(site, asked, consent=["channels.telegram.token"])
    assert given_back()["channels"] == {"telegram": {"token": "tele-gram-token"}}
    assert "tools" not in given_back()


def test_s42_what_was_handed_in_waits_sealed(site: Client) -> None:
    hand_in(site, WHOLE)
    row = PendingImport.objects.get()
    assert KEY in row.unseal("text")
    with connection.cursor() as cursor:
        cursor.execute("select sealed from routing_pendingimport")
        assert KEY not in str(cursor.fetchall())


def test_s42_of_what_is_not_ours_only_a_change_shows_values_and_never_a_secret(
    site: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = "123456:tele-gram-token"
    document = {"tools": {"exec": {"allowed": "git-annex"}}, "channels": {"x": {"token": token}}}
    path = tmp_path / "config.json"
    path.write_text(json.dumps(document))
    call_command("import_config", str(path))
    call_command("import_config", str(path), "--json")
    shown, as_json = capsys.readouterr().out.rsplit("\n{", 1)
    for text in (shown, as_json, page_of(hand_in(site, document))):
        assert "git-annex" in text
        assert token not in text
    import_all(site, document)
    for address in ("/", "/config/", "/config/export/", "/config/import/", "/config/versions/"):
        assert "git-annex" not in page_of(site.get(address))
    other = page_of(hand_in(site, {**document, "gateway": {"host": "gate.example"}}))
    assert "gate.example" in other
    assert "git-annex" not in other


def test_another_person_and_a_late_one_find_no_pending_import(site: Client, editor: Any) -> None:
    asked = hand_in(site, WHOLE)
    path, token = asked.request["PATH_INFO"], token_of(page_of(asked))
    other = signed_in(editor)
    assert "expired" in warned(other.get(path, follow=True))
    other.post(path, {"token": token})
    PendingImport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "expired" in warned(site.post(path, {"token": token}, follow=True))
    assert not Provider.objects.exists()
    assert rows.sweep() == 1
    assert not PendingImport.objects.exists()


def test_what_changed_since_the_preview_is_shown_again(site: Client) -> None:
    asked = hand_in(site, WHOLE)
    saved("openrouter", "sk-or-v1-0123456789abcdef")
    answer = press(site, asked)
    assert answer.status_code == 409
    assert "providers.openrouter.apiKey" in page_of(answer)
    assert [row.kind for row in Provider.objects.all()] == ["openrouter"]


def test_replace_takes_away_what_the_file_lacks_and_merge_does_not(site: Client) -> None:
    saved("openrouter", "sk-or-v1-0123456789abcdef")
    document = {"providers": {"openai": {"apiKey": KEY}}}
    merged = hand_in(site, document, how="merge")
    assert "providers.openrouter" not in page_of(merged)
    press(site, merged, how="merge")
    assert sorted(given_back()["providers"]) == ["openai", "openrouter"]
    press(site, hand_in(site, document))
    assert sorted(given_back()["providers"]) == ["openai"]


def test_s32_a_mask_never_takes_the_place_of_a_key_and_a_reference_stays_one(site: Client) -> None:
    saved("openai", KEY)
    press(site, hand_in(site, {"providers": {"openai": {"apiKey": "***"}}}))
    assert given_back()["providers"]["openai"]["apiKey"] == KEY
    document = {"providers": {"openai": {"apiKey": "${MY_KEY}"}}}
    press(site, hand_in(site, document))
    assert given_back() == document


def test_a_file_that_only_names_a_stored_key_keeps_it_unless_told_otherwise(site: Client) -> None:
    saved("openai", KEY)
    document = {"providers": {"openai": {"apiKey": "${OPENAI_API_KEY}"}}}
    asked = hand_in(site, document)
    assert "Drop the stored keys" in page_of(asked)
    press(site, asked)
    assert given_back()["providers"]["openai"]["apiKey"] == KEY
    press(site, hand_in(site, document), drop_keys="on")
    assert given_back() == document


def test_s20_a_named_key_does_not_move_to_another_address(site: Client) -> None:
    saved("openai", KEY)
    entry = {"apiKey": "${OPENAI_API_KEY}", "apiBase": "https://elsewhere.example/v1"}
    asked = hand_in(site, {"providers": {"openai": entry}})
    assert "Type again: API key" in page_of(asked)
    answer = press(site, asked)
    assert answer.status_code == 302
    assert not Provider.objects.get().has_usable("api_key")
    assert KEY not in export(Mode.KEYS).text


def test_s20_masked_headers_do_not_move_to_another_address(site: Client) -> None:
    first = {"providers": {"openai": {"apiKey": KEY, "extraHeaders": {"X-Key": "header-secret"}}}}
    import_all(site, first)
    entry = {"apiBase": "https://elsewhere.example/v1", "extraHeaders": {"X-Key": "***", "A": "b"}}
    import_all(site, {"providers": {"openai": entry}})
    text = export(Mode.KEYS).text
    assert "header-secret" not in text
    assert KEY not in text


def test_the_same_key_typed_in_the_file_moves_along(site: Client) -> None:
    saved("openai", KEY)
    document = {"providers": {"openai": {"apiKey": KEY, "apiBase": "https://elsewhere.example/v1"}}}
    press(site, hand_in(site, document))
    assert given_back() == document


def test_models_of_forced_azure_routes_become_deployments(site: Client) -> None:
    document = {
        "providers": {"azure_openai": {"apiKey": "az-1", "apiBase": "https://x.openai.azure.com"}},
        "agents": {"defaults": {"model": "my-deployment", "provider": "azure_openai"}},
    }
    asked = hand_in(site, document)
    assert "Azure deployments that are added" in page_of(asked)
    press(site, asked)
    assert Provider.objects.get().values["deployments"] == ["my-deployment"]
    assert given_back() == document


def test_an_env_file_is_merged_and_keeps_what_it_does_not_name(site: Client) -> None:
    saved("groq", "gsk_0123456789abcdef")
    text = f"OPENAI_API_KEY={KEY}\nFACIO_MODEL=gpt-5\nAWS_ACCESS_KEY_ID=AKIAEXAMPLE\nHOME=/x\n"
    asked = hand_in(site, text, name="")
    html = page_of(asked)
    assert "bedrock.access_key_id" in html
    assert "HOME" in html
    assert 'href="?how=merge"' not in html
    press(site, asked)
    assert sorted(row.kind for row in Provider.objects.all()) == ["bedrock", "groq", "openai"]
    secret = Provider.objects.get(kind="bedrock").open_secret("access_key_id")
    assert secret is not None
    assert secret.reveal() == "AKIAEXAMPLE"
    assert Route.objects.get().model == "gpt-5"


def test_a_key_that_could_be_anybodys_asks_whose_it_is(site: Client) -> None:
    asked = hand_in(site, "0123456789abcdef0123456789abcdef", name="")
    html = page_of(asked)
    assert "Whose key is this?" in html
    assert "0123456789abcdef" not in html
    path = asked.request["PATH_INFO"]
    chosen = page_of(site.get(path, {"kind": "mistral"}))
    assert "providers.mistral.apiKey" in chosen
    site.post(path, {"token": token_of(chosen), "kind": "mistral"})
    assert Provider.objects.get().kind == "mistral"


def test_a_file_that_changes_nothing_offers_no_import(site: Client) -> None:
    import_all(site, WHOLE)
    html = page_of(hand_in(site, WHOLE))
    assert "All of it is set here already" in html
    assert re.search(r'type="submit" disabled>[^/]*/?.*?Import</span>', html)


def test_discard_forgets_what_was_handed_in(site: Client) -> None:
    asked = hand_in(site, WHOLE)
    site.post(asked.request["PATH_INFO"] + "discard/")
    assert not PendingImport.objects.exists()


def test_an_import_ends_tests_of_unsaved_values(site: Client) -> None:
    row = saved("openai", KEY)
    draft = Draft(provider=row, base_version=row.version)
    draft.put_secret("api_key", "sk-proj-draft")
    draft.save()
    press(site, hand_in(site, {"providers": {"openai": {"apiKey": "sk-proj-another-0123456"}}}))
    assert not Draft.objects.exists()


def test_a_file_and_a_text_at_once_are_refused(site: Client) -> None:
    file = SimpleUploadedFile("config.json", b"{}")
    answer = site.post("/config/import/", {"file": file, "text": "{}"})
    assert answer.status_code == 422
    assert "Hand in a file or a text, not both." in page_of(answer)


def test_what_an_import_removes_is_counted_and_named(site: Client) -> None:
    import_all(site, {"providers": {"groq": {"apiKey": "gsk_0123456789abcdef"}}})
    Route(slot="main", model="groq/llama-9").store()
    html = page_of(hand_in(site, {"providers": {}}))
    assert "This removes: 1 provider, 1 route" in re.sub(r"\s+", " ", html)
    assert "Groq. Main." in html
    assert "This removes" not in page_of(hand_in(site, {"providers": {}}, how="merge"))


# --- S40 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a": 1, "a": 2}', "a is there twice"),
        (b'{"a": {"b": NaN}}', "a.b is not a number"),
        (b'{"a":\n  1 2}', "Line 2, column 5"),
        (b'{"a": "\xff"}', "Line 1: the text is not valid UTF-8"),
        (b"[1]", "The top level must be a JSON object"),
        (b'{"a": ' + b"[" * 60 + b"]" * 60 + b"}", "Line 1: nested more than 32"),
        (b'{"a": [' + b"1," * 10_001 + b"1]}", "More than 10000 values"),
        (b'{"a": "' + b"x" * 1_000_000 + b'"}', "at most 1000000 are read"),
        (b"", "There is nothing in it"),
        (b"some words", "This is not JSON, a .env file"),
        (b'{"providers": {"openai": {"apiKey": 7}}}', "providers.openai.apiKey must be a text"),
    ],
)
def test_s40_a_bad_file_is_told_in_one_sentence_and_changes_nothing(
    site: Client, data: bytes, said: str
) -> None:
    saved("openai", KEY)
    before = export(Mode.KEYS).text
    answer = site.post("/config/import/", {"file": SimpleUploadedFile("c.json", data)})
    assert answer.status_code == 422
    html = page_of(answer)
    assert said in html
    assert "Nothing was changed" in html
    assert export(Mode.KEYS).text == before
    assert not PendingImport.objects.exists()


def test_s40_inside_htmx_only_the_sentence_is_answered(site: Client) -> None:
    text = f'{{"providers": {{"openai": {{"apiKey" "{KEY}"}}}}}}'
    answer = site.post("/config/import/", {"text": text}, headers=HTMX)
    html = page_of(answer)
    assert answer.status_code == 422
    assert 'id="import-error"' in html
    assert "<form" not in html
    assert KEY not in html


def test_s40_a_huge_upload_is_counted_and_not_kept(site: Client) -> None:
    answer = site.post("/config/import/", {"file": SimpleUploadedFile("c.json", b"x" * 30_000_000)})
    assert answer.status_code == 422
    assert "The file has 30000000 bytes" in page_of(answer)


def test_after_an_error_the_choice_stays_and_the_text_is_not_sent_back(site: Client) -> None:
    answer = site.post("/config/import/", {"text": f"x {KEY} y", "how": "merge"})
    html = page_of(answer)
    assert KEY not in html
    assert re.search(r'value="merge"[^>]*checked', html)


def test_s25_without_a_master_key_nothing_is_taken_in(site: Client, settings: Any) -> None:
    settings.MASTER_KEYS = []
    answer = site.post("/config/import/", {"text": json.dumps(WHOLE)})
    assert answer.status_code == 422
    assert "master key is missing" in page_of(answer)


def test_s25_a_document_that_does_not_open_can_be_replaced(site: Client) -> None:
    import_all(site, WHOLE)
    row = BaseDocument.objects.get()
    row.sealed["document"]["box"] = row.sealed["document"]["box"][:-8] + "AAAAAAA="
    row.save()
    assert "does not open" in page_of(site.get("/config/"))
    import_all(site, WHOLE)
    assert json.dumps(given_back()) == json.dumps(WHOLE)


# --- roles ----------------------------------------------------------------------------------


def test_s62_a_viewer_sees_the_page_and_changes_nothing(viewer: Any) -> None:
    client = signed_in(viewer)
    for path in ("", "export/", "versions/"):
        html = page_of(client.get(f"/config/{path}"))
        assert 'href="/config/import/"' not in html
        assert 'action="/config/import/"' not in html
    assert client.get("/config/import/").status_code == 403
    for path in ("import/", "write/", "write/changes/", "write/take-in/"):
        assert client.post(f"/config/{path}", {"text": "{}"}).status_code == 403
    for path in ("restore/", "write/", "note/", "original/"):
        assert client.post(f"/config/versions/1/{path}").status_code == 403


def test_an_editor_may_import(editor: Any) -> None:
    import_all(signed_in(editor), WHOLE)
    assert AuditEntry.objects.get(action="config.imported").actor_name == editor.username


# --- four pages ------------------------------------------------------------------------------


def test_config_is_four_pages_and_each_leads_to_the_others(site: Client) -> None:
    places = ["/config/", "/config/export/", "/config/import/", "/config/versions/"]
    for place in places:
        html = page_of(site.get(place))
        assert re.findall(r'href="(/config/[^"]*)"[^>]*aria-current="page"', html)[-1] == place
        assert set(places) <= set(re.findall(r'href="([^"]+)"', html))


def test_addresses_of_the_one_page_lead_to_the_four(site: Client) -> None:
    answer = site.get("/config/", {"secrets": "keys"})
    assert answer["Location"] == "/config/export/?secrets=keys"
    html = page_of(site.get("/config/"))
    for part, place in (("export", "export"), ("import", "import"), ("versions", "versions")):
        assert f'href="/config/{place}/" id="{part}"' in html  # where the fragment scrolls to


def test_without_a_live_file_its_page_says_how_to_name_one_and_imports(site: Client) -> None:
    html = page_of(site.get("/config/"))
    assert "FACIO_CONFIG_PATH" in html
    assert 'action="/config/import/"' in html


def test_a_route_whose_provider_is_not_set_up_is_doubted_before_an_export(site: Client) -> None:
    saved("openai", KEY)
    routes = (("vision", "groq"), ("subagent", "openai_codex"), ("video", "replicate"))
    for slot, name in routes:
        Route.objects.create(slot=slot, model="some-model", provider=name)
    Route.objects.create(slot="image", model="black-forest-labs/flux-schnell")
    html = page_of(site.get("/config/export/"))
    assert html.count("is not set up.") == html.count("Vision: Groq is not set up.") == 1
    assert "no provider would serve it" not in html
    saved("groq", "gsk_0123456789abcdef")
    assert "is not set up." not in page_of(site.get("/config/export/"))
