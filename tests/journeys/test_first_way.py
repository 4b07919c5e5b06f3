"""From the set-up link to a written live file, and the one box that reads whatever is pasted.

The whole product runs against the simulated providers, with a live file beside it.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests import stores
from tests.journeys.stack import Stack, running
from tests.journeys.tab import Tab, make_owner, opened
from tests.simulators import Simulators
from tests.simulators.entries import demo_key

pytestmark = [pytest.mark.journey, pytest.mark.browser]
BOX = "Paste a key, a curl line, a .env or a config.json"
LINK, MOST = 1, 9  # clicks: on the printed link; on the whole way
MODEL = "anthropic/claude-opus-4-7"


@pytest.fixture(scope="module")
def site(
    simulators: Simulators,
    live_file: Path,
    first_start: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    state = stores.copy(first_start, tmp_path_factory.mktemp("first-way") / "state")
    more = {"FACIO_CONFIG_PATH": str(live_file), "TESTS_PER_MINUTE": "1000"}
    with running(state, simulators=simulators, **more) as found:
        yield found


@pytest.fixture(scope="module")
def clicks() -> list[str]:
    """What was clicked on the way of the owner, in order."""
    return []


@pytest.fixture(scope="module")
def owner(browser: Browser, site: Stack, live_file: Path, clicks: list[str]) -> Iterator[Tab]:
    """Somebody who has gone the whole way, and counted."""
    with opened(browser, site) as tab:
        tab.page.expose_function("clicked", lambda text: clicks.append(text))
        tab.page.add_init_script(
            "addEventListener('click', ({isTrusted, target}) => {"
            " if (isTrusted) clicked(target.textContent.trim()) }, true)"
        )
        make_owner(tab, site.link)
        first_way(tab)
        yield tab
        assert tab.watch.complaints == []


def first_way(tab: Tab) -> None:
    page = tab.page
    tab.fill(BOX, demo_key("openrouter"))
    tab.press("Preview")
    tab.press("Save and test")
    tab.check("ok")
    tab.press("Fetch models")
    tab.catalog()
    nav = page.get_by_role("navigation", name="Main navigation")
    nav.get_by_role("link", name="Routing").click()
    tab.fill("Main model", MODEL)
    page.keyboard.press("Escape")
    tab.press("Save")
    expect(page.locator('[data-slot="main"]')).to_have_attribute("data-provider", "openrouter")
    nav.get_by_role("link", name="Config").click()
    tab.press("Write to Facio")
    expect(page.locator('#live[data-drift="same"]')).to_be_visible()


@contextmanager
def visitor(browser: Browser, site: Stack, owner: Tab, **choices: object) -> Iterator[Tab]:
    """Another window of the owner's; no page may complain in it."""
    choices["storage_state"] = owner.page.context.storage_state()
    with opened(browser, site, **choices) as tab:
        yield tab
        assert tab.watch.complaints == []


def test_the_whole_way_takes_at_most_nine_clicks(
    owner: Tab, clicks: list[str], live_file: Path
) -> None:
    assert LINK + len(clicks) <= MOST, clicks
    written = json.loads(live_file.read_text())
    assert written["agents"]["defaults"]["model"] == MODEL
    assert list(written["providers"]) == ["openrouter"]


def test_after_it_the_guide_is_gone_and_stays_so_when_a_test_fails(
    owner: Tab, browser: Browser, site: Stack
) -> None:
    with visitor(browser, site, owner) as tab:
        tab.go("/")
        expect(tab.page.locator("#guide")).to_have_count(0)
        tab.go("/providers/openrouter/")
        tab.fill("API key", demo_key("openrouter", "bad"))
        tab.press("Save")
        tab.press("Test connection")
        tab.check("bad_key")
        tab.go("/")
        expect(tab.page.locator("#guide")).to_have_count(0)
        expect(tab.page.locator('#attention [data-about="provider:openrouter"]')).to_be_visible()
        row = tab.page.locator('[data-day="openrouter"]')
        expect(row).to_contain_text("Key rejected")
        expect(row.get_by_role("img", name="Tests of OpenRouter by hour")).to_be_visible()
        changes = tab.page.locator("#changes")
        expect(changes.get_by_role("listitem").first).to_contain_text("Saved a provider")
        expect(changes.get_by_role("listitem").first).to_contain_text("olivia")


def test_the_box_on_providers_takes_several_keys_and_tests_them_side_by_side(
    owner: Tab, browser: Browser, site: Stack
) -> None:
    with visitor(browser, site, owner) as tab:
        tab.go("/providers/")
        lines = [f"GROQ_API_KEY={demo_key('groq')}", f"ANTHROPIC_API_KEY={demo_key('anthropic')}"]
        tab.fill(BOX, "\n".join(lines))
        tab.press("Preview")
        expect(tab.page.get_by_role("button", name="Save and test")).to_be_visible()
        expect(tab.page.locator("main")).to_contain_text("Anthropic")
        assert demo_key("groq") not in tab.page.content()
        tab.press("Save and test")
        expect(tab.page).to_have_url(re.compile(r"/providers/#progress$"))
        for kind in ("groq", "anthropic"):
            card = tab.page.locator(f'[data-kind="{kind}"][data-outcome="ok"]')
            expect(card).to_be_visible(timeout=20_000)


def test_what_cannot_be_read_stays_in_the_box_and_is_told_beside_it(
    owner: Tab, browser: Browser, site: Stack
) -> None:
    with visitor(browser, site, owner) as tab:
        for path in ("/", "/providers/"):
            tab.go(path)
            text = "good morning\nthis is not a key"
            tab.fill(BOX, text)
            with tab.watch.expecting("422"):
                tab.press("Preview")
                said = tab.page.locator("#paste-said")
                expect(said).to_contain_text("Nothing was changed.")
            expect(tab.page.get_by_label(BOX, exact=True)).to_have_value(text)
            assert tab.page.url == site.url + path


@pytest.mark.long
def test_what_is_too_large_is_told_and_stays_in_the_box(
    owner: Tab, browser: Browser, site: Stack
) -> None:
    with visitor(browser, site, owner) as tab:
        tab.go("/")
        text = tab.page.get_by_label(BOX, exact=True)
        for size, place in ((1_500_000, "#paste-said"), (2_500_000, "#messages")):
            text.evaluate(f"one => one.value = '# ' + 'x'.repeat({size})")
            with tab.watch.expecting("422"):
                tab.press("Preview")
                expect(tab.page.locator(place)).to_contain_text("Nothing was changed.")
            assert len(text.input_value()) == size + 2


def test_a_key_of_unclear_origin_asks_for_its_provider_with_likely_ones_first(
    owner: Tab, browser: Browser, site: Stack
) -> None:
    with visitor(browser, site, owner) as tab:
        tab.go("/")
        tab.fill(BOX, demo_key("deepseek"))
        tab.press("Preview")
        choice = tab.page.get_by_label("Provider", exact=True)
        groups = choice.locator("optgroup")
        expect(groups.first).to_have_attribute("label", "Its keys begin like this one")
        expect(groups.first.locator("option", has_text="DeepSeek")).to_have_count(1)
        expect(groups.last.locator("option", has_text="Mistral")).to_have_count(1)
        choice.select_option("deepseek")
        tab.press("Next")
        assert demo_key("deepseek") not in tab.page.url
        tab.press("Save and test")
        expect(tab.page).to_have_url(re.compile("/providers/deepseek/#check$"))
        tab.check("ok")


def test_the_palette_has_the_box_and_puts_no_word_into_an_address(
    owner: Tab, browser: Browser, site: Stack
) -> None:
    with visitor(browser, site, owner) as tab:
        page = tab.page
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        tab.go("/activity/")
        page.keyboard.press("Control+k")
        page.keyboard.type("paste")
        first = page.locator(".palette-list summary").first
        expect(first).to_have_text(BOX)
        page.keyboard.press("Enter")
        text = page.locator("#palette").get_by_label(BOX)
        expect(text).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        expect(text).to_be_focused()
        page.keyboard.insert_text(f"# mine\nMISTRAL_API_KEY={demo_key('mistral')}")
        page.keyboard.press("ArrowUp")
        expect(text).to_be_focused()  # arrows and letters are its own
        page.keyboard.type("x")
        expect(text).to_be_focused()
        page.keyboard.press("Backspace")
        page.locator("#palette").get_by_role("button", name="Preview").click()
        expect(page.get_by_role("heading", name="Import", level=1)).to_be_visible()
        expect(page.locator("main")).to_contain_text("Mistral")
        assert not [url for url in asked if "paste" in url or demo_key("mistral") in url]


@pytest.mark.long
def test_what_was_opened_in_the_palette_stays_open_when_the_same_answer_comes_again(
    owner: Tab, browser: Browser, site: Stack
) -> None:
    with visitor(browser, site, owner) as tab:
        page = tab.page
        held: list[Route] = []
        page.route("**/palette/", lambda one: one.continue_() if held else held.append(one))
        tab.go("/activity/")
        page.keyboard.press("Control+k")
        page.keyboard.type("past")
        page.wait_for_timeout(150)
        empty = held[0].fetch()
        page.keyboard.type("e")  # what waits goes with the new word, which asks once more by itself
        held[0].fulfill(response=empty)
        expect(page.locator("#found")).to_have_attribute("data-words", "paste")
        page.keyboard.press("Enter")
        page.wait_for_timeout(500)
        expect(page.locator("#palette").get_by_label(BOX)).to_be_visible()


def test_without_javascript_the_same_way_leads_to_the_test(
    owner: Tab, browser: Browser, site: Stack
) -> None:
    with visitor(browser, site, owner, java_script_enabled=False) as tab:
        tab.go("/")
        tab.fill(
            BOX,
            f"curl https://api.mistral.ai/v1/models -H 'Authorization: Bearer "
            f"{demo_key('mistral')}'",
        )
        tab.press("Preview")
        tab.press("Save and test")
        tab.check("ok")
