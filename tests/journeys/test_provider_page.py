"""A provider's page in a real browser: it fits, one button leads, nothing typed is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from tests.journeys.tab import Tab
from tests.simulators.entries import demo_key

pytestmark = [pytest.mark.journey, pytest.mark.browser]
DESK = {"width": 1280, "height": 720}
PRIMARY, PLAIN = "rgb(79, 115, 143)", "rgb(255, 255, 255)"


def button(page: Page, name: str) -> Locator:
    return page.locator("main").get_by_role("button", name=name, exact=True)


def bar(page: Page) -> Locator:
    return page.locator("#savebar")


def save(page: Page) -> Locator:
    return bar(page).get_by_role("button", name="Save", exact=True)


def unsaved(page: Page, count: int) -> None:
    expect(bar(page)).to_have_attribute("data-unsaved", str(count))


def key_of(page: Page) -> Locator:
    return page.get_by_label("API key", exact=True)


def leads(page: Page, name: str) -> None:
    """Of all buttons in the card and in the bar, this one alone is in the leading colour."""
    expect(page.locator(":root")).to_have_attribute("data-theme", "system")
    found = page.locator("#provider-form .card-foot :is(button, a), #savebar button")
    leading = """(found) => found.filter((one) => one.checkVisibility({visibilityProperty: true})
      && getComputedStyle(one).backgroundColor === "%s").map((one) => one.innerText.trim())"""
    for _try in range(40):
        told = found.evaluate_all(leading % PRIMARY)
        if told == [name]:
            return
        page.wait_for_timeout(50)
    assert told == [name]


def is_above_the_bar(page: Page, selector: str) -> None:
    place = page.locator(selector).bounding_box()
    foot = bar(page).bounding_box()
    assert place is not None
    assert foot is not None
    assert place["y"] >= 0
    assert place["y"] + place["height"] <= foot["y"], selector


@pytest.mark.parametrize("kind", ["openrouter", "deepseek", "mistral", "bedrock", "ollama"])
def test_form_buttons_and_result_are_seen_without_scrolling(
    open_tab: Callable[..., Tab], kind: str
) -> None:
    tab = open_tab(viewport=DESK)
    tab.go(f"/providers/{kind}/")
    if kind == "bedrock":
        tab.fill("Region", "us-east-1")
    if kind != "ollama":
        tab.fill("API key", demo_key(kind))
    if kind not in ("ollama", "mistral"):  # what the key looks like comes a moment later
        expect(tab.page.locator("#provider-form .looks")).to_be_visible()
    states = tab.page.locator("#provider-form .secret-state")
    heights = "(all) => all.map((one) => one.offsetHeight)"
    empty = states.evaluate_all(heights)
    tab.press("Test connection")
    tab.check("ok")
    assert states.evaluate_all(heights) == empty  # the buttons stay under the pointer
    assert tab.page.evaluate("scrollY") == 0
    for selector in ("#provider-form", "#provider-form .card-foot", "#check .card-body"):
        is_above_the_bar(tab.page, selector)
    expect(save(tab.page)).to_be_in_viewport(ratio=1)


def test_the_test_leads_then_save_then_the_next_step(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(viewport=DESK, color_scheme="light")
    page = tab.page
    tab.go("/providers/groq/")
    leads(page, "Test connection")
    key_of(page).fill(demo_key("groq"))
    tab.press("Test connection")
    tab.check("ok")
    leads(page, "Save")
    key_of(page).press_sequentially("x")  # these have not passed
    leads(page, "Test connection")
    key_of(page).fill(demo_key("groq"))
    tab.press("Test connection")
    leads(page, "Save")
    save(page).click()
    expect(page.get_by_text("saved.")).to_be_visible()
    fetch = page.locator("#next button")
    expect(fetch).to_contain_text("Fetch ")
    told = fetch.inner_text().strip()
    leads(page, told)
    fetch.click()
    assert told == f"Fetch {tab.catalog()} models"
    expect(page.locator("#next a")).to_have_text("Choose for Main")
    leads(page, "Choose for Main")


def test_the_looks_of_a_key_are_told_while_it_is_typed(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(viewport=DESK)
    page, asked = tab.page, []
    page.on("request", lambda request: asked.append((request.method, request.url)))
    tab.go("/providers/anthropic/")
    asked.clear()
    slot = page.locator("#id_api_key_slot")
    key_of(page).press_sequentially("gsk_0123456789")
    expect(slot).to_contain_text("Groq")
    key_of(page).fill("sk-ant-api03-0123456789")
    expect(slot).to_have_text("Looks like a key of Anthropic.")
    key_of(page).fill("")
    expect(slot).to_be_empty()
    assert {method for method, url in asked if "/shape/" in url} == {"POST"}
    assert not any("gsk_" in url or "sk-ant" in url for _method, url in asked)
    tab.go("/providers/anthropic/")
    expect(page.locator('[data-secret="api_key"]')).to_have_attribute("data-state", "missing")


def test_one_way_to_sign_in_is_chosen_and_only_its_fields_are_seen(
    open_tab: Callable[..., Tab],
) -> None:
    for choices in ({}, {"java_script_enabled": False}):
        tab = open_tab(viewport=DESK, **choices)
        page = tab.page
        tab.go("/providers/bedrock/")
        access, profile = (
            page.get_by_label(name, exact=True) for name in ("Access key ID", "AWS profile")
        )
        expect(key_of(page)).to_be_visible()
        expect(access).to_be_hidden()
        page.get_by_role("radio", name="Access keys").check(force=True)
        expect(key_of(page)).to_be_hidden()
        expect(access).to_be_visible()
        page.get_by_role("radio", name="Profile").check(force=True)
        expect(access).to_be_hidden()
        expect(profile).to_be_visible()


def test_the_bar_counts_what_is_typed_and_stays_where_it_is(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(viewport=DESK)
    page = tab.page
    tab.go("/providers/openai/")
    before = save(page).bounding_box()
    unsaved(page, 0)
    key_of(page).fill(demo_key("openai"))
    unsaved(page, 1)
    page.get_by_text("Advanced", exact=True).click()
    tab.fill("Extra headers", "X-Team: blue")
    unsaved(page, 2)
    page.mouse.wheel(0, 5000)
    assert save(page).bounding_box() == before
    page.keyboard.press("Control+s")
    expect(page.get_by_text("saved.")).to_be_visible()
    unsaved(page, 0)
    expect(page.locator("#advanced")).to_have_attribute("open", "")
    page.get_by_label("Remove the stored key").check()
    unsaved(page, 1)
    page.get_by_label("Remove the stored key").uncheck()
    unsaved(page, 0)
    assert save(page).bounding_box() == before


def test_leaving_asks_and_a_secret_is_kept_nowhere(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(viewport=DESK)
    page, asked = tab.page, []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    tab.go("/providers/zhipu/")
    tab.fill("Key expires on", "2031-05-06")
    page.get_by_role("button", name="Deutsch").click()  # what is no secret goes along
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#id_key_expires")).to_have_value("2031-05-06")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    unsaved(page, 1)
    assert asked == []
    typed = demo_key("zhipu")
    page.locator("#id_api_key").fill(typed)
    page.get_by_role("radio", name="Dark").check(force=True)
    expect(page.locator("#id_api_key")).to_have_value(typed)
    for way in ("Deutsch", "Catalog"):
        role: Any = "link" if way == "Catalog" else "button"
        page.get_by_role(role, name=way, exact=True).click(no_wait_after=True)
        page.wait_for_timeout(300)
        assert typed not in page.evaluate(
            "JSON.stringify([{...sessionStorage}, {...localStorage}])"
        )
    assert asked == ["beforeunload"] * 2
    expect(page.locator("#id_api_key")).to_have_value(typed)
    bar(page).get_by_role("button", name="Discard", exact=True).click()
    expect(page.locator("#id_api_key")).to_have_value("")
    unsaved(page, 0)
    assert len(asked) == 2


def test_two_tabs_show_both_versions_and_lose_nothing(open_tab: Callable[..., Tab]) -> None:
    one, other = open_tab(viewport=DESK), open_tab(viewport=DESK)
    page = "/providers/moonshot/"
    one.go(page)
    one.fill("API key", demo_key("moonshot"))
    save(one.page).click()
    expect(one.page.get_by_text("saved.")).to_be_visible()
    one.go(page)
    other.go(page)
    for tab, word, team in ((one, "bad", "red"), (other, "nocredit", "blue")):
        tab.fill("API key", demo_key("moonshot", word))
        tab.page.get_by_text("Advanced", exact=True).click()
        tab.fill("Extra headers", f"X-Team: {team}")
    save(one.page).click()
    expect(one.page.get_by_text("saved.")).to_be_visible()
    with other.watch.expecting("409"):
        save(other.page).click()
        expect(other.page.locator("#overtaken")).to_be_visible()
    both = other.page.locator("#overtaken tbody tr")
    expect(both).to_have_count(2)
    expect(other.page.locator('[data-field="extra_headers:X-Team"]')).to_contain_text("X-Team")
    content = other.page.content()
    assert not any(demo_key("moonshot", word) in content for word in ("bad", "nocredit"))
    unsaved(other.page, 2)
    theirs = other.page.get_by_role("radio", name="Extra headers: X-Team, Saved meanwhile")
    theirs.check()
    unsaved(other.page, 1)
    other.page.keyboard.press("Control+s")
    expect(other.page.get_by_text("saved.")).to_be_visible()
    tail = other.page.locator('[data-secret="api_key"]')
    expect(tail).to_have_attribute("data-tail", demo_key("moonshot", "nocredit")[-4:])


@pytest.mark.long
def test_two_tabs_on_the_routes_are_chosen_between_by_field(open_tab: Callable[..., Tab]) -> None:
    one, other = open_tab(viewport=DESK), open_tab(viewport=DESK)
    for tab, model in ((one, "one/film"), (other, "other/film")):
        tab.go("/routing/")
        tab.fill("Video generation model", model)
    save(one.page).click()
    expect(one.page.get_by_text("Routes saved.")).to_be_visible()
    with other.watch.expecting("409"):
        save(other.page).click()
        expect(other.page.locator("#overtaken")).to_be_visible()
    expect(other.page.get_by_label("Video generation model", exact=True)).to_be_disabled()
    choice = other.page.get_by_role("radio", name="Video generation model, Saved meanwhile")
    unsaved(other.page, 1)
    choice.check()
    unsaved(other.page, 0)
    save(other.page).click()
    film = other.page.get_by_label("Video generation model", exact=True)
    expect(film).to_have_value("one/film")
    film.fill("")
    save(other.page).click()
    expect(other.page.get_by_text("Routes saved.")).to_be_visible()


def test_a_new_endpoint_has_the_bar_as_well(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(viewport=DESK)
    tab.go("/providers/new/")
    unsaved(tab.page, 0)
    tab.fill("Name", "lab-two")
    tab.fill("API base", "https://api.groq.com/openai/v1")
    tab.fill("API key", demo_key("groq"))
    unsaved(tab.page, 3)
    expect(save(tab.page)).to_be_in_viewport(ratio=1)
    tab.page.keyboard.press("Control+s")
    expect(tab.page.get_by_role("heading", name="lab-two", level=1)).to_be_visible()
    unsaved(tab.page, 0)
