"""A channel in a real browser: made, tested while one looks on, with scripts and without."""

from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from routing.models import Channel
from routing.watch import tasks
from routing.watch.alerts import trial
from tests.providers.http.servers import Call, answer, serve

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker's part in a thread of this process."""
    threads: list[Thread] = []

    def run(channel_id: Any) -> None:
        try:
            trial.run_trial(channel_id)
        finally:
            connection.close()

    def start(args: tuple[str], **_more: Any) -> None:
        threads.append(Thread(target=run, args=args))
        threads[-1].start()

    monkeypatch.setattr("providers.broker.workers", lambda: {"worker-1"})
    monkeypatch.setattr(tasks.try_channel, "apply_async", start)
    yield
    for thread in threads:
        thread.join()


def slowly(call: Call) -> None:
    call.request()
    call.wait(1.2)
    call.send(answer(b"ok"))


@pytest.mark.parametrize("scripts", [True, False])
def test_a_channel_is_made_and_tested(
    opened: Callable[..., Page], at_once: None, scripts: bool
) -> None:
    tab = opened(java_script_enabled=scripts)
    with serve(slowly) as server:
        tab.goto("/alerts/channels/")
        tab.get_by_role("link", name="Add a channel").click()
        tab.get_by_role("link", name="Slack").click()
        tab.get_by_label("Name").fill("Ops")
        tab.get_by_label("Webhook URL").fill("no address")
        tab.get_by_role("button", name="Save").click()
        expect(tab.locator("#id_url")).to_have_attribute("aria-invalid", "true")
        tab.get_by_label("Webhook URL").fill(f"http://127.0.0.1:{server.port}/services/secret")
        tab.get_by_role("button", name="Save").click()
        expect(tab.get_by_text("Ops saved.")).to_be_visible()
        expect(tab.locator('[data-secret="url"]')).to_contain_text(f"127.0.0.1:{server.port}/…")
        tab.get_by_role("button", name="Send a test").click()
        section = tab.locator("#trial")
        if scripts:
            expect(section).not_to_have_attribute("data-state", "never")
        else:
            tab.wait_for_timeout(2000)
            tab.reload()
        expect(section).to_have_attribute("data-outcome", "ok", timeout=10_000)
        expect(section).to_contain_text("The message was taken.")
    assert "secret" not in tab.content().partition("data-secret")[0].rpartition("services")[2][:10]
    assert Channel.objects.get().trial["state"] == "done"
