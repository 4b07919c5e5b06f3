"""Values that are saved again as they were keep what a test told of them, by whichever way."""

import io
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from facio_site import keys, sealing
from providers.models import Job, Provider, Task
from providers.pages.shown import show_job
from providers.work import queue
from tests.desk import KEY, saved

pytestmark = pytest.mark.django_db
TOLD: dict[str, Any] = {"is_told": True, "outcome": "ok", "key_state": "valid", "ms": 3}
Way = Callable[[Provider], Any]


@pytest.fixture(params=["set_provider", "admin", "page", "import_config"])
def again(
    request: pytest.FixtureRequest, site: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Way:
    """Save the values that are there."""

    def by_command(_row: Provider) -> None:
        data = io.BytesIO(json.dumps({"apiKey": KEY}).encode())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
        call_command("set_provider", "openrouter", stdout=io.StringIO())

    def by_import(_row: Provider) -> None:
        path = tmp_path / "config.json"
        path.write_text(
            json.dumps({"providers": {"openrouter": {"apiKey": KEY}, "groq": {"apiKey": KEY}}})
        )
        call_command("import_config", str(path), "--apply", stdout=io.StringIO())

    def by_admin(row: Provider) -> None:
        path = f"/admin/providers/provider/{row.pk}/change/"
        assert site.post(path, {"api_base": row.api_base}).status_code == 302

    def by_page(row: Provider) -> None:
        path = "/providers/openrouter/"
        assert site.post(path, {"version": row.version}).status_code == 302

    ways = {"set_provider": by_command, "admin": by_admin, "page": by_page}
    return {**ways, "import_config": by_import}[request.param]


def checked(row: Provider, **told: Any) -> Job:
    job = queue.start(row, Task.CHECK, hand_over=False)
    assert job.finish(**{**TOLD, **told})
    return job


def is_stale(job: Job) -> bool:
    return show_job(Job.objects.get(pk=job.pk), Provider.objects.get(kind="openrouter")).is_stale


def test_a_save_that_changes_nothing_keeps_the_test(again: Way) -> None:
    row = saved()
    job = checked(row)
    before = Provider.objects.get(kind="openrouter")
    again(before)
    after = Provider.objects.get(kind="openrouter")
    assert (after.check_outcome, after.check_key_state, after.check_ms) == ("ok", "valid", 3)
    assert after.checked_at == before.checked_at
    assert not is_stale(job)


def test_a_test_under_way_meanwhile_counts(again: Way) -> None:
    row = saved()
    job = queue.start(row, Task.CHECK, hand_over=False)
    again(row)
    assert job.finish(**TOLD)
    assert Provider.objects.get(kind="openrouter").check_outcome == "ok"
    assert not is_stale(job)


def test_a_change_takes_it_away_and_the_way_back_brings_it_along() -> None:
    row = saved()
    job = checked(row)
    for base, outcome in (("https://openrouter.ai/other/v1", ""), ("", "ok")):
        row = Provider.objects.get(kind="openrouter")
        row.api_base = base
        assert row.store()
        assert Provider.objects.get(kind="openrouter").check_outcome == outcome
        assert is_stale(job) is (not outcome)


def test_it_stays_where_the_test_is_no_longer_kept_or_of_another_master_key(settings: Any) -> None:
    row = saved()
    job = checked(row)
    settings.MASTER_KEYS = [sealing.new_master_key(), *settings.MASTER_KEYS]
    keys.rotate()
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
    before = Provider.objects.get(kind="openrouter")
    assert Provider.objects.get(kind="openrouter").store()
    after = Provider.objects.get(kind="openrouter")
    assert (after.check_outcome, after.version) == ("ok", before.version + 1)
    assert not is_stale(job)
    job.delete()
    assert Provider.objects.get(kind="openrouter").store()
    assert Provider.objects.get(kind="openrouter").check_outcome == "ok"


def test_a_model_that_failed_last_does_not_hide_what_the_provider_told() -> None:
    row = saved()
    checked(row)
    job = queue.start(row, Task.CHECK, model_names=["some/model"], hand_over=False)
    assert job.finish(**{**TOLD, "outcome": "model_not_found"})
    assert Provider.objects.get(kind="openrouter").store()
    assert Provider.objects.get(kind="openrouter").check_outcome == "ok"


def test_a_key_that_does_not_open_and_goes_takes_its_test_along(settings: Any) -> None:
    checked(saved())
    settings.MASTER_KEYS = [sealing.new_master_key()]
    row = Provider.objects.get(kind="openrouter")
    assert row.store()
    assert Provider.objects.get(kind="openrouter").check_outcome == "ok"  # the same key, as it is
    row.put_secret("api_key", None)
    assert row.store()
    assert Provider.objects.get(kind="openrouter").check_outcome == ""


def test_what_is_noted_makes_no_new_version_and_keeps_it() -> None:
    checked(saved())
    row = Provider.objects.get(kind="openrouter")
    row.key_expires_on = (timezone.now() + timedelta(days=9)).date()
    version = row.version
    assert row.store()
    after = Provider.objects.get(kind="openrouter")
    assert (after.check_outcome, after.version) == ("ok", version)
