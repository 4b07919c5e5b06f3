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


def set_route(page: Page, name: str, text: str, provider: str) -> None:
    model(page, name).fill(text)
    page.get_by_label(f"{name} provider", exact=True).select_option(provider)


def save_routes(page: Page) -> None:
    page.locator("#savebar").get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Routes saved.")).to_be_visible()
    unsaved(page, 0)


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
        model(page, "Image generation").press_sequentially("openai/gpt-oss-20b")
        unsaved(page, 1)
        expect(page.locator("#savebar")).to_contain_text("1 unsaved change")
        page.get_by_label("Image generation provider", exact=True).select_option("groq")
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
        expect(model(page, "Image generation")).to_have_value("openai/gpt-oss-20b")
        assert save.bounding_box() == before
        model(page, "Image generation").fill("")
        page.get_by_label("Image generation provider", exact=True).select_option("auto")
        page.keyboard.press("Control+s")
        expect(page.locator('[data-slot="image"]')).to_have_attribute("data-state", "as_main")
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
        agents, pictures = ("Sub-agents", "Image generation")
        set_route(page, agents, "openai/gpt-oss-20", "groq")  # which has no such model
        set_route(page, pictures, "gpt-oss-20b", "auto")
        save_routes(page)
        model(page, "Video generation").fill("typed/film")
        tab.fill("Model name", "gpt-oss-20b")
        expect(page.locator("#tried .resolution")).to_be_visible()  # as one types
        tab.press("Explain")
        page.get_by_label("Without", exact=True).select_option("groq")
        expect(page.locator("#gone")).to_contain_text("Main")
        page.get_by_role("link", name="Anthropic by model name").click()
        expect(model(page)).to_have_value("anthropic/claude-opus-4-7")
        expect(model(page, "Video generation")).to_have_value("typed/film")
        unsaved(page, 3)  # the recipe's model and provider as well
        page.get_by_role("button", name="Deutsch").click()
        expect(page.locator("html")).to_have_attribute("lang", "de")
        film = page.locator("#id_video-model")
        expect(film).to_have_value("typed/film")
        page.get_by_role("button", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(film).to_have_value("typed/film")
        page.get_by_role("radio", name="Dark").check(force=True)
        expect(film).to_have_value("typed/film")
        page.locator("#route-image summary").first.click()
        page.get_by_role("button", name="Pin OpenAI", exact=True).click()
        expect(page.get_by_text("Image generation is pinned to OpenAI.")).to_be_visible()
        expect(film).to_have_value("typed/film")
        page.locator("#route-subagent summary").first.click()
        page.locator('#route-subagent [data-lint="model_missing"] form button').first.click()
        expect(page.get_by_text("Done.", exact=True)).to_be_visible()
        expect(model(page, agents)).not_to_have_value("openai/gpt-oss-20")
        expect(film).to_have_value("typed/film")
        page.locator("#savebar").get_by_role("button", name="Discard", exact=True).click()
        expect(film).to_have_value("")
        unsaved(page, 0)
        for name in (agents, pictures):
            set_route(page, name, "", "auto")
        save_routes(page)


def test_what_a_link_proposes_is_not_taken_for_typed(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK) as tab:
        page = tab.page
        tab.go("/routing/")
        saved = model(page).input_value()
        tab.go("/routing/?use=llama-9&kind=groq")
        expect(model(page)).to_have_value("llama-9")
        page.locator("#use").get_by_role("link", name="Video generation", exact=True).click()
        expect(model(page, "Video generation")).to_have_value("llama-9")
        expect(model(page)).to_have_value(saved)
        unsaved(page, 2)


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


# The list of models -----------------------------------------------------------------------------


def listed(page: Page) -> Any:
    return page.locator("#models")


def marked(page: Page) -> Any:
    return page.locator('#models [aria-selected="true"]')


def test_a_model_is_found_walked_to_and_picked_by_keyboard_alone(
    visit: Callable[..., Any],
) -> None:
    with visit(viewport=DESK) as tab:
        page, keys = tab.page, tab.page.keyboard
        tab.go("/routing/")
        field = model(page, "Video generation")
        expect(field).to_have_role("combobox")
        field.focus()
        expect(listed(page)).to_be_hidden()
        keys.press("ArrowDown")
        expect(listed(page)).to_be_visible()
        expect(field).to_have_attribute("aria-expanded", "true")
        keys.press("Escape")
        expect(listed(page)).to_be_hidden()
        expect(field).to_have_attribute("aria-expanded", "false")
        keys.type("opus-4-7 anthropic")
        expect(listed(page)).to_be_visible()
        keys.press("ArrowDown")
        keys.press("ArrowUp")
        keys.press("ArrowDown")
        expect(marked(page)).to_have_count(1)
        active = field.get_attribute("aria-activedescendant")
        assert active == marked(page).get_attribute("id")
        expect(field).to_be_focused()
        wanted, provider = (marked(page).get_attribute(f"data-{x}") for x in ("value", "provider"))
        keys.press("Enter")
        expect(listed(page)).to_be_hidden()
        expect(field).to_have_value(wanted)
        chosen = page.get_by_label("Video generation provider", exact=True)
        expect(chosen).to_have_value(provider or "auto")
        unsaved(page, 1 + bool(provider))
        keys.type("-and-more")  # any name can be typed
        keys.press("Escape")
        expect(field).to_have_value(f"{wanted}-and-more")
        page.locator("#savebar").get_by_role("button", name="Discard", exact=True).click()
        unsaved(page, 0)


def test_the_list_lies_between_head_and_save_bar_and_goes_when_the_field_is_left(
    visit: Callable[..., Any],
) -> None:
    with visit(viewport=DESK) as tab:
        page = tab.page
        tab.go("/routing/")
        bar = page.locator("#savebar").bounding_box()
        for name in ("Main", "Video generation"):
            model(page, name).click()
            expect(listed(page)).to_be_visible()
            place = page.locator("#picker").bounding_box()
            assert place["y"] > 0
            assert place["height"] > 150
            assert place["y"] + place["height"] <= bar["y"]
            model(page, "Sub-agents").focus()
            expect(listed(page)).to_be_hidden()
        model(page, "Video generation").click()
        expect(page.locator("#models li").first).to_be_visible()
        page.locator("#models li").nth(2).click()
        expect(listed(page)).to_be_hidden()
        expect(model(page, "Video generation")).not_to_have_value("")
        expect(model(page, "Video generation")).to_be_focused()
        page.locator("#savebar").get_by_role("button", name="Discard", exact=True).click()
        unsaved(page, 0)


def test_a_finger_picks_from_the_list_on_a_phone(visit: Callable[..., Any]) -> None:
    phone = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}
    with visit(**phone) as tab:
        page = tab.page
        tab.go("/routing/")
        model(page, "Sub-agents").tap()
        option = page.locator("#models li").nth(1)
        expect(option).to_be_visible()
        assert option.bounding_box()["height"] >= 44
        assert page.locator("#picker").bounding_box()["width"] <= 390 - 16
        wanted = option.get_attribute("data-value")
        option.tap()
        expect(model(page, "Sub-agents")).to_have_value(wanted)
        expect(listed(page)).to_be_hidden()
        page.locator("#savebar").get_by_role("button", name="Discard", exact=True).tap()
        unsaved(page, 0)


def test_without_javascript_the_field_takes_any_name(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK, java_script_enabled=False) as tab:
        page = tab.page
        tab.go("/routing/")
        expect(page.locator("#picker")).to_be_hidden()
        before = model(page).input_value()
        model(page).fill("any/name")
        page.locator("#savebar").get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Routes saved.")).to_be_visible()
        expect(model(page)).to_have_value("any/name")
        model(page).fill(before)
        page.locator("#savebar").get_by_role("button", name="Save", exact=True).click()
        expect(model(page)).to_have_value(before)


def test_a_keystroke_in_the_field_asks_once_and_draws_thirty_models_at_most(
    visit: Callable[..., Any],
) -> None:
    with visit(viewport=DESK) as tab:
        page = tab.page
        tab.go("/routing/")
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.url) if "/models/" in one.url else None)
        texts = ("c", "claude", "gpt", "o", "")
        for text in texts:
            with page.expect_response(lambda answer: "/routing/models/" in answer.url):
                model(page, "Image generation").fill(text)
            page.wait_for_timeout(250)
            assert page.locator("#models li").count() <= 30
        assert len(asked) == len(texts)
        expect(page.locator("#models li")).to_have_count(30)  # however many there are
        unsaved(page, 0)
