"""Use: a model put to a route in one press, and taken back in another."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from facio_site.audit.models import AuditEntry
from providers.catalog.fetch import CatalogItem
from providers.models import Provider
from routing.models import Route
from tests.conftest import signed_in
from tests.desk import HTMX, saved, stocked
from tests.markup import flat

pytestmark = [pytest.mark.django_db, pytest.mark.alike]

PAGE = "/routing/use/"
ASKED = {"use": "claude-x", "kind": "anthropic"}


def page(client: Client, **asked: str) -> str:
    return flat(client.get(PAGE, {**ASKED, **asked}))


def version(slot: str = "main") -> int:
    row = Route.objects.filter(slot=slot).first()
    return row.version if row else 0


def press(client: Client, slot: str = "main", **more: Any) -> str:
    """Press Use for a route; the query of the page that comes."""
    data = {**ASKED, "slot": slot, f"version-{slot}": version(slot), **more}
    answer = client.post(PAGE, data)
    assert answer.status_code == 302
    return answer["Location"]


def told(place: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}


def undo(client: Client, token: str) -> dict[str, str]:
    return told(client.post(PAGE, {**ASKED, "undo": token})["Location"])


def stored(slot: str = "main") -> tuple[str, str]:
    row = Route.objects.get(slot=slot)
    return row.model, row.provider


def row_of(html: str, slot: str) -> str:
    start = html.index(f'name="version-{slot}"')
    return html[start : html.index("</li>", start)]


def test_one_press_sets_a_route_as_the_table_would_and_says_so(site: Client) -> None:
    saved("anthropic")
    place = press(site)
    assert stored() == ("claude-x", "anthropic")
    entry = AuditEntry.objects.get(action="routes.saved")
    assert entry.fields == ["main"]
    assert entry.changes == [["main.model", "", "claude-x"], ["main.provider", "auto", "anthropic"]]
    html = flat(site.get(place))
    assert "Main uses it now." in html
    assert ">in use</span>" in row_of(html, "main")
    assert 'name="slot" value="main"' not in html
    assert 'name="slot" value="vision"' in html


def test_undo_brings_back_what_the_route_was(site: Client) -> None:
    saved("anthropic")
    Route.objects.create(slot="main", model="old", provider="imported", version=4)
    token = told(press(site))["done"]
    assert undo(site, token) == {**ASKED, "undone": "main"}
    assert stored() == ("old", "imported")  # also a name that no form would take
    assert version() == 6
    assert "Main is as it was before." in page(site, undone="main")
    last = AuditEntry.objects.filter(action="routes.saved").latest("pk")
    assert ["main.model", "claude-x", "old"] in last.changes


def test_undo_of_the_first_value_leaves_the_route_unset(site: Client) -> None:
    saved("anthropic")
    undo(site, told(press(site, "vision"))["done"])
    assert stored("vision") == ("", "auto")


def test_undo_is_refused_with_a_sentence_when_somebody_changed_the_route_since(
    site: Client,
) -> None:
    saved("anthropic")
    token = told(press(site))["done"]
    row = Route.objects.get(slot="main")
    row.model = "theirs"
    row.store()
    assert undo(site, token) == {**ASKED, "overtaken": "main"}
    assert stored() == ("theirs", "anthropic")
    html = page(site, overtaken="main")
    assert "Somebody changed Main in the meantime. Nothing was overwritten." in html
    assert "theirs" in row_of(html, "main")


def test_an_undo_counts_once_and_only_as_this_site_has_signed_it(site: Client) -> None:
    saved("anthropic")
    token = told(press(site))["done"]
    undo(site, token)
    assert undo(site, token) == {**ASKED, "overtaken": "main"}
    for made in ("", "x", token + "x", token.replace(":", ";")):
        assert site.post(PAGE, {**ASKED, "undo": made}).status_code == 404
    assert stored() == ("", "auto")


def test_a_press_on_a_page_that_is_older_than_the_route_overwrites_nothing(site: Client) -> None:
    saved("anthropic")
    Route.objects.create(slot="main", model="theirs", version=3)
    assert told(press(site, **{"version-main": 2})) == {**ASKED, "overtaken": "main"}
    assert stored() == ("theirs", "auto")
    assert not AuditEntry.objects.filter(action="routes.saved").exists()


def test_a_press_for_what_is_set_already_changes_nothing(site: Client) -> None:
    saved("anthropic")
    press(site)
    assert told(press(site)) == ASKED
    assert version() == 1


def test_each_route_tells_what_it_has_now(site: Client) -> None:
    saved("anthropic")
    Route.objects.create(slot="main", model="gpt-6", provider="openai")
    Route.objects.create(slot="vision", model="auto-model")
    html = page(site)
    assert '<span class="mono">gpt-6</span> · OpenAI' in row_of(html, "main")
    assert '<span class="mono">auto-model</span> · Auto </small>' in row_of(html, "vision")
    assert "not set" in row_of(html, "video")


def test_what_a_model_cannot_do_is_told_beside_the_route(site: Client) -> None:
    item = CatalogItem(model_id="claude-x", inputs=("text",), outputs=("text",))
    stocked("anthropic", item)
    html = page(site)
    for slot, words in (
        ("vision", "reads no images"),
        ("image", "makes no images"),
        ("video", "makes no videos"),
    ):
        assert words in row_of(html, slot)
        assert f'value="{slot}"' in row_of(html, slot)  # lists can be wrong
    for slot in ("main", "subagent"):
        assert 'data-tone="warn"' not in row_of(html, slot)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("text-embedding-9", "for embeddings only"),
        ("whisper-9", "for speech only"),
    ],
)
def test_embeddings_and_speech_are_for_no_route(site: Client, model: str, words: str) -> None:
    stocked("openai", model)
    html = page(site, use=model, kind="openai")
    assert html.count(words) == 5
    assert 'name="slot"' not in html


def test_a_name_that_no_list_has_can_be_used_as_well(site: Client) -> None:
    saved("azure_openai", api_base="https://a.example", values={"deployments": ["prod"]})
    html = page(site, use="prod", kind="azure_openai")
    assert html.count('name="slot"') == 5
    assert 'data-tone="warn"' not in html[html.index("version-main") :]


def test_by_htmx_the_part_alone_comes(site: Client) -> None:
    saved("anthropic")
    html = flat(site.get(PAGE, ASKED, headers=HTMX))
    assert "<html" not in html
    assert html.count('name="slot"') == 5
    assert "csrfmiddlewaretoken" in html
    answer = site.post(PAGE, {**ASKED, "slot": "main", "version-main": 0}, headers=HTMX)
    assert answer["HX-Push-Url"] == "false"
    html = flat(answer)
    assert "<html" not in html
    assert "Main uses it now." in html
    (token,) = re.findall(r'name="undo" value="([^"]*)"', html)
    html = flat(site.post(PAGE, {**ASKED, "undo": token}, headers=HTMX))
    assert "Main is as it was before." in html
    html = flat(site.post(PAGE, {**ASKED, "undo": token}, headers=HTMX))
    assert "Somebody changed Main in the meantime." in html


def test_markup_in_a_name_stays_text(site: Client) -> None:
    saved("custom", api_base="https://a.example")
    html = page(site, use="<b>x</b>", kind="custom")
    assert "<b>x" not in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html


def test_what_can_be_no_model_is_not_found(site: Client) -> None:
    saved("anthropic")
    for asked in ({}, {"use": "x"}, {"use": "x", "kind": "nobody"}, {"use": " ", "kind": "openai"}):
        assert site.get(PAGE, asked).status_code == 404
    assert site.post(PAGE, {**ASKED, "slot": "nothing"}).status_code == 404
    assert site.post(PAGE, {**ASKED, "use": "a\x07b", "slot": "main"}).status_code == 404
    assert not Route.objects.exists()


def test_a_viewer_looks_and_presses_nothing(site: Client, viewer: Any) -> None:
    saved("anthropic")
    token = told(press(site))["done"]
    reader = signed_in(viewer)
    html = flat(reader.get(PAGE, {**ASKED, "done": token}))
    assert "Main uses it now." in html
    assert 'name="slot"' not in html
    assert 'name="undo"' not in html
    data = {**ASKED, "slot": "vision", "version-vision": 0}
    assert reader.post(PAGE, data).status_code == 403
    assert reader.post(PAGE, {**ASKED, "undo": token}).status_code == 403
    assert stored() == ("claude-x", "anthropic")


def test_the_catalog_leads_here(site: Client) -> None:
    stocked("openai", "gpt-6")
    html = unescape(site.get("/catalog/").content.decode())
    (link,) = set(re.findall(r'href="(/routing/use/[^"]*)"', html))
    assert site.get(link).status_code == 200
    assert 'id="using" popover' in html
    assert Provider.objects.count() == 1
