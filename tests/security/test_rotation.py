"""A rotation of the master key, beside people who save: what it seals anew, leaves, records."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from facio_site import keys, sealing
from facio_site.audit.models import AuditEntry
from facio_site.sealing import site as site_keys
from providers.models import Provider, Task
from providers.work import queue
from tests.desk import KEY, saved
from tests.markup import flat


@pytest.mark.django_db
def test_s24_an_unreadable_secret_does_not_keep_its_neighbours_under_the_old_key(
    settings: Any,
) -> None:
    row = saved("bedrock", "ABSK0123456789abcdef")
    row.put_secret("session_token", "token-0123456789abcdef")
    row.sealed["session_token"]["box"] = row.sealed["api_key"]["box"]
    row.save()
    settings.MASTER_KEYS = [sealing.new_master_key(), *settings.MASTER_KEYS]
    assert keys.rotate() == keys.Counts(1, 0, 1)
    assert (
        sealing.key_id_of(Provider.objects.get().sealed["api_key"]["box"])
        == site_keys.keys().newest
    )
    assert Provider.objects.get().unseal("api_key") == "ABSK0123456789abcdef"


@pytest.mark.django_db
def test_s24_a_row_changed_meanwhile_is_left_to_whoever_changed_it(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved()
    settings.MASTER_KEYS = [sealing.new_master_key(), *settings.MASTER_KEYS]
    reseal = Provider.reseal

    def while_somebody_saves(row: Provider) -> bool:
        theirs = Provider.objects.get()
        theirs.put_secret("api_key", "sk-or-v1-typed-just-now-0123")
        theirs.store()
        return reseal(row)

    monkeypatch.setattr(Provider, "reseal", while_somebody_saves)
    keys.rotate()
    assert Provider.objects.get().unseal("api_key") == "sk-or-v1-typed-just-now-0123"


@pytest.mark.django_db
@pytest.mark.parametrize("knows_the_new_key", [True, False])
def test_s24_a_save_that_was_read_before_a_rotation_brings_no_old_box_back(
    settings: Any, knows_the_new_key: bool
) -> None:
    row = saved("bedrock", "ABSK0123456789abcdef")
    row.put_secret("session_token", "token-0123456789abcdef")
    assert row.store()
    old_keys = list(settings.MASTER_KEYS)
    read_before = Provider.objects.get()
    settings.MASTER_KEYS = new_keys = [sealing.new_master_key(), *old_keys]
    assert keys.rotate().done == 2  # the provider and what its change replaced
    settings.MASTER_KEYS = new_keys if knows_the_new_key else old_keys
    read_before.values = {"region": "us-east-1"}
    assert read_before.store()
    settings.MASTER_KEYS = new_keys[:1]
    assert keys.rotate() == keys.Counts(0, 0, 0)
    kept = Provider.objects.get()
    assert kept.values == {"region": "us-east-1"}
    assert kept.unseal("api_key") == "ABSK0123456789abcdef"
    assert kept.unseal("session_token") == "token-0123456789abcdef"


@pytest.mark.django_db
def test_s24_a_key_typed_over_a_row_read_before_a_rotation_is_the_typed_one(settings: Any) -> None:
    saved()
    read_before = Provider.objects.get()
    settings.MASTER_KEYS = [sealing.new_master_key(), *settings.MASTER_KEYS]
    keys.rotate()
    read_before.put_secret("api_key", "sk-or-v1-typed-just-now-0123")
    assert read_before.store()
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
    assert Provider.objects.get().unseal("api_key") == "sk-or-v1-typed-just-now-0123"
    assert Provider.objects.get().undo()
    assert Provider.objects.get().unseal("api_key") == KEY


@pytest.mark.django_db
def test_s25_giving_up_what_is_lost_spares_what_is_typed_anew_at_that_moment(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved()
    settings.MASTER_KEYS = [sealing.new_master_key()]
    names = Provider.unreadable_names

    def while_somebody_types(row: Provider) -> list[str]:
        monkeypatch.setattr(Provider, "unreadable_names", names)
        found = names(row)
        theirs = Provider.objects.get()
        theirs.put_secret("api_key", "sk-or-v1-typed-just-now-0123")
        theirs.store()
        return found

    monkeypatch.setattr(Provider, "unreadable_names", while_somebody_types)
    keys.forget_unreadable()
    keys.rotate()
    assert Provider.objects.get().unseal("api_key") == "sk-or-v1-typed-just-now-0123"


@pytest.mark.django_db
def test_s25_what_a_test_told_of_a_key_goes_with_it(site: Client, settings: Any) -> None:
    row = saved()
    job = queue.start(row, Task.CHECK, hand_over=False)
    money = {"amount": "5", "currency": "USD", "means": "balance"}
    told = {"is_told": True, "outcome": "ok", "key_state": "valid", "ms": 3}
    assert job.finish(**told, params={"money": money})
    late = queue.start(row, Task.CHECK, hand_over=False)
    page = flat(site.get("/providers/"))
    assert 'data-outcome="ok"' in page
    assert "data-money" in page
    settings.MASTER_KEYS = [sealing.new_master_key()]
    call_command("rotate_master_key", "--forget-unreadable")
    assert late.finish(**told, params={"money": money})
    left = Provider.objects.get()
    assert (left.sealed, left.version) == ({}, row.version + 1)
    assert (left.check_outcome, left.check_key_state, left.check_ms) == ("", "", None)
    assert (left.checked_at, left.money, left.money_at) == (None, None, None)
    page = flat(site.get("/providers/"))
    assert 'data-outcome="ok"' not in page
    assert "data-money" not in page


@pytest.mark.django_db
def test_s33_a_rotation_is_recorded_with_counts_only(capsys: pytest.CaptureFixture[str]) -> None:
    saved()
    call_command("rotate_master_key")
    rows = AuditEntry.objects.filter(action="keys.rotated").order_by("pk")
    assert [row.result for row in rows] == ["started", "0 again, 0 not"]


@pytest.mark.django_db
def test_s33_a_rotation_that_cannot_be_recorded_touches_nothing(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved().sealed
    settings.MASTER_KEYS = [sealing.new_master_key(), *settings.MASTER_KEYS]

    def fails(*_args: Any, **_kwargs: Any) -> None:
        raise OSError

    monkeypatch.setattr(AuditEntry.objects, "create", fails)
    with pytest.raises(OSError):
        call_command("rotate_master_key")
    assert Provider.objects.get().sealed == before


@pytest.mark.django_db
def test_s24_a_rotation_that_leaves_something_behind_fails(settings: Any) -> None:
    row = saved()
    row.sealed["api_key"]["box"] = row.sealed["api_key"]["box"][:-8] + "AAAAAAA="
    row.save()
    settings.MASTER_KEYS = [sealing.new_master_key(), *settings.MASTER_KEYS]
    with pytest.raises(CommandError, match="keep the old keys"):
        call_command("rotate_master_key")


@pytest.mark.django_db
def test_s24_a_rotation_without_a_key_in_use_is_refused_and_changes_nothing(settings: Any) -> None:
    before, newest = saved().sealed, sealing.newest_key_id()
    settings.MASTER_KEYS = [sealing.new_master_key()]
    with pytest.raises(CommandError, match=f"has not master key {newest}, which is in use"):
        call_command("rotate_master_key")
    assert Provider.objects.get().sealed == before
    assert site_keys.keys(now=True).newest == newest
