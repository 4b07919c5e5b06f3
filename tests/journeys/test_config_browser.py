"""config.json in a real browser: import, one edit, write, a change from outside, merge, undo.

The whole product runs, with a live file beside it.
"""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests import stores
from tests.journeys.stack import Stack, running
from tests.journeys.tab import PASSWORD, Tab, agree, make_owner, opened

pytestmark = [pytest.mark.journey, pytest.mark.browser]
KEY = "sk-ant-api03-0123456789abcdefghij"
BEFORE: dict[str, Any] = {
    "channels": {"telegram": {"token": "tele-gram-token", "allowFrom": ["1"]}},
    "providers": {
        "anthropic": {"apiKey": KEY, "somethingNew": {"a": 1}},
        "companyProxy": {"apiBase": "https://proxy.example/v1", "apiKey": "company-key"},
    },
    "agents": {"defaults": {"model": "claude-sonnet-4-5", "provider": "auto", "temperature": 0.5}},
    "brand new": [1, 2.5, None],
}
NEW_MODEL = "anthropic/claude-opus-4-7"


@pytest.fixture(scope="module")
def site(
    live_file: Path, first_start: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A site of its own, because only this one has a live file."""
    state = stores.copy(first_start, tmp_path_factory.mktemp("with-live-file") / "state")
    with running(state, FACIO_CONFIG_PATH=str(live_file)) as found:
        yield found


@pytest.fixture(scope="module")
def owner(browser: Browser, site: Stack) -> Iterator[Tab]:
    with opened(browser, site) as tab:
        make_owner(tab, site.link)
        yield tab


def card(tab: Tab) -> Locator:
    return tab.page.locator("#live")


def pages(tab: Tab) -> Locator:
    """The links between the four pages of Config."""
    return tab.page.locator("main").get_by_role("navigation", name="Config", exact=True)


def drift(tab: Tab, state: str) -> None:
    expect(card(tab)).to_have_attribute("data-drift", state)


def take_in(tab: Tab, document: dict[str, Any], folder: Path) -> None:
    """Import a file by hand, with consent to every risky part."""
    path = folder / "handed-in.json"
    path.write_text(json.dumps(document))
    tab.go("/config/import/")
    tab.page.get_by_label("File", exact=True).set_input_files(path)
    tab.press("Import")
    agree(tab)


def write_keys(tab: Tab) -> None:
    """Write to Facio with real keys, confirming who it is where that is asked."""
    tab.press("Write to Facio")
    expect(tab.page.get_by_text("Written as version").or_(password(tab))).to_be_visible()
    if password(tab).count():
        tab.fill("Password", PASSWORD)
        tab.press("Confirm")  # it goes on by itself
    expect(tab.page.get_by_text("Written as version")).to_be_visible()
    drift(tab, "same")


def password(tab: Tab) -> Locator:
    return tab.page.get_by_label("Password", exact=True)


def on_disk(path: Path) -> Any:
    return json.loads(path.read_text())


def test_from_an_imported_file_to_a_merge_and_back(
    owner: Tab, live_file: Path, tmp_path: Path
) -> None:
    tab = owner
    take_in(tab, BEFORE, tmp_path)
    assert KEY not in tab.page.content()

    # Nothing was lost on the way in and out.
    tab.go("/config/?write=keys")
    drift(tab, "missing")
    write_keys(tab)
    assert json.dumps(on_disk(live_file)) == json.dumps(BEFORE)
    assert stat.S_IMODE(live_file.stat().st_mode) == 0o600

    # One edit is the whole difference.
    tab.go("/routing/")
    tab.page.get_by_role("link", name="Anthropic by model name").click()
    model = tab.page.get_by_label("Main model", exact=True)
    expect(model).to_have_value(NEW_MODEL)
    tab.press("Save")
    expect(tab.page.get_by_text("Routes saved.")).to_be_visible()
    tab.go("/")
    expect(tab.page.locator("#drift")).to_have_attribute("data-drift", "behind")
    tab.page.get_by_role("link", name="Look at the difference").click()
    drift(tab, "behind")
    rows = card(tab).locator(".changes tbody tr")
    expect(rows).to_have_count(1)
    changed = r"agents\.defaults\.model.*claude-sonnet-4-5.*opus-4-7"
    expect(rows).to_contain_text(re.compile(changed, re.DOTALL))
    write_keys(tab)
    edited = json.loads(json.dumps(BEFORE))
    edited["agents"]["defaults"]["model"] = NEW_MODEL
    assert json.dumps(on_disk(live_file)) == json.dumps(edited)
    assert on_disk(live_file.with_name("config.json.bak")) == BEFORE

    # Somebody else changes the file, we change the model: both count.
    edited["agents"]["defaults"]["temperature"] = 0.9
    edited["channels"]["telegram"]["allowFrom"] = ["1", "2"]
    live_file.write_text(json.dumps(edited))
    tab.go("/routing/")
    tab.fill("Main model", "claude-haiku-4-5")
    tab.press("Save")
    tab.go("/")
    expect(tab.page.locator("#drift")).to_have_attribute("data-drift", "changed")
    tab.go("/config/")
    drift(tab, "changed")
    risky = card(tab).locator("li", has_text="channels.telegram.allowFrom")
    expect(risky).to_contain_text("grants access")
    assert "tele-gram-token" not in tab.page.content()
    risky.get_by_role("radio", name=re.compile("Mine")).check(force=True)
    write_keys(tab)
    merged = on_disk(live_file)
    assert merged["agents"]["defaults"] == {
        "model": "claude-haiku-4-5",
        "provider": "auto",
        "temperature": 0.9,
    }
    assert merged["channels"] == BEFORE["channels"]
    assert merged["providers"] == BEFORE["providers"]

    # The first version comes back.
    pages(tab).get_by_role("link", name="Versions").click()
    tab.page.locator("#versions").get_by_role("link", name="1", exact=True).click()
    expect(tab.page.get_by_role("heading", name="Version 1", level=1)).to_be_visible()
    assert KEY not in tab.page.content()
    tab.press("Bring back")
    agree(tab)
    write_keys(tab)
    assert json.dumps(on_disk(live_file)) == json.dumps(BEFORE)
    assert tab.watch.complaints == []


def test_a_broken_live_file_is_replaced_by_consent_and_a_version_comes_back(
    owner: Tab, live_file: Path
) -> None:
    tab = owner
    before = live_file.read_text()
    torn = before[: len(before) // 2]
    live_file.write_text(torn)
    tab.go("/config/")
    drift(tab, "changed")
    expect(card(tab)).to_contain_text("can't be read: Line")
    expect(card(tab)).to_contain_text("channels.telegram")
    tab.press("Write to Facio")  # the browser asks for the box that is open
    assert live_file.read_text() == torn
    tab.page.get_by_label("Replace the file that can't be read").check()
    tab.fill("Note (optional)", "after the fall")
    write_keys(tab)
    kept = [one for one in live_file.parent.iterdir() if ".original-" in one.name]
    assert [one.read_text() for one in kept] == [torn]
    tab.go("/config/versions/")
    expect(tab.page.locator("#versions")).to_contain_text("after the fall")
    expect(tab.page.locator("#versions")).to_contain_text("As it was found")

    # An older version comes back by one press, and is what the file holds.
    tab.page.locator("#versions").get_by_role("link", name="2", exact=True).click()
    tab.press("Bring back and write")
    expect(tab.page.get_by_text("Written as version")).to_be_visible()
    drift(tab, "same")
    assert on_disk(live_file)["agents"]["defaults"]["model"] == NEW_MODEL
    assert [one.read_text() for one in kept] == [torn]
    assert tab.watch.complaints == []


def test_the_table_of_changes_follows_the_choices(owner: Tab, live_file: Path) -> None:
    tab = owner
    document = on_disk(live_file)
    document["agents"]["defaults"]["model"] = "claude-haiku-4-5"
    live_file.write_text(json.dumps(document))
    tab.go("/config/")
    drift(tab, "changed")
    changes = tab.page.locator("#live-changes")
    expect(changes).not_to_contain_text("agents.defaults.model")
    place = card(tab).locator("li", has_text="agents.defaults.model")
    place.get_by_role("radio", name=re.compile("Mine")).check(force=True)
    expect(changes).to_contain_text("agents.defaults.model")
    place.get_by_role("radio", name=re.compile("Theirs")).check(force=True)
    expect(changes).not_to_contain_text("agents.defaults.model")
    write_keys(tab)
    assert tab.watch.complaints == []


def test_what_cannot_be_read_is_told_in_place_and_stays_typed(owner: Tab) -> None:
    tab = owner
    tab.go("/config/import/")
    tab.page.evaluate("window.loadedOnce = true")
    text = f'{{"providers": {{"groq": {{"apiKey" "{KEY}"}}}}}}'
    tab.fill("Or paste it here", text)
    with tab.watch.expecting("422"):
        tab.press("Import")
        expect(tab.page.get_by_text("this is not valid JSON")).to_be_visible()
    expect(tab.page.get_by_label("Or paste it here")).to_have_value(text)
    assert tab.page.evaluate("window.loadedOnce")
    tab.fill("Or paste it here", text.replace('" "', '": "'))
    tab.page.get_by_role("radio", name="Merge").check(force=True)
    tab.press("Import")
    expect(tab.page.get_by_role("heading", name="Import", level=1)).to_be_visible()
    expect(tab.page.locator("#changes")).to_contain_text("providers.groq.apiKey")
    tab.press("Discard")
    expect(tab.page.get_by_role("heading", name="Config", level=1)).to_be_visible()
    assert tab.watch.complaints == []


def test_without_javascript_a_file_is_imported_and_written(
    browser: Browser, site: Stack, owner: Tab, live_file: Path, tmp_path: Path
) -> None:
    state = owner.page.context.storage_state()
    with opened(browser, site, storage_state=state, java_script_enabled=False) as tab:
        take_in(tab, {**BEFORE, "providers": {"groq": {"apiKey": "gsk_0123456789"}}}, tmp_path)
        tab.go("/config/?write=env")
        tab.press("Write to Facio")
        expect(tab.page.get_by_text("Written as version")).to_be_visible()
    assert on_disk(live_file)["providers"] == {"groq": {"apiKey": "${GROQ_API_KEY}"}}


def test_the_pages_of_config_fit_a_phone(
    browser: Browser, site: Stack, owner: Tab, tmp_path: Path
) -> None:
    shape: dict[str, Any] = {"viewport": {"width": 360, "height": 740}}
    state = owner.page.context.storage_state()
    with opened(browser, site, storage_state=state, **shape) as tab:
        path = tmp_path / "handed-in.json"
        path.write_text(json.dumps(BEFORE))
        for page in ("", "export/", "versions/", "import/"):
            tab.go(f"/config/{page}")
            fits(tab)
        tab.page.get_by_label("File", exact=True).set_input_files(path)
        tab.press("Import")
        expect(tab.page.get_by_role("heading", name="Import", level=1)).to_be_visible()
        fits(tab)
        tab.go("/config/versions/1/")
        fits(tab)
        assert tab.watch.complaints == []


def fits(tab: Tab) -> None:
    width = tab.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360, tab.page.url
