"""Each page keeps its weight, fits every width, and has no barrier.

Barriers are looked for by axe-core (var/axe, see tests/outfit.py), in light and dark, on desk and
phone.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.interface.conftest import DESK, MAX_NODES, PHONE

pytestmark = [pytest.mark.journey, pytest.mark.browser]
WIDTHS = (320, 360, 390, 768, 1024, 1280, 1792, 2560)
# Text that lies under a pill, or under a count, which is no part of it.
UNDER_PILLS = """() => {
  const found = [];
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const boxes = [];
  while (texts.nextNode()) {
    const node = texts.currentNode, range = new Range();
    // Scrolled under a bar, or folded.
    const passed = "pre, select, .savebar, .selection, details:not([open]) > :not(summary)";
    if (!node.data.trim() || node.parentElement.closest(passed)) continue;
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) boxes.push([node, box]);
  }
  const isHidden = (node) => {
    for (let one = node.parentElement; one; one = one.parentElement)
      if (getComputedStyle(one).clipPath !== "none") return true; // for screen readers only
    return false;
  };
  for (const pill of document.querySelectorAll("main :is(.pill, .chip, .needed)")) {
    const own = pill.getBoundingClientRect();
    if (!own.width || !pill.checkVisibility()) continue;
    for (const [node, box] of boxes)
      if (!pill.contains(node) && box.left < own.right - 2 && box.right > own.left + 2
          && box.top < own.bottom - 2 && box.bottom > own.top + 2 && !isHidden(node))
        found.push(`${pill.textContent} on ${node.data.trim()}`);
  }
  return found;
}"""
# In the gate
USUAL = (
    "/",
    "/providers/groq/",
    "/routing/",
)
RARE = (
    "/catalog/",
    "/health/",
    "/config/",
    "/schedule/",
    "/providers/",
    "/alerts/",
    "/activity/",
    "/accounts/",
    "/config/import/",
    "/providers/new/",
    "/providers/bedrock/",
    "/providers/?view=list",
    "/accounts/users/",
    "/health/provider/groq/",
    "/providers/?sort=name",
    "/providers/?q=nothing-like-it",
    "/providers/openrouter/",
    "/providers/deepseek/",
    "/providers/openai_codex/",
    "/providers/groq/remove/",
    "/providers/remove/?name=groq&name=mistral",
    "/catalog/?q=nothing-like-it",
    "/routing/?use=llama-9&kind=groq&slot=vision",
    "/routing/use/?use=whisper-large-v3&kind=groq",
    "/routing/?recipe=azure&model=gpt-5&without=groq",
    "/health/?range=7d",
    "/health/?range=90d",
    "/health/provider/deepseek/?range=7d",
    "/health/route/main/?range=90d",
    "/health/route/vision/",
    "/config/export/?secrets=keys",
    "/config/versions/",
    "/config/versions/1/",
    "/alerts/channels/",
    "/alerts/channels/new/",
    "/alerts/channels/new/telegram/",
    "/activity/?actor=nobody",
    "/activity/tests/",
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
PAGES = (*USUAL, *(pytest.param(path, marks=pytest.mark.long) for path in RARE))
ADMIN_PAGES = (
    "/admin/",
    "/admin/providers/provider/",
    pytest.param("/admin/accounts/user/", marks=pytest.mark.long),
    pytest.param("/admin/accounts/user/1/change/", marks=pytest.mark.long),
    pytest.param("/admin/providers/job/", marks=pytest.mark.long),
)
# Warm it was 9,000 before health, schedule and alerts stood in the navigation of every page; up to
# 100 bytes of it are Django's padding, so that nobody guesses a page by its length.
MAX_COLD, MAX_WARM, MAX_SCRIPTS, MAX_OWN, MAX_REQUESTS = 80_000, 9_600, 22_000, 8_000, 6
AXE = Path("var/axe/axe.min.js")


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
        is_packed = "content-encoding" in headers or url.endswith(".woff2")
        if not is_packed and not url.startswith("data:"):
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
    late = meter.bytes("/favicon.")  # of the first time: nobody waits for it
    limits["warm"] = (meter.bytes() - late, MAX_WARM)
    limits["warm layout shift"] = (page.evaluate("window.shifted ?? 0"), 0)
    yield from (f"{name}: {now}" for name, (now, limit) in limits.items() if now > limit)


def too_wide(page: Page) -> Iterator[str]:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            yield f"scrolls sideways at {width} px"
        if "/admin/" not in page.url:  # its tables scroll under their heads
            yield from (f"{text} at {width} px" for text in page.evaluate(UNDER_PILLS))


def too_wide_in_german(page: Page, path: str) -> Iterator[str]:
    """Its words are longer."""
    cookie = {"name": "language", "value": "de", "url": page.evaluate("location.origin")}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    page.goto(path)
    yield from (f"{fault} in German" for fault in too_wide(page))


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


def looked_at(visit: Callable[..., Any], path: str, *statuses: str, **choices: Any) -> None:
    """The page has no fault. It may answer by one of these statuses."""
    choices = {"viewport": DESK, "reduced_motion": "reduce", **choices}
    with visit(**choices) as tab, tab.watch.expecting(*statuses):
        page = tab.page
        assert [*overweight(page, path), *too_wide(page), *barriers(page)] == []
        assert page.url.endswith(path)
        assert [*too_wide_in_german(page, path)] == []


@pytest.mark.axe
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_light_fits_and_has_no_barrier(visit: Callable[..., Any], path: str) -> None:
    looked_at(visit, path, *(["404"] if path == "/no-such-page/" else []))


def invited(visit: Callable[..., Any], name: str) -> str:
    """The link that the owner makes for somebody."""
    with visit() as tab:
        tab.go("/accounts/users/")
        tab.page.get_by_label("For", exact=True).fill(name)
        tab.press("Create link")
        return str(tab.page.locator("#invitation-link").inner_text())


@pytest.mark.axe
def test_the_pages_of_a_stranger_as_well(visit: Callable[..., Any]) -> None:
    link = invited(visit, "Eve")
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
def test_the_list_of_models_has_no_barrier(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK, reduced_motion="reduce") as tab:
        tab.go("/routing/")
        tab.page.get_by_label("Vision model", exact=True).click()
        expect(tab.page.locator("#models li").first).to_be_visible()
        tab.page.keyboard.press("ArrowDown")
        assert [*barriers(tab.page)] == []


@pytest.mark.axe
def test_the_palette_has_no_barrier(visit: Callable[..., Any]) -> None:
    with visit(viewport=DESK, reduced_motion="reduce") as tab:
        tab.go("/providers/")
        tab.page.keyboard.press("Control+k")
        expect(tab.page.locator(".palette-list a").first).to_be_visible()
        assert [*barriers(tab.page)] == []
