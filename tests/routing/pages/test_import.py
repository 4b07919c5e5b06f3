"""The preview of an import: what it tells, and what one press takes in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.desk import saved
from tests.markup import flat
from tests.routing.config.desk import KEY, WHOLE, given_back, hand_in, page_of, press, token_of

pytestmark = pytest.mark.django_db
SNIPPET: dict[str, Any] = {"mcpServers": {"files": {"command": "npx", "args": ["-y", "a"]}}}


def headings(html: str) -> list[str]:
    return re.findall(r"<caption>([^<]*)</caption>", html)


def test_changes_stand_by_provider_then_routes_then_the_rest(site: Client) -> None:
    html = page_of(hand_in(site, WHOLE))
    assert headings(html) == ["OpenAI", "companyProxy", "Groq", "Routes", "The rest"]


def test_commands_and_arguments_are_shown_whole_but_for_what_looks_like_a_key(
    site: Client,
) -> None:
    server = {"command": "npx", "args": ["-y", "server-x", "--token", "hunter2", f"--k={KEY}"]}
    html = page_of(hand_in(site, {"tools": {"mcpServers": {"files": server}}}))
    assert "npx" in html
    assert "server-x" in html
    for secret in ("hunter2", KEY):
        assert secret not in html


def test_the_button_counts_what_stays_out_and_one_press_takes_all(site: Client) -> None:
    asked = hand_in(site, WHOLE)
    html = page_of(asked)
    text = re.sub(r"<[^>]+>", "", html)
    assert "Import, 3 parts stay out" in text
    assert "All of it: this is my own file" in text
    press(site, asked, all="1")
    assert given_back() == WHOLE
    assert "stays out" not in page_of(hand_in(site, {"agents": {"defaults": {"model": "m"}}}))


def test_a_part_of_a_file_takes_nothing_away_unless_replace_is_asked_for(site: Client) -> None:
    saved("openai", KEY)
    asked = hand_in(site, SNIPPET, how="")
    html = page_of(asked)
    assert "What the file lacks stays as it is." in html
    site.post(asked.request["PATH_INFO"], {"token": token_of(html), "how": "", "all": "1"})
    assert given_back() == {**SNIPPET, "providers": {"openai": {"apiKey": KEY}}}
    press(site, hand_in(site, SNIPPET, how="replace"), all="1")
    assert given_back() == SNIPPET


def test_names_that_the_agent_does_not_read_are_told_beside_those_that_it_reads(
    site: Client,
) -> None:
    entry = {"apiKey": KEY, "base_url": "https://relay.example/v1"}
    html = page_of(hand_in(site, {"providers": {"openai": entry}}))
    assert re.search(r"providers\.openai\.base_url</dt>\s*<dd>[^<]*apiBase", html)


def test_the_form_leaves_it_to_the_file(site: Client) -> None:
    html = flat(site.get("/config/import/"))
    assert re.search(r'name="how" value=""[^>]* checked', html)
