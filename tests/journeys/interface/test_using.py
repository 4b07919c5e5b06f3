"""From a list to a route: Use with its five routes, Undo, ids to copy, the model to try."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.journey, pytest.mark.browser]

DESK = {"width": 1280, "height": 720}
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}


def using(page: Page) -> Any:
    return page.locator("#using")


def put(page: Page, route: str) -> Any:
    return using(page).get_by_role("button", name=f"Use for {route}", exact=True)


def model_of(page: Page, slot: str) -> str:
    """What the routing page has, read beside the page that is open."""
    answer = page.request.get("/routing/").text()
    field = re.search(rf'<input[^>]*name="{slot}-model"[^>]*>', answer, re.S)
    assert field
    found = re.search(r'data-saved="([^"]*)"', field[0])
    return found[1] if found else ""


def test_the_main_route_is_set_from_the_catalog_by_two_clicks_on_one_page_and_set_back(
    visit: Callable[..., Any],
) -> None:
    with visit(viewport=DESK) as tab:
        page = tab.page
        tab.go("/catalog/?provider=anthropic")
        before = model_of(page, "main")
        page.evaluate("window.loadedOnce = true")
        row = page.locator("tbody tr").nth(1)
        model = row.locator(".model-id").inner_text()
        row.get_by_role("link", name=f"Use {model}").click()
        expect(using(page)).to_be_visible()
        expect(using(page)).to_contain_text(before)  # what it has now
        put(page, "Main").click()
        expect(using(page).get_by_role("status")).to_contain_text("Main uses it now.")
        assert model_of(page, "main") == model
        undo = using(page).get_by_role("button", name="Undo")
        expect(undo).to_be_focused()
        undo.press("Enter")
        expect(using(page).get_by_role("status")).to_contain_text("Main is as it was before.")
        assert model_of(page, "main") == before
        page.keyboard.press("Escape")
        expect(using(page)).to_be_hidden()
        expect(row.get_by_role("link", name=f"Use {model}")).to_be_focused()
        expect(page).to_have_url(re.compile(r"/catalog/\?provider=anthropic$"))
        assert page.evaluate("window.loadedOnce")


def test_use_and_undo_work_without_javascript(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK, java_script_enabled=False) as tab:
        page = tab.page
        tab.go("/catalog/?provider=anthropic")
        row = page.locator("tbody tr").first
        model = row.locator(".model-id").inner_text()
        row.get_by_role("link", name=f"Use {model}").click()
        expect(page.get_by_role("heading", name="Use a model", level=1)).to_be_visible()
        put(page, "Vision").click()
        expect(using(page).get_by_role("status")).to_contain_text("Vision uses it now.")
        assert model_of(page, "vision") == model
        tab.press("Undo")
        expect(using(page).get_by_role("status")).to_contain_text("Vision is as it was before.")
        assert model_of(page, "vision") == ""


@pytest.mark.long
def test_an_undo_that_comes_too_late_says_so(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK) as tab:
        page = tab.page
        tab.go("/catalog/?provider=anthropic")
        page.locator("tbody a.btn").first.click()
        put(page, "Video generation").click()
        undo = using(page).get_by_role("button", name="Undo")
        expect(undo).to_be_visible()
        with visit(viewport=DESK) as other:
            other.go("/routing/")
            other.page.get_by_label("Video generation model", exact=True).fill("theirs")
            other.press("Save")
            expect(other.page.get_by_text("Routes saved.")).to_be_visible()
        undo.click()
        told = using(page).get_by_role("alert")
        expect(told).to_contain_text("Somebody changed Video generation in the meantime.")
        assert model_of(page, "video") == "theirs"
        with visit(viewport=DESK) as other:
            other.go("/routing/")
            other.page.get_by_label("Video generation model", exact=True).fill("")
            other.page.get_by_label("Video generation provider", exact=True).select_option("auto")
            other.press("Save")
            expect(other.page.get_by_text("Routes saved.")).to_be_visible()


def test_a_provider_s_page_has_the_same_table_and_the_same_use(visit: Callable[..., Any]) -> None:
    with visit(**PHONE) as tab:
        page = tab.page
        tab.go("/providers/groq/")
        page.evaluate("window.loadedOnce = true")
        page.get_by_label("Search models").press_sequentially("whisper")
        rows = page.locator("#listed tbody tr")
        expect(rows.filter(has_not_text="whisper")).to_have_count(0)
        rows.first.get_by_role("link", name="Use").tap()
        expect(using(page)).to_contain_text("for speech only")
        expect(using(page).get_by_role("button", name="Use for")).to_have_count(0)
        using(page).get_by_role("button", name="Close").tap()
        expect(using(page)).to_be_hidden()
        assert page.evaluate("window.loadedOnce")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_filters_narrow_the_catalog_as_they_are_ticked(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK) as tab:
        page = tab.page
        tab.go("/catalog/")
        rows = page.locator("tbody tr")
        page.get_by_label("Embeddings and speech").check()
        expect(rows.filter(has_text="whisper")).not_to_have_count(0)
        expect(page).to_have_url(re.compile(r"/catalog/\?aside=on$"))
        page.get_by_label("Embeddings and speech").uncheck()
        page.get_by_label("In use").check()
        expect(rows).to_have_count(1)
        expect(rows.first).to_contain_text("openai/gpt-oss-120b")
        expect(rows.first.locator(".chip")).to_have_text("Main")
        page.get_by_label("In use").uncheck()
        page.get_by_label("Makes images").check()
        expect(rows.filter(has_not_text=re.compile("→.*image"))).to_have_count(0)
        lists = page.get_by_role("list", name="Lists")
        expect(lists).to_contain_text(re.compile(r"Groq\s*\d+\s*·\s*(just now|\d+ (s|min) ago)"))


def test_an_id_is_copied_from_its_row(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK) as tab:
        page = tab.page
        tab.go("/catalog/?provider=groq")
        row = page.locator("tbody tr").nth(2)
        model = row.locator(".model-id").inner_text()
        page.evaluate("navigator.clipboard.writeText = async (text) => { window.taken = text; }")
        row.get_by_role("button", name=f"Copy {model}", exact=True).click()
        expect(row.locator(".copied")).to_have_count(1)
        assert page.evaluate("window.taken") == model


def test_the_model_to_try_is_picked_from_the_provider_s_list_or_typed(
    visit: Callable[..., Any],
) -> None:
    with visit(viewport=DESK) as tab:
        page = tab.page
        tab.go("/providers/groq/")
        page.get_by_text("Advanced", exact=True).click()
        field = page.get_by_label("Model to try")
        expect(field).to_have_role("combobox")
        field.press("ArrowDown")
        options = page.locator("#models [role=option]")
        expect(options.first).to_be_visible()
        expect(options.filter(has_not_text="Groq")).to_have_count(0)  # nobody else's
        field.press_sequentially("gpt-oss-120b")
        field.press("ArrowDown")
        field.press("Enter")
        expect(field).to_have_value("openai/gpt-oss-120b")
        expect(page.locator("#models")).to_be_hidden()
        field.press_sequentially("-mine")
        tab.press("Test connection")
        tab.check("model_not_found")
    with visit(viewport=DESK, java_script_enabled=False) as tab:
        tab.go("/providers/groq/")
        tab.page.get_by_text("Advanced", exact=True).click()
        tab.page.get_by_label("Model to try").fill("any/name")
