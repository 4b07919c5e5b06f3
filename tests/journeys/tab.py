"""A browser tab on the running site, and what a person does there again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.stack import Stack
from tests.journeys.watch import Watch

OWNER, PASSWORD = "olivia", "right horse battery"


@dataclass(frozen=True)
class Tab:
    page: Page
    watch: Watch

    def go(self, path: str) -> None:
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)

    def press(self, name: str) -> None:
        self.page.locator("main").get_by_role("button", name=name, exact=True).first.click()

    def check(self, outcome: str) -> Locator:
        """The section of the test, once it is done with this outcome."""
        found = self.page.locator(f'#check[data-state="done"][data-outcome="{outcome}"]')
        expect(found).to_be_visible(timeout=20_000)
        return found

    def catalog(self) -> int:
        """How many models there are, once a fetch is done."""
        found = self.page.locator('#catalog[data-state="done"]')
        expect(found).to_be_visible(timeout=20_000)
        return int(found.get_attribute("data-count") or 0)

    def rung(self, name: str) -> Locator:
        return self.page.locator(".rung", has=self.page.get_by_text(name, exact=True))


@contextmanager
def opened(browser: Browser, stack: Stack, **choices: Any) -> Iterator[Tab]:
    """A tab in a browser context of its own, listened to."""
    context = browser.new_context(**{"base_url": stack.url, **choices})
    context.set_default_timeout(20_000)
    try:
        watch = Watch(context)
        yield Tab(context.new_page(), watch)
    finally:
        context.close()


def make_owner(tab: Tab, link: str) -> None:
    tab.go(link)
    tab.fill("Username", OWNER)
    tab.fill("Password", PASSWORD)
    tab.fill("Confirm password", PASSWORD)
    tab.press("Create account")
    expect(tab.page.get_by_role("heading", name="Overview", level=1)).to_be_visible()


def sign_in(tab: Tab) -> None:
    """On a sign-in page."""
    tab.fill("Username", OWNER)
    tab.fill("Password", PASSWORD)
    tab.press("Sign in")


def agree(tab: Tab) -> None:
    """On the preview of an import: consent to every risky part, and import."""
    expect(tab.page.get_by_role("heading", name="Import", level=1)).to_be_visible()
    for box in tab.page.locator('[name="consent"]').all():
        box.check()
    tab.press("Import")
    expect(tab.page.get_by_text("Imported:")).to_be_visible()
