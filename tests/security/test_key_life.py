"""A provider key's life: tried as a draft, swapped on Save, the old one kept, then destroyed."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from facio_site import keys, sealing
from facio_site.audit.models import AuditEntry
from facio_site.sealing import rows
from providers.models import Provider, Replaced
from tests.desk import saved

pytestmark = pytest.mark.django_db
OLD, NEW = "sk-or-v1-old-0123456789abcdef", "sk-or-v1-new-0123456789abcdef"
PAGE = "/providers/openrouter/"


@pytest.fixture
def row() -> Provider:
    return saved("openrouter", OLD)


def key_of(row: Provider) -> str:
    secret = Provider.objects.get(pk=row.pk).open_secret("api_key")
    return secret.reveal() if secret else ""


def save(site: Client, **fields: str) -> None:
    assert site.post(PAGE, {"api_key": "", "api_base": "", **fields}).status_code == 302


def test_s24_a_replaced_key_is_kept_sealed_and_comes_back_by_undo(
    site: Client, row: Provider
) -> None:
    save(site, api_key=NEW)
    assert key_of(row) == NEW
    kept = Replaced.objects.get()
    assert OLD not in json.dumps(kept.sealed)
    assert b"/undo/" in site.get(PAGE).content
    assert site.post(f"{PAGE}undo/").status_code == 302
    assert key_of(row) == OLD
    assert AuditEntry.objects.filter(action="provider.undone", target="openrouter").exists()


def test_undo_pressed_twice_is_where_one_began(site: Client, row: Provider) -> None:
    save(site, api_key=NEW)
    site.post(f"{PAGE}undo/")
    site.post(f"{PAGE}undo/")
    assert key_of(row) == NEW
    assert Replaced.objects.count() == 1


def test_an_undone_key_counts_as_untested(site: Client, row: Provider) -> None:
    save(site, api_key=NEW)
    Provider.objects.update(check_outcome="ok")
    site.post(f"{PAGE}undo/")
    assert Provider.objects.get().check_outcome == ""


def test_a_change_of_something_else_keeps_the_copy_of_the_key(site: Client, row: Provider) -> None:
    save(site, api_key=NEW)
    save(site, api_base="https://openrouter.ai/api/other")
    secret = Replaced.objects.get().open_secret("api_key")
    assert secret is not None
    assert secret.reveal() == OLD


def test_after_a_day_the_replaced_key_is_destroyed(site: Client, row: Provider) -> None:
    save(site, api_key=NEW)
    left = Replaced.objects.get().expires_at - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    Replaced.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert b"/undo/" not in site.get(PAGE).content
    site.post(f"{PAGE}undo/")
    assert key_of(row) == NEW
    rows.sweep()
    assert not Replaced.objects.exists()


def test_s20_undo_brings_key_and_address_back_together(site: Client, row: Provider) -> None:
    save(site, api_key=NEW, api_base="https://elsewhere.example/v1")
    site.post(f"{PAGE}undo/")
    back = Provider.objects.get()
    assert (back.api_base, key_of(row)) == ("", OLD)


def test_a_removed_provider_takes_its_old_key_along(site: Client, row: Provider) -> None:
    save(site, api_key=NEW)
    site.post(f"{PAGE}remove/")
    assert not Replaced.objects.exists()


def test_s25_without_the_master_key_undo_changes_nothing(
    site: Client, row: Provider, settings: Any
) -> None:
    save(site, api_key=NEW)
    keys, settings.MASTER_KEYS = settings.MASTER_KEYS, []
    settings.MASTER_KEY_FILE = "/nowhere"
    html = site.post(f"{PAGE}undo/", follow=True).content.decode()
    assert "The master key is missing or is another one: nothing can be saved now." in html
    assert "nothing to go back to" not in html
    settings.MASTER_KEYS = keys
    assert key_of(row) == NEW


def test_s24_rotation_reaches_kept_copies(site: Client, row: Provider, settings: Any) -> None:
    save(site, api_key=NEW)
    settings.MASTER_KEYS = [sealing.new_master_key(), *settings.MASTER_KEYS]
    assert keys.rotate() == keys.Counts(2, 0, 0)
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
    site.post(f"{PAGE}undo/")
    assert key_of(row) == OLD
