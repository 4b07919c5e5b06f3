"""Files that this site and the agent do not read alike: each is told as what it is to the agent."""

from __future__ import annotations

import codecs
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from facio_site.audit.models import AuditEntry
from facio_site.strictjson import BadDocument, read_json
from routing.agents.file import OWN_LIMITS
from routing.agents.writing import Drift, drift
from routing.models import Route
from tests.routing.agents.live_desk import changes_of, write
from tests.routing.config.desk import page_of

pytestmark = pytest.mark.django_db

DEEP = '{"tools": ' + '{"a": ' * 35 + "1" + "}" * 36
# What only this site refuses, with the model that the agent takes.
OURS = [
    ('{"agents": {"defaults": {"model": "gpt-5", "model": "claude-x"}}}', "duplicate_key"),
    ('{"agents": {"defaults": {"model": "gpt-5", "temperature": NaN}}}', "bad_number"),
    (f'{{"tools": {{"x": {"1" * 200}}}}}', "bad_number"),
    (DEEP, "too_deep"),
    ('{"tools": {"x": "a\\u0000"}}', "bad_text"),
    (json.dumps({"tools": {"x": [1] * 10_001}}), "too_many"),
]
TORN = '{"agents": {"defaults": {"model": "gpt-5"'


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_an_encoding_that_the_agent_can_not_read_is_told_and_mended(
    site: Client, path: Path, main_route: Route, encoding: str
) -> None:
    write(site)
    ours = path.read_bytes()
    path.write_bytes(ours.decode().encode(encoding))
    html = page_of(site.get("/config/"))
    text = changes_of(html)
    assert "Facio can't read this file: it begins with a byte order mark, or is UTF-16." in text
    assert "A write changes no value in the file." in text
    assert "The file holds exactly what is set here." not in text
    assert not re.search(r"<button[^>]*disabled[^>]*>(?:(?!</button>).)*Write to Facio", html)
    assert drift().drift is Drift.CHANGED
    assert write(site).status_code == 302
    assert path.read_bytes() == ours
    assert "byte order mark" not in page_of(site.get("/config/"))


@pytest.mark.parametrize(("text", "code"), OURS)
def test_a_file_that_only_this_site_can_not_read_is_told_so(
    site: Client, path: Path, main_route: Route, text: str, code: str
) -> None:
    path.write_text(text)
    shown = changes_of(page_of(site.get("/config/")))
    assert "can't be read here:" in shown
    assert "The agent may read it" in shown
    assert ("it takes the last." in shown) is (code == "duplicate_key")
    assert "A write replaces all of it with what is set here." in shown
    assert "→" not in shown


def test_a_torn_file_is_read_by_nobody_and_has_no_values_of_before(
    site: Client, path: Path, main_route: Route
) -> None:
    path.write_text(TORN)
    shown = changes_of(page_of(site.get("/config/")))
    assert "can't be read: Line 1" in shown
    assert "The agent may read it" not in shown
    assert "→" not in shown
    write(site, replace="on")
    assert AuditEntry.objects.get(action="config.written").changes == []


def test_a_key_twice_behind_a_byte_order_mark_is_read_by_nobody(
    site: Client, path: Path, main_route: Route
) -> None:
    path.write_bytes(codecs.BOM_UTF8 + OURS[0][0].encode())
    assert "The agent may read it" not in changes_of(page_of(site.get("/config/")))


def test_the_agents_ancestor_takes_what_only_this_site_refuses(nanobot: Any) -> None:
    for text, code in OURS:
        with pytest.raises(BadDocument) as refusal:
            read_json(text.encode())
        assert refusal.value.code == code
        assert code in OWN_LIMITS
        assert "error" not in nanobot("load", text=text), code
    assert nanobot("load", text=OURS[0][0])["defaults"]["model"] == "claude-x"
    assert "error" in nanobot("load", text="\ufeff{}")
    assert "error" in nanobot("load", text='{"tools": 1} //')
    assert {code for _, code in OURS} == OWN_LIMITS
