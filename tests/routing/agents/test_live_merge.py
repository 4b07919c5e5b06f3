"""Somebody else's changes of the live file: merged, imported, undone, brought back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from facio_site.strictjson import read_json, write_json
from providers.models import Provider
from routing.agents.writing import Drift, drift
from routing.config.export import Mode
from routing.models import BaseDocument, ConfigVersion, Route
from routing.state import export
from tests.conftest import signed_in
from tests.desk import confirm, saved
from tests.routing.agents.live_desk import THEIRS, changes_of, edit, write
from tests.routing.config.desk import KEY, import_all, page_of, token_of, warned

pytestmark = [pytest.mark.django_db, pytest.mark.battery, pytest.mark.alike]


def test_a_file_that_was_never_written_here_asks_for_its_risky_parts(
    site: Client, path: Path, main_route: Route
) -> None:
    Route.objects.update(model="gpt-6")
    path.write_text(write_json(THEIRS))
    text = changes_of(page_of(site.get("/config/")))
    assert "never written the file" in text
    assert "agents.defaults.model both changed it Mine: gpt-6 Theirs: gpt-5" in text

    answer = write(site)
    assert answer.status_code == 422
    assert "Choose a side for each marked part" in page_of(answer)
    assert read_json(path.read_bytes()) == THEIRS

    assert write(site, **{"side:channels": "theirs"}).status_code == 302
    written = read_json(path.read_bytes())
    assert written["channels"] == THEIRS["channels"]
    assert written["agents"]["defaults"] == {
        "model": "gpt-6",
        "provider": "auto",
        "temperature": 0.5,
    }
    assert written["providers"]["openai"] == {"apiKey": "${OPENAI_API_KEY}", "proxy": None}
    secret = Provider.objects.get(kind="openai").open_secret("api_key")
    assert secret is not None
    assert secret.reveal() == KEY
    assert export(Mode.ENV).text == path.read_text()
    assert drift().drift is Drift.SAME


def test_what_a_write_changes_follows_the_choices(
    site: Client, path: Path, main_route: Route
) -> None:
    Route.objects.update(model="gpt-6")
    path.write_text(write_json(THEIRS))
    page = page_of(site.get("/config/"))
    assert 'hx-post="/config/write/changes/"' in page
    mine = "agents.defaults.model gpt-5 → gpt-6"
    for side, is_said in (("ours", True), ("theirs", False)):
        data = {"secrets": "env", "side:agents.defaults.model": side}
        part = page_of(site.post("/config/write/changes/", data))
        assert part.strip().startswith('<div class="stack" id="live-changes"')
        text = " ".join(re.sub(r"<[^>]+>", " ", part).split())
        assert (mine in text) is is_said
    assert not ConfigVersion.objects.exists()


def test_without_a_live_file_there_are_no_choices(site: Client) -> None:
    assert site.post("/config/write/changes/").status_code == 404


def test_three_ways_their_change_and_ours_both_count(
    site: Client, path: Path, main_route: Route
) -> None:
    saved("openai", KEY)
    BaseDocument.put({"agents": {"defaults": {"temperature": 0.5, "maxTokens": 100}}})
    write(site)
    edit(path, lambda document: document["agents"]["defaults"].update(temperature=0.9))
    Route.objects.update(model="gpt-6", version=2)

    text = changes_of(page_of(site.get("/config/")))
    assert "agents.defaults.temperature Mine: 0.5 Theirs: 0.9" in text
    assert "agents.defaults.model gpt-5 → gpt-6" in text
    write(site)

    written = read_json(path.read_bytes())
    assert written["agents"]["defaults"] == {
        "temperature": 0.9,
        "maxTokens": 100,
        "model": "gpt-6",
        "provider": "auto",
    }
    assert written["providers"] == {"openai": {"apiKey": "${OPENAI_API_KEY}"}}
    assert export(Mode.KEYS).document["providers"] == {"openai": {"apiKey": KEY}}
    assert export(Mode.ENV).text == path.read_text()
    assert drift().drift is Drift.SAME
    write(site)
    assert read_json(path.read_bytes()) == written


def test_mine_undoes_their_change(site: Client, path: Path, main_route: Route) -> None:
    write(site)
    edit(path, lambda document: document["agents"]["defaults"].update(temperature=0.9))
    write(site, **{"side:agents.defaults.temperature": "ours"})
    assert "temperature" not in path.read_text()
    assert not BaseDocument.objects.exists()


def test_s20_their_new_address_does_not_get_a_key_that_is_stored_here(
    site: Client, path: Path
) -> None:
    saved("openai", KEY)
    write(site)
    base = "https://elsewhere.example/v1"
    edit(path, lambda document: document["providers"]["openai"].update(apiBase=base))
    html = page_of(site.get("/config/"))
    assert "sends secrets elsewhere" in html
    write(site, **{"side:providers.openai.apiBase": "theirs"})
    assert not Provider.objects.get().has_usable("api_key")
    assert read_json(path.read_bytes())["providers"]["openai"] == {"apiBase": base}


def test_only_an_owner_mixes_in_what_somebody_else_wrote(
    editor: Any, path: Path, main_route: Route
) -> None:
    client = signed_in(editor)
    write(client)
    edit(path, lambda document: document["agents"]["defaults"].update(temperature=0.9))
    assert write(client).status_code == 403


def test_the_live_file_can_be_imported_as_it_is(site: Client, path: Path) -> None:
    path.write_text(write_json(THEIRS))
    asked = site.post("/config/write/take-in/", follow=True)
    html = page_of(asked)
    assert "The live file" in html
    assert "tele-gram-token" not in html
    assert 'href="?how=merge"' not in html
    consents = re.findall(r'name="consent" value="([^"]+)"', html)
    site.post(asked.request["PATH_INFO"], {"token": token_of(html), "consent": consents})
    assert export(Mode.KEYS).document == THEIRS
    confirm(site)
    assert "The file holds exactly what is set here." in page_of(
        site.get("/config/", {"write": "keys"})
    )


def test_a_broken_live_file_can_not_be_imported(site: Client, path: Path) -> None:
    path.write_text("[1]")
    answer = site.post("/config/write/take-in/", follow=True)
    assert "The top level must be a JSON object" in warned(answer)


def test_a_written_version_is_looked_at_redacted_and_brought_back(
    site: Client, path: Path, main_route: Route
) -> None:
    import_all(site, THEIRS)
    write(site)
    version = ConfigVersion.objects.written()
    assert version
    Route.objects.update(model="gpt-6", version=9)
    html = page_of(site.get(f"/config/versions/{version.number}/"))
    assert "${OPENAI_API_KEY}" in html
    assert "gpt-6" in html
    assert KEY not in html
    assert "tele-gram-token" not in html
    asked = site.post(f"/config/versions/{version.number}/restore/", follow=True)
    site.post(asked.request["PATH_INFO"], {"token": token_of(page_of(asked))})
    assert export(Mode.KEYS).document == THEIRS
    assert drift().drift is Drift.BEHIND
