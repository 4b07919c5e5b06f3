"""The schedule in a browser: the save bar counts, a save says what comes, a reload shows it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.journey, pytest.mark.browser]

DESK = {"width": 1280, "height": 720}


def unsaved(page: Page, count: int) -> None:
    expect(page.locator("#savebar")).to_have_attribute("data-unsaved", str(count))


def test_a_schedule_is_typed_saved_and_there_after_a_reload(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK) as tab, tab.watch.expecting("422"):
        page = tab.page
        tab.go("/schedule/")
        groq = page.get_by_label("Providers: Groq", exact=True)
        master = page.get_by_label("Run scheduled checks")
        unsaved(page, 0)
        groq.select_option("60")
        page.get_by_label("Time zone").fill("Europe/Berlin")
        unsaved(page, 2)
        master.uncheck()
        unsaved(page, 3)
        master.check()
        unsaved(page, 2)
        page.get_by_label("All lists of models").select_option("1440")
        unsaved(page, 3)
        expect(page.locator("#forecast")).to_contain_text("Once saved:")
        tab.press("Save")
        expect(page.get_by_text("Schedule saved.")).to_be_visible()
        unsaved(page, 0)
        page.reload()
        expect(groq).to_have_value("60")
        expect(page.get_by_label("Models: Groq", exact=True)).to_have_value("1440")
        expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
        expect(page.locator('[id="provider:groq"] .due')).not_to_have_text("–")
        page.get_by_label("Quiet from").fill("22:00")
        tab.press("Save")
        wrong = page.get_by_label("Quiet until")
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_label("Quiet from")).to_have_value("22:00")
        unsaved(page, 1)
        tab.press("Discard")
        expect(page.get_by_label("Quiet from")).to_have_value("")
        page.get_by_label("All providers").select_option("0")
        page.get_by_label("All lists of models").select_option("0")
        page.get_by_label("Routes: Main", exact=True).select_option("0")
        tab.press("Save")
        expect(page.locator("#forecast")).to_have_text("No test runs by itself.")


def test_the_line_of_a_provider_leads_to_its_row(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK) as tab:
        tab.go("/providers/groq/")
        tab.page.get_by_role("link", name="switch on").click()
        expect(tab.page.locator('[id="provider:groq"]')).to_be_in_viewport()
        assert tab.page.url.endswith("/schedule/#provider:groq")
