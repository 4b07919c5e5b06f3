"""What stands around each page: navigation with its counts, header, times in the reader's zone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.interface.conftest import DESK

pytestmark = [pytest.mark.journey, pytest.mark.browser]
NARROW = {"width": 320, "height": 640}


def link(page: Page, name: str) -> Any:
    return page.locator(".nav-links").get_by_role("link", name=re.compile(f"^{name}"))


def test_the_navigation_is_one_column_with_all_that_concerns_the_whole(
    visit: Callable[..., Any],
) -> None:
    with visit(viewport=DESK) as tab:
        tab.go("/accounts/users/")
        nav = tab.page.get_by_role("navigation", name="Main navigation")
        expect(nav.get_by_role("link", name="Facio Settings")).to_be_visible()
        expect(nav.get_by_role("button", name=re.compile("Search"))).to_contain_text("Ctrl K")
        expect(link(tab.page, "Users")).to_have_attribute("aria-current", "page")
        expect(nav.locator("[aria-current]")).to_have_count(1)
        for name in ("Sign out", "Deutsch"):
            expect(nav.get_by_role("button", name=name)).to_be_visible()
        nav.get_by_role("radio", name="Dark").check(force=True)
        expect(tab.page.locator("html")).to_have_attribute("data-theme", "dark")
        widths = nav.evaluate("nav => [nav.clientWidth, nav.scrollWidth]")
        assert widths[0] == widths[1] <= 240


def test_the_navigation_counts_what_the_overview_lists(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK) as tab:
        tab.go("/")
        listed = tab.page.locator("#attention li").evaluate_all(
            "all => all.map(one => one.dataset.about.split(':')[0])"
        )
        assert "provider" in listed
        for path in ("/", "/providers/", "/catalog/", "/accounts/"):
            tab.go(path)
            for about, name in (
                ("provider", "providers"),
                ("route", "routes"),
                ("config", "config"),
                ("system", "system"),
            ):
                said = tab.page.locator(f"#needed-{name}").inner_text().split()
                assert int(said[0] if said else 0) == listed.count(about), (path, name)


def test_a_count_follows_a_test_without_a_new_page(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK) as tab:
        tab.go("/providers/deepseek/")
        count = tab.page.locator("#needed-providers")
        before = int(count.inner_text().split()[0])
        tab.page.evaluate("document.querySelector('#needed-providers').firstChild.data = '99 '")
        tab.press("Test connection")
        tab.check("bad_key")
        expect(count).to_have_text(re.compile(rf"^\s*{before}\s"))


def test_on_a_phone_the_navigation_is_a_drawer(visit: Callable[..., Any]) -> None:
    with visit(viewport=NARROW, has_touch=True) as tab:
        tab.go("/providers/groq/")
        expect(link(tab.page, "Routing")).to_be_hidden()
        tab.page.get_by_role("button", name="Menu").click()
        expect(tab.page.get_by_role("button", name="Sign out")).to_be_in_viewport()
        link(tab.page, "Routing").click()
        expect(tab.page.get_by_role("heading", name="Routing", level=1)).to_be_visible()
        tab.page.get_by_role("button", name="Search").click()
        expect(tab.page.locator("#palette-q")).to_be_focused()


@pytest.mark.parametrize("size", [DESK, {"width": 1024, "height": 600}, NARROW])
def test_the_header_hides_nothing_that_a_link_leads_to(
    visit: Callable[..., Any], size: dict[str, int]
) -> None:
    with visit(viewport=size) as tab:
        for path in ("/config/export/#names", "/routing/#what-if", "/#attention"):
            tab.page.goto("/activity/")
            tab.go(path)
            target = tab.page.locator(f"#{path.partition('#')[2]}")
            expect(target).to_be_in_viewport()
            top = target.evaluate("one => one.getBoundingClientRect().top")
            heads = tab.page.locator(".head, .head-bar").evaluate_all(
                "all => all.map(one => one.getBoundingClientRect().bottom)"
            )
            assert top >= max(heads), path


def test_nothing_shines_through_the_header(visit: Callable[..., Any]) -> None:
    for size, part in ((DESK, ".head"), (NARROW, ".head-bar")):
        for scheme in ("light", "dark"):
            with visit(viewport=size, color_scheme=scheme) as tab:
                tab.go("/activity/")
                head = tab.page.locator(part)
                ground = head.evaluate("one => getComputedStyle(one).backgroundColor")
                assert ground.startswith("rgb("), ground


# Times ------------------------------------------------------------------------------------------


def test_times_are_told_in_the_reader_s_zone_and_ages_grow(visit: Callable[..., Any]) -> None:
    with visit(timezone_id="Asia/Tokyo") as tab:
        tab.page.clock.install()
        tab.go("/activity/")
        first = tab.page.locator("time[data-age]").first
        expect(first).to_have_attribute("title", re.compile(r"GMT\+9$"))
        tab.page.clock.fast_forward(3 * 3600_000)
        tab.page.clock.run_for(11_000)
        expect(first).to_have_text("3 h ago")
        tab.page.clock.fast_forward(48 * 3600_000)
        tab.page.clock.run_for(11_000)
        expect(first).to_have_text("2 days ago")


def test_without_javascript_times_name_the_server_s_zone(visit: Callable[..., Any]) -> None:
    with visit(timezone_id="Asia/Tokyo", java_script_enabled=False) as tab:
        tab.go("/activity/")
        first = tab.page.locator("time[data-age]").first
        expect(first).to_have_attribute("title", re.compile(r" UTC$"))
        expect(first).to_have_text(re.compile(r"ago$|^just now$"))


def test_htmx_starts_with_the_site_s_own_rules(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK) as tab:
        tab.go("/")
        rules = tab.page.evaluate("htmx.config")
        names = ("allowEval", "allowScriptTags", "includeIndicatorStyles", "historyCacheSize")
        assert [rules[name] for name in names] == [False, False, False, 0]
        assert rules["selfRequestsOnly"] is True
        assert tab.page.locator("style").count() == 0  # started after it was told


@pytest.mark.long
def test_german_states_stay_in_their_column_of_health(visit: Callable[..., Any]) -> None:
    with visit(viewport={"width": 1280, "height": 800}) as tab:
        tab.go("/health/")
        tab.page.get_by_role("button", name="Deutsch").click()
        expect(tab.page.locator("html")).to_have_attribute("lang", "de")
        over = tab.page.locator(".health td .pill").evaluate_all(
            "all => all.filter(one => one.getBoundingClientRect().right"
            " > one.closest('td').getBoundingClientRect().right - 8).map(one => one.innerText)"
        )
        assert over == []
        expect(tab.page.locator(".health").get_by_text("Schlüssel abgelehnt").first).to_be_visible()


@pytest.mark.long
def test_a_title_is_in_line_with_what_stands_beside_it(visit: Callable[..., Any]) -> None:
    middle = "one => { const box = one.getBoundingClientRect(); return box.top + box.height / 2 }"
    with visit(viewport=DESK) as tab:
        tab.go("/providers/new/")
        title, back = (tab.page.locator(f".head {one}").first for one in ("h1", ".btn"))
        assert abs(title.evaluate(middle) - back.evaluate(middle)) < 2
        tab.page.set_viewport_size({"width": 390, "height": 780})
        icon, heading = (tab.page.locator(f".card-head > {one}").first for one in ("svg", "h2"))
        assert abs(icon.evaluate(middle) - heading.evaluate(middle)) < 4
