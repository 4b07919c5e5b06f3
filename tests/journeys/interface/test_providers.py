"""The list of providers: a test on a card, the list view, and what is done with a selection."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.tab import Tab
from tests.simulators import Simulators

pytestmark = [pytest.mark.journey, pytest.mark.browser]


def select(page: Page, *labels: str) -> None:
    for label in labels:
        page.get_by_role("checkbox", name=f"Select {label}", exact=True).check()


def with_selected(page: Page, name: str) -> None:
    page.locator(".selection").get_by_role("button", name=name).click()


def make_endpoint(tab: Tab, name: str) -> None:
    tab.go("/providers/new/")
    tab.fill("Name", name)
    tab.fill("API base", "https://llm.example.com/v1")
    tab.press("Save")
    expect(tab.page.get_by_text("saved.")).to_be_visible()


def test_a_test_on_a_card_ends_on_the_card_and_the_button_keeps_its_focus(
    visit: Callable[..., Any], simulators: Simulators
) -> None:
    with visit() as tab:
        page, card = tab.page, tab.page.locator('article[data-kind="mistral"]')
        simulators.set_delay("mistral", 1)
        try:
            tab.go("/providers/")
            page.evaluate("window.loadedOnce = true")
            round_ = page.locator("#progress strong")
            before = round_.inner_text()
            button = page.get_by_role("button", name="Test Mistral", exact=True)
            button.focus()
            page.keyboard.press("Enter")
            expect(card).to_have_attribute("data-state", re.compile("queued|running"))
            expect(button).to_be_focused()
            expect(card).to_have_attribute("data-state", "done", timeout=20_000)
            expect(card).to_have_attribute("data-outcome", "ok")
            expect(button).to_be_focused()
            expect(page.get_by_role("status").filter(has_text="Mistral: Works")).to_have_count(1)
            expect(card.locator(".ticks")).to_be_visible()
            said = card.get_by_role("img").first
            expect(said).to_have_accessible_name(re.compile(r"^Last \d+ tests: \d+ ok"))
            assert page.evaluate("window.loadedOnce")
            assert round_.inner_text() == before
        finally:
            simulators.set_delay("mistral", 0)


def test_a_selection_is_tested_and_stays_selected(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        page = tab.page
        tab.go("/providers/")
        page.evaluate("window.loadedOnce = true")
        page.locator(".seg label", has_text="List").click()
        expect(page).to_have_url(re.compile(r"/providers/\?view=list$"))
        expect(page.locator('table article[data-kind="groq"]')).to_have_attribute(
            "data-outcome", "ok"
        )
        select(page, "Groq", "DeepSeek")
        with_selected(page, "Test")
        expect(page.get_by_text("Last round: 1 of 2 work")).to_be_visible(timeout=20_000)
        expect(page.get_by_role("checkbox", name="Select Groq")).to_be_checked()
        expect(page.get_by_role("checkbox", name="Select DeepSeek")).to_be_checked()
        expect(page.get_by_role("checkbox", name="Select Mistral")).not_to_be_checked()
        assert page.evaluate("window.loadedOnce")
        row = page.get_by_role("row", name="Groq")
        row.get_by_role("button", name="Test Groq").click()
        expect(row.locator("article")).to_have_attribute("data-state", "done", timeout=20_000)
        expect(page.get_by_role("checkbox", name="Select Groq")).to_be_checked()


def test_all_are_selected_by_one_press_and_their_models_are_fetched(
    visit: Callable[..., Any],
) -> None:
    with visit() as tab:
        page = tab.page
        tab.go("/providers/?view=list&group=local")
        page.get_by_role("link", name="Select all", exact=True).click()
        boxes = page.locator('[name="name"]')
        count = boxes.count()
        assert count >= 3
        expect(page.locator('[name="name"]:checked')).to_have_count(count)
        with_selected(page, "Fetch models")
        expect(page).to_have_url(re.compile("/catalog/"))
        expect(page.get_by_text(f"of {count} lists fetched")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_selection_is_removed_after_a_question(
    visit: Callable[..., Any], has_scripts: bool
) -> None:
    with visit() as tab:
        make_endpoint(tab, "lab-a")
        make_endpoint(tab, "lab-b")
    with visit(java_script_enabled=has_scripts) as tab:
        page = tab.page
        tab.go("/providers/?view=list")
        select(page, "lab-a", "lab-b")
        with_selected(page, "Remove")
        expect(page.get_by_role("heading", name="Remove 2 providers", level=1)).to_be_visible()
        expect(page.locator("[data-name=lab-a]")).to_contain_text("No route is served by it.")
        tab.press("Remove")
        expect(page.get_by_text("2 providers removed.")).to_be_visible()
        expect(page).to_have_url(re.compile(r"/providers/\?view=list$"))
        expect(page.locator('article:has-text("lab-")')).to_have_count(0)


def test_everything_on_the_list_works_without_scripts(visit: Callable[..., Any]) -> None:
    with visit(java_script_enabled=False) as tab:
        page = tab.page
        tab.go("/providers/?q=groq")
        tab.press("Test Groq")
        expect(page).to_have_url(re.compile(r"/providers/\?q=groq"))
        card = page.locator('article[data-kind="groq"][data-state="done"]')
        expect(card).to_be_visible(timeout=20_000)  # the page asks again by itself
        page.get_by_text("List", exact=True).click()
        tab.press("Search")
        select(page, "Groq")
        with_selected(page, "Test")
        expect(page).to_have_url(re.compile(r"view=list"))
        expect(page.get_by_text("Last round: 1 of 1 work")).to_be_visible(timeout=20_000)
        expect(page.locator("table article")).to_have_count(1)


def test_a_route_that_would_lose_who_serves_it_is_named(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        tab.go("/providers/")
        expect(tab.page.locator("#card-groq")).to_contain_text("Serves Main")
        tab.go("/providers/?view=list")
        select(tab.page, "Groq", "Mistral")
        with_selected(tab.page, "Remove")
        asked = tab.page.locator("[data-name=groq]")
        expect(asked).to_contain_text("would lose it")
        expect(asked.locator("strong")).to_contain_text("Main")
        tab.page.get_by_role("link", name="Cancel").click()
        expect(tab.page).to_have_url(re.compile(r"/providers/\?view=list$"))


@pytest.mark.parametrize("query", ["", "?view=list"])
def test_on_a_phone_each_button_is_under_the_finger(visit: Callable[..., Any], query: str) -> None:
    with visit(viewport={"width": 390, "height": 844}, has_touch=True) as tab:
        tab.go("/providers/" + query)
        sizes = tab.page.evaluate(
            "[...document.querySelectorAll('#board :is(button, [name=name])')].map((one) => {"
            " const box = one.getBoundingClientRect(); return [box.left, box.right, box.height]})"
        )
        assert sizes
        assert all(0 <= left < right <= 390 and height >= 16 for left, right, height in sizes)


def test_what_is_said_stands_beside_the_bar_of_a_selection_and_it_counts(
    visit: Callable[..., Any],
) -> None:
    with visit(viewport={"width": 1280, "height": 720}) as tab:
        page, bar = tab.page, tab.page.locator(".selection")
        tab.go("/providers/?view=list")
        with_selected(page, "Remove")
        toast = page.get_by_text("Select a provider first.")
        expect(toast).to_be_visible()
        said, below = toast.bounding_box(), bar.bounding_box()
        assert said
        assert below
        assert said["y"] + said["height"] <= below["y"]
        select(page, "Groq", "Mistral")
        counted = "getComputedStyle(document.querySelector('.selection p'), '::after').content"
        assert "counter(chosen)" in page.evaluate(counted)


def test_the_help_beside_a_date_is_read_in_one_piece_on_a_narrow_phone(
    visit: Callable[..., Any],
) -> None:
    with visit(viewport={"width": 320, "height": 700}) as tab:
        tab.go("/providers/groq/")
        box = tab.page.locator("#id_key_expires_helptext").bounding_box()
        assert box
        assert box["height"] < 50  # two lines
