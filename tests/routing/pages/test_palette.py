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
from routing.pages import palette
from routing.pages.palette import ACTIONS, BEGINNING, MODELS_FOUND, PAGES, PIECE, WHOLE, rank
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
    assert links(html)[: len(PAGES)] == [page.href for page in PAGES]
    assert html.index("Show what needs attention") < html.index("/providers/anthropic/")
    assert "Show what needs attention" in html
    assert "/routing/use/?use=" not in html


@pytest.mark.parametrize("href", [one.href for one in (*PAGES, *ACTIONS)])
def test_every_page_and_action_is_there(site: Client, href: str) -> None:
    path = href.partition("?")[0].partition("#")[0]
    assert resolve(path)
    assert site.get(path).status_code == 200


def test_users_and_admin_are_for_those_who_may(site: Client, viewer: Any) -> None:
    for words, href in (("users", "/accounts/users/"), ("admin", "/admin/")):
        assert links(offered(site, words))[0] == href
        assert href not in links(offered(signed_in(viewer), words))
    assert 'form="sign-out"' in offered(signed_in(viewer), "sign")


@pytest.mark.parametrize("words", ["set up another provider", "go back to an earlier version"])
def test_a_viewer_is_offered_nothing_to_do_for_editors(
    site: Client, viewer: Any, words: str
) -> None:
    assert words in offered(site, words).lower()
    assert "No page, action" in offered(signed_in(viewer), words)


def test_a_viewer_who_pastes_a_key_is_told_of_no_box(site: Client, viewer: Any) -> None:
    key = {"q": "sk-or-v1-0123456789abcdef"}
    for client, has_box in ((site, True), (signed_in(viewer), False)):
        html = client.post("/palette/", key).content.decode()
        assert "so it was not searched for" in html
        assert ("The box below" in html) == has_box
        assert ("<details" in html) == has_box


def test_a_base_model_leads_to_its_provider_where_a_route_needs_a_deployment(site: Client) -> None:
    stocked("azure_openai", "gpt-9")
    assert links(offered(site, "gpt-9")) == ["/providers/azure_openai/"]
    html = (
        site.get("/catalog/").content.decode()
        + site.get("/providers/azure_openai/").content.decode()
    )
    assert "gpt-9" in html
    assert "/routing/use/?use=" not in html


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
    assert links(offered(site, "download")) == ["/config/export/"]
    assert links(offered(site, "nothing like it")) == []


def first(html: str) -> str:
    """Words of the first thing to press."""
    found = re.search(r"<(?:a|button)\b.*?</(?:a|button)>", html, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", found[0]).split()) if found else ""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("theme", "Use the light theme"),
        ("dark", "Use the dark theme"),
        ("night", "Use the dark theme"),
        ("export", "Download config.json"),
        ("backup", "Download config.json"),
        ("restore", "Go back to an earlier version"),
        ("logs", "Activity"),
        ("log out", "Sign out"),
        ("errors", "Show what needs attention"),
        ("channel", "Channels"),
        ("webhook", "Channels"),
        ("slack", "Channels"),
        ("2fa", "Set up two-factor sign-in"),
        ("devices", "See where you're signed in"),
        ("invite", "Users"),
        ("german", "Deutsch"),
        ("base url", "Providers"),
        ("config", "Config"),
        ("import", "Import config.json"),
    ],
)
def test_other_words_for_it_find_it_as_well(site: Client, typed: str, meant: str) -> None:
    assert first(offered(site, typed)) == meant


def test_the_same_words_are_found_in_german(site: Client) -> None:
    site.cookies["language"] = "de"
    for typed, meant in (
        ("dunkel", "Dunkles"),
        ("protokoll", "Aktivität"),
        ("sicherung", "config"),
    ):
        assert meant in first(offered(site, typed))


def test_whole_words_go_before_beginnings_and_those_before_pieces() -> None:
    assert rank(["config"], "Config") == rank(["json"], "Import config.json") == WHOLE
    assert rank(["two"], "Set up two-factor sign-in") == WHOLE
    assert rank(["down", "config"], "Download config.json") == BEGINNING
    assert rank(["load"], "Download config.json") == PIECE
    assert rank(["config", "xyzzy"], "Config") is None
    assert rank([], "Config") == WHOLE


def test_what_is_meant_goes_before_what_holds_the_letters(site: Client) -> None:
    assert first(offered(site, "routing")) == "Routing"
    assert first(offered(site, "users")) == "Users"
    stocked("groq", "dark-9")
    html = offered(site, "dark")
    assert html.index("Use the dark theme") < html.index("dark-9")


def test_models_are_found_from_the_second_letter_on_and_lead_to_a_route(site: Client) -> None:
    stocked("groq", "llama-9", "qwen-9")
    assert "/routing/use/?use=" not in offered(site, "l")
    assert "/routing/use/?use=llama-9&kind=groq" in links(offered(site, "llama"))


def test_a_model_whose_name_begins_with_the_words_comes_first(site: Client) -> None:
    stocked("openrouter", *(f"anthropic/claude-{n}" for n in range(MODELS_FOUND)))
    stocked("anthropic", "claude-opus", "claude-haiku")
    found = [link for link in links(offered(site, "claude")) if "use=" in link]
    assert len(found) == MODELS_FOUND
    assert found[0] == "/routing/use/?use=claude-haiku&kind=anthropic"
    assert found[2] == "/routing/use/?use=anthropic%2Fclaude-0&kind=openrouter"


def test_more_models_than_fit_are_in_the_catalog(site: Client) -> None:
    stocked("groq", *(f"zeta-{n}" for n in range(MODELS_FOUND + 3)))
    html = offered(site, "zeta")
    assert html.count("/routing/use/?use=zeta") == MODELS_FOUND
    assert "3 more in the catalog" in html
    assert "/catalog/?q=zeta" in links(html)


def test_what_is_shown_already_is_not_drawn_again(site: Client) -> None:
    for shown, status in (("zeta", 204), ("zet", 200), ("", 200)):
        assert site.post("/palette/", {"q": " zeta", "shown": shown}).status_code == status
    assert site.post("/palette/", {"q": "", "shown": ""}).status_code == 200
    assert 'name="shown" value="zeta"' in offered(site, "zeta")


def test_of_very_many_models_no_more_are_counted_than_somebody_would_read(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stocked("groq", *(f"zeta-{n}" for n in range(30)))
    monkeypatch.setattr(palette, "MODELS_COUNTED", 20)
    assert "20 or more in the catalog" in offered(site, "zeta")
    monkeypatch.setattr(palette, "MODELS_COUNTED", 31)
    assert f"{30 - MODELS_FOUND} more in the catalog" in offered(site, "zeta")


def test_nothing_found_says_so(site: Client) -> None:
    told = 'No page, action, provider or model matches "xyzzy <b>".'
    assert told in offered(site, "xyzzy <b>")
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


@pytest.mark.parametrize(
    "text",
    [
        "sk-0123456789abcdef0123",
        "gsk_0123456789abcdef0123",
        "0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef.AbCdEfGh1234",
        "OPENAI_API_KEY=0123456789abcdef",
        "curl https://api.openai.com/v1/models -H 'Authorization: Bearer 0123456789abcdef'",
    ],
)
def test_a_pasted_key_is_not_sent_back_and_leads_to_the_box(site: Client, text: str) -> None:
    html = site.post("/palette/", {"q": text}, headers=HTMX).content.decode()
    assert text[:12] not in html
    assert "0123456789abcdef" not in html
    assert "This looks like a key" in html
    assert "<details open>" in html
    assert 'id="palette-paste-text"' in html


@pytest.mark.parametrize(
    "text",
    [
        "sk-",
        "xai-org/grok-2-vision-1212",
        "curl",
        "gemini-2.5-flash-lite",
        "AWS_BEARER_TOKEN_BEDROCK",
    ],
)
def test_a_name_is_no_key(site: Client, text: str) -> None:
    assert "This looks like a key" not in site.post("/palette/", {"q": text}).content.decode()


def test_words_are_posted_so_that_no_pasted_key_stands_in_an_address(site: Client) -> None:
    page = site.get("/accounts/").content.decode()
    field = page[page.index('id="palette-q"') :]
    field = field[: field.index(">")]
    assert 'hx-post="/palette/"' in field
    assert "hx-get" not in field
    posted = site.post("/palette/", {"q": "groq"}, headers=HTMX).content.decode()
    assert "Groq" in posted
    assert "Mistral" not in posted


@pytest.mark.usefixtures("one_minute")
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
