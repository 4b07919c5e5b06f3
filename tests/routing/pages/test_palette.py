"""The palette: what it offers for the words typed so far, and to whom."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from providers.models import Provider
from routing.pages.palette import ACTIONS, MODELS_FOUND, PAGES
from tests.conftest import signed_in
from tests.desk import HTMX, stocked

pytestmark = [pytest.mark.alike, pytest.mark.django_db]


def offered(client: Client, words: str = "") -> str:
    answer = client.get("/palette/", {"q": words}, headers=HTMX)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def links(html: str) -> list[str]:
    return re.findall(r'<a href="([^"]+)"', html)


def test_without_words_it_offers_pages_providers_and_actions(site: Client) -> None:
    html = offered(site)
    assert links(html)[: len(PAGES)] == [href for href, _icon, _label in PAGES]
    assert "Show what needs attention" in html
    assert "/routing/?use=" not in html


@pytest.mark.parametrize(("href", "_icon", "_label"), [*PAGES, *ACTIONS])
def test_every_page_and_action_is_there(site: Client, href: str, _icon: str, _label: Any) -> None:
    path = href.partition("?")[0].partition("#")[0]
    assert resolve(path)
    assert site.get(path).status_code == 200


def test_users_and_admin_are_for_those_who_may(site: Client, viewer: Any) -> None:
    for words, href in (("users", "/accounts/users/"), ("admin", "/admin/")):
        assert links(offered(site, words)) == [href]
        assert links(offered(signed_in(viewer), words)) == []
    assert 'form="sign-out"' in offered(signed_in(viewer), "sign")


def test_a_base_model_leads_to_its_provider_where_a_route_needs_a_deployment(site: Client) -> None:
    stocked("azure_openai", "gpt-9")
    assert links(offered(site, "gpt-9")) == ["/providers/azure_openai/"]
    html = (
        site.get("/catalog/").content.decode()
        + site.get("/providers/azure_openai/").content.decode()
    )
    assert "gpt-9" in html
    assert "/routing/?use=" not in html


def test_providers_that_are_set_up_come_first_with_their_state(site: Client) -> None:
    stocked("zhipu")
    Provider.objects.update(check_outcome="bad_key")
    html = offered(site)
    first = next(href for href in links(html) if href.startswith("/providers/z"))
    assert first == "/providers/zhipu/"
    assert "Key rejected" in html
    assert html.index("/providers/zhipu/") < html.index("/providers/anthropic/")


def test_words_narrow_pages_providers_and_actions(site: Client) -> None:
    assert links(offered(site, "hugging")) == ["/providers/huggingface/"]
    assert links(offered(site, "ACTIV")) == ["/activity/"]
    assert links(offered(site, "download")) == ["/config/"]


def test_models_are_found_from_the_second_letter_on_and_lead_to_a_route(site: Client) -> None:
    stocked("groq", "llama-9", "qwen-9")
    assert "/routing/?use=" not in offered(site, "l")
    assert "/routing/?use=llama-9&kind=groq" in links(offered(site, "llama"))


def test_a_model_whose_name_begins_with_the_words_comes_first(site: Client) -> None:
    stocked("openrouter", *(f"anthropic/claude-{n}" for n in range(MODELS_FOUND)))
    stocked("anthropic", "claude-opus", "claude-haiku")
    found = [link for link in links(offered(site, "claude")) if "use=" in link]
    assert len(found) == MODELS_FOUND
    assert found[0] == "/routing/?use=claude-haiku&kind=anthropic"
    assert found[2] == "/routing/?use=anthropic%2Fclaude-0&kind=openrouter"


def test_more_models_than_fit_are_in_the_catalog(site: Client) -> None:
    stocked("groq", *(f"zeta-{n}" for n in range(MODELS_FOUND + 3)))
    html = offered(site, "zeta")
    assert html.count("/routing/?use=zeta") == MODELS_FOUND
    assert "3 more in the catalog" in html
    assert "/catalog/?q=zeta" in links(html)


def test_nothing_found_says_so(site: Client) -> None:
    assert 'Nothing is called "xyzzy <b>".' in offered(site, "xyzzy <b>")
    assert "&lt;b&gt;" in site.get("/palette/", {"q": "xyzzy <b>"}).content.decode()


def test_test_all_is_a_form_with_a_token_for_those_who_may(site: Client, viewer: Any) -> None:
    assert "Test all providers" not in offered(site)  # nothing is set up
    stocked("groq")
    html = offered(site)
    assert 'action="/providers/check/"' in html
    assert "csrfmiddlewaretoken" in html
    assert "Test all providers" not in offered(signed_in(viewer))


def test_a_stranger_gets_nothing() -> None:
    assert Client().get("/palette/").status_code in (302, 401)


def test_it_takes_few_queries_whatever_is_found(site: Client) -> None:
    stocked("groq", *(f"zeta-{n}" for n in range(40)))

    def queries(words: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            offered(site, words)
        return sum('FROM "providers_' in q["sql"] for q in captured)

    queries("zeta")
    assert queries("zeta") == 3
    assert queries("") == 1


def test_every_page_carries_the_palette_and_its_button(site: Client) -> None:
    html = site.get("/providers/").content.decode()
    assert html.count('id="palette"') == 1
    assert 'popovertarget="palette"' in html
    assert 'role="dialog"' in html
