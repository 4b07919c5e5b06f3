"""A command that calls: it needs no broker, and names the master key that its machine lacks."""

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from facio_site import sealing
from facio_site.sealing import site
from providers import broker
from routing.models import Route, Watch
from tests.desk import saved
from tests.simulators.entries import MODELS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery]


@pytest.mark.parametrize(
    ("command", "said"), [(["watch_run_due"], "not asked yet"), (["test_route", "main"], "no_key")]
)
def test_only_the_master_key_is_told(
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    command: list[str],
    said: str,
) -> None:
    saved("groq")
    Route.objects.create(slot="main", provider="groq", model=MODELS["groq"])
    Watch.objects.create(about="provider:groq", every=15, due_at=timezone.now())
    [lacking] = site.keys(now=True).used
    settings.MASTER_KEYS = [sealing.new_master_key()]
    settings.REDIS_URL = "unix:///nowhere/broker.sock"
    monkeypatch.setattr(broker, "_silent_until", 0.0)
    broker._client.cache_clear()
    out, errors = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit, match=r"^1$"):
        call_command(*command, stdout=out, stderr=errors)
    assert said in out.getvalue()
    [line] = errors.getvalue().splitlines()
    assert f"this machine has not the master key {lacking}" in line
    assert [one for one in caplog.records if one.name == "facio.broker"] == []
    broker._client.cache_clear()
