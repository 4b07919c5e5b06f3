"""Endpoints of one's own in a real browser: made, tested, routed to, exported, imported whole,
written over a broken file, brought back, renamed and removed.

The whole product runs, with simulated servers and a live file beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests import stores
from tests.journeys.stack import Stack, running
from tests.journeys.tab import PASSWORD, Tab, make_owner, opened
from tests.simulators import Simulators
from tests.simulators.entries import demo_key

pytestmark = [pytest.mark.journey, pytest.mark.browser]
GUARDED, OPEN = "https://llm.example.com/~guarded/v1", "https://llm.example.com/v1"
MODEL = "demo-chat-large"
MESSY = """Here is my file, as it stands on the server:

```json
{
  // the company's proxy goes first
  "providers": {
    "Corp-LLM": {"apiKey": "%s", "apiBase": "%s", "extraQuery": {"v": "2"},},
    "gpu": {"apiBase": "%s"},
    "labThing": {"apiBase": "https://other.example/v1", "apiKey": "lab-0123456789abcdef"},
  },
  "agents": {"defaults": {"model": "Corp-LLM/%s", "provider": "auto"}},
  "modelPresets": {"fast": {"model": "demo-coder", "provider": "Corp-LLM"}},
  "channels": {"telegram": {"enabled": true, "token": "tele-gram-token", "allowFrom": ["*"]}},
  "tools": {"mcpServers": {"files": {"command": "npx", "args": ["-y", "server-files", "/srv"]}}},
}
```
"""


@pytest.fixture(scope="module")
def site(
    live_file: Path,
    simulators: Simulators,
    first_start: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """A site of its own with servers to ask and a live file."""
    state = stores.copy(first_start, tmp_path_factory.mktemp("with-endpoints") / "state")
    path = str(live_file)
    with running(state, simulators=simulators, FACIO_CONFIG_PATH=path) as found:
        yield found


@pytest.fixture(scope="module")
def owner(browser: Browser, site: Stack) -> Iterator[Tab]:
    with opened(browser, site) as tab:
        make_owner(tab, site.link)
        yield tab


@pytest.fixture(scope="module")
def key() -> str:
    return demo_key("custom", "good")


def add(tab: Tab, name: str, base: str, key: str = "", display: str = "") -> None:
    """Typed, tested as a draft, saved, and its models fetched."""
    tab.go("/providers/")
    tab.page.get_by_role("link", name="Add an endpoint").click()
    for label, text in (("Name", name), ("Display name", display), ("API base", base)):
        tab.fill(label, text)
    tab.fill("API key", key)
    tab.press("Test connection")
    tab.check("ok")
    expect(tab.page).to_have_url(re.compile(f"/providers/{name}/$"))
    tab.press("Save")
    expect(tab.page.get_by_role("heading", name=display or name, level=1)).to_be_visible()
    expect(tab.page.get_by_text("saved.")).to_be_visible()
    tab.press("Fetch models")
    assert tab.catalog() == 5


def on_disk(path: Path) -> Any:
    return json.loads(path.read_text())


def confirmed(tab: Tab, button: str) -> None:
    """Press it and say who it is where that is asked; what was pressed goes on by itself then."""
    tab.press(button)
    password = tab.page.get_by_label("Password", exact=True)
    written = tab.page.get_by_text("Written as version")
    expect(written.or_(password)).to_be_visible()
    if password.count():
        tab.fill("Password", PASSWORD)
        tab.press("Confirm")
    expect(written).to_be_visible()
    expect(tab.page.locator("#live")).to_have_attribute("data-drift", "same")


def test_two_endpoints_are_made_routed_to_and_exported(
    owner: Tab, key: str, live_file: Path
) -> None:
    tab = owner
    add(tab, "Corp-LLM", GUARDED, key, display="Company proxy")
    add(tab, "gpu", OPEN)
    tab.go("/providers/")
    for name, shown in (("Corp-LLM", "Company proxy"), ("gpu", "gpu")):
        card = tab.page.locator("article", has_text=name)
        expect(card).to_contain_text(shown)
        expect(card).to_have_attribute("data-outcome", "ok")

    # Main by a model's prefix, sub-agents by a forced provider.
    tab.go("/routing/")
    tab.fill("Main model", f"Corp-LLM/{MODEL}")
    tab.fill("Sub-agents model", "demo-coder")
    tab.page.get_by_label("Sub-agents provider", exact=True).select_option("gpu")
    tab.press("Save")
    expect(tab.page.get_by_text("Routes saved.")).to_be_visible()
    for slot, name in (("main", "Corp-LLM"), ("subagent", "gpu")):
        route = tab.page.locator(f'[data-slot="{slot}"]')
        expect(route).to_have_attribute("data-provider", name)
    tab.press("Test all routes")
    for slot in ("main", "subagent"):
        works = tab.page.locator(f'[data-slot="{slot}"][data-state="works"]')
        expect(works).to_be_visible(timeout=20_000)

    tab.go("/config/?write=keys")
    confirmed(tab, "Write to Facio")
    assert on_disk(live_file) == {
        "agents": {
            "defaults": {
                "model": f"Corp-LLM/{MODEL}",
                "provider": "auto",
                "subagent_model": "demo-coder",
                "subagent_provider": "gpu",
            }
        },
        "providers": {
            "Corp-LLM": {"apiKey": key, "apiBase": GUARDED, "displayName": "Company proxy"},
            "gpu": {"apiBase": OPEN},
        },
    }
    assert key not in tab.page.content()
    assert tab.watch.complaints == []


def test_a_messy_file_of_ones_own_is_taken_in_whole_by_one_press(
    owner: Tab, key: str, live_file: Path
) -> None:
    tab = owner
    tab.go("/config/import/")
    tab.fill("Or paste it here", MESSY % (key, GUARDED, OPEN, MODEL))
    tab.press("Import")
    expect(tab.page.get_by_role("heading", name="Import", level=1)).to_be_visible()
    warnings = tab.page.locator("#warnings")
    for mended in ("fence", "comments", "comma"):
        expect(warnings).to_contain_text(mended)
    consents = tab.page.locator("#consents")
    for shown in ("npx", "/srv", "grants access", "runs code"):
        expect(consents).to_contain_text(shown)
    for secret in (key, "tele-gram-token", "lab-0123456789abcdef"):
        assert secret not in tab.page.content()
    expect(
        tab.page.get_by_role("button", name=re.compile("Import, 4 parts stay out"))
    ).to_be_visible()
    tab.press("All of it: this is my own file")
    expect(tab.page.get_by_text("Imported:")).to_be_visible()
    tab.go("/config/?write=keys")
    confirmed(tab, "Write to Facio")
    document = on_disk(live_file)
    assert document["tools"]["mcpServers"]["files"]["command"] == "npx"
    assert document["channels"]["telegram"]["allowFrom"] == ["*"]
    assert document["providers"]["Corp-LLM"]["extraQuery"] == {"v": "2"}
    assert list(document["providers"]) == ["Corp-LLM", "gpu", "labThing"]
    assert tab.watch.complaints == []


def test_a_broken_live_file_is_told_by_place_replaced_by_consent_and_a_version_comes_back(
    owner: Tab, live_file: Path
) -> None:
    tab = owner
    whole = live_file.read_text()
    line = whole.splitlines().index("  },")  # the first that ends an inner object
    broken = whole.replace("\n  },\n", "\n  }\n", 1)
    live_file.write_text(broken)
    tab.go("/config/?write=keys")
    live = tab.page.locator("#live")
    expect(live).to_have_attribute("data-drift", "changed")
    expect(live).to_contain_text(re.compile(rf"can't be read: Line {line + 2}, column \d+"))
    tab.page.get_by_label("Replace the file that can't be read").check()
    confirmed(tab, "Write to Facio")
    assert live_file.read_text() == whole
    kept = [one for one in live_file.parent.iterdir() if ".original-" in one.name]
    assert [one.read_text() for one in kept] == [broken]

    tab.go("/config/versions/")
    tab.page.locator("#versions").get_by_role("link", name="1", exact=True).click()
    tab.press("Bring back and write")
    expect(tab.page.get_by_text("Written as version")).to_be_visible()
    assert "channels" not in on_disk(live_file)
    assert on_disk(live_file)["agents"]["defaults"]["subagent_provider"] == "gpu"
    tab.go("/routing/")
    expect(tab.page.locator('[data-slot="subagent"]')).to_have_attribute("data-provider", "gpu")
    tab.go("/providers/")
    expect(tab.page.locator("article", has_text="labThing")).to_have_count(0)
    assert tab.watch.complaints == []


def test_an_endpoint_is_renamed_and_another_removed(owner: Tab, live_file: Path) -> None:
    tab = owner
    tab.go("/providers/gpu/")
    tab.page.get_by_role("link", name="Rename").click()
    expect(tab.page.locator("main")).to_contain_text("Sub-agents")
    tab.fill("Name", "corp_llm")
    with tab.watch.expecting("422"):
        tab.press("Rename")
        expect(tab.page.locator("main")).to_contain_text("Corp-LLM is there already")
    tab.fill("Name", "lab gpu")
    tab.press("Rename")
    expect(tab.page.get_by_text("gpu is now lab gpu.")).to_be_visible()
    expect(tab.page).to_have_url(re.compile("/providers/lab%20gpu/$"))
    assert tab.catalog() == 5

    tab.go("/providers/Corp-LLM/remove/")
    expect(tab.page.locator("main")).to_contain_text("Main")
    tab.press("Remove")
    expect(tab.page.get_by_text("Company proxy removed.")).to_be_visible()
    tab.go("/config/?write=keys")
    confirmed(tab, "Write to Facio")
    document = on_disk(live_file)
    assert document["providers"] == {"lab gpu": {"apiBase": OPEN}}
    assert document["agents"]["defaults"]["subagent_provider"] == "lab gpu"
    assert tab.watch.complaints == []
