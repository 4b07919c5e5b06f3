"""A round of more tests than fit into one address, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from providers.kinds import OWN_KIND
from providers.models import Job, Provider, Task
from providers.pages import news
from providers.work import queue

MANY, LINE = 70, 4_000  # gunicorn reads 4,094 bytes of a request's first line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.long
def test_the_ends_of_a_long_round_are_all_shown(
    opened: Callable[..., Any], queued: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "HOLD_SECONDS", 0.2)
    for number in range(MANY):
        row = Provider(name=f"endpoint-{number}", kind=OWN_KIND)
        row.values = {"api_base": f"https://llm-{number}.example/v1"}
        row.store()
    queue.start_all(list(Provider.objects.all()), Task.CHECK)
    tab = opened()
    asked: list[str] = []
    tab.on("request", lambda one: asked.append(one.url) if "/live/" in one.url else None)
    tab.goto("/providers/")
    pending = tab.locator("[name=w][value*=':']")
    expect(pending).to_have_count(MANY)
    for job in Job.objects.all():
        job.finish(is_told=True, outcome="ok", key_state="valid", ms=5)
    expect(pending).to_have_count(0, timeout=30_000)
    assert len(queued) == MANY
    assert asked
    assert max(len(url) for url in asked) < LINE
