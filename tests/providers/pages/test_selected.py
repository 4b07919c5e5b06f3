"""What is pressed on the list: a test on a card, and test, fetch and remove of what is selected."""

import re
from typing import Any

import pytest
from django.test import Client

from facio_site.audit.models import AuditEntry
from providers.models import Job, Provider
from routing.models import ConfigVersion, Route
from tests.desk import HTMX, saved
from tests.markup import flat

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued"), pytest.mark.alike]
PATH, REMOVE = "/providers/selected/", "/providers/remove/"


def started() -> set[tuple[str, str]]:
    return set(Job.objects.values_list("provider__name", "task"))


def test_test_on_a_card_tests_that_provider_alone(site: Client) -> None:
    saved("groq")
    saved("mistral")
    answer = site.post(PATH, {"test": "groq", "name": ["mistral"], "q": "gro"})
    assert answer["Location"] == "/providers/?q=gro#card-groq"
    assert started() == {("groq", "check")}
    assert Job.objects.get().batch is None
    entry = AuditEntry.objects.get(action="provider.tested")
    assert entry.target == "groq"
    again = site.post(PATH, {"test": "groq", "view": "list"})
    assert again["Location"] == "/providers/?view=list#row-groq"


@pytest.mark.parametrize(("view", "place"), [("", "card"), ("list", "row")])
def test_inside_the_page_the_card_comes_anew_and_the_page_waits(
    site: Client, view: str, place: str
) -> None:
    saved("groq")
    answer = site.post(PATH, {"test": "groq", "view": view}, headers=HTMX)
    html = flat(answer)
    job = Job.objects.get()
    assert f'name="w" value="{place}:{job.pk}:0"' in html
    assert re.search(rf'id="{place}-groq"[^>]*hx-swap-oob="true"', html)
    assert html.count("<article") == 1
    assert re.search(r'id="said" role="status" hx-swap-oob="innerHTML"> ?</p>', html)
    assert answer["HX-Trigger-After-Settle"] == "started"
    job.finish(outcome="ok", key_state="valid", ms=4, is_told=True)
    news = flat(site.get("/live/", {"w": f"{place}:{job.pk}:0"}, headers=HTMX))
    assert re.search(rf'id="{place}-groq"[^>]*hx-swap-oob="true"', news)
    assert 'data-outcome="ok"' in news
    assert re.search(r'id="said" role="status" hx-swap-oob="innerHTML"> ?Groq: Works ?</p>', news)


@pytest.mark.parametrize("name", ["groq", "openai_codex", "nobody", "a\0b", ""])
def test_what_is_not_set_up_is_not_tested(site: Client, name: str) -> None:
    assert site.post(PATH, {"test": name}).status_code == 404
    assert not Job.objects.exists()


def test_too_many_tests_are_told_on_the_list(site: Client, settings: Any) -> None:
    settings.TESTS_PER_MINUTE = 0
    saved("groq")
    for fields in ({"test": "groq"}, {"do": "check", "name": "groq"}):
        answer = site.post(PATH, fields, follow=True)
        assert "Too many tests at once" in answer.content.decode()
    assert not Job.objects.exists()
    inside = site.post(PATH, {"test": "groq", "view": "list"}, headers=HTMX)
    assert inside["HX-Redirect"] == "/providers/?view=list"


def test_what_is_selected_is_tested_as_one_round(site: Client) -> None:
    for kind in ("groq", "mistral", "openai"):
        saved(kind)
    answer = site.post(PATH, {"do": "check", "name": ["groq", "mistral"], "view": "list"})
    assert answer["Location"] == "/providers/?view=list"
    assert started() == {("groq", "check"), ("mistral", "check")}
    assert len(set(Job.objects.values_list("batch", flat=True))) == 1
    html = site.post(PATH, {"do": "check", "name": "groq", "view": "list"}, headers=HTMX)
    assert 'id="board"' in html.content.decode()
    assert 'id="row-groq"' in html.content.decode()
    targets = AuditEntry.objects.filter(action="provider.tested").values_list("target", flat=True)
    assert set(targets) == {"groq", "mistral"}


def test_models_of_what_is_selected_are_fetched(site: Client) -> None:
    saved("groq")
    saved("mistral")
    answer = site.post(PATH, {"do": "fetch", "name": ["groq"]})
    assert answer["Location"] == "/catalog/"
    assert started() == {("groq", "fetch")}


@pytest.mark.parametrize("names", [[], ["openai"], ["nobody", "a\0b"]])
@pytest.mark.parametrize("do", ["check", "fetch", "remove", ""])
def test_without_a_selection_the_list_says_so(site: Client, do: str, names: list[str]) -> None:
    saved("groq")
    answer = site.post(PATH, {"do": do, "name": names, "view": "list"}, follow=True)
    assert answer.redirect_chain == [("/providers/?view=list", 302)]
    assert "Select a provider first." in answer.content.decode()
    assert not Job.objects.exists()


def test_a_sign_in_of_the_agent_is_passed_over(site: Client) -> None:
    row = Provider(kind="openai_codex")
    row.store()
    answer = site.post(PATH, {"do": "check", "name": "openai_codex"}, follow=True)
    assert "nothing here can ask it" in answer.content.decode()
    assert site.post(PATH, {"test": "openai_codex"})["Location"] == "/providers/"
    assert not Job.objects.exists()


# Remove -----------------------------------------------------------------------------------------


def test_removal_asks_first_and_names_the_routes_of_each(site: Client) -> None:
    saved("groq")
    saved("mistral")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    Route.objects.create(slot="vision", model="pixtral", provider="mistral")
    answer = site.post(
        PATH, {"do": "remove", "name": ["mistral", "groq"], "view": "list"}, follow=True
    )
    (address, _status) = answer.redirect_chain[0]
    assert address == "/providers/remove/?name=groq&name=mistral&view=list"
    html = flat(answer)
    assert "Remove 2 providers" in html
    parts = dict(re.findall(r'data-name="(\w+)">(.*?)</div>', html))
    assert "<strong>Main</strong>" in parts["groq"]
    assert "<strong>Vision</strong>" in parts["mistral"]
    assert Provider.objects.count() == 2
    assert 'href="/providers/?view=list"' in html


def test_all_that_were_asked_for_are_removed_and_can_be_had_back(site: Client) -> None:
    for kind in ("groq", "mistral", "openai"):
        saved(kind)
    answer = site.post(REMOVE, {"name": ["groq", "mistral"], "view": "list"}, follow=True)
    assert answer.redirect_chain == [("/providers/?view=list", 302)]
    assert "2 providers removed." in answer.content.decode()
    assert set(Provider.objects.values_list("name", flat=True)) == {"openai"}
    entries = AuditEntry.objects.filter(action="provider.removed")
    assert set(entries.values_list("target", flat=True)) == {"groq", "mistral"}
    assert ConfigVersion.objects.count() == 1


def test_one_that_is_selected_is_asked_about_as_on_its_page(site: Client) -> None:
    saved("groq")
    assert "Remove Groq" in flat(site.get(REMOVE, {"name": "groq"}))


def test_removal_of_nobody_goes_back_to_the_list(site: Client) -> None:
    for answer in (site.get(REMOVE), site.post(REMOVE, {"name": "groq"})):
        assert answer["Location"] == "/providers/"


def test_endpoints_that_are_called_like_a_page_keep_their_own(site: Client) -> None:
    for name in ("selected", "remove"):
        row = Provider(kind="custom", name=name, api_base="http://127.0.0.1:1/v1")
        row.store()
        assert f'href="/providers/~{name}/"' in site.get("/providers/").content.decode()
        assert site.get(f"/providers/~{name}/").status_code == 200
