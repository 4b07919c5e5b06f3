"""The routing page: one table, a save bar that loses nothing, a list of models to choose from."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

pytestmark = [pytest.mark.journey, pytest.mark.browser]

SLOTS = ("main", "subagent", "vision", "image", "video")
DESK = {"width": 1280, "height": 720}


def unsaved(page: Page, count: int) -> None:
    expect(page.locator("#savebar")).to_have_attribute("data-unsaved", str(count))


def model(page: Page, name: str = "Main") -> Any:
    return page.get_by_label(f"{name} model", exact=True)


def test_all_five_routes_and_their_state_are_seen_without_scrolling(
    visit: Callable[..., Any],
) -> None:
    with visit(viewport=DESK) as tab:
        tab.go("/routing/")
        bar = tab.page.locator("#savebar").bounding_box()
        for slot in SLOTS:
            row = tab.page.locator(f'[data-slot="{slot}"]')
            expect(row.locator(".pill")).to_be_in_viewport(ratio=1)
            place = row.bounding_box()
            assert place["y"] + place["height"] <= bar["y"]
            assert not row.evaluate("(row) => row.closest('.table-wrap').scrollLeft")
        expect(tab.page.get_by_role("button", name="Save", exact=True)).to_be_in_viewport(ratio=1)


def test_the_save_bar_never_moves_and_a_press_is_never_swallowed(
    visit: Callable[..., Any],
) -> None:
    with visit(viewport=DESK) as tab:
        page = tab.page
        tab.go("/routing/")
        save = page.locator("#savebar").get_by_role("button", name="Save", exact=True)
        before = save.bounding_box()
        model(page, "Vision").press_sequentially("openai/gpt-oss-20b")
        unsaved(page, 1)
        expect(page.locator("#savebar")).to_contain_text("1 unsaved change")
        page.get_by_label("Vision provider", exact=True).select_option("groq")
        expect(page.locator("#savebar")).to_contain_text("2 unsaved changes")
        model(page, "Video generation").fill("half")
        unsaved(page, 3)
        page.mouse.wheel(0, 5000)
        assert save.bounding_box() == before
        model(page, "Video generation").fill("")
        page.mouse.move(before["x"] + 20, before["y"] + 10)
        page.mouse.down()  # the field is left, what is said of it comes
        page.wait_for_timeout(100)
        assert save.bounding_box() == before
        page.mouse.up()
        expect(page.get_by_text("Routes saved.")).to_be_visible()
        unsaved(page, 0)
        expect(model(page, "Vision")).to_have_value("openai/gpt-oss-20b")
        assert save.bounding_box() == before
        model(page, "Vision").fill("")
        page.get_by_label("Vision provider", exact=True).select_option("auto")
        page.keyboard.press("Control+s")
        expect(page.locator('[data-slot="vision"]')).to_have_attribute("data-state", "as_main")
        unsaved(page, 0)


def test_leaving_with_unsaved_changes_asks_and_discard_takes_them_back(
    visit: Callable[..., Any],
) -> None:
    with visit(viewport=DESK) as tab:
        page = tab.page
        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        tab.go("/routing/")
        saved = model(page).input_value()
        model(page).fill("typed")
        page.on("dialog", stay)
        page.get_by_role("link", name="Catalog", exact=True).click(no_wait_after=True)
        page.wait_for_timeout(300)
        assert asked == ["beforeunload"]
        expect(model(page)).to_have_value("typed")
        page.locator("#savebar").get_by_role("button", name="Discard", exact=True).click()
        expect(model(page)).to_have_value(saved)
        unsaved(page, 0)
        page.get_by_role("link", name="Catalog", exact=True).click()
        expect(page.get_by_role("heading", name="Catalog", level=1)).to_be_visible()
        assert asked == ["beforeunload"]


def test_the_pages_own_ways_keep_what_was_typed(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK) as tab:
        page = tab.page
        page.on("dialog", lambda dialog: pytest.fail(dialog.type))
        tab.go("/routing/")
        model(page, "Vision").fill("typed/eyes")
        tab.fill("Model name", "gpt-oss-20b")
        expect(page.locator("#tried .resolution")).to_be_visible()  # as one types
        tab.press("Explain")
        page.get_by_label("Without", exact=True).select_option("groq")
        expect(page.locator("#gone")).to_contain_text("Main")
        page.get_by_role("link", name="Anthropic by model name").click()
        expect(model(page)).to_have_value("anthropic/claude-opus-4-7")
        expect(model(page, "Vision")).to_have_value("typed/eyes")
        unsaved(page, 3)  # the recipe's model and provider as well
        page.get_by_role("button", name="Deutsch").click()
        expect(page.locator("html")).to_have_attribute("lang", "de")
        eyes = page.locator("#id_vision-model")
        expect(eyes).to_have_value("typed/eyes")
        page.get_by_role("button", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(eyes).to_have_value("typed/eyes")
        page.get_by_role("radio", name="Dark").check(force=True)
        expect(eyes).to_have_value("typed/eyes")
        page.locator("#savebar").get_by_role("button", name="Discard", exact=True).click()
        expect(eyes).to_have_value("")
        unsaved(page, 0)


def test_a_row_opens_by_its_name_and_by_an_address(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK) as tab:
        page = tab.page
        tab.go("/routing/")
        details = page.locator("#route-main .detail")
        expect(details).to_be_hidden()
        page.locator("#route-main summary").first.click()
        expect(details).to_contain_text("Its own last test")
        tab.go("/#attention")
        tab.go("/routing/#route-vision")
        expect(page.locator("#route-vision .detail")).to_be_visible()
        expect(page.locator("#route-main .detail")).to_be_hidden()
    with visit(viewport=DESK, java_script_enabled=False) as tab:
        tab.go("/routing/")
        tab.page.locator("#route-main summary").first.click()
        expect(tab.page.locator("#route-main .detail")).to_contain_text("Its own last test")
