"""What a card, and a row of the list view, tells of one provider."""

import re
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from facio_site.accounts.models import User
from facio_site.templatetags.ui import HUES, mark
from providers.kinds import KINDS
from providers.models import Job, Provider, Task
from providers.pages.ticks import SHOWN, last_tones, ticks
from providers.work import queue
from routing.models import Route
from tests import desk
from tests.conftest import signed_in
from tests.markup import flat

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued"), pytest.mark.alike]


def part(client: Client, name: str, query: str = "") -> str:
    """The card of this provider; in the list view its row."""
    html = flat(client.get("/providers/" + query))
    found = re.search(rf'<(article|tr)[^>]* id="(card|row)-{name}".*?</\1>', html)
    assert found, html
    return found[0]


def words(html: str) -> str:
    return " ".join(re.sub(r"<title>.*?</title>|<[^>]*>", " ", html).split())


def past(row: Provider, outcomes: Sequence[str], **more: Any) -> None:
    """Tests of saved values that have ended, oldest first."""
    now = timezone.now()
    for place, outcome in enumerate(outcomes):
        job = Job.objects.create(
            provider=row,
            task=Task.CHECK,
            status="done",
            outcome=outcome,
            input_version=row.version,
            input_digest="x",
            deadline=now,
            **more,
        )
        at = now - timedelta(minutes=len(outcomes) - place)
        Job.objects.filter(pk=job.pk).update(created_at=at)


# Key --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?view=list"])
def test_the_end_of_a_long_key_and_its_age_are_told(site: Client, query: str) -> None:
    row = desk.saved("groq", "gsk_0123456789abcdefa1b2")
    row.sealed["api_key"]["set_at"] = (timezone.now() - timedelta(days=21)).isoformat()
    row.save()
    said = words(part(site, "groq", query))
    assert "…a1b2" in said
    assert "21 days ago" in said
    assert "cdefa1b2" not in part(site, "groq", query)


@pytest.mark.parametrize("query", ["", "?view=list"])
def test_nothing_of_a_short_key_is_told(site: Client, query: str) -> None:
    desk.saved("groq", "gsk_short1")
    html = part(site, "groq", query)
    assert "…" not in html
    assert "ort1" not in html
    assert "set" in words(html)


def test_a_reference_is_told_as_one(site: Client) -> None:
    desk.saved("groq", "${GROQ_API_KEY}")
    assert "Key by reference, set just now" in words(part(site, "groq"))
    assert "by reference" in words(part(site, "groq", "?view=list"))


def test_a_key_that_ends_in_figures_is_told_as_it_is(site: Client) -> None:
    desk.saved("groq", "gsk_0123456789ab01e5")
    desk.saved("mistral", "0123456789abcdef0000")
    assert "…01e5" in words(part(site, "groq"))
    assert "…0000" in words(part(site, "mistral"))


def test_a_provider_without_a_key_tells_of_none(site: Client) -> None:
    Provider(kind="ollama").store()
    assert "Key" not in words(part(site, "ollama"))


def test_an_endpoint_may_be_called_by_a_number(site: Client) -> None:
    Provider(kind="custom", name="lab", values={"display_name": "2024"}).store()
    assert words(part(site, "lab")).startswith("20 2024 lab")


# Routes -----------------------------------------------------------------------------------------


def test_the_routes_that_a_provider_serves_stand_on_its_card(site: Client) -> None:
    desk.saved("groq")
    desk.saved("mistral")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    vision = Route.objects.create(slot="vision", model="llama-9", provider="groq")
    assert "Serves Main, Vision" in words(part(site, "groq"))
    assert "Main, Vision" in words(part(site, "groq", "?view=list"))
    assert "Serves" not in words(part(site, "mistral"))
    Route.objects.filter(pk=vision.pk).update(provider="mistral")
    assert "Serves Main " in words(part(site, "groq")) + " "
    assert "Serves Vision" in words(part(site, "mistral"))


def test_the_routes_are_told_in_the_readers_language(site: Client) -> None:
    desk.saved("groq")
    Route.objects.create(slot="image", model="llama-9", provider="groq")
    assert "Serves Image generation" in words(part(site, "groq"))
    site.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
    said = words(part(site, "groq"))
    assert "Bild" in said
    assert "Image generation" not in said


def test_a_sign_in_of_the_agent_tells_what_it_serves(site: Client) -> None:
    Route.objects.create(slot="main", model="openai-codex/gpt-5", provider="openai_codex")
    assert "Serves Main" in words(part(site, "openai_codex"))


# Last tests -------------------------------------------------------------------------------------


def test_the_last_twenty_tests_are_drawn_and_told(site: Client) -> None:
    row = desk.saved("groq")
    past(row, ["bad_key"] * 3 + ["timeout", "no_credit"] + ["ok"] * 18)
    for query in ("", "?view=list"):
        html = part(site, "groq", query)
        assert '<svg class="ticks"' in html
        assert 'role="img"> <title>Last 20 tests: 18 ok, 2 failed</title>' in html
        assert html.count("M") >= SHOWN


@pytest.mark.parametrize(
    ("tones", "said"),
    [
        (["ok"], "Last test: 1 ok"),
        (["ok", "info", "warn", "error"], "Last 4 tests: 1 ok, 1 inconclusive, 2 failed"),
        (["error"] * 20, "Last 20 tests: 20 failed"),
    ],
)
def test_the_line_says_in_words_how_many_passed(tones: list[str], said: str) -> None:
    line = ticks(tones)
    assert line is not None
    assert line.words == said


def test_each_result_has_a_shape_of_its_own_and_the_newest_stands_last() -> None:
    line = ticks(["ok", "warn", "error", "info"])
    assert line is not None
    shapes = {path.partition(" ")[2] for path in line.paths.values()}
    assert len(shapes) == 4
    places = {tone: int(path[1:].split()[0]) for tone, path in line.paths.items()}
    assert places["ok"] < places["warn"] < places["error"] < places["info"] < line.width
    assert ticks([]) is None


def test_tests_that_say_nothing_of_what_is_saved_are_left_out() -> None:
    row = desk.saved("groq")
    past(row, ["cancelled", "no_worker", "reference", "internal_error"])
    past(row, ["bad_key"], is_draft=True)
    assert last_tones([row.pk]) == {}
    past(row, ["timeout", "ok"])
    assert last_tones([row.pk]) == {row.pk: ("error", "ok")}
    assert last_tones([uuid.uuid4()]) == {}
    assert last_tones([]) == {}


def test_one_query_reads_the_tests_of_all_providers() -> None:
    rows = [desk.saved(kind) for kind in ("groq", "mistral", "openai")]
    for row in rows:
        past(row, ["ok"] * 25)
    with CaptureQueriesContext(connection) as captured:
        found = last_tones([row.pk for row in rows])
    assert len(captured) == 1
    assert found == {row.pk: ("ok",) * SHOWN for row in rows}


def test_a_new_test_is_seen_at_once(site: Client) -> None:
    row = desk.saved("groq")
    job = queue.start(row, Task.CHECK)
    assert "ticks" not in part(site, "groq")
    job.finish(outcome="ok", key_state="valid", ms=4, is_told=True)
    assert "Last test: 1 ok" in part(site, "groq")


# Groups, marks, buttons -------------------------------------------------------------------------


def headings(client: Client, query: str) -> list[str]:
    html = flat(client.get("/providers/" + query))
    found = re.findall(r'<h2 id="of-\w*"[^>]*>([^<]*)</h2>|scope="rowgroup">([^<]*)<', html)
    return ["".join(pair).strip() for pair in found]


@pytest.mark.parametrize("view", ["", "&view=list"])
def test_each_group_stands_under_its_heading(site: Client, view: str) -> None:
    Provider(kind="custom", name="lab").store()
    groups = ["Hosted", "Gateways and plans", "Local servers", "Endpoints of your own"]
    assert headings(site, "?" + view) == [*groups, "Sign-in by the agent"]
    assert headings(site, "?group=own" + view) == ["Endpoints of your own"]
    assert headings(site, "?q=ollama" + view) == ["Local servers"]
    assert not set(headings(site, "?sort=name" + view)) & set(groups)


def test_a_mark_is_the_same_everywhere_and_has_a_hue_of_the_style_sheet() -> None:
    hues = {re.search(r'data-hue="(\d)"', mark(kind, "A B"))[1] for kind in KINDS}  # type: ignore[index]
    assert hues <= {str(hue) for hue in range(HUES)}
    assert len(hues) > 4
    css = (settings.BASE_DIR / "static" / "app.css").read_text()
    assert all(f'[data-hue="{hue}"] {{ --hue:' in css for hue in range(HUES))


@pytest.mark.parametrize("query", ["", "?view=list"])
def test_who_may_only_look_sees_no_buttons_and_no_boxes(query: str) -> None:
    desk.saved("groq")
    editor = User.objects.create_user("eve", password="x" * 12, role="editor")
    viewer = User.objects.create_user("vic", password="x" * 12, role="viewer")
    seen = {user: part(signed_in(user), "groq", query) for user in (editor, viewer)}
    assert 'aria-label="Test Groq"' in seen[editor]
    assert "<button" not in seen[viewer]
    assert "<input" not in seen[viewer]
    page = signed_in(viewer).get("/providers/" + query).content.decode()
    assert 'id="some"' not in page
    assert 'class="selection"' not in page


def test_what_nothing_here_can_test_has_no_button(site: Client) -> None:
    assert "<button" not in part(site, "openai_codex")
    assert "<button" not in part(site, "groq")
    assert 'type="checkbox"' not in part(site, "groq", "?view=list")


def test_the_list_view_keeps_an_article_for_each_provider(site: Client) -> None:
    Provider.objects.filter(pk=desk.saved("groq").pk).update(check_outcome="ok")
    html = site.get("/providers/?view=list").content.decode()
    found = re.findall(r'<article[^>]*data-kind="(\w+)"[^>]*data-outcome="(\w*)"', html)
    assert dict(found) == {**dict.fromkeys(KINDS, ""), "groq": "ok"}


def test_the_layout_stays_while_one_filters(site: Client) -> None:
    answer = site.get("/providers/cards/?q=groq&view=list", headers=desk.HTMX)
    assert answer["HX-Replace-Url"] == "?q=groq&view=list"
    assert 'id="row-groq"' in answer.content.decode()
    page = flat(site.get("/providers/?view=list"))
    assert re.search(r'name="view" value="list" checked', page)


def test_everything_that_is_listed_can_be_selected_at_once(site: Client) -> None:
    for kind in ("groq", "mistral", "openrouter"):
        desk.saved(kind)
    page = site.get("/providers/?view=list&group=hosted").content.decode()
    assert 'href="/providers/?group=hosted&amp;view=list&amp;all=1"' in page
    html = flat(site.get("/providers/?group=hosted&view=list&all=1"))
    assert re.findall(r'name="name" value="(\w+)" hx-preserve checked', html) == ["groq", "mistral"]
    assert 'name="all"' not in html
