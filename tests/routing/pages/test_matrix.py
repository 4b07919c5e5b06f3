"""Routes beside what their models can do, and models sent to a route by a link."""

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from providers.catalog.fetch import CatalogItem
from providers.kinds import KINDS
from providers.models import Provider
from routing.forms import asked_use
from routing.models import Route, Slot
from routing.pages.matrix import Cell, matrix
from routing.pages.rows import route_rows
from tests.desk import stocked

pytestmark = [pytest.mark.alike, pytest.mark.django_db]


def cells() -> dict[str, Cell]:
    return {cell.row.route.slot: cell for cell in matrix(route_rows(with_tests=True))}


@pytest.fixture
def routed(db: None) -> None:
    text = CatalogItem(
        model_id="claude-x",
        context_window=200_000,
        inputs=("text",),
        outputs=("text",),
        price_input=Decimal(3),
        price_output=Decimal(15),
    )
    stocked("anthropic", text)
    Provider.objects.update(check_outcome="ok")
    Route.objects.create(slot="main", model="anthropic/claude-x")
    Route.objects.create(slot="vision", model="claude-x", provider="anthropic")


def test_a_model_is_found_under_the_name_that_its_provider_knows(routed: None) -> None:
    entry = cells()["main"].entry
    assert entry is not None
    facts = (entry["model_id"], entry["context"], entry["price"])
    assert facts == ("claude-x", "200K", "3.00 / 15.00")


def test_what_a_route_needs_and_its_model_cannot_is_told(routed: None) -> None:
    told = cells()
    assert told["main"].lacks == ""
    assert told["vision"].lacks == "reads no images"


@pytest.mark.parametrize(
    ("outputs", "lacks"), [(("image",), ""), (("text",), "makes no images"), (None, "")]
)
def test_an_image_route_wants_images_where_the_catalog_says_anything(
    db: None, outputs: Any, lacks: str
) -> None:
    stocked("openai", CatalogItem(model_id="painter", outputs=outputs))
    Route.objects.create(slot="image", model="painter", provider="openai")
    assert cells()["image"].lacks == lacks


def test_a_model_in_no_catalog_is_said_to_be_in_none(routed: None, site: Client) -> None:
    Route.objects.filter(slot="main").update(model="anthropic/other")
    assert cells()["main"].entry is None
    html = site.get("/routing/").content.decode()
    assert "not in a catalog" in html[html.index('data-slot="main"') :].split("</tr>")[0]


def test_routes_that_follow_main_and_no_routes_at_all(db: None) -> None:
    told = cells()
    assert set(told) == set(Slot.values)
    assert all(cell.entry is None and cell.row.tested == "" for cell in told.values())


def test_the_last_test_is_that_of_the_provider_until_the_model_was_tried(routed: None) -> None:
    assert cells()["main"].row.tested in ("key_ok", "answers")
    Provider.objects.update(check_outcome="")
    assert cells()["main"].row.tested == "never"


def test_the_matrix_takes_two_queries(routed: None) -> None:
    rows = route_rows(with_tests=True)
    with CaptureQueriesContext(connection) as captured:
        matrix(rows)
    assert len(captured) == 2


# A model sent here ------------------------------------------------------------------------------


def use(text: str) -> Any:
    return asked_use(QueryDict(text), KINDS)


def test_a_link_names_model_provider_and_route() -> None:
    assert use("use=a/b&kind=groq&slot=vision").initial == {"model": "a/b", "provider": "groq"}
    assert use("use=a&kind=groq&slot=vision").slot is Slot.VISION
    assert use("use=a&kind=groq").slot is Slot.MAIN
    assert use("use=a&kind=groq&slot=moon").slot is Slot.MAIN


@pytest.mark.parametrize("text", ["", "use=&kind=groq", "use=a", "use=a&kind=nothing"])
def test_half_a_link_asks_for_nothing(text: str) -> None:
    assert use(text) is None


def test_the_form_is_filled_in_and_nothing_is_saved(routed: None, site: Client) -> None:
    answer = site.get("/routing/", {"use": 'm"1', "kind": "groq", "slot": "subagent"})
    html = unescape(answer.content.decode())
    assert re.search(r'name="subagent-model"\s+value="m"1"', html)
    assert re.search(r'value="anthropic/claude-x"', html)  # main stays what it is
    assert 'href="?use=m%221&kind=groq&slot=main#route-main"' in html
    assert not Route.objects.filter(slot="subagent").exists()
