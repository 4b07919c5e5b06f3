"""Versions of config.json: kept sealed, pruned, brought back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from facio_site import sealing
from facio_site.sealing import rows
from providers.models import Provider
from routing.models import UNDO_COPIES, ConfigVersion
from tests.desk import saved
from tests.routing.config.desk import KEY, WHOLE, given_back, import_all, page_of, press

pytestmark = pytest.mark.django_db


def test_what_stood_here_before_an_import_can_be_brought_back(site: Client) -> None:
    import_all(site, WHOLE)
    import_all(site, {"providers": {"mistral": {"apiKey": "0123456789abcdef"}}})
    version = ConfigVersion.objects.get()
    html = page_of(site.get(f"/config/versions/{version.number}/"))
    assert "Before an import" in html
    assert "providers.openai.api_key" in html
    assert KEY not in html
    assert "tele-gram-token" not in html

    asked = site.post(f"/config/versions/{version.number}/restore/", follow=True)
    assert 'href="?how=merge"' not in page_of(asked)
    consents = re.findall(r'name="consent" value="([^"]+)"', page_of(asked))
    press(site, asked, consent=consents)
    assert json.dumps(given_back()) == json.dumps(WHOLE)


def test_s20_a_version_is_never_mixed_with_what_is_set_here(site: Client) -> None:
    saved("openai", KEY)
    import_all(site, {"providers": {"openai": {"apiBase": "https://elsewhere.example/v1"}}})
    asked = site.post("/config/versions/1/restore/", follow=True)
    press(site, asked, how="merge")
    row = Provider.objects.get()
    assert row.has_usable("api_key")
    assert row.api_base == ""


def test_cloud_secrets_come_back_with_a_version(site: Client) -> None:
    row = Provider(kind="bedrock", values={"region": "eu-west-1"})
    row.put_secret("access_key_id", "AKIAEXAMPLE")
    row.store()
    import_all(site, {"providers": {"groq": {"apiKey": "gsk_0123456789abcdef"}}})
    assert not Provider.objects.filter(kind="bedrock").exists()
    press(site, site.post("/config/versions/1/restore/", follow=True))
    secret = Provider.objects.get(kind="bedrock").open_secret("access_key_id")
    assert secret is not None
    assert secret.reveal() == "AKIAEXAMPLE"


def test_versions_are_sealed_rotated_and_pruned(site: Client, settings: Any) -> None:
    import_all(site, WHOLE)
    for number in range(UNDO_COPIES + 3):
        import_all(site, {"providers": {"openai": {"apiKey": f"{KEY}{number}"}}})
    assert ConfigVersion.objects.count() == UNDO_COPIES
    assert ConfigVersion.objects.first().number == UNDO_COPIES + 3
    assert KEY not in str(ConfigVersion.objects.values_list("sealed", flat=True))
    settings.MASTER_KEYS = [sealing.new_master_key(), *settings.MASTER_KEYS]
    done, under_old, unreadable = rows.rotate()
    assert (under_old, unreadable) == (0, 0)
    assert done >= UNDO_COPIES
    assert ConfigVersion.objects.first().state()["document"]


def test_an_unknown_version_is_404(site: Client) -> None:
    assert site.get("/config/versions/7/").status_code == 404
    assert site.post("/config/versions/7/restore/").status_code == 404
