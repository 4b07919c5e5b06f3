"""It watches by itself: switched on in a browser, a provider breaks and is mended, and each of that
is told once, by mail and to a webhook, which are real servers on loopback.

A program beside the site lets the time of its schedule run faster: what is due within the next
twenty minutes is due now, and the tick of the beat comes each second.
"""

import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import stores
from tests.journeys.stack import Stack, running
from tests.journeys.tab import Tab, make_owner, opened
from tests.processes import wait_for
from tests.security import command
from tests.simulators import Simulators
from tests.simulators.entries import demo_key
from tests.simulators.receivers import Hooks, Mail

pytestmark = [pytest.mark.journey, pytest.mark.browser]
SIGNING = "0123456789abcdef0123456789abcdef"
LOGIN = ("site", "let the site in")
TO = "ops@example.com"
WITHIN = 40.0  # seconds from a change to its alert
HURRY = """
import time
from datetime import timedelta

import django

django.setup()
from facio_site import clock
from facio_site.celery import app
from routing.models import Watch

while True:
    now = clock.now()
    Watch.objects.on().filter(due_at__range=(now, now + timedelta(minutes=20))).update(due_at=now)
    app.send_task("routing.tasks.watch")
    time.sleep(1)
"""


@pytest.fixture(scope="module")
def hooks() -> Iterator[Hooks]:
    with Hooks() as server:
        yield server


@pytest.fixture(scope="module")
def mail() -> Iterator[Mail]:
    with Mail(LOGIN) as server:
        yield server


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory, first_start: Path) -> Path:
    return stores.copy(first_start, tmp_path_factory.mktemp("watching") / "state")


@pytest.fixture(scope="module")
def site(state: Path, mail: Mail, simulators: Simulators) -> Iterator[Stack]:
    more = {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mail.port),
        "SMTP_SECURITY": "none",
        "SMTP_USER": LOGIN[0],
        "SMTP_PASSWORD": LOGIN[1],
        "SMTP_FROM": "facio@example.com",
        "TEST_SECONDS": "2",
    }
    with running(state, simulators=simulators, **more) as found:
        yield found


@pytest.fixture(scope="module")
def tab(browser: Browser, site: Stack) -> Iterator[Tab]:
    with opened(browser, site) as tab:
        make_owner(tab, site.link)
        yield tab
        assert tab.watch.complaints == []


@contextmanager
def in_a_hurry(state: Path, site: Stack) -> Iterator[None]:
    broker = site.broker or {"REDIS_URL": f"unix://{state}/broker.sock"}
    process = subprocess.Popen(
        [sys.executable, "-c", HURRY], cwd=command.ROOT, env=command.environ(state, **broker)
    )
    try:
        yield
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def told(hooks: Hooks) -> list[str]:
    """What the webhook was sent, by kind and subject; each is signed."""
    found = []
    for hit in hooks.hits:
        signed = hit.headers["x-facio-timestamp"].encode() + b"." + hit.body
        mark = hmac.new(SIGNING.encode(), signed, hashlib.sha256).hexdigest()
        assert hit.headers["x-facio-signature"] == f"sha256={mark}"
        message: dict[str, Any] = json.loads(hit.body)
        found.append(f"{message['kind']} {message['about']}".strip())
    return found


def subjects(mail: Mail) -> list[str]:
    return [str(letter.message["Subject"]) for letter in mail.letters]


def save(page: Page) -> None:
    page.locator("#savebar").get_by_role("button", name="Save", exact=True).click()


def tried(tab: Tab) -> None:
    """The channel that is open takes a message."""
    tab.press("Send a test")
    expect(tab.page.locator('#trial[data-state="done"]')).to_have_attribute("data-outcome", "ok")


def with_channels(tab: Tab, hooks: Hooks) -> None:
    tab.go("/alerts/channels/new/json/")
    tab.fill("Name", "Hook")
    tab.fill("URL", hooks.url())
    tab.fill("Signing secret", SIGNING)
    save(tab.page)
    tried(tab)
    tab.go("/alerts/channels/new/email/")
    tab.fill("Name", "Mail")
    tab.fill("Recipients", TO)
    save(tab.page)
    tried(tab)


def bell(page: Page, text: str) -> None:
    expect(page.locator("#bell .sr")).to_have_text(text)


def test_what_breaks_is_told_once_and_so_is_its_end(
    tab: Tab, site: Stack, state: Path, hooks: Hooks, mail: Mail, simulators: Simulators
) -> None:
    page = tab.page
    key = demo_key("groq")
    tab.go("/providers/groq/")
    tab.fill("API key", key)
    save(page)
    tab.press("Test connection")
    tab.check("ok")
    with_channels(tab, hooks)
    assert told(hooks) == ["test"]
    wait_for(lambda: len(mail.letters) == 1)
    tab.go("/schedule/")
    page.get_by_label("Providers: Groq", exact=True).select_option("15")
    save(page)
    expect(page.get_by_text("Schedule saved.")).to_be_visible()
    bell(page, "Alerts")
    with in_a_hurry(state, site):
        broken_and_told(tab, hooks, mail, simulators)
        mended_and_told(tab, hooks, mail, simulators)
    assert told(hooks) == ["test", "fails provider:groq", "works_again provider:groq"]
    assert subjects(mail)[1:] == ["Groq fails", "Groq works again"]
    for letter in mail.letters:
        assert (letter.sender, letter.to, letter.user) == ("facio@example.com", (TO,), LOGIN[0])
    sent = b"".join([hit.body for hit in hooks.hits] + [letter.raw for letter in mail.letters])
    assert key[-4:].encode() not in sent


def broken_and_told(tab: Tab, hooks: Hooks, mail: Mail, simulators: Simulators) -> None:
    page = tab.page
    simulators.set_delay("groq", 5)
    wait_for(lambda: len(hooks.hits) == 2 and len(mail.letters) == 2, seconds=WITHIN)
    tab.go("/")
    bell(page, "Alerts, 1 new")
    tab.go("/health/")
    outage = page.locator('[data-outage="provider:groq"]')
    expect(outage).to_contain_text("so far")
    expect(page.locator('[data-about="provider:groq"]')).to_contain_text("first failed")
    page.locator("#bell").click()
    expect(page.locator('[data-about="provider:groq"][data-kind="fails"]')).to_be_visible()
    bell(page, "Alerts")  # a moment later it has been seen
    tab.go("/")
    bell(page, "Alerts")


def mended_and_told(tab: Tab, hooks: Hooks, mail: Mail, simulators: Simulators) -> None:
    page = tab.page
    simulators.set_delay("groq", 0)
    wait_for(lambda: len(hooks.hits) == 3 and len(mail.letters) == 3, seconds=WITHIN)
    tab.go("/health/")
    outage = page.locator('[data-outage="provider:groq"]')
    expect(outage).to_have_count(1)
    expect(outage).not_to_contain_text("so far")
    bell(page, "Alerts, 1 new")
    tab.go("/schedule/")
    page.get_by_label("Providers: Groq", exact=True).select_option("0")
    save(page)
    expect(page.locator("#forecast")).to_have_text("No test runs by itself.")
