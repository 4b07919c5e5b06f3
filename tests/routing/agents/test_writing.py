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
from routing.agents.refusals import BadTarget
from routing.agents.replacing import TEMP_PREFIX
from routing.agents.writing import Drift, drift
from routing.models import BaseDocument, ConfigVersion, Route
from tests.conftest import signed_in
from tests.desk import confirm, saved
from tests.routing.agents.live_desk import THEIRS, changes_of, write
from tests.routing.config.desk import KEY, page_of, press, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.battery, pytest.mark.alike]


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
    assert "The first write keeps this choice" in page_of(site.get("/config/"))
    confirm(site)
    write(site, "keys")
    html = page_of(site.get("/config/"))
    assert "The first write keeps this choice" not in html
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


def test_a_second_click_is_told_that_it_is_written(
    site: Client, editor: Any, path: Path, main_route: Route
) -> None:
    data = {"token": token_of(page_of(site.get("/config/"))), "secrets": "env", "note": "first"}
    assert site.post("/config/write/", data).status_code == 302
    assert site.post("/config/write/", data).status_code == 302
    html = page_of(site.get("/config/"))
    assert "Written already as version 1." in html
    assert "Somebody else saved something" not in html
    assert ConfigVersion.objects.count() == 1

    assert site.post("/config/write/", data | {"note": "another"}).status_code == 409
    assert signed_in(editor).post("/config/write/", data).status_code == 409
    Route.objects.update(model="gpt-6", version=2)
    assert site.post("/config/write/", data).status_code == 409


def test_a_second_click_while_the_first_one_writes_is_told_the_same(
    site: Client, path: Path, main_route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {"token": token_of(page_of(site.get("/config/"))), "secrets": "env"}
    real = writing.write

    def first_another(*args: Any, **more: Any) -> Any:
        monkeypatch.setattr(writing, "write", real)
        assert site.post("/config/write/", data).status_code == 302
        return real(*args, **more)

    monkeypatch.setattr(writing, "write", first_another)
    assert site.post("/config/write/", data).status_code == 302
    assert "Written already as version 1." in page_of(site.get("/config/"))
    assert ConfigVersion.objects.count() == 1


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


# --- a file that can't be read ---------------------------------------------------------------

TORN = '{"channels": {"telegram": {"token": "tele-gram-token"}}, "agents": {"defaults": {'


def beside(path: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in path.parent.iterdir() if one != path}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (TORN.encode(), "Line 1, column 82: the text ends too early"),
        (b'{"a": 1,}', "Line 1, column"),
        (b'{\n  // mine\n  "a": 1\n}', "Line 2, column 3"),
        (b"", "There is nothing in it."),
        (b'{"a": "\xff"}', "Line 1: the text is not valid UTF-8."),
    ],
)
def test_s89_a_file_that_cannot_be_read_is_kept_for_good_before_it_is_replaced(
    site: Client, path: Path, main_route: Route, data: bytes, said: str
) -> None:
    path.write_bytes(data)
    path.chmod(0o640)
    html = page_of(site.get("/config/"))
    assert said in html
    assert "tele-gram-token" not in html

    refused = write(site)
    assert refused.status_code == 422
    assert "Say first that the file may be replaced." in page_of(refused)
    assert (path.read_bytes(), beside(path)) == (data, {})

    assert write(site, replace="on").status_code == 302
    assert read_json(path.read_bytes())["agents"]["defaults"]["model"] == "gpt-5"
    [name] = beside(path)
    assert re.fullmatch(r"config\.json\.original-\d{8}-\d{6}", name)
    assert stat.S_IMODE(path.with_name(name).stat().st_mode) == 0o640
    assert name in page_of(site.get("/config/"))

    for model in ("gpt-6", "gpt-7"):
        Route.objects.update(model=model, version=Route.objects.get().version + 1)
        assert write(site).status_code == 302
    assert beside(path)[name] == data
    assert b"gpt-6" in beside(path)["config.json.bak"]
    found = ConfigVersion.objects.get(reason="found")
    assert found.original() == data


def test_what_can_be_read_of_a_torn_file_is_named_and_what_is_lost_of_it(
    site: Client, path: Path, main_route: Route
) -> None:
    path.write_text(TORN)
    text = changes_of(page_of(site.get("/config/")))
    assert "What can be read in it: channels.telegram , agents.defaults" in text
    assert "Of this, a write loses: channels.telegram Replace" in text


def test_a_file_that_only_has_comments_and_commas_too_many_is_taken_in_before_it_is_replaced(
    site: Client, path: Path, main_route: Route
) -> None:
    theirs = '{\n  // mine\n  "agents": {"defaults": {"temperature": 0.5,}}\n}'
    path.write_text(theirs)
    assert "Import the live file" in page_of(site.get("/config/"))
    asked = site.post("/config/write/take-in/", follow=True)
    press(site, asked)
    assert "Of this, a write loses" not in page_of(site.get("/config/"))
    write(site, replace="on")
    assert read_json(path.read_bytes())["agents"]["defaults"]["temperature"] == 0.5
    assert theirs.encode() in beside(path).values()


def test_a_file_that_nobody_can_mend_is_not_offered_as_an_import(site: Client, path: Path) -> None:
    path.write_text(TORN)
    assert "Import the live file" not in page_of(site.get("/config/"))
    assert "Line 1" in page_of(site.post("/config/write/take-in/", follow=True))


def test_a_file_in_utf16_is_read_by_its_mark(site: Client, path: Path, main_route: Route) -> None:
    path.write_bytes('{"somethingNew": 1}'.encode("utf-16"))
    html = page_of(site.get("/config/"))
    assert "can't be read" not in html
    assert write(site).status_code == 302
    assert read_json(path.read_bytes())["somethingNew"] == 1


def test_an_original_is_an_owners_to_download_and_nobody_can_bring_it_back(
    site: Client, editor: Any, path: Path, main_route: Route
) -> None:
    path.write_text(TORN)
    write(site, replace="on")
    number = ConfigVersion.objects.get(reason="found").number
    place = f"/config/versions/{number}/"
    html = page_of(site.get(place))
    assert "channels.telegram" in html
    assert "Bring back" not in html
    assert "tele-gram-token" not in html
    assert site.post(f"{place}restore/").status_code == 404
    assert site.post(f"{place}write/").status_code == 404
    assert signed_in(editor).post(f"{place}original/").status_code == 403
    assert "reauthenticate" in site.post(f"{place}original/")["Location"]
    confirm(site)
    assert site.post(f"{place}original/").content == TORN.encode()
    assert AuditEntry.objects.filter(action="config.downloaded").count() == 1


def test_the_running_copy_is_never_our_own_text_over_somebody_elses(
    site: Client, path: Path, main_route: Route
) -> None:
    theirs = write_json({"somethingNew": 1})
    path.write_text(theirs)
    write(site)
    assert beside(path) == {"config.json.bak": theirs.encode()}
    Route.objects.update(model="gpt-6", version=2)
    write(site)
    assert b"gpt-6" in path.read_bytes()
    assert beside(path) == {"config.json.bak": theirs.encode()}


def test_a_copy_that_somebody_else_made_is_never_written_over(
    site: Client, path: Path, main_route: Route
) -> None:
    path.write_text("{}\n")
    path.with_name("config.json.bak").write_text("mine")
    write(site)
    kept = beside(path)
    assert kept.pop("config.json.bak") == b"mine"
    assert list(kept.values()) == [b"{}\n"]


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
