"""What is felt of the interface in a real browser: reach, weight, palette, filters, large lists.

Barriers are looked for by axe-core (var/axe, see launch.py) in light and dark, on desk and phone.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.stack import Stack, running
from tests.journeys.tab import PASSWORD, Tab, make_owner, opened
from tests.simulators import Simulators
from tests.simulators.entries import BASES, KEYS, LOCAL, NEEDS, demo_key

pytestmark = [pytest.mark.journey, pytest.mark.browser]

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 780}
WIDTHS = (360, 390, 768, 1024, 1280, 1792, 2560)
PAGES = (
    "/",
    "/providers/",
    "/providers/?q=nothing-like-it",
    "/providers/groq/",
    "/providers/openrouter/",
    "/providers/deepseek/",
    "/providers/bedrock/",
    "/providers/openai_codex/",
    "/catalog/",
    "/catalog/?q=nothing-like-it",
    "/routing/",
    "/routing/?use=llama-9&kind=groq&slot=vision",
    "/routing/?recipe=azure&model=gpt-5&without=groq",
    "/config/",
    "/config/?secrets=keys",
    "/config/versions/1/",
    "/activity/",
    "/activity/?actor=nobody",
    "/accounts/",
    "/accounts/users/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/sessions/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
    "/accounts/inactive/",
    "/no-such-page/",  # refusals and faults look the same
)
ADMIN_PAGES = (
    "/admin/",
    "/admin/accounts/user/",
    "/admin/accounts/user/1/change/",
    "/admin/providers/provider/",
    "/admin/providers/job/",
)
MAX_NODES = 1_200
MAX_COLD, MAX_WARM, MAX_SCRIPTS, MAX_OWN, MAX_REQUESTS = 45_000, 8_000, 22_000, 4_000, 6
AXE = Path("var/axe/axe.min.js")
CONFIGURED = len(KEYS)  # every kind that has something to enter


def whole_config() -> dict[str, Any]:
    """A config.json with every provider that can be entered; DeepSeek's key is wrong."""
    words = {"deepseek": "bad"}
    hosted = {kind: {"apiKey": demo_key(kind, words.get(kind, "good"))} for kind in KEYS}
    local = {kind: {"apiBase": BASES[kind].format("")} for kind in LOCAL}
    more = {"azure_openai": {"apiBase": NEEDS["azure_openai"]["apiBase"]}}
    more["bedrock"] = {"region": NEEDS["bedrock"]["region"]}
    route = {"model": "openai/gpt-oss-120b", "provider": "groq"}
    entries = {kind: {**hosted[kind], **more.get(kind, {})} for kind in hosted} | local
    return {"providers": entries, "agents": {"defaults": route}}


def furnish(tab: Tab) -> None:
    """An owner with every provider, their tests, a few models, a route, a version."""
    tab.go("/config/")
    tab.fill("Or paste it here", json.dumps(whole_config()))
    tab.press("Import")
    expect(tab.page.get_by_role("heading", name="Import", level=1)).to_be_visible()
    for box in tab.page.locator('[name="consent"]').all():
        box.check()
    tab.press("Import")
    expect(tab.page.get_by_text("Imported:")).to_be_visible()
    tab.go("/providers/azure_openai/")
    tab.fill("Deployment name", "gpt-prod")
    tab.fill("API key", demo_key("azure_openai"))
    tab.press("Save")
    expect(tab.page.get_by_text("saved.")).to_be_visible()
    tab.go("/providers/")
    tab.press("Test all")
    works = f"Last round: {CONFIGURED - 1} of {CONFIGURED} work"
    expect(tab.page.get_by_text(works)).to_be_visible(timeout=30_000)
    for kind in ("groq", "anthropic", "openrouter"):
        tab.go(f"/providers/{kind}/")
        tab.press("Fetch models")
        tab.catalog()
    tab.go("/accounts/reauthenticate/")
    tab.fill("Password", PASSWORD)
    tab.press("Confirm")


@pytest.fixture(scope="module")
def furnished(
    browser: Browser, simulators: Simulators, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stack, Any]]:
    """A site of this module's own, and what its owner's browser keeps."""
    folder = tmp_path_factory.mktemp("interface")
    with running(folder / "state", simulators=simulators, TESTS_PER_MINUTE="1000") as stack:
        with opened(browser, stack) as tab:
            make_owner(tab, stack.link)
            furnish(tab)
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


class Meter:
    """Bytes and requests of a tab, headers included; data: URLs are no requests."""

    def __init__(self, page: Page) -> None:
        self.urls: dict[str, str] = {}
        self.sizes: dict[str, float] = {}
        self.uncompressed: list[str] = []
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.responseReceived", self._began)
        session.on("Network.loadingFinished", self._ended)

    def _began(self, event: Any) -> None:
        url = self.urls[event["requestId"]] = event["response"]["url"]
        headers = {name.lower() for name in event["response"]["headers"]}
        if "content-encoding" not in headers and not url.startswith("data:"):
            self.uncompressed.append(url)

    def _ended(self, event: Any) -> None:
        if not self.urls[event["requestId"]].startswith("data:"):
            self.sizes[event["requestId"]] = event["encodedDataLength"]

    def bytes(self, *words: str) -> float:
        """Of the addresses that have all these words in them."""
        return sum(
            size
            for key, size in self.sizes.items()
            if all(word in self.urls[key] for word in words)
        )


SHIFTS = """new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifted = (window.shifted ?? 0) + entry.value;
}).observe({type: "layout-shift", buffered: true})"""


def overweight(page: Page, path: str) -> Iterator[str]:
    """Which budgets the page does not keep, cold and warm. Leaves the page open."""
    page.add_init_script(SHIFTS)
    meter = Meter(page)
    page.goto(path)
    page.wait_for_timeout(50)
    here = (page.evaluate("location.origin"), "data:")
    limits = {
        "cold": (meter.bytes(), MAX_COLD),
        "scripts": (meter.bytes(".js"), MAX_SCRIPTS),
        "own scripts": (meter.bytes("/app.", ".js"), MAX_OWN),
        "requests": (len(meter.sizes), MAX_REQUESTS),
        "uncompressed": (len(meter.uncompressed), 0),
        "off-host": (sum(not url.startswith(here) for url in meter.urls.values()), 0),
        "nodes": (page.evaluate("document.querySelectorAll('*').length"), MAX_NODES),
        "layout shift": (page.evaluate("window.shifted ?? 0"), 0),
    }
    meter.sizes.clear()
    page.goto(path)
    page.wait_for_timeout(50)
    limits["warm"] = (meter.bytes(), MAX_WARM)
    limits["warm layout shift"] = (page.evaluate("window.shifted ?? 0"), 0)
    yield from (f"{name}: {now}" for name, (now, limit) in limits.items() if now > limit)


def too_wide(page: Page) -> Iterator[str]:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            yield f"scrolls sideways at {width} px"


def barriers(page: Page) -> Iterator[str]:
    """What axe finds in four looks; colours by themselves only where they can differ."""
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.evaluate(AXE.read_text())
    for look, scheme, size, only in (
        ("light", "light", DESK, "{}"),
        ("dark", "dark", DESK, "{runOnly: ['color-contrast']}"),
        ("dark phone", "dark", PHONE, "{}"),
        ("light phone", "light", PHONE, "{runOnly: ['color-contrast']}"),
    ):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.evaluate("for (const one of document.getAnimations()) one.finish()")
        found = page.evaluate(
            f"axe.run(document, {{...{only}, resultTypes: ['violations'], preload: false,"
            " selectors: false})"
        )
        for rule in found["violations"]:
            for node in rule["nodes"]:
                yield f"{look}: {rule['id']}: {node['html']} {node['failureSummary']}"


@pytest.mark.axe
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_light_fits_and_has_no_barrier(visit: Callable[..., Any], path: str) -> None:
    with visit(viewport=DESK, reduced_motion="reduce") as tab, tab.watch.expecting("404"):
        page = tab.page
        assert [*overweight(page, path), *too_wide(page), *barriers(page)] == []
        assert page.url.endswith(path)


@pytest.mark.axe
def test_the_pages_of_a_stranger_as_well(visit: Callable[..., Any]) -> None:
    with visit() as tab:
        tab.go("/accounts/users/")
        tab.press("Make a link")
        link = tab.page.locator("#invitation-link").inner_text()
    with visit(storage_state=None, viewport=DESK, reduced_motion="reduce") as tab:
        page = tab.page
        for path in ("/accounts/login/", link):
            assert [*overweight(page, path), *too_wide(page), *barriers(page)] == []


@pytest.mark.axe
@pytest.mark.parametrize("path", ADMIN_PAGES)
def test_a_page_of_the_admin_fits_and_has_no_barrier(visit: Callable[..., Any], path: str) -> None:
    with visit(viewport=DESK) as tab:
        tab.go(path)
        assert [*too_wide(tab.page), *barriers(tab.page)] == []


@pytest.mark.axe
def test_the_palette_has_no_barrier(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK, reduced_motion="reduce") as tab:
        tab.go("/providers/")
        tab.page.keyboard.press("Control+k")
        expect(tab.page.locator(".palette-list a").first).to_be_visible()
        assert [*barriers(tab.page)] == []


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
        first = tab.page.locator(".palette-list :is(a, button)").first
        expect(first).to_have_text("Test all providers")
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


# On a phone, on paper, at rest, by key ----------------------------------------------------------


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


def test_the_preview_of_the_export_can_be_printed(visit: Callable[..., Any]) -> None:
    with visit(color_scheme="dark", viewport={"width": 794, "height": 1123}) as tab:
        page = tab.page
        tab.go("/config/")
        page.emulate_media(media="print")
        preview = page.locator("#preview")
        expect(preview).to_contain_text("openrouter")
        expect(preview).to_have_css("background-color", "rgb(255, 255, 255)")
        expect(preview).to_have_css("color", "rgb(0, 0, 0)")
        expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
        for left_out in ("nav.nav", ".head-actions", "#import", "button:visible"):
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
        expect(page.locator("#use")).to_be_visible()
        press_at(page, "Vision")
        expect(page.locator("#use [aria-current]")).to_have_text("Vision")
        press_at(page, "Save")
        expect(page.locator("#route-vision")).to_have_attribute("data-rule", "forced")
        keys.press("Control+k")
        keys.type("config")
        expect(page.locator(".palette-list a").first).to_have_attribute("href", "/config/")
        keys.press("Enter")
        expect(page.get_by_role("heading", name="Config", level=1)).to_be_visible()
        with page.expect_download() as waiting:
            press_at(page, "Download")
        assert "gpt-oss-120b" in waiting.value.path().read_text()


def press_at(page: Page, name: str) -> None:
    """Press Tab until the focus is on what has this name, then Enter."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_without_javascript_a_file_goes_out_and_comes_in_again(
    visit: Callable[..., Any], tmp_path: Path
) -> None:
    with visit(java_script_enabled=False) as tab:
        tab.go("/config/")
        with tab.page.expect_download() as waiting:
            tab.press("Download")
        file = tmp_path / "config.json"
        file.write_text(waiting.value.path().read_text().replace("gpt-oss-120b", "gpt-oss-20b"))
        tab.page.get_by_label("File", exact=True).set_input_files(file)
        tab.press("Import")
        expect(tab.page.locator("#changes")).to_contain_text("gpt-oss-20b")
        tab.press("Import")
        expect(tab.page.get_by_text("Imported:")).to_be_visible()
        tab.go("/routing/")
        model = tab.page.locator("#route-main").get_by_label("Model", exact=True)
        expect(model).to_have_value("openai/gpt-oss-20b")
