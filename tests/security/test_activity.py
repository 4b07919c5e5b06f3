"""The activity page: its filter, its pages, its export as JSON Lines."""

import json
from typing import Any

import pytest
from django.test import Client

from facio_site.audit import record
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rows(owner: Any) -> None:
    for number in range(60):
        record("provider.saved", actor=owner, target=f"kind-{number}", fields=["api_key"])
    record("routes.saved", actor=None, target="vision")


def lines(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.getvalue().decode().splitlines()]


def test_s33_the_filter_narrows_what_is_shown(site: Client) -> None:
    page = site.get("/activity/", {"target": "kind-5"}).content.decode()
    assert "kind-59" in page
    assert "kind-41" not in page
    page = site.get("/activity/", {"action": "routes.saved"}).content.decode()
    assert "vision" in page
    assert "kind-59" not in page
    assert "No entries match." in site.get("/activity/?since=2999-01-01").content.decode()


def test_the_next_page_keeps_the_filter(site: Client) -> None:
    page = site.get("/activity/", {"action": "provider.saved"}).content.decode()
    assert "?action=provider.saved&amp;page=2" in page
    second = site.get("/activity/", {"action": "provider.saved", "page": "2"}).content.decode()
    assert "kind-3<" in second


def test_s62_names_that_are_none_of_the_filters_do_nothing(site: Client) -> None:
    page = site.get("/activity/", {"actor__password__startswith": "a", "actor": "'\"<b>"})
    assert page.status_code == 200
    assert b"<b>" not in page.content


def test_s33_the_export_is_one_object_a_line_and_obeys_the_filter(site: Client) -> None:
    answer = site.get("/activity/export/")
    assert answer["Content-Type"].startswith("application/x-ndjson")
    assert answer["Content-Disposition"] == 'attachment; filename="activity.jsonl"'
    everything = lines(answer)
    assert {"kind-0", "kind-59", "vision"} <= {entry["target"] for entry in everything}
    assert everything[-1]["fields"] == ["api_key"]
    some = lines(site.get("/activity/export/", {"target": "kind-5"}))
    assert len(some) == 11


def test_the_export_is_for_owners(editor: Any) -> None:
    client = signed_in(editor)
    assert b"/activity/export/" not in client.get("/activity/").content
    assert client.get("/activity/export/").status_code == 403
