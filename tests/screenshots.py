"""`make screenshots`: pictures of every page, light, dark, as on a phone and in German, in
docs/screenshots; those that people use most in German on a phone, too.

Runs the whole product with simulated providers in a throw-away folder and fills it as a person
would. Nothing is compared: the pictures are to be looked at, and shown in the documentation.
`ARGS="'*-de' 'overview-*'"` draws those alone.
"""

import base64
import hmac
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

from tests.conftest import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.journeys.stack import Stack, running
from tests.journeys.tab import PASSWORD, Tab, make_owner, opened
from tests.lived import live
from tests.processes import ROOT
from tests.simulators import Simulators
from tests.simulators.entries import demo_key

FOLDER = ROOT / "docs" / "screenshots"
QUALITY, TALLEST = 70, 1500
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 780}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True, "is_mobile": True},
}
PAGES = {
    "overview": "/",
    "providers": "/providers/",
    "provider": "/providers/openrouter/",
    "provider-failed": "/providers/gemini/",
    "provider-azure": "/providers/azure_openai/",
    "provider-held": "/providers/lab/",
    "endpoint-new": "/providers/new/",
    "provider-sign-in": "/providers/openai_codex/",
    "provider-remove": "/providers/anthropic/remove/",
    "provider-rename": "/providers/lab/rename/",
    "catalog": "/catalog/",
    "use": "/routing/use/?use=claude-opus-4-7&kind=anthropic",
    "routing-finding": "/routing/#route-image",
    "routing": "/routing/",
    "schedule": "/schedule/",
    "alerts": "/alerts/",
    "channels": "/alerts/channels/",
    "channel-kinds": "/alerts/channels/new/",
    "channel-new": "/alerts/channels/new/telegram/",
    "health": "/health/",
    "health-week": "/health/?range=7d",
    "health-quarter": "/health/?range=90d",
    "health-provider": "/health/provider/anthropic/?range=7d",
    "health-route": "/health/route/main/",
    "config": "/config/",
    "config-export": "/config/export/",
    "config-import": "/config/import/",
    "config-versions": "/config/versions/",
    "activity": "/activity/",
    "activity-tests": "/activity/tests/",
    "account": "/accounts/",
    "users": "/accounts/users/",
    "two-factor": "/accounts/2fa/",
    "sessions": "/accounts/sessions/",
    "password": "/accounts/password/change/",
    "admin": "/admin/",
    "admin-jobs": "/admin/providers/job/",
    "version": "/config/versions/1/",
}
GERMAN_ON_A_PHONE = (
    *("overview", "providers", "provider", "catalog", "routing"),
    *("health", "schedule", "alerts", "config", "activity"),
)
# Kind, word of its demo key ("" = none), further fields by label, outcome of its test.
FILLED: tuple[tuple[str, str, dict[str, str], str], ...] = (
    ("openrouter", "good", {}, "ok"),
    ("anthropic", "good", {}, "ok"),
    ("groq", "good", {}, "ok"),
    ("ollama", "", {}, "ok"),
    ("deepseek", "nocredit", {}, "no_credit"),
    (
        "azure_openai",
        "good",
        {"Endpoint": "https://demo.openai.azure.com", "Deployment name": "gpt-prod"},
        "ok",
    ),
    ("gemini", "bad", {}, "bad_key"),
)
FETCHED = ("openrouter", "anthropic", "groq", "ollama")
# Name, model, provider ("auto" or a name).
ROUTES = (
    ("Main", "claude-opus-4-7", "auto"),
    ("Sub-agents", "openai/gpt-oss-120b", "groq"),
    ("Vision", "anthropic/claude-opus-4-7", "openrouter"),
    ("Image generation", "claude-opus-4-7", "anthropic"),  # makes none: a finding
)
# An endpoint of one's own whose list shrinks, because another server answers there: its two ones.
LAB = (
    ("https://openrouter.ai/api/v1", "openrouter"),
    ("https://api.groq.com/openai/v1", "groq"),
)


# What is handed in for import: one new route, one part that is not ours, one that opens a port.
HANDED_IN: dict[str, Any] = {
    "agents": {"defaults": {"model": "claude-opus-4-7", "temperature": 0.3}},
    "providers": {"mistral": {"apiKey": "${MISTRAL_API_KEY}"}},
    "channels": {"telegram": {"enabled": True, "token": "placeholder"}},
    "gateway": {"host": "0.0.0.0"},
}


def fill(tab: Tab) -> None:
    """A few providers that work and two that do not, their models, routes, a written file."""
    for kind, word, fields, outcome in FILLED:
        tab.go(f"/providers/{kind}/")
        for label, text in fields.items():
            tab.fill(label, text)
        if word:
            tab.fill("API key", demo_key(kind, word))
        tab.press("Test connection")
        tab.check(outcome)
        if kind in FETCHED:
            tab.press("Fetch models")
            tab.catalog()
        tab.press("Save")
        if outcome != "ok":
            tab.press("Save anyway")
        expect(tab.page.get_by_text("saved.")).to_be_visible()
    for base, kind in LAB:
        tab.go("/providers/new/" if kind == LAB[0][1] else "/providers/lab/")
        if kind == LAB[0][1]:
            tab.fill("Name", "lab")
        tab.fill("API base", base)
        tab.fill("API key", demo_key(kind))
        tab.press("Save")
        expect(tab.page.get_by_text("saved.")).to_be_visible()
        tab.press("Fetch models")
        tab.catalog()
    expect(tab.page.locator("#held")).to_be_visible()
    tab.go("/routing/")
    for name, model, provider in ROUTES:
        tab.fill(f"{name} model", model)
        tab.page.get_by_label(f"{name} provider", exact=True).select_option(provider)
    tab.press("Save")
    expect(tab.page.locator('[data-slot="main"]')).to_have_attribute("data-provider", "anthropic")
    tab.press("Test all routes")
    works = tab.page.locator('[data-slot="main"][data-state="works"]')
    expect(works).to_be_visible(timeout=20_000)
    tab.go("/config/")
    tab.press("Write to Facio")
    expect(tab.page.locator("#live")).to_have_attribute("data-drift", "same")


def shoot_what_is_asked_for(tab: Tab, look: str) -> None:
    """What shows only after a step: a rejected key, the palette, an import before it is made."""
    tab.go("/providers/groq/")
    tab.fill("API key", demo_key("groq", "bad"))
    tab.press("Test connection")
    tab.check("bad_key")
    tab.go("/providers/groq/")
    shoot(tab, f"provider-rejected-{look}")
    tab.press("Discard")
    tab.go("/")
    if look != "phone":
        open_palette(tab)
        shoot(tab, f"palette-{look}", again=open_palette)
        tab.page.keyboard.press("Escape")
    tab.go("/admin/providers/provider/")
    tab.page.locator("#result_list th").get_by_role("link", name="gemini").click()
    expect(tab.page.locator("#provider_form")).to_be_visible()
    shoot(tab, f"admin-provider-{look}")
    tab.page.goto("/nowhere/")
    shoot(tab, f"not-found-{look}")
    tab.go("/config/import/")
    tab.page.get_by_label("Or paste it here").fill(json.dumps(HANDED_IN))
    tab.press("Import")
    expect(tab.page.get_by_role("heading", name="Import", level=1)).to_be_visible()
    shoot(tab, f"import-{look}")
    tab.press("Discard")


def open_palette(tab: Tab) -> None:
    tab.page.keyboard.press("Control+k")
    tab.page.locator("#palette-q").fill("open")
    expect(tab.page.locator(".palette-list").get_by_text("openai").first).to_be_visible()


def shoot_pages(tab: Tab, look: str) -> None:
    for name, path in PAGES.items():
        if is_wanted(f"{name}-{look}"):
            tab.go(path)
            shoot(tab, f"{name}-{look}")


def shoot_ways_in(owner: Tab, stranger: Tab, link: str) -> None:
    """The link that made the owner; from the question for the password to a second factor."""
    stranger.page.goto(link)
    shoot_in_each_look(stranger, "link-spent")
    owner.go("/accounts/reauthenticate/?next=/accounts/2fa/totp/activate/")
    shoot_in_each_look(owner, "password-question")
    owner.fill("Password", PASSWORD)
    owner.press("Confirm")
    shoot_in_each_look(owner, "code-set-up")  # each time that it is loaded it has another secret
    secret = owner.page.get_by_label("Secret", exact=True).input_value()
    owner.page.locator("[name=code]").fill(code_of(secret))
    owner.press("Turn on")
    expect(owner.page.locator("#recovery-codes")).to_be_visible()
    shoot_in_each_look(owner, "recovery-codes")


def code_of(secret: str) -> str:
    """The one-time code of now, as an authenticator app makes it (RFC 6238)."""
    moment = (int(time.time()) // 30).to_bytes(8)
    digest = hmac.digest(base64.b32decode(secret), moment, "sha1")
    at = digest[-1] & 15
    return f"{int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF:06d}"[-6:]


def is_wanted(name: str) -> bool:
    wanted = sys.argv[1:] or ["*"]
    return any(fnmatch(one, pattern) for one in (name, f"{name}-de") for pattern in wanted)


def shoot_in_each_look(tab: Tab, name: str) -> None:
    for look, choices in LOOKS.items():
        tab.page.emulate_media(color_scheme=choices["color_scheme"])
        tab.page.set_viewport_size(choices["viewport"])
        shoot(tab, f"{name}-{look}")


def shoot(tab: Tab, name: str, *, again: Callable[[Tab], None] | None = None) -> None:
    """The page as it is, and in German where that is wanted: it is loaded anew for that, and
    `again` does what brings it to where it was."""
    if not is_wanted(name):
        return
    draw(tab, name)
    page, _, look = name.rpartition("-")
    if look == "light" or (look == "phone" and page in GERMAN_ON_A_PHONE):
        origin = tab.page.evaluate("location.origin")
        tab.page.context.add_cookies([{"name": "language", "value": "de", "url": origin}])
        tab.page.reload()
        if again:
            again(tab)
        draw(tab, f"{name}-de")
        tab.page.context.clear_cookies(name="language")
        tab.page.reload()
        if again:
            again(tab)


def draw(tab: Tab, name: str) -> None:
    """The page as high as it is, up to a limit: in a higher window fixed parts keep their place."""
    size = tab.page.viewport_size
    assert size is not None
    height = int(tab.page.evaluate("document.documentElement.scrollHeight"))
    tab.page.set_viewport_size({**size, "height": max(size["height"], min(height, TALLEST))})
    path = FOLDER / f"{name}.jpg"
    tab.page.screenshot(path=path, type="jpeg", quality=QUALITY, animations="disabled")
    tab.page.set_viewport_size(size)


@contextmanager
def site() -> Iterator[tuple[Stack, Simulators]]:
    with (
        tempfile.TemporaryDirectory(prefix="facio-pictures-") as folder,
        Simulators(Path(folder) / "simulators") as simulators,
        running(
            Path(folder) / "state",
            simulators=simulators,
            FACIO_CONFIG_PATH=str(Path(folder) / "config.json"),
        ) as stack,
    ):
        yield stack, simulators


def take(browser: Browser, stack: Stack, simulators: Simulators) -> None:
    with opened(browser, stack, **LOOKS["light"]) as owner:
        owner.go(stack.link)  # once; the session keeps it
        shoot_in_each_look(owner, "setup")
        make_owner(owner, "/setup/")
        owner.page.set_viewport_size(DESK)
        fill(owner)
        live(stack.log.parent / "state", simulators, **stack.broker)
        signed_in = owner.page.context.storage_state()
    for look, choices in LOOKS.items():
        with opened(browser, stack, **choices) as stranger:
            stranger.go("/accounts/login/")
            shoot(stranger, f"sign-in-{look}")
        with opened(browser, stack, storage_state=signed_in, **choices) as owner:
            owner.go("/")
            shoot_pages(owner, look)
            shoot_what_is_asked_for(owner, look)
    with (
        opened(browser, stack) as stranger,
        opened(browser, stack, storage_state=signed_in) as owner,
    ):
        shoot_ways_in(owner, stranger, stack.link)


def main() -> int:
    if not Path(CHROMIUM).exists():
        sys.stderr.write(
            "facio: install Chromium for this (Debian, Ubuntu: apt install chromium)\n"
        )
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.jpg"):
        if is_wanted(old.stem):
            old.unlink()
    with site() as (stack, simulators), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        take(browser, stack, simulators)
        browser.close()
    taken = list(FOLDER.glob("*.jpg"))
    total = sum(path.stat().st_size for path in taken)
    sys.stdout.write(f"{len(taken)} pictures, {total / 1e6:.1f} MB, in {FOLDER}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
