"""The four pages of Config, the two of Activity, and what can be copied there."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.journey, pytest.mark.browser]
PHONE = {"width": 320, "height": 640}
# The policy of the site lets nobody read the clipboard: what is put there is looked at instead.
SPY = "navigator.clipboard.writeText = async (text) => { window.copied = text; }"
FOUR = {
    "Live file": "/config/",
    "Export": "/config/export/",
    "Import": "/config/import/",
    "Versions": "/config/versions/",
}


def links(page: Page, name: str) -> Locator:
    return page.locator("main").get_by_role("navigation", name=name, exact=True)


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone_each_of_the_four_pages_is_one_press_away(
    visit: Callable[..., Any], scripts: bool
) -> None:
    with visit(viewport=PHONE, java_script_enabled=scripts) as tab:
        tab.go("/config/")
        for label, path in FOUR.items():
            links(tab.page, "Config").get_by_role("link", name=label, exact=True).click()
            tab.page.wait_for_url(lambda url, path=path: url.endswith(path))
            current = links(tab.page, "Config").locator("[aria-current=page]")
            expect(current).to_have_text(label)
            for link in links(tab.page, "Config").get_by_role("link").all():
                expect(link).to_be_in_viewport(ratio=0.9)  # a border hides a pixel
        tab.go("/config/")
        expect(tab.page.get_by_text("FACIO_CONFIG_PATH")).to_be_visible()


@pytest.mark.parametrize("part", ["export", "import", "versions"])
def test_a_bookmark_of_a_part_of_the_one_page_opens_its_page(
    visit: Callable[..., Any], part: str
) -> None:
    with visit() as tab:
        tab.go("/")
        tab.page.goto(f"/config/#{part}")
        tab.page.wait_for_url(lambda url: url.endswith(f"/config/{part}/"))
        tab.page.go_back()  # and is no trap
        tab.page.wait_for_url(lambda url: url.rstrip("/").count("/") == 2)


def test_without_scripts_such_a_bookmark_stands_at_the_link(visit: Callable[..., Any]) -> None:
    with visit(java_script_enabled=False) as tab:
        tab.page.goto("/config/#import")
        expect(tab.page.locator("a:target")).to_have_attribute("href", "/config/import/")


def test_the_folded_file_is_copied_as_it_is_downloaded(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        page = tab.page
        page.add_init_script(SPY)
        tab.go("/config/export/")
        expect(page.locator("#preview")).to_be_hidden()
        with page.expect_download() as waiting:
            tab.press("Download")
        page.get_by_text("Look at config.json").click()
        expect(page.locator("#preview")).to_be_visible()
        tab.press("Copy")
        expect(page.locator("#look .copied")).to_be_attached()
        assert page.evaluate("window.copied") == waiting.value.path().read_text()


def test_the_names_of_the_environment_are_ticked_off_and_copied(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        tab.page.add_init_script(SPY)
        tab.go("/config/export/")
        tab.page.get_by_label("GROQ_API_KEY", exact=True).check()
        tab.press("Copy the names")
        expect(tab.page.locator("#names .copied")).to_be_attached()
        lines = tab.page.evaluate("window.copied").splitlines()
        assert "GROQ_API_KEY=" in lines
        assert all(line.endswith("=") for line in lines)
        assert lines == sorted(set(lines))


def test_where_the_clipboard_is_closed_the_names_are_marked_to_copy(
    visit: Callable[..., Any],
) -> None:
    with visit() as tab:
        tab.page.add_init_script("delete Navigator.prototype.clipboard")
        tab.go("/config/export/")
        tab.press("Copy the names")
        expect(tab.page.locator("#env-lines")).to_be_visible()
        assert "GROQ_API_KEY=" in tab.page.evaluate("String(getSelection())")


def test_changes_and_tests_are_two_pages(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        tab.go("/activity/")
        expect(tab.page.locator("td.told").last).to_be_attached()
        expect(tab.page.locator("tbody")).not_to_contain_text("Tested a connection")
        links(tab.page, "Activity").get_by_role("link", name="Tests and fetches").click()
        tab.page.get_by_label("Result", exact=True).select_option("bad_key")
        tab.press("Filter")
        rows = tab.page.locator("tbody tr")
        expect(rows.first).to_contain_text("DeepSeek")
        expect(rows.first).to_contain_text("Key rejected")
        expect(tab.page.locator("tbody")).not_to_contain_text("Groq")
