"""What a version's page tells of bringing it back is what bringing it back does."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from routing.models import ConfigVersion
from tests.desk import saved
from tests.routing.agents.live_desk import write
from tests.routing.config.desk import (
    KEY,
    WHOLE,
    given_back,
    import_all,
    page_of,
    press,
    token_of,
)

pytestmark = pytest.mark.django_db

REFERENCE = "${OPENAI_API_KEY}"


def told(site: Client, number: int = 1) -> str:
    html = page_of(site.get(f"/config/versions/{number}/"))
    part = html[html.index("What bringing it back would change") : html.index("What it holds")]
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def bring_back(site: Client, how: str) -> None:
    if how == "written at once":
        token = token_of(page_of(site.get("/config/versions/1/")))
        site.post("/config/versions/1/write/", {"token": token})
    else:
        press(site, site.post("/config/versions/1/restore/", follow=True))


@pytest.mark.parametrize("how", ["written at once", "looked at first"])
def test_a_reference_of_a_version_comes_back_in_place_of_a_key_that_is_stored_since(
    site: Client, path: Path, how: str
) -> None:
    row = saved("openai", REFERENCE)
    write(site)
    row.put_secret("api_key", KEY)
    row.store()
    assert f"providers.openai.apiKey set → {REFERENCE}" in told(site)
    bring_back(site, how)
    assert given_back()["providers"]["openai"]["apiKey"] == REFERENCE
    assert "Nothing: this is what is set here now." in told(site)


def test_where_nothing_would_change_nothing_is_said_of_changes(site: Client, path: Path) -> None:
    row = saved("openai", KEY)
    write(site)
    assert "writes the live file. Its secrets" in told(site)
    assert "of these changes" not in told(site)
    row.put_secret("api_key", f"{KEY}2")
    row.store()
    assert "makes all of these changes" in told(site)


def test_a_reference_that_is_brought_back_asks_for_no_consent_of_its_own(
    site: Client, path: Path
) -> None:
    row = saved("openai", REFERENCE)
    write(site)
    row.put_secret("api_key", KEY)
    row.store()
    asked = page_of(site.post("/config/versions/1/restore/", follow=True))
    assert "drop_keys" not in asked
    assert "Drop the stored keys" not in asked


@pytest.mark.parametrize("how", ["written at once", "looked at first"])
def test_a_mask_of_a_version_is_told_as_what_is_not_taken(
    site: Client, path: Path, how: str
) -> None:
    masked: dict[str, Any] = copy.deepcopy(WHOLE)
    masked["channels"]["telegram"]["token"] = "***"
    import_all(site, masked)
    write(site)
    assert ConfigVersion.objects.get(number=1).is_state
    import_all(site, WHOLE)
    shown = told(site)
    assert "→" not in shown
    assert "Nothing." in shown
    assert "Not taken from this version: channels.telegram.token a mask" in shown
    bring_back(site, how)
    assert given_back()["channels"]["telegram"]["token"] == "tele-gram-token"


def test_a_version_that_the_agent_would_refuse_is_told_so(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved("openai", KEY)
    import_all(site, {"providers": {"groq": {"apiKey": "gsk_0123456789abcdef"}}})
    version = ConfigVersion.objects.get()
    state = version.state() | {"document": {"agents": {"defaults": {"model": 1}}}}
    monkeypatch.setattr(ConfigVersion, "state", lambda _self: state)
    assert "It can't be brought back:" in told(site)
    assert "Nothing" not in told(site)
