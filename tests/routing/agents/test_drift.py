"""Drift: who is ahead, the live file or what is set here, and how cheaply that is known."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from facio_site import sealing
from facio_site.strictjson import read_json, write_json
from routing.agents import writing
from routing.agents.writing import Drift, drift
from routing.config.edits import Current
from routing.config.export import Mode
from routing.models import BaseDocument, ConfigVersion, Route
from routing.pages import live_file
from routing.state import current
from tests.desk import saved
from tests.routing.agents.live_desk import THEIRS, changes_of, edit, write
from tests.routing.config.desk import KEY, page_of, press

pytestmark = pytest.mark.django_db


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
    assert drift().drift is Drift.GONE
    html = page_of(site.get("/"))
    assert "The live config.json is gone since it was written here." in html
    assert "No longer there" in html
    assert "Not written yet" not in html + page_of(site.get("/config/"))
    path.write_text("{}")
    ConfigVersion.objects.all().delete()
    assert drift().drift is Drift.FOREIGN


def test_drift_reads_the_file_only_when_it_was_touched_and_opens_no_secret(
    site: Client, path: Path, main_route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved("openai", KEY)
    write(site)
    reads: list[Path] = []
    real = writing.read_live

    def counted(path: Path) -> Any:
        reads.append(path)
        return real(path)

    def refuse(*args: Any) -> str:
        raise AssertionError

    monkeypatch.setattr(writing, "read_live", counted)
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
    for key in (KEY + "x", KEY):
        row.put_secret("api_key", key)
        row.store()
    assert drift().drift is Drift.BEHIND
    text = changes_of(page_of(site.get("/config/")))
    assert "The file holds exactly what is set here." in text
    assert "Up to date" in text
    assert "Out of date" not in text
    assert drift().drift is Drift.SAME


@pytest.mark.parametrize("how", ["imported", "set here too", "reformatted"])
def test_a_change_by_somebody_else_that_is_set_here_too_ends_with_a_write(
    site: Client, path: Path, main_route: Route, how: str
) -> None:
    write(site)
    model = "gpt-5" if how == "reformatted" else "gpt-6"
    edit(path, lambda document: document["agents"]["defaults"].update(model=model))
    if how == "imported":
        press(site, site.post("/config/write/take-in/", follow=True))
    elif how == "set here too":
        Route.objects.update(model="gpt-6", version=2)

    html = page_of(site.get("/config/"))
    text = changes_of(html)
    assert "Somebody else changed the file since version 1 was written." in text
    assert "The file holds exactly what is set here. A write changes no value in it" in text
    assert "Choose for each of their changes" not in text
    assert not re.search(r"<button[^>]*disabled[^>]*>(?:(?!</button>).)*Write to Facio", html)
    assert write(site).status_code == 302
    assert drift().drift is Drift.SAME
    assert read_json(path.read_bytes())["agents"]["defaults"]["model"] == model


def test_a_provider_that_names_nobody_is_no_automatic_choice(
    site: Client, path: Path, main_route: Route
) -> None:
    Route.objects.create(slot="subagent", model="gpt-5-mini", provider="")
    write(site)
    assert read_json(path.read_bytes())["agents"]["defaults"]["subagent_provider"] == ""
    Route.objects.filter(slot="subagent").update(provider="auto", version=2)

    text = changes_of(page_of(site.get("/config/")))
    assert "Out of date" in text
    assert "The file holds exactly what is set here." not in text
    assert "agents.defaults.subagent_provider &quot;&quot; →" in text
    assert drift().drift is Drift.BEHIND
    write(site)
    assert "subagent_provider" not in read_json(path.read_bytes())["agents"]["defaults"]


def test_without_a_live_file_there_is_no_drift() -> None:
    assert drift().drift is Drift.UNSET
    assert not drift().is_due


# --- somebody else saves at the same moment ---------------------------------------------------


def save_another_model() -> None:
    row = Route.objects.get(slot="main")
    row.model = "gpt-6"
    assert row.store()


def test_what_is_saved_while_another_person_looks_is_not_up_to_date(
    site: Client, path: Path, main_route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(site)
    real = live_file.state_now

    def read_then_save() -> Any:
        state = real()
        save_another_model()
        return state

    monkeypatch.setattr(live_file, "state_now", read_then_save)
    site.get("/config/")
    assert Route.objects.get().model == "gpt-6"
    assert drift().drift is Drift.BEHIND


def test_an_older_look_takes_nothing_back_from_a_newer_one(
    site: Client, path: Path, main_route: Route
) -> None:
    write(site)
    older = writing.look(path, current(), Mode.ENV)
    Route.objects.update(version=2)
    taken = writing.stamp()
    writing.note_same(writing.look(path, current(), Mode.ENV), taken)
    assert drift().drift is Drift.SAME
    Route.objects.update(version=3)
    writing.note_same(older, "older")
    assert ConfigVersion.objects.get().stamp == taken


@pytest.mark.parametrize("takes_in", [False, True])
def test_a_route_that_is_set_for_the_first_time_during_a_write_is_not_in_its_stamp(
    site: Client, path: Path, main_route: Route, monkeypatch: pytest.MonkeyPatch, takes_in: bool
) -> None:
    if takes_in:
        path.write_text(write_json(THEIRS))
    real = writing.hold

    def hold_then_save(state: Current) -> None:
        real(state)
        Route.objects.create(slot="vision", model="gpt-4o")

    monkeypatch.setattr(writing, "hold", hold_then_save)
    assert write(site, **{"side:channels": "theirs"} if takes_in else {}).status_code == 302
    assert BaseDocument.objects.exists() is takes_in
    assert "gpt-4o" not in path.read_text()
    assert drift().drift is Drift.BEHIND


def test_what_a_write_takes_in_is_up_to_date_at_once(
    site: Client, path: Path, main_route: Route
) -> None:
    path.write_text(write_json(THEIRS))
    assert write(site, **{"side:channels": "theirs"}).status_code == 302
    assert BaseDocument.objects.exists()
    assert drift().drift is Drift.SAME
