"""The palette: where it leads, by keyboard alone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.simulators.entries import demo_key

PASTE = """(text) => {
  const [input, data] = [document.activeElement, new DataTransfer()];
  data.setData("text", text);
  input.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true}));
  input.value = text.replaceAll("\\n", " ");
  input.dispatchEvent(new InputEvent("input", {bubbles: true}));
}"""
pytestmark = [pytest.mark.journey, pytest.mark.browser]


def test_the_palette_leads_by_keyboard_to_a_provider(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        page = tab.page
        tab.go("/activity/")
        page.keyboard.press("Control+k")
        expect(page.locator("#palette-q")).to_be_focused()
        expect(page.locator(".palette-list a").first).to_be_visible()
        page.keyboard.type("hugging")
        expect(page.locator(".palette-list a")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"/providers/huggingface/$"))


def test_enter_waits_for_what_was_typed(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        tab.go("/activity/")
        tab.page.keyboard.press("Control+k")
        expect(tab.page.locator(".palette-list a").first).to_be_visible()
        tab.page.keyboard.type("hugging")
        tab.page.keyboard.press("Enter")  # sooner than its list can be there
        expect(tab.page).to_have_url(re.compile(r"/providers/huggingface/$"))


def test_arrows_walk_through_the_palette_and_letters_lead_back(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        page = tab.page
        tab.go("/")
        page.keyboard.press("Control+k")
        found = page.locator(".palette-list a")
        expect(found.first).to_be_visible()
        page.keyboard.press("ArrowDown")
        expect(found.first).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(found.nth(1)).to_be_focused()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        expect(page.locator("#palette-q")).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(page.locator(".palette-list :is(a, button)").last).to_be_focused()
        page.keyboard.type("gpt-oss")
        expect(page.locator("#palette-q")).to_have_value("gpt-oss")
        expect(page.locator(".palette-list a").first).to_contain_text("gpt-oss")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"/routing/use/\?use=.*gpt-oss"))
        expect(page.locator("#main")).to_contain_text("gpt-oss")


def test_escape_closes_the_palette_and_gives_the_focus_back(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        tab.go("/providers/")
        search = tab.page.get_by_label("Search providers")
        search.focus()
        tab.page.keyboard.press("Control+k")
        expect(tab.page.locator("#palette")).to_be_visible()
        tab.page.keyboard.press("Escape")
        expect(tab.page.locator("#palette")).to_be_hidden()
        expect(search).to_be_focused()


def test_one_escape_closes_the_palette_also_with_words_in_it(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        tab.go("/providers/")
        tab.page.keyboard.press("Control+k")
        tab.page.keyboard.type("groq")
        expect(tab.page.locator(".palette-list a").first).to_contain_text("Groq")
        tab.page.keyboard.press("Escape")
        expect(tab.page.locator("#palette")).to_be_hidden()


def test_the_palette_changes_theme_and_language(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        page = tab.page
        tab.go("/catalog/")
        page.get_by_role("button", name="Search Ctrl K").click()
        page.keyboard.type("dark")
        first = page.locator(".palette-list :is(a, button)").first
        expect(first).to_have_text("Use the dark theme")
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        expect(page.locator("#palette")).to_be_hidden()
        page.keyboard.press("Control+k")
        page.locator("#palette-q").fill("german")
        expect(first).to_have_text("Deutsch")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Katalog")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_actions_stand_before_models(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        tab.go("/")
        tab.page.keyboard.press("Control+k")
        tab.page.keyboard.type("test")
        first = tab.page.locator(".palette-list :is(a, button)").first
        expect(first).to_have_text("Test all providers")
        groups = tab.page.locator(".palette-group")
        expect(groups.first).to_have_text("Actions")


def test_the_palette_starts_test_all(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        tab.go("/")
        tab.page.keyboard.press("Control+k")
        tab.page.keyboard.type("test all")
        first = tab.page.locator(".palette-list :is(a, button)").first
        expect(first).to_have_text("Test all providers")
        tab.page.keyboard.press("Enter")
        expect(tab.page).to_have_url(re.compile(r"/providers/$"))
        expect(tab.page.get_by_text("Last round:")).to_be_visible(timeout=20_000)


def test_a_pasted_key_goes_on_to_its_preview(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        tab.go("/")
        page, key = tab.page, demo_key("mistral", "good")
        page.keyboard.press("Control+k")
        expect(page.locator("#palette-q")).to_be_focused()
        page.evaluate(PASTE, f"MISTRAL_API_KEY={key}\nNO_SUCH_NAME=1")
        box = page.locator("#palette-paste-text")
        expect(box).to_have_value(f"MISTRAL_API_KEY={key}\nNO_SUCH_NAME=1")
        expect(page.locator("#palette-q")).to_have_value("")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Import", level=1)).to_be_visible()
        expect(page.get_by_text("Mistral").first).to_be_visible()
        tab.press("Discard")
