"""Calls that are pasted while several endpoints of one's own are set up: whose key it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from providers.models import Provider
from tests.routing.config.desk import given_back, hand_in, page_of, press

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
KEY = "new-0123456789abcdefgh"
AT = {
    "custom": "https://a.example/v1",
    "one": "https://llm.example.com/v1",
    "two": "https://llm.example.com/v1",
    "third": "https://third.example/team/v1",
    "gpu": "http://gpu:8000/v1",
}


@pytest.fixture(autouse=True)
def several(db: None) -> dict[str, Any]:
    """What is exported of them before."""
    for name, base in AT.items():
        row = Provider(kind="custom", name=name, api_base=base)
        row.put_secret("api_key", f"{name}-0123456789abcdef")
        assert row.store()
    found: dict[str, Any] = given_back()["providers"]
    return found


def pasted(site: Client, base: str) -> Any:
    call = f"curl {base}/chat/completions -H 'Authorization: Bearer {KEY}' -d '{{}}'"
    return hand_in(site, call, name="")


def take(site: Client, answer: Any) -> None:
    """With every consent: one address is in clear."""
    press(site, answer, consent=re.findall(r'name="consent" value="([^"]+)"', page_of(answer)))


@pytest.mark.parametrize("name", ["custom", "third", "gpu"])
def test_the_key_goes_to_whom_stands_at_its_address(
    site: Client, several: dict[str, Any], name: str
) -> None:
    take(site, pasted(site, AT[name]))
    changed = {**several, name: {**several[name], "apiKey": KEY}}
    assert given_back()["providers"] == changed


def test_of_two_at_one_address_none_is_guessed(site: Client, several: dict[str, Any]) -> None:
    answer = pasted(site, AT["one"])
    assert "could be of several providers: one, two" in page_of(answer)
    assert given_back()["providers"] == several


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("https://b.example/v1", "b.example"),
        ("https://third.example/other/v1", "third.example"),
        ("https://b.example:8443/v1", "b.example-8443"),
        ("https://one/v1", "one-2"),
        ("https://openai/v1", "openai-2"),
    ],
)
def test_an_address_that_nobody_has_becomes_an_endpoint_and_takes_no_place(
    site: Client, several: dict[str, Any], base: str, name: str
) -> None:
    answer = pasted(site, base)
    assert f"providers.{name}.apiBase" in re.sub(r"<wbr>", "", page_of(answer))
    take(site, answer)
    assert given_back()["providers"] == {**several, name: {"apiKey": KEY, "apiBase": base}}


def test_an_entry_with_an_address_alone_goes_the_same_way(
    site: Client, several: dict[str, Any]
) -> None:
    entry = f'{{"apiKey": "{KEY}", "apiBase": "{AT["third"]}"}}'
    press(site, hand_in(site, entry, name=""))
    assert given_back()["providers"]["third"]["apiKey"] == KEY
    assert given_back()["providers"]["custom"] == several["custom"]
