"""`make demo`: a newcomer without any key presses every button, and nothing is left of it."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.stack import STOPS_WITHIN, Stack, running
from tests.journeys.tab import make_owner, opened
from tests.simulators.entries import demo_key

pytestmark = [pytest.mark.journey, pytest.mark.browser, pytest.mark.long]


def new_link(demo: Stack) -> str:
    """By the command that the start has printed, in a shell that knows nothing of the demo."""
    (line,) = re.findall(r"To make a new link: (.+)", demo.said)
    ran = subprocess.run(
        line, shell=True, cwd="/", env={"PATH": os.environ["PATH"]}, capture_output=True, text=True
    )
    assert ran.stdout.startswith(f"{demo.url}/setup/?token="), ran
    return ran.stdout.strip()


def test_the_demo_serves_good_and_bad_keys_and_ends_in_mid_call_leaving_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    temporary = tmp_path / "t"
    temporary.mkdir()
    with (
        running(tmp_path / "unused", "--demo", TMPDIR=str(temporary)) as demo,
        opened(browser, demo) as tab,
    ):
        assert demo.ready() == dict.fromkeys(("database", "broker", "worker", "keys"), True)
        assert "demo-good" in demo.said
        make_owner(tab, new_link(demo))
        tab.go("/providers/openrouter/")
        for word, outcome in (("bad", "bad_key"), ("good", "ok"), ("nocredit", "no_credit")):
            tab.fill("API key", demo_key("openrouter", word))
            tab.press("Test connection")
            tab.check(outcome)
        tab.fill("API key", demo_key("openrouter", "hang"))
        tab.press("Test connection")
        expect(tab.page.locator('#check[data-state="running"]')).to_be_visible()
        assert tab.watch.complaints == []
        assert list(temporary.iterdir()) != []

        demo.process.terminate()
        assert demo.process.wait(STOPS_WITHIN) == 0
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "unused").exists()
