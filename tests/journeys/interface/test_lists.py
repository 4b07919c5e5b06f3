"""Lists of providers and models: narrowed as one types, tested at once, 20,000 rows."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.interface.conftest import CONFIGURED, MAX_NODES
from tests.simulators import Simulators

pytestmark = [pytest.mark.journey, pytest.mark.browser]


# The list of providers --------------------------------------------------------------------------


def test_the_list_is_narrowed_as_one_types_and_the_address_keeps_it(
    visit: Callable[..., Any],
) -> None:
    with visit() as tab:
        page = tab.page
        tab.go("/providers/")
        page.evaluate("window.loadedOnce = true")
        page.get_by_label("Search providers").press_sequentially("azure")
        expect(page.locator("article")).to_have_count(1)
        expect(page).to_have_url(re.compile(r"/providers/\?q=azure$"))
        page.get_by_label("Search providers").fill("")
        page.locator(".seg label", has_text="Needs attention").click()
        expect(page.locator("article:not([data-kind=deepseek])")).to_have_count(0)
        expect(page.locator("article")).to_have_count(1)
        assert page.evaluate("window.loadedOnce")
        page.reload()
        expect(page.locator("article")).to_have_count(1)
        expect(page.get_by_role("radio", name="Needs attention")).to_be_checked()


def test_test_all_tells_who_runs_and_can_be_cancelled(
    visit: Callable[..., Any], simulators: Simulators
) -> None:
    with visit() as tab:
        page = tab.page
        simulators.set_delay("anthropic", 10)
        all_but_one = f"{CONFIGURED - 1} of {CONFIGURED} finished, 1 running"
        try:
            tab.go("/providers/")
            tab.press("Test all")
            expect(page.get_by_text(all_but_one)).to_be_visible(timeout=10_000)
            expect(page.locator("#progress")).to_contain_text("Anthropic")
            expect(page.locator('article[data-kind="anthropic"]')).to_have_attribute(
                "data-state", "running"
            )
            page.get_by_label("Search providers").press_sequentially("anthropic")
            expect(page.locator("article")).to_have_count(1)
            tab.press("Cancel")
            works = f"Last round: {CONFIGURED - 2} of {CONFIGURED} work"
            expect(page.get_by_text(works)).to_be_visible()
            expect(page.locator("article")).to_have_count(1)
            expect(page.locator("article")).to_have_attribute("data-state", "done")
        finally:
            simulators.set_delay("anthropic", 0)


# 20,000 models ----------------------------------------------------------------------------------


def test_a_catalog_of_twenty_thousand_models_is_searched_as_one_types(
    visit: Callable[..., Any],
) -> None:
    with visit() as tab:
        page = tab.page
        tab.go("/providers/custom/")
        tab.fill("API base", "https://llm.example.com/~huge20000/v1")
        tab.press("Save")
        expect(page.get_by_text("saved.")).to_be_visible()
        tab.press("Fetch models")
        expect(page.locator('#catalog[data-state="done"]')).to_be_visible(timeout=60_000)
        assert int(page.locator("#catalog").get_attribute("data-count") or 0) >= 19_000
        tab.go("/catalog/?provider=custom")
        rows = page.locator("tbody tr")
        expect(rows).to_have_count(50)
        wanted = rows.nth(17).locator(".model-id").inner_text()
        page.evaluate("window.loadedOnce = true")
        with page.expect_response(re.compile("/catalog/rows/")) as answer:
            page.get_by_label("Search models").fill(wanted)
        assert len(answer.value.body()) <= 60_000  # as text; a fifth of it on the wire
        expect(rows.first).to_contain_text(wanted)
        page.get_by_label("Search models").fill("")
        expect(rows).to_have_count(50)
        page.get_by_role("link", name="Next").click()
        expect(page).to_have_url(re.compile(r"page=2"))
        page.get_by_role("link", name="Context").click()
        expect(page.locator("th[aria-sort=descending]")).to_have_text("Context")
        expect(page).to_have_url(re.compile(r"sort=-context"))
        assert page.evaluate("window.loadedOnce")
        assert page.evaluate("document.querySelectorAll('*').length") <= MAX_NODES
        tab.go("/providers/custom/")
        page.get_by_role("link", name="Remove Custom").click()
        tab.press("Remove")
