"""The pages that something has to be made for keep their weight, fit and have no barrier."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import expect

from tests.journeys.interface.conftest import DESK, confirm, whole_config
from tests.journeys.interface.test_barriers import (
    MAX_WARM,
    Meter,
    barriers,
    invited,
    looked_at,
    too_wide,
)
from tests.journeys.stack import Stack, environment
from tests.journeys.tab import PASSWORD, Tab
from tests.processes import ROOT
from tests.simulators import Simulators
from tests.simulators.entries import BASES

pytestmark = [pytest.mark.journey, pytest.mark.browser, pytest.mark.axe, pytest.mark.long]
Visit = Callable[..., Any]
VLLM = BASES["vllm"].format("")
SECOND = "/accounts/2fa/authenticate/"
SITE = """
import django

django.setup()
from facio_site import clock
from routing.models import Alert
"""
ALERTS = """
told = {"outcome": "bad_key", "since": clock.now().isoformat(), "hits": ["main", "vision"]}
for number, kind in enumerate(Alert.Kind):
    Alert.objects.create(kind=kind, about="provider:groq", params=told, mark=f"made {number}")
"""


def in_the_site(stack: Stack, simulators: Simulators, code: str) -> None:
    """Run it as a program with the site's own environment."""
    environ = environment(stack.log.with_suffix(""), simulators, **stack.broker)
    environ["DJANGO_SETTINGS_MODULE"] = "facio_site.settings"
    subprocess.run([sys.executable, "-c", SITE + code], cwd=ROOT, env=environ, check=True)


def path_of(tab: Tab) -> str:
    return str(tab.page.evaluate("location.pathname"))


def removed(tab: Tab, path: str) -> None:
    tab.go(path)
    tab.press("Remove")
    expect(tab.page).not_to_have_url(path)


def test_the_page_that_renames_an_endpoint(visit: Visit) -> None:
    with visit() as tab:
        tab.go("/providers/new/")
        tab.page.locator("#id_name").fill("a-rather-long-name-of-an-endpoint")
        tab.page.locator("#id_api_base").fill("https://llm.example.com/v1")
        tab.page.keyboard.press("Control+s")
        expect(tab.page.get_by_text("saved.")).to_be_visible()
        page = path_of(tab)
        try:
            looked_at(visit, f"{page}rename/")
            looked_at(visit, page)
        finally:
            removed(tab, f"{page}remove/")


def test_the_preview_of_an_import(visit: Visit) -> None:
    document = whole_config()
    document["agents"]["defaults"]["model"] = "a/model-of-another-name-that-is-long"
    document["providers"]["groq"]["apiBase"] = "https://gateway.example.com/openai/v1"
    document["tools"] = {"mcpServers": {"files": {"command": "npx", "args": ["-y", "files"]}}}
    with visit() as tab:
        tab.go("/config/import/")
        tab.fill("Or paste it here", json.dumps(document))
        tab.press("Import")
        expect(tab.page.locator("#changes")).to_be_visible()
        looked_at(visit, path_of(tab))
        tab.press("Discard")


def test_a_channel_and_the_page_that_removes_it(visit: Visit) -> None:
    with visit() as tab:
        tab.go("/alerts/channels/new/slack/")
        tab.fill("Name", "Operations of the whole company")
        tab.fill("Webhook URL", "https://llm.example.com/services/T0/B0/secret")
        tab.press("Save")
        expect(tab.page.get_by_role("heading", level=1)).to_have_text(
            "Operations of the whole company"
        )
        page = path_of(tab)
        try:
            for path in (page, f"{page}remove/", "/alerts/channels/"):
                looked_at(visit, path)
        finally:
            removed(tab, f"{page}remove/")


def test_alerts_of_every_kind(
    visit: Visit, furnished: tuple[Stack, Any], simulators: Simulators
) -> None:
    in_the_site(furnished[0], simulators, ALERTS)
    try:
        for path in ("/alerts/", "/alerts/?about=provider:groq"):
            looked_at(visit, path)
    finally:
        in_the_site(furnished[0], simulators, "Alert.objects.all().delete()")


def test_the_pages_of_whoever_has_a_second_factor(visit: Visit) -> None:
    """Of her own account: the furnished site's owner has none. Her link is spent in the end."""
    link = invited(visit, "Ada")
    with visit(storage_state=None, viewport=DESK, reduced_motion="reduce") as tab:
        page = tab.page
        tab.go(link)
        tab.fill("Username", "ada")
        tab.fill("Password", PASSWORD)
        tab.fill("Confirm password", PASSWORD)
        tab.press("Create account")
        confirm(tab)
        tab.go("/accounts/2fa/totp/activate/")
        secret = page.locator("#totp_secret").input_value()
        page.locator("#id_code").fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
        tab.press("Turn on")
        expect(page.locator("#recovery-codes")).to_be_visible()  # this once
        assert [*too_wide(page), *barriers(page)] == []
        hers = page.context.storage_state()
        factor = [f"/accounts/2fa/{one}/" for one in ("reauthenticate", "totp/deactivate")]
        for path in (
            path_of(tab),
            "/accounts/2fa/",
            "/accounts/2fa/recovery-codes/generate/",
            *factor,
        ):
            looked_at(visit, path, storage_state=hers)
    with visit(storage_state=None) as tab:
        tab.go("/accounts/login/")
        tab.fill("Username", "ada")
        tab.fill("Password", PASSWORD)
        tab.press("Sign in")
        tab.page.wait_for_url(f"**{SECOND}")
        half = tab.page.context.storage_state()
    looked_at(visit, SECOND, storage_state=half)
    looked_at(visit, link, "410", storage_state=None)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    ("path", "field", "values"),
    [
        ("/routing/", "#id_video-model", ("one/film", "another/film-of-a-longer-name", "")),
        (
            "/providers/vllm/",
            "#id_api_base",
            tuple(
                f"http://vllm.example:8000/~{word}/v1" for word in ("slow10", "slow2000", "slow")
            ),
        ),
        ("/schedule/", '[name="provider:groq"]', ("60", "1440", "15")),
    ],
)
def test_the_page_of_two_versions(
    visit: Visit, path: str, field: str, values: tuple[str, str, str], language: str
) -> None:
    def typed(tab: Tab, value: str) -> None:
        tab.go(path)
        at = tab.page.locator(field)
        if at.evaluate("(at) => at.tagName") == "SELECT":
            at.select_option(value)
        else:
            at.fill(value)

    def saved(tab: Tab, value: str) -> None:
        typed(tab, value)
        with tab.page.expect_navigation():
            tab.page.keyboard.press("Control+s")

    theirs, mine, before = values
    with visit() as other, visit(viewport=DESK, reduced_motion="reduce") as tab:
        page = tab.page
        tab.go(path)
        cookie = {"name": "language", "value": language, "url": page.evaluate("location.origin")}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        typed(tab, mine)
        saved(other, theirs)
        meter = Meter(page)
        with tab.watch.expecting("409"):
            page.keyboard.press("Control+s")
            expect(page.locator("#overtaken")).to_be_visible()
        page.wait_for_timeout(50)
        assert language != "en" or meter.bytes() <= MAX_WARM
        assert [*too_wide(page), *barriers(page)] == []
        saved(other, before)
