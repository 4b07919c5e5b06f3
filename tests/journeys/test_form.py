"""The form of a provider in a real browser: what it shows is what is tested and saved."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.tab import Tab
from tests.simulators.entries import demo_key

pytestmark = [pytest.mark.journey, pytest.mark.browser]
KIND = "deepseek"
PAGE = f"/providers/{KIND}/"


def secret(tab: Tab) -> Locator:
    return tab.page.locator('[data-secret="api_key"]')


def stored(tab: Tab) -> None:
    """A good key is saved, tested and has its models."""
    tab.go(PAGE)
    tab.fill("API key", demo_key(KIND))
    expect(tab.page.get_by_text("Looks like a key of")).to_be_visible()  # it moves the buttons
    tab.press("Test connection")
    tab.check("ok")
    tab.press("Save")
    expect(tab.page.get_by_text("saved.")).to_be_visible()
    expect(secret(tab)).to_have_attribute("data-state", "stored")
    expect(secret(tab)).to_have_attribute("data-verdict", "ok")


def test_a_rejected_key_is_named_discarded_or_asked_about_and_never_slips_in(tab: Tab) -> None:
    stored(tab)
    tail = demo_key(KIND)[-4:]
    tab.fill("API key", demo_key(KIND, "bad"))
    tab.press("Test connection")
    tab.check("bad_key")
    expect(secret(tab)).to_have_attribute("data-state", "typed")
    expect(secret(tab)).to_have_attribute("data-verdict", "bad_key")
    tab.fill("API key", "")  # taken out again: neither tested nor saved
    tab.press("Test connection")
    tab.check("ok")
    expect(secret(tab)).to_have_attribute("data-state", "stored")

    tab.fill("API key", demo_key(KIND, "bad"))
    tab.press("Test connection")
    tab.check("bad_key")
    tab.go(PAGE)  # the page that shows the draft says so
    banner = tab.page.locator("#unsaved")
    expect(banner).to_contain_text("Key rejected")
    expect(banner).to_contain_text(f"…{tail}")
    expect(banner.get_by_role("button")).to_have_text([re.compile("Discard"), re.compile("Save")])
    with tab.watch.expecting("409"):
        tab.press("Save")
        expect(tab.page.get_by_text("Save them all the same?")).to_be_visible()
    expect(secret(tab)).to_have_attribute("data-state", "typed")
    tab.press("Discard")
    expect(secret(tab)).to_have_attribute("data-state", "stored")
    expect(secret(tab)).to_have_attribute("data-tail", tail)
    assert demo_key(KIND, "bad") not in tab.page.content()

    tab.fill("API key", demo_key(KIND, "bad"))
    tab.press("Test connection")
    tab.check("bad_key")
    with tab.watch.expecting("409"):
        tab.press("Save")
        tab.press("Save anyway")
    expect(tab.page.get_by_text("saved.")).to_be_visible()
    expect(secret(tab)).to_have_attribute("data-verdict", "bad_key")


def test_a_list_of_unsaved_values_leaves_the_saved_one_alone(tab: Tab) -> None:
    stored(tab)
    tab.press("Fetch models")
    count = tab.catalog()
    tab.fill("API key", demo_key(KIND, "nocredit"))
    tab.press("Fetch models")
    expect(tab.page.locator("#draft-models")).to_be_visible(timeout=20_000)
    expect(tab.page.locator("#check")).to_have_attribute("data-state", "never")
    tab.go(PAGE)
    tab.press("Discard")
    expect(tab.page.locator("#draft-models")).to_have_count(0)
    expect(tab.page.locator("#catalog")).to_have_attribute("data-count", str(count))


def test_a_refused_form_says_not_sent_and_a_removed_key_is_told(tab: Tab) -> None:
    stored(tab)
    tab.fill("API key", "has a blank inside")
    check = tab.page.locator("#check")
    with tab.watch.expecting("422"):
        tab.press("Test connection")
        expect(check.locator(".card-head")).to_contain_text("Not sent")
    expect(check).to_have_attribute("data-state", "never")
    expect(check.locator(".rung")).to_have_count(0)
    expect(tab.page).to_have_title(re.compile("^Error: "))
    expect(tab.page.get_by_label("API key", exact=True)).to_be_focused()
    # What was said of the typed key goes away, and the button moves up: not below the pointer.
    with tab.page.expect_response(lambda answer: "/shape/" in answer.url):
        tab.fill("API key", "")
    tab.page.locator("#advanced").evaluate("(at) => { at.open = true; }")
    tab.fill("Extra headers", "no header")
    tab.page.locator("#advanced").evaluate("(at) => { at.open = false; }")
    with tab.watch.expecting("422"):
        tab.press("Test connection")
        expect(tab.page.get_by_label("Extra headers")).to_be_focused()  # where it was folded away
    tab.fill("Extra headers", "")
    tab.press("Test connection")
    tab.check("ok")
    expect(tab.page).not_to_have_title(re.compile("Error: "))
    tab.go(PAGE)
    tab.page.get_by_label("Remove the stored key").check()
    tab.press("Save")
    expect(tab.page.get_by_text("It has no key now.")).to_be_visible()
    expect(secret(tab)).to_have_attribute("data-state", "missing")
