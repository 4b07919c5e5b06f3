"""What is felt of the interface in a real browser: reach, weight, palette, filters, large lists.

Barriers are looked for by axe-core (var/axe, see launch.py) on every page in four looks.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.stack import Stack, running
from tests.journeys.tab import Tab, make_owner, opened
from tests.simulators import Simulators
from tests.simulators.entries import demo_key

pytestmark = [pytest.mark.journey, pytest.mark.browser]

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 780}
LOOKS = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True, "is_mobile": True},
    "dark phone": {"viewport": PHONE, "color_scheme": "dark", "has_touch": True, "is_mobile": True},
}
WIDTHS = (360, 390, 768, 1024, 1280, 1792, 2560)
PAGES = (
    "/",
    "/providers/",
    "/providers/?q=nothing-like-it",
    "/providers/groq/",
    "/providers/deepseek/",
    "/providers/bedrock/",
    "/providers/openai_codex/",
    "/catalog/",
    "/catalog/?q=nothing-like-it",
    "/routing/",
    "/routing/?use=llama-9&kind=groq&slot=vision",
    "/config/",
    "/activity/",
    "/accounts/",
    "/accounts/users/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/sessions/",
)
MAX_NODES = 1_200
MAX_COLD, MAX_WARM, MAX_SCRIPTS, MAX_REQUESTS = 45_000, 8_000, 22_000, 6


def set_up(tab: Tab, kind: str, word: str, outcome: str, *, fetch: bool = False) -> None:
    tab.go(f"/providers/{kind}/")
    tab.fill("API key", demo_key(kind, word))
    tab.press("Test connection")
    tab.check(outcome)
    if fetch:
        tab.press("Fetch models")
        tab.catalog()
    tab.press("Save")
    expect(tab.page.get_by_text("saved.")).to_be_visible()


@pytest.fixture(scope="module")
def furnished(
    browser: Browser, simulators: Simulators, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stack, Any]]:
    """A site of this module's own with providers that work and fail, models, a route."""
    folder = tmp_path_factory.mktemp("interface")
    with running(folder / "state", simulators=simulators, TESTS_PER_MINUTE="1000") as stack:
        with opened(browser, stack) as tab:
            make_owner(tab, stack.link)
            set_up(tab, "groq", "good", "ok", fetch=True)
            set_up(tab, "anthropic", "good", "ok", fetch=True)
            set_up(tab, "deepseek", "bad", "bad_key")
            tab.go("/routing/?use=openai/gpt-oss-120b&kind=groq")
            tab.press("Save")
            expect(tab.page.locator("#route-main")).to_have_attribute("data-provider", "groq")
            signed_in = tab.page.context.storage_state()
        yield stack, signed_in


@pytest.fixture
def visit(browser: Browser, furnished: tuple[Stack, Any]) -> Callable[..., Any]:
    """Opens a tab of the owner's; no page may complain while it is open."""
    stack, signed_in = furnished

    @contextmanager
    def another(**choices: Any) -> Iterator[Tab]:
        choices.setdefault("storage_state", signed_in)
        with opened(browser, stack, **choices) as tab:
            yield tab
            assert tab.watch.complaints == []

    return another


# Barriers, widths, weight -----------------------------------------------------------------------


def barriers(page: Page, axe: str) -> list[str]:
    """What axe finds, a line for each element."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.axe
@pytest.mark.parametrize("look", LOOKS)
def test_no_page_has_a_barrier(visit: Callable[..., Any], look: str) -> None:
    axe = Path("var/axe/axe.min.js").read_text()
    found: dict[str, list[str]] = {}
    with visit(**LOOKS[look]) as tab:
        for path in PAGES:
            tab.go(path)
            tab.page.evaluate(
                "for (const one of document.querySelectorAll('details')) one.open = true"
            )
            found[path] = barriers(tab.page, axe)
        tab.go("/")
        tab.page.keyboard.press("Control+k")
        expect(tab.page.locator(".palette-list a").first).to_be_visible()
        found["palette"] = barriers(tab.page, axe)
    with visit(storage_state=None, **LOOKS[look]) as stranger:
        stranger.go("/accounts/login/")
        found["sign-in"] = barriers(stranger.page, axe)
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_no_page_scrolls_sideways_or_is_too_large(visit: Callable[..., Any]) -> None:
    too_wide, too_large = [], []
    with visit() as tab:
        for path in PAGES:
            tab.go(path)
            nodes = tab.page.evaluate("document.querySelectorAll('*').length")
            if nodes > MAX_NODES:
                too_large.append((path, nodes))
            for width in WIDTHS:
                tab.page.set_viewport_size({"width": width, "height": 900})
                if tab.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    too_wide.append((path, width))
    assert too_wide == []
    assert too_large == []


class Meter:
    """Bytes and requests of a tab, headers included; data: URLs are no requests."""

    def __init__(self, tab: Tab) -> None:
        self.urls: dict[str, str] = {}
        self.sizes: dict[str, float] = {}
        session = tab.page.context.new_cdp_session(tab.page)
        session.send("Network.enable")
        session.on("Network.responseReceived", self._began)
        session.on("Network.loadingFinished", self._ended)

    def _began(self, event: Any) -> None:
        self.urls[event["requestId"]] = event["response"]["url"]

    def _ended(self, event: Any) -> None:
        if not self.urls[event["requestId"]].startswith("data:"):
            self.sizes[event["requestId"]] = event["encodedDataLength"]

    def scripts(self) -> float:
        return sum(size for key, size in self.sizes.items() if ".js" in self.urls[key])


@pytest.mark.parametrize("path", [path for path in PAGES if "?" not in path])
def test_a_page_is_light_and_stands_still(visit: Callable[..., Any], path: str) -> None:
    shifts = """new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shifted = (window.shifted ?? 0) + entry.value;
    }).observe({type: "layout-shift", buffered: true})"""
    with visit(viewport=DESK) as tab:
        tab.page.add_init_script(shifts)
        meter = Meter(tab)
        tab.page.goto(path, wait_until="networkidle")
        assert len(meter.sizes) <= MAX_REQUESTS, meter.urls
        assert sum(meter.sizes.values()) <= MAX_COLD
        assert meter.scripts() <= MAX_SCRIPTS
        assert tab.page.evaluate("window.shifted ?? 0") == 0
        meter.sizes.clear()
        tab.page.goto(path, wait_until="networkidle")
        assert sum(meter.sizes.values()) <= MAX_WARM


# The palette ------------------------------------------------------------------------------------


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
        expect(page).to_have_url(re.compile(r"/routing/\?use=.*gpt-oss"))
        expect(page.locator("#use")).to_contain_text("gpt-oss")


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


def test_the_palette_starts_test_all(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        tab.go("/")
        tab.page.keyboard.press("Control+k")
        tab.page.keyboard.type("test all")
        expect(tab.page.locator(".palette-list button")).to_be_visible()
        tab.page.keyboard.press("Enter")
        expect(tab.page).to_have_url(re.compile(r"/providers/$"))
        expect(tab.page.get_by_text("Last round:")).to_be_visible(timeout=20_000)


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
        expect(page.locator("article")).to_have_count(1)
        expect(page.locator("article")).to_have_attribute("data-kind", "deepseek")
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
        try:
            tab.go("/providers/")
            tab.press("Test all")
            expect(page.get_by_text("2 of 3 finished, 1 running")).to_be_visible(timeout=10_000)
            expect(page.locator("#progress")).to_contain_text("Anthropic")
            expect(page.locator('article[data-kind="anthropic"]')).to_have_attribute(
                "data-state", "running"
            )
            page.get_by_label("Search providers").press_sequentially("anthropic")
            expect(page.locator("article")).to_have_count(1)
            tab.press("Cancel")
            expect(page.get_by_text("Last round: 1 of 3 work")).to_be_visible()
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
        page.get_by_text("Remove Custom").click()
        tab.press("Remove")


def test_a_model_goes_from_the_catalog_to_a_route(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        tab.go("/catalog/?provider=anthropic")
        row = tab.page.locator("tbody tr").first
        model = row.locator(".model-id").inner_text()
        row.get_by_role("link", name="Use").click()
        tab.page.locator("#use").get_by_role("link", name="Vision").click()
        route = tab.page.locator("#route-vision")
        expect(route.get_by_label("Model", exact=True)).to_have_value(model)
        expect(route.get_by_label("Provider", exact=True)).to_have_value("anthropic")


# Without JavaScript, and in another language ----------------------------------------------------


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
