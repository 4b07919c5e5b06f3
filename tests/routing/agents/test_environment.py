"""Values that the agent has in its environment: what was changed here since the last write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from facio_site import sealing
from providers.models import HEADERS, Provider
from routing.agents.writing import Drift, drift
from routing.models import ConfigVersion, Route
from tests.desk import confirm, saved
from tests.routing.agents.live_desk import changes_of, edit, write
from tests.routing.config.desk import KEY, page_of, warned

pytestmark = pytest.mark.django_db

OTHER = "sk-proj-another-0123456789"


@pytest.fixture
def openai(site: Client, path: Path) -> Provider:
    """A key that was written as a reference."""
    row = saved("openai", KEY)
    write(site)
    return row


def rotate(row: Provider, key: str = OTHER) -> None:
    row.put_secret("api_key", key)
    row.store()


def look(site: Client, mode: str = "env") -> str:
    return changes_of(page_of(site.get("/config/", {"write": mode})))


def test_a_key_that_was_changed_since_is_told_until_it_is_written(
    site: Client, path: Path, openai: Provider
) -> None:
    rotate(openai)
    before = path.read_bytes()
    text = look(site)
    assert "set or changed here since version 1 was written: OPENAI_API_KEY ." in text
    assert "A write takes note that it is done." in text
    assert "The file holds exactly what is set here." not in text
    assert "Up to date" not in text
    assert OTHER not in text
    assert drift().drift is Drift.BEHIND

    assert write(site).status_code == 302
    html = page_of(site.get("/config/"))
    assert "To renew in the agent&#x27;s environment: OPENAI_API_KEY." in html
    assert "The file holds exactly what is set here." in html
    assert drift().drift is Drift.SAME
    assert path.read_bytes() == before


def test_the_old_value_again_is_nothing_to_renew(site: Client, openai: Provider) -> None:
    rotate(openai)
    look(site)
    rotate(openai, KEY)
    assert "The file holds exactly what is set here." in look(site)
    assert drift().drift is Drift.SAME


def test_a_header_and_a_value_that_a_write_changes_besides_are_told_too(
    site: Client, openai: Provider, main_route: Route
) -> None:
    openai.put_mapping(HEADERS, {"X-Team": "one"})
    openai.store()
    write(site)
    openai.put_mapping(HEADERS, {"X-Team": "two"})
    openai.store()
    Route.objects.update(model="gpt-6", version=2)
    text = look(site)
    assert "agents.defaults.model gpt-5 → gpt-6" in text
    assert "since version 2 was written: OPENAI_HEADER_X_TEAM ." in text
    assert "A write takes note" not in text
    write(site)
    assert "environment: OPENAI_HEADER_X_TEAM." in warned(site.get("/config/"))


@pytest.mark.parametrize("mode", ["env", "keys"])
def test_what_the_agent_reads_unasked_is_told_in_either_mode(
    site: Client, path: Path, mode: str
) -> None:
    confirm(site)
    row = Provider(kind="bedrock", values={"region": "eu-west-1"})
    row.put_secret("access_key_id", "AKIAEXAMPLE")
    row.put_secret("session_token", "of-a-session")
    row.store()
    write(site, mode)
    row.put_secret("access_key_id", "AKIAANOTHER")
    row.put_secret("session_token", None)
    row.store()
    text = look(site, mode)
    assert "since version 1 was written: AWS_ACCESS_KEY_ID ." in text
    assert "No longer set here: AWS_SESSION_TOKEN ." in text
    assert drift().drift is Drift.BEHIND


def test_real_keys_are_in_the_file_and_nothing_is_to_renew(site: Client, path: Path) -> None:
    confirm(site)
    row = saved("openai", KEY)
    write(site, "keys")
    rotate(row)
    text = look(site, "keys")
    assert "providers.openai.apiKey set → changed" in text
    assert "Renew" not in text


def test_after_real_keys_the_environment_is_still_that_of_the_last_references(
    site: Client, path: Path, openai: Provider
) -> None:
    confirm(site)
    rotate(openai)
    write(site, "keys")
    text = look(site)
    assert "Up to date" in text
    assert "since version 1 was written: OPENAI_API_KEY ." in text
    assert "Renew" not in look(site, "keys")


def test_a_key_that_somebody_else_wrote_and_that_is_taken_in_is_to_renew(
    site: Client, path: Path, openai: Provider
) -> None:
    edit(path, lambda document: document["providers"]["openai"].update(apiKey=OTHER))
    assert "OPENAI_API_KEY" in look(site)
    assert "since version 1 was written: OPENAI_API_KEY ." in look(site)
    write(site)
    assert OTHER not in path.read_text()
    assert "environment: OPENAI_API_KEY." in warned(site.get("/config/"))


def test_a_version_that_does_not_open_claims_nothing(
    site: Client, openai: Provider, settings: Any
) -> None:
    version = ConfigVersion.objects.get()
    version.sealed[version.STATE]["box"] = sealing.seal("rows", "elsewhere", json.dumps({}))
    version.save()
    rotate(openai)
    assert "set or changed here since" not in look(site)
