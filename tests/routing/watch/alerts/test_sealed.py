"""Channels and the master key: rotated with everything else, and given up by secret, not by row."""

import json
from typing import Any

import pytest
from django.conf import settings as real
from django.core.management import call_command

from facio_site import sealing
from facio_site.sealing import rows, site
from routing.models import Channel
from routing.watch.alerts.channels import CHANNELS
from routing.watch.alerts.entered import secrets_of
from tests.routing.watch.alerts.desk import made, sample
from tests.security.sweep import CANARY

pytestmark = pytest.mark.django_db


def test_s97_a_channel_is_part_of_a_change_of_the_master_key(settings: Any) -> None:
    channel, spec = made("telegram"), CHANNELS["telegram"]
    settings.MASTER_KEYS = [sealing.new_master_key(), *real.MASTER_KEYS]
    call_command("rotate_master_key", verbosity=0)
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
    site.forget()
    kept = Channel.objects.get(pk=channel.pk)
    assert kept.sealed["token"]["box"] != channel.sealed["token"]["box"]
    assert secrets_of(kept, spec)["token"].reveal() == sample("telegram")["token"]


def test_a_secret_that_nothing_opens_is_given_up_and_asked_for_again(settings: Any) -> None:
    channel = made("telegram")
    settings.MASTER_KEYS = [sealing.new_master_key()]
    with site.overruled():
        assert rows.forget_unreadable() == 1
    kept = Channel.objects.get(pk=channel.pk)
    assert (kept.sealed, kept.values["chat"]) == ({}, "-1001234")


def test_config_json_knows_no_channel(tmp_path: Any) -> None:
    made("slack", name="Ops")
    path = tmp_path / "config.json"
    call_command("export_config", str(path), secrets="keys", verbosity=0)
    text = path.read_text()
    assert json.loads(text) is not None
    assert "Ops" not in text
    assert CANARY not in text
