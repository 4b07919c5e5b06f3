"""Other ways to use it: no JavaScript, another language, a phone, paper, at rest, by key alone."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.interface.conftest import PHONE
from tests.simulators import Simulators

pytestmark = [pytest.mark.journey, pytest.mark.browser]


def test_without_javascript_lists_are_filtered_and_sorted(visit: Callable[..., Any]) -> None:
    with visit(java_script_enabled=False) as tab:
        tab.go("/providers/")
        tab.fill("Search providers", "groq")
        tab.press("Search")
        expect(tab.page.locator("article")).to_have_count(1)
        tab.go("/catalog/")
        tab.fill("Search models", "claude")
        tab.press("Search")
        expect(tab.page.locator("tbody tr").first).to_contain_text("claude")
        tab.page.get_by_role("link", name="Context").click()
        expect(tab.page.locator("th[aria-sort=descending]")).to_have_text("Context")
        expect(tab.page.get_by_label("Search models")).to_have_value("claude")


def test_the_language_is_switched_and_kept_without_javascript(visit: Callable[..., Any]) -> None:
    with visit(java_script_enabled=False) as tab:
        tab.go("/providers/?status=attention")
        expect(tab.page.locator("html")).to_have_attribute("lang", "en")
        tab.page.get_by_role("button", name="Deutsch").click()
        expect(tab.page).to_have_url(re.compile(r"/providers/\?status=attention$"))
        expect(tab.page.locator("html")).to_have_attribute("lang", "de")
        tab.go("/")
        expect(tab.page.get_by_role("heading", level=1)).to_have_text("Übersicht")
        tab.page.get_by_role("button", name="English").click()
        expect(tab.page.get_by_role("heading", level=1)).to_have_text("Overview")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_on_a_phone_the_answer_to_a_button_comes_into_view(
    visit: Callable[..., Any], scripts: bool
) -> None:
    with visit(viewport=PHONE, java_script_enabled=scripts) as tab:
        tab.go("/providers/bedrock/")
        expect(tab.page.locator("#check")).not_to_be_in_viewport()
        for name, part in (("Test connection", "#check"), ("Fetch models", "#catalog")):
            tab.press(name)
            expect(tab.page.locator(f"{part} h2")).to_be_in_viewport()
            expect(tab.page.locator(f'{part}[data-state="never"]')).to_have_count(0)


def test_an_answer_whose_next_part_is_faster_than_the_page_comes_into_view_as_well(
    visit: Callable[..., Any], simulators: Simulators
) -> None:
    slow_frames = """const frame = requestAnimationFrame;
    window.requestAnimationFrame = (done) => setTimeout(frame, 1500, done)"""
    simulators.set_delay("bedrock", 0.5)
    try:
        with visit(viewport=PHONE) as tab:
            tab.page.add_init_script(slow_frames)
            tab.go("/providers/bedrock/")
            button = tab.page.get_by_role("button", name="Test connection").first
            button.evaluate("(at) => at.scrollIntoView({block: 'end'})")
            expect(tab.page.locator("#check h2")).not_to_be_in_viewport()
            button.click()
            # That a rung runs may be over before anybody looks: the heading that comes tells it.
            expect(tab.page.locator("#check h2")).to_be_in_viewport(timeout=15_000)
            expect(tab.page.locator('#check[data-state="done"]')).to_be_attached()
            expect(tab.page.locator("#check h2")).to_be_in_viewport()
    finally:
        simulators.set_delay("bedrock", 0)


def test_the_preview_of_the_export_can_be_printed(visit: Callable[..., Any]) -> None:
    with visit(color_scheme="dark", viewport={"width": 794, "height": 1123}) as tab:
        page = tab.page
        tab.go("/config/export/")
        page.get_by_text("Look at config.json").click()
        page.emulate_media(media="print")
        preview = page.locator("#preview")
        expect(preview).to_contain_text("openrouter")
        expect(preview).to_have_css("background-color", "rgb(255, 255, 255)")
        expect(preview).to_have_css("color", "rgb(0, 0, 0)")
        expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
        for left_out in ("nav.nav", ".head-actions", ".pages", "button:visible"):
            expect(page.locator(left_out).filter(visible=True)).to_have_count(0)
        cut = "document.documentElement.scrollWidth > innerWidth"
        assert not page.evaluate(cut)
        assert not preview.evaluate("(at) => at.scrollWidth > at.clientWidth")


def test_nothing_moves_for_whoever_asked_for_rest(
    visit: Callable[..., Any], simulators: Simulators
) -> None:
    moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
    simulators.set_delay("groq", 5)
    try:
        for choice in ("no-preference", "reduce"):
            with visit(reduced_motion=choice) as tab:
                tab.go("/providers/groq/")
                tab.press("Test connection")
                expect(tab.page.locator('.rung[data-tone="running"]')).to_be_visible()
                tab.page.wait_for_timeout(400)
                assert bool(tab.page.evaluate(moving)) is (choice == "no-preference")
                simulators.release_hangs()
    finally:
        simulators.set_delay("groq", 0)


def test_from_the_palette_to_the_file_by_keyboard_alone(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        page, keys = tab.page, tab.page.keyboard
        tab.go("/")
        keys.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        keys.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        keys.press("Control+k")
        keys.type("gpt-oss-120b")
        expect(page.locator(".palette-list a").first).to_contain_text("gpt-oss-120b")
        keys.press("Enter")
        expect(page.locator("#using")).to_be_visible()
        press_at(page, "Use for Vision")
        expect(page.locator("#using")).to_contain_text("Vision uses it now.")
        keys.press("Control+k")
        keys.type("export")
        expect(page.locator(".palette-list a").first).to_have_attribute("href", "/config/export/")
        keys.press("Enter")
        expect(page.get_by_role("heading", name="Config", level=1)).to_be_visible()
        with page.expect_download() as waiting:
            press_at(page, "Download")
        assert "gpt-oss-120b" in waiting.value.path().read_text()


NAME = "document.activeElement.ariaLabel ?? document.activeElement.textContent.trim()"


def press_at(page: Page, name: str) -> None:
    """Press Tab until the focus is on what has this name, then Enter."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate(NAME) == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_without_javascript_a_file_goes_out_and_comes_in_again(
    visit: Callable[..., Any], tmp_path: Path
) -> None:
    with visit(java_script_enabled=False) as tab:
        tab.go("/config/export/")
        with tab.page.expect_download() as waiting:
            tab.press("Download")
        file = tmp_path / "config.json"
        file.write_text(waiting.value.path().read_text().replace("gpt-oss-120b", "gpt-oss-20b"))
        tab.go("/config/import/")
        tab.page.get_by_label("File", exact=True).set_input_files(file)
        tab.press("Import")
        expect(tab.page.locator("#changes")).to_contain_text("gpt-oss-20b")
        tab.press("Import")
        expect(tab.page.get_by_text("Imported:")).to_be_visible()
        tab.go("/routing/")
        model = tab.page.get_by_label("Main model", exact=True)
        expect(model).to_have_value("openai/gpt-oss-20b")
