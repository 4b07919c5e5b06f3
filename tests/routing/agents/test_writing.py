"""Write to Facio: what is shown, who may, what is written, and settings of the live file."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client

from facio_site.audit.models import AuditEntry
from facio_site.strictjson import read_json, write_json
from routing import checks
from routing.agents import file, writing
from routing.agents.file import TEMP_PREFIX, BadTarget
from routing.agents.writing import Drift, drift
from routing.models import BaseDocument, ConfigVersion, Route
from tests.conftest import signed_in
from tests.desk import confirm, saved
from tests.routing.agents.live_desk import THEIRS, changes_of, write
from tests.routing.config.desk import KEY, page_of, token_of

pytestmark = pytest.mark.django_db


# --- writing --------------------------------------------------------------------------------


def test_a_first_write_makes_a_private_file_and_version_1(
    site: Client, path: Path, main_route: Route
) -> None:
    saved("openai", KEY)
    text = changes_of(page_of(site.get("/config/")))
    assert "Not written yet" in text
    assert "agents.defaults.model – → gpt-5" in text

    answer = write(site)
    assert answer.status_code == 302
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_json(path.read_bytes())["providers"]["openai"] == {"apiKey": "${OPENAI_API_KEY}"}
    version = ConfigVersion.objects.get()
    assert (version.number, version.mode, version.reason) == (1, "env", "written")
    assert version.created_by.username == version.actor_name == "olivia"
    assert version.digest == file.digest_of(path.read_text())
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
        r'<input type="hidden" name="secrets" value="keys"> <input type="hidden" n', html
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

    monkeypatch.setattr(writing, "write_live", full)
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
    assert "Line 1, column 9: the text ends too early" in html
    write(site)
    assert read_json(path.read_bytes())["agents"]["defaults"]["model"] == "gpt-5"
    assert path.with_name("config.json.bak").read_text() == '{"a": 1,'


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
    checks.remove_leftovers()
    assert not left.exists()
