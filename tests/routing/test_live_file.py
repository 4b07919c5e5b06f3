"""Write to Facio: what is shown, who may, what is written, drift, merge and versions."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client

from facio_site import sealing
from facio_site.audit.models import AuditEntry
from providers.models import Provider
from routing import live, livefile, start
from routing.document import read_json, write_json
from routing.export import Mode
from routing.live import Drift, drift
from routing.livefile import TEMP_PREFIX, BadTarget
from routing.models import BaseDocument, ConfigVersion, Route
from routing.state import export
from tests.conftest import signed_in
from tests.routing.config_desk import KEY, confirm, import_all, page_of, saved, token_of, warned

pytestmark = pytest.mark.django_db
THEIRS: dict[str, Any] = {
    "channels": {"telegram": {"token": "tele-gram-token", "allowFrom": ["1"]}},
    "agents": {"defaults": {"model": "gpt-5", "provider": "auto", "temperature": 0.5}},
    "providers": {"openai": {"apiKey": KEY, "proxy": None}},
}


@pytest.fixture
def path(tmp_path: Path, settings: Any) -> Path:
    """Where the live file will be; nothing is there."""
    folder = tmp_path / "agent"
    folder.mkdir(mode=0o700)
    settings.FACIO_CONFIG_PATH = str(folder / "config.json")
    return folder / "config.json"


@pytest.fixture
def main_route() -> Route:
    route: Route = Route.objects.create(slot="main", model="gpt-5")
    return route


def write(site: Client, mode: str = "env", **more: Any) -> Any:
    html = page_of(site.get("/config/", {"write": mode}))
    data = {"token": token_of(html), "secrets": mode, **_sides(html), **more}
    return site.post("/config/write/", data)


def _sides(html: str) -> dict[str, str]:
    found = re.findall(r'name="(side:[^"]+)" value="(\w+)" checked', html)
    return dict(found)


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    """Somebody else changes the file."""
    document = read_json(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))


def changes_of(html: str) -> str:
    """The card of the live file, tags left out."""
    card = re.search(r'<section class="section" id="live".*?</section>', html, re.DOTALL)
    assert card
    return " ".join(re.sub(r"<[^>]+>", " ", card[0]).split())


# --- writing --------------------------------------------------------------------------------


def test_a_first_write_makes_a_private_file_and_version_1(
    site: Client, path: Path, main_route: Route
) -> None:
    saved("openai", KEY)
    text = changes_of(page_of(site.get("/config/")))
    assert "No file yet" in text
    assert "agents.defaults.model – → gpt-5" in text

    answer = write(site)
    assert answer.status_code == 302
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_json(path.read_bytes())["providers"]["openai"] == {"apiKey": "${OPENAI_API_KEY}"}
    version = ConfigVersion.objects.get()
    assert (version.number, version.mode, version.reason) == (1, "env", "written")
    assert version.created_by.username == version.actor_name == "olivia"
    assert version.digest == livefile.digest_of(path.read_text())
    entry = AuditEntry.objects.get(action="config.written")
    assert (entry.target, entry.result) == ("version 1", "env")
    html = page_of(site.get("/config/"))
    assert "Written as version 1. Restart Facio" in html
    assert "The file holds exactly what is set here." in html
    assert "./facio restart" in html


def test_the_difference_shows_no_secret_and_the_names_that_the_agent_needs(
    site: Client, path: Path
) -> None:
    saved("openai", KEY)
    for mode in ("env", "keys"):
        html = page_of(site.get("/config/", {"write": mode}))
        assert KEY not in html
        assert "providers.openai.apiKey" in html
    assert "OPENAI_API_KEY" in changes_of(page_of(site.get("/config/")))


def test_a_second_write_keeps_mode_and_a_backup_and_shows_only_the_edit(
    site: Client, path: Path, main_route: Route
) -> None:
    write(site)
    path.chmod(0o640)
    before = path.read_bytes()
    Route.objects.update(model="gpt-6", version=2)
    text = changes_of(page_of(site.get("/config/")))
    assert "agents.defaults.model gpt-5 → gpt-6" in text
    assert "agents.defaults.provider" not in text
    write(site)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.with_name("config.json.bak").read_bytes() == before
    assert [version.number for version in ConfigVersion.objects.all()] == [2, 1]


def test_the_mode_is_asked_once_and_remembered(site: Client, path: Path, main_route: Route) -> None:
    assert "Choose once" in page_of(site.get("/config/"))
    confirm(site)
    write(site, "keys")
    html = page_of(site.get("/config/"))
    assert "Choose once" not in html
    assert re.search(
        r'<input type="hidden" name="secrets" value="keys"><input type="hidden" n', html
    )


def test_keys_are_written_after_a_fresh_login_only(site: Client, path: Path) -> None:
    saved("openai", KEY)
    answer = write(site, "keys")
    assert "reauthenticate" in answer["Location"]
    assert not path.exists()
    confirm(site)
    assert write(site, "keys").status_code == 302
    assert read_json(path.read_bytes())["providers"]["openai"]["apiKey"] == KEY


def test_an_editor_writes_references_and_nothing_that_holds_secrets(
    editor: Any, path: Path, main_route: Route
) -> None:
    saved("openai", KEY)
    client = signed_in(editor)
    confirm(client)
    assert write(client, "keys").status_code == 403
    assert write(client).status_code == 302
    BaseDocument.put({"channels": {"telegram": {"token": "tele-gram-token"}}})
    assert "Only an owner may write this" in page_of(client.get("/config/"))
    assert write(client).status_code == 403
    assert "channels" not in path.read_text()


def test_a_viewer_looks_only(viewer: Any, path: Path, main_route: Route) -> None:
    client = signed_in(viewer)
    html = page_of(client.get("/config/"))
    assert "agents.defaults.model" in html
    assert "Write to Facio" not in html
    assert client.post("/config/write/", {}).status_code == 403


def test_without_a_live_file_there_is_nothing_to_write(site: Client) -> None:
    assert "Write to Facio" not in page_of(site.get("/config/"))
    assert site.post("/config/write/", {}).status_code == 404
    assert site.post("/config/write/take-in/", {}).status_code == 404


@pytest.mark.parametrize("by", ["file", "settings"])
def test_what_changed_since_the_look_is_shown_again_and_not_written(
    site: Client, path: Path, main_route: Route, by: str
) -> None:
    token = token_of(page_of(site.get("/config/")))
    if by == "file":
        path.write_text("{}\n")
    else:
        saved("groq", "gsk_0123456789abcdef")
    answer = site.post("/config/write/", {"token": token, "secrets": "env"})
    assert answer.status_code == 409
    assert "Somebody else saved something meanwhile" in page_of(answer)
    assert not path.exists() or path.read_text() == "{}\n"
    assert not ConfigVersion.objects.exists()


def test_a_write_that_fails_leaves_no_version_and_imports_nothing(
    site: Client, path: Path, main_route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(write_json(THEIRS))

    def full(*args: Any, **kwargs: Any) -> str:
        raise BadTarget("disk_full", path)

    monkeypatch.setattr(live, "write_live", full)
    answer = write(site, **{"side:channels": "theirs"})
    assert answer.status_code == 409
    assert "the disk is full" in page_of(answer)
    assert not ConfigVersion.objects.exists()
    assert not BaseDocument.objects.exists()
    assert not AuditEntry.objects.filter(action="config.written").exists()


def test_s44_a_link_is_told_and_never_followed(site: Client, path: Path, main_route: Route) -> None:
    target = path.with_name("elsewhere.json")
    target.write_text("{}")
    path.symlink_to(target)
    html = page_of(site.get("/config/"))
    assert "is a symbolic link" in html
    assert 'data-drift="unusable"' in html
    assert drift().drift is Drift.UNUSABLE
    assert site.post("/config/write/", {"token": "x"}).status_code == 409
    assert target.read_text() == "{}"


def test_a_broken_file_is_replaced_and_kept_beside(
    site: Client, path: Path, main_route: Route
) -> None:
    path.write_text('{"a": 1,')
    html = page_of(site.get("/config/"))
    assert "Line 1, column 9: this is not valid JSON." in html
    write(site)
    assert read_json(path.read_bytes())["agents"]["defaults"]["model"] == "gpt-5"
    assert path.with_name("config.json.bak").read_text() == '{"a": 1,'


# --- drift ----------------------------------------------------------------------------------


def test_drift_tells_who_is_ahead(site: Client, path: Path, main_route: Route) -> None:
    assert drift().drift is Drift.MISSING
    write(site)
    assert drift().drift is Drift.SAME
    assert 'id="drift"' not in page_of(site.get("/"))
    saved("groq", "gsk_0123456789abcdef")
    assert drift().drift is Drift.BEHIND
    write(site)
    edit(path, lambda document: document.update(logging={"level": "debug"}))
    assert drift().drift is Drift.CHANGED
    html = page_of(site.get("/"))
    assert 'data-drift="changed"' in html
    assert "Somebody else changed the live config.json" in html
    path.unlink()
    assert drift().drift is Drift.MISSING
    path.write_text("{}")
    ConfigVersion.objects.all().delete()
    assert drift().drift is Drift.FOREIGN


def test_drift_reads_the_file_only_when_it_was_touched_and_opens_no_secret(
    site: Client, path: Path, main_route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved("openai", KEY)
    write(site)
    reads: list[Path] = []
    real = live.read_live

    def counted(path: Path) -> Any:
        reads.append(path)
        return real(path)

    def refuse(*args: Any) -> str:
        raise AssertionError

    monkeypatch.setattr(live, "read_live", counted)
    monkeypatch.setattr(sealing, "unseal", refuse)
    assert [drift().drift for _ in range(5)] == [Drift.SAME] * 5
    assert len(reads) <= 1
    os.utime(path, ns=(1, 1))
    assert drift().drift is Drift.SAME
    assert len(reads) <= 2


def test_a_save_that_changes_nothing_in_the_file_is_no_drift_after_a_look(
    site: Client, path: Path
) -> None:
    row = saved("openai", KEY)
    write(site)
    row.put_secret("api_key", KEY + "x")
    row.store()
    assert drift().drift is Drift.BEHIND
    assert "The file holds exactly what is set here." in page_of(site.get("/config/"))
    assert drift().drift is Drift.SAME


def test_without_a_live_file_there_is_no_drift() -> None:
    assert drift().drift is Drift.UNSET
    assert not drift().is_due


# --- somebody else's changes ----------------------------------------------------------------


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


def test_three_ways_their_change_and_ours_both_count(
    site: Client, path: Path, main_route: Route
) -> None:
    saved("openai", KEY)
    BaseDocument.put({"agents": {"defaults": {"temperature": 0.5, "maxTokens": 100}}})
    write(site)
    edit(path, lambda document: document["agents"]["defaults"].update(temperature=0.9))
    Route.objects.update(model="gpt-6", version=2)

    text = changes_of(page_of(site.get("/config/")))
    assert "agents.defaults.temperature Mine: set Theirs: set" in text
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


# --- start ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FACIO_CONFIG_PATH", "relative/config.json", "absolute path"),
        ("FACIO_CONFIG_MODE", "0644", "FACIO_CONFIG_MODE"),
        ("FACIO_CONFIG_MODE", "rw", "FACIO_CONFIG_MODE"),
        ("FACIO_CONFIG_GROUP", "no-such-group-here", "FACIO_CONFIG_GROUP"),
    ],
)
def test_a_bad_setting_of_the_live_file_stops_the_start(
    settings: Any, name: str, value: str, said: str
) -> None:
    setattr(settings, name, value)
    assert [said in str(found.msg) for found in run_checks()] == [True]


def test_a_new_file_gets_the_mode_and_group_that_the_operator_names(
    site: Client, path: Path, settings: Any, main_route: Route
) -> None:
    settings.FACIO_CONFIG_MODE, settings.FACIO_CONFIG_GROUP = "0640", str(os.getgid())
    write(site)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_gid == os.getgid()


def test_s43_leftovers_of_a_killed_writer_go_when_the_worker_starts(path: Path) -> None:
    left = path.with_name(f"{TEMP_PREFIX}{path.name}.0123456789abcdef.tmp")
    left.write_text(KEY)
    start.remove_leftovers()
    assert not left.exists()
